"""The product's own side of one gate, as a process that can be killed: store, link, openings, journal.

Reads one JSON object a line, a wish to open: {"id": <16 hex>, "seconds": <how long it lasts>}. Writes one a line:
{"said": "ready"}, {"said": "state", …}, {"said": "outcome", …}, {"said": "event", …} and {"said": "loss", …}. The one
argument is its ``Setup`` as JSON.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.node_voice import Loss, NodeReport
from facegate.adapters.store import Store
from facegate.contract.messages import Topics
from facegate.core.models import Direction, Gate, Method, Reason
from facegate.journal import Journal
from facegate.opening import Openings, OpenRequest
from facegate.settings import Broker


@dataclass(frozen=True, slots=True)
class Setup:
    """What it is told at its start. ``wall``: how wrong its wall clock is, in s; ``rate``: how fast time runs."""

    data: str
    site: str
    gate: str
    key: str
    pulse_ms: int
    host: str
    port: int
    username: str
    password: str
    ca: str
    slot: int = 1
    wall: float = 0.0
    rate: float = 1.0


def say(what: str, **more: Any) -> None:
    """One line, there even if this process is killed right after."""
    sys.stdout.write(json.dumps({"said": what, **more}) + "\n")
    sys.stdout.flush()


def tell_event(report: NodeReport) -> None:
    """What the product believed; ``filled``: it was missing before."""
    event = report.event
    say(
        "event",
        boot=event.boot,
        seq=event.seq,
        type=event.type,
        subject=event.subject,
        value=event.value,
        filled=report.filled,
    )


def tell_loss(loss: Loss) -> None:
    """How many the product says that it has missed for good, of which boot."""
    say("loss", boot=loss.position.boot, seq=loss.position.seq, count=loss.count)


async def serve(setup: Setup) -> None:
    """Until the input ends."""
    loop = asyncio.get_running_loop()

    def clock() -> float:
        return time.monotonic() * setup.rate

    with Store.open(Path(setup.data)) as store:
        if not store.gates():
            store.add_gate(Gate(setup.gate, "Gate", pulse_ms=setup.pulse_ms, trial=True))
        broker = Broker(setup.host, setup.port, setup.username, setup.password, tls=True, ca_file=setup.ca)
        mqtt = MqttClient(broker)
        await mqtt.start()
        key, topics = bytes.fromhex(setup.key), Topics(setup.site)
        journal = Journal(store, lambda _: True)
        link = GateLink(
            setup.gate, key, mqtt, topics,
            positions=store, slot=setup.slot, clock=clock, recorded=journal.settled,
        )  # fmt: skip
        openings = Openings(
            store, {setup.gate: link}, lambda _: True, clock=clock, unix=lambda: time.time() + setup.wall
        )
        link.on_event(journal.hear)
        link.on_event(tell_event)
        link.on_loss(journal.lose)
        link.on_loss(tell_loss)
        link.on_state(lambda state: say("state", state=state))
        await link.start()
        say("ready")

        async def open_gate(wish: dict[str, Any]) -> None:
            request = OpenRequest(
                setup.gate, Direction.ENTRY, Method.FACE, Reason.RECOGNISED,
                id=wish["id"], until=clock() + wish["seconds"],
            )  # fmt: skip
            outcome = await openings.open(request)
            say("outcome", id=outcome.opening, result=outcome.result, detail=outcome.detail, ms=outcome.ms)

        wishes = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(wishes), sys.stdin)
        running: set[asyncio.Task[None]] = set()
        while line := await wishes.readline():
            task = loop.create_task(open_gate(json.loads(line)))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)
        await openings.stop()
        await journal.settled()
        await link.stop()
        await mqtt.stop()


if __name__ == "__main__":
    asyncio.run(serve(Setup(**json.loads(sys.argv[1]))))
