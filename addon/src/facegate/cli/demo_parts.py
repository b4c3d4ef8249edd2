"""What the demo runs besides the recognizer: a broker, and a gate node whose relay is watched from outside."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from amqtt.broker import Broker as EmbeddedBroker

from facegate.adapters.software_gate import SoftwareGate, next_boot
from facegate.contract.messages import Topics
from facegate.core.node import NodeConfig
from facegate.settings import Broker

_HOST: Final = "127.0.0.1"
_STOP_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.01  # how often the relay's log is looked at; its lines carry their own time


class PartError(Exception):
    """A part of the demo cannot run; the text is one sentence that says what to do."""


@asynccontextmanager
async def broker() -> AsyncIterator[Broker]:
    """Run a broker on a free port of this machine alone."""
    # Without a listener of its own: only so can the system choose a port that is free.
    embedded = EmbeddedBroker(
        {
            "listeners": {"default": {"type": "external"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await embedded.start()
    try:
        serve = partial(embedded.stream_connected, listener_name="default")
        try:
            server = await asyncio.start_server(serve, _HOST, 0)
        except OSError as error:
            raise PartError(
                f"No port of {_HOST} can be used ({error.strerror or error}): end some programs and try again."
            ) from error
        try:
            yield Broker(host=_HOST, port=server.sockets[0].getsockname()[1])
        finally:
            server.close()
    finally:
        await embedded.shutdown()


@asynccontextmanager
async def native_node(
    program: Path, folder: Path, broker: Broker, topics: Topics, config: NodeConfig
) -> AsyncIterator[None]:
    """Run the gate node's own firmware, built for this machine; it writes ``relay.log`` into ``folder``."""
    environment = {
        "FACEGATE_NODE_SIM": str(folder),
        "FACEGATE_NODE_SITE": topics.site,
        "FACEGATE_NODE_GATE": config.gate,
        "FACEGATE_NODE_KEY": config.key.hex(),
        "FACEGATE_NODE_BROKER": f"{broker.host}:{broker.port}",
        "ESPHOME_PREFDIR": str(folder / "flash"),
    }
    with (folder / "node.log").open("wb") as log:
        try:
            # In a session of its own: Ctrl-C is for the demo, which then ends the node in order.
            node = await asyncio.create_subprocess_exec(
                program, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
            )
        except OSError as error:
            raise PartError(
                f"The gate node {program} cannot be run ({error.strerror or error}): build it with "
                "scripts/lib/build_node, or unset FACEGATE_NODE to use the software gate."
            ) from error
        try:
            yield
        finally:
            await _end(node)


@asynccontextmanager
async def software_gate(folder: Path, broker: Broker, topics: Topics, config: NodeConfig) -> AsyncIterator[None]:
    """Run the gate node's rules in this process; it writes the same ``relay.log`` as the native node."""
    file = _relay_log(folder)
    with file.open("a", encoding="ascii") as log:

        def relay(number: int, opened: bool) -> None:
            log.write(f"{time.time_ns()} {number} {int(opened)}\n")
            log.flush()

        gate = SoftwareGate(config, broker, topics, boot=next_boot(folder / "boot"), relay=relay)
        await gate.start()
        try:
            yield
        finally:
            await gate.stop()


async def openings(folder: Path) -> AsyncIterator[tuple[float, int]]:
    """Yield each opening of a relay as it is logged: when, in seconds of the monotonic clock, and which relay."""
    file = _relay_log(folder)
    file.touch()
    rest, energised = "", set[int]()
    with file.open(encoding="ascii") as log:
        while True:
            *lines, rest = (rest + log.read()).split("\n")
            for line in lines:
                at, number, state = (int(value) for value in line.split())
                if state and number not in energised:
                    # The log has the wall clock; both are read now, so that setting it now and then does not matter.
                    yield at / 1e9 - time.time() + time.monotonic(), number
                (energised.add if state else energised.discard)(number)
            await asyncio.sleep(_LOOK_SECONDS)


def _relay_log(folder: Path) -> Path:
    return folder / "relay.log"


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
