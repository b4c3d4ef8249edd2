"""Whether the MQTT broker lets others in who should stay outside: it is asked, not trusted.

FaceGate's own lines are signed, so nobody opens a gate through an open broker. But whoever reads it learns when people
come and go, and whoever writes to it can keep a gate from hearing its recognizer.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from facegate.adapters.mqtt import CONNECT_SECONDS, Connection, MqttClient
from facegate.settings import Broker

ROUND_SECONDS: Final = 3600.0
AGAIN_SECONDS: Final = 60.0
"""Until the next look while nothing is known: the broker may be starting still."""

_SUPERVISOR: Final = ipaddress.ip_network("172.30.32.0/23")  # Home Assistant's apps; it never leaves the machine


class Anonymous(StrEnum):
    """What the broker does with somebody who gives no user name."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BrokerSafety:
    """``tls``: FaceGate's own connection is encrypted. ``same_machine``: what is sent leaves no machine.

    ``same_machine`` is ``None`` while nobody knows, which is no reason to call an owner.
    """

    tls: bool = False
    same_machine: bool | None = None
    anonymous: Anonymous = Anonymous.UNKNOWN

    @property
    def problems(self) -> tuple[str, ...]:
        """What an owner should change, in the words of ``core.problems``."""
        found = {
            "broker_open": self.anonymous is Anonymous.ACCEPTED,
            "broker_plain": not self.tls and self.same_machine is False,
        }
        return tuple(word for word, there in found.items() if there)

    @property
    def certain(self) -> bool:
        """Whether everything is known."""
        return self.same_machine is not None and self.anonymous is not Anonymous.UNKNOWN

    def after(self, before: BrokerSafety) -> BrokerSafety:
        """Return this with what was known ``before`` in the place of what is not known now."""
        return replace(
            self,
            same_machine=before.same_machine if self.same_machine is None else self.same_machine,
            anonymous=before.anonymous if self.anonymous is Anonymous.UNKNOWN else self.anonymous,
        )


async def examine(broker: Broker, *, seconds: float = 2 * CONNECT_SECONDS) -> BrokerSafety:
    """Return what a connection without user name and password comes to; within ``seconds``, else it is unknown."""
    client = MqttClient(replace(broker, username="", password=""), quiet=True)
    heard: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
    client.listen(lambda state: None if heard.done() else heard.set_result(state))
    await client.start()
    try:
        async with asyncio.timeout(seconds):
            state = await heard
    except TimeoutError:
        state = client.state
    finally:
        await client.stop()
    anonymous = Anonymous.ACCEPTED if state.connected else Anonymous.UNKNOWN
    if state.reason == "refused":
        anonymous = Anonymous.REFUSED
    return BrokerSafety(broker.tls, await asyncio.to_thread(is_here, broker.host, broker.port), anonymous)


def is_here(host: str, port: int) -> bool | None:
    """Whether what is sent to ``host`` stays on this machine; blocks. ``None`` for a name that nobody knows now.

    Inside a container the machine's own addresses in the house's network look like another machine's.
    """
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError, UnicodeError:  # the latter for what can be no name
        return None
    return all(_own(str(address)) for address in found)


def _own(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    if known.is_loopback or (known.version == 4 and known in _SUPERVISOR):
        return True
    family = socket.AF_INET if known.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as own:
            own.bind((address, 0))  # the system lets nobody bind to another machine's address
    except OSError:
        return False
    return True


class BrokerWatch:
    """Looks now, when somebody asks, and every hour. Belongs to one event loop."""

    def __init__(self, broker: Broker) -> None:
        self.known = BrokerSafety(broker.tls)
        self._broker = broker
        self._one = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def look(self) -> BrokerSafety:
        """Look now; several who ask look one after the other. What cannot be seen now stays as it was known."""
        await self._look()
        return self.known

    async def _look(self) -> BrokerSafety:
        async with self._one:
            seen = await examine(self._broker)
            self.known = seen.after(self.known)
            return seen

    async def _run(self) -> None:
        while True:
            seen = await self._look()
            await asyncio.sleep(ROUND_SECONDS if seen.certain else AGAIN_SECONDS)
