"""A gate node in software, on the same contract as the real one: for trial gates and for demos without a compiler.

It moves no door. ``relay`` is told what a real node's relay would do.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from facegate.adapters.mqtt import Connection, MqttClient, Presence
from facegate.contract.messages import Topics
from facegate.core.node import Effect, NodeConfig, NodeMemory, NodeModel, Say, Switch
from facegate.settings import Broker

TICK_SECONDS: Final = 0.01  # as fine as a turnstile's pulse needs it


class SoftwareGate:
    """One node that is switched on by :meth:`start` and off by :meth:`stop`.

    Args:
        config: gate, key and pulses.
        broker: where it connects, as a client of its own.
        topics: of its site.
        boot: one more than at its last start, see :func:`next_boot`.
        relay: called with (relay, open) at the moment of each change.
        memory: what it has kept from its last run.
    """

    def __init__(
        self,
        config: NodeConfig,
        broker: Broker,
        topics: Topics,
        *,
        boot: int,
        relay: Callable[[int, bool], None],
        memory: NodeMemory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = NodeModel(config, boot=boot, challenge=lambda: secrets.token_hex(16), memory=memory)
        self._topics = topics
        self._relay = relay
        self._clock = clock
        self._started = clock()
        status = topics.node(config.gate, "status")
        self._mqtt = MqttClient(broker, presence=Presence(status, b"online", b"offline"))
        self._mqtt.subscribe(topics.command(config.gate), self._on_command)
        self._mqtt.listen(self._on_connection)
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> Self:
        """Switch it on."""
        self._started = self._clock()
        await self._mqtt.start()
        self._ticking = asyncio.get_running_loop().create_task(self._tick())
        return self

    async def stop(self) -> None:
        """Switch it off."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        await self._mqtt.stop()

    def report(self, kind: str, subject: str, value: str) -> None:
        """Let something happen at the gate, such as ``passed`` with the relay and the opening's id."""
        self._do(self.model.report(kind, subject, value, self._uptime()))

    def card(self, relay: int, number: bytes) -> None:
        """Hold a card to the reader beside ``relay``."""
        self._do(self.model.card(relay, number, self._uptime()))

    def pin(self, relay: int, digits: str) -> None:
        """Key in a PIN beside ``relay``."""
        self._do(self.model.pin(relay, digits, self._uptime()))

    def exit(self, *, pressed: bool) -> None:
        """Press the exit button, or let it go."""
        self._do(self.model.exit(self._uptime(), pressed=pressed))

    def door(self, *, opened: bool) -> None:
        """Open or close the door's contact."""
        self._do(self.model.door(self._uptime(), opened=opened))

    def tamper(self, *, active: bool) -> None:
        """Open or close the node's case."""
        self._do(self.model.tamper(self._uptime(), active=active))

    def beams(self, *, first: bool, second: bool) -> None:
        """Break or free the two beams, the first on the side of the entry."""
        self._do(self.model.beams(self._uptime(), first=first, second=second))

    def fire(self, *, active: bool) -> None:
        """Close or open the fire contact."""
        self._do(self.model.fire(self._uptime(), active=active))

    def _uptime(self) -> int:
        return int((self._clock() - self._started) * 1000)

    def _on_connection(self, state: Connection) -> None:
        now = self._uptime()
        self._do(self.model.connected(now) if state.connected else self.model.disconnected(now))

    def _on_command(self, _topic: str, payload: bytes, _retained: bool) -> None:
        # Retained or not: a command is good or bad by its challenge, counter and time alone.
        self._do(self.model.command(payload, self._uptime()))

    async def _tick(self) -> None:
        while True:
            self._do(self.model.tick(self._uptime()))
            await asyncio.sleep(TICK_SECONDS)

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Say):
                # As on the real node: the next hello makes up for a lost one, acks and events are sent until taken.
                self._mqtt.publish(
                    self._topics.node(self.model.config.gate, effect.leaf), effect.line, qos=effect.leaf != "hello"
                )
            elif isinstance(effect, Switch):  # what is left, Show, is for a lamp and a buzzer, which it has not
                self._relay(effect.relay, effect.open)


def next_boot(file: Path) -> int:
    """Count one more start in ``file``, for good before it returns."""
    try:
        boot = int(file.read_text(encoding="ascii")) + 1
    except FileNotFoundError:
        boot = 1
    new = file.with_suffix(".new")
    with new.open("w", encoding="ascii") as stream:
        stream.write(str(boot))
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
    return boot
