"""What the link hears and believes of a node, against a real Mosquitto; lies are told by a client of their own."""

import asyncio
import secrets

import pytest

from facegate.adapters.gate import GateLink
from facegate.adapters.node_voice import Loss, NodeReport
from facegate.adapters.store.errors import StoreError
from facegate.contract.lines import Command, NodeEvent, Position
from facegate.core.models import Direction
from tests.parts.node_link import (
    GATE,
    ID,
    KEY,
    NODE_KEY,
    OTHER_KEY,
    TOPICS,
    Kept,
    always,
    running,
)
from tests.parts.waiting import eventually


@pytest.fixture
async def site(tmp_path):
    async with running(tmp_path) as site:
        yield site


async def test_what_is_retained_is_nothing(site):
    node = await site.scripted()
    command = Command(GATE, 1, ID, node.challenge, 1, 1_000_000, "open", "1", "0")
    event = NodeEvent(GATE, 1, 1, 1_000_000, "passed", "1", ID)
    for leaf, line in (
        ("hello", node.make_hello()),
        ("ack", node.make_ack(command)),
        ("event", event.sign(NODE_KEY)),
        ("status", b"online"),
    ):
        node.mqtt.publish(TOPICS.node(GATE, leaf), line, retain=True)
    await node.settle()
    kept = Kept()
    link = await site.link(kept=kept)
    reports: list[NodeReport] = []
    link.on_event(reports.append)
    await eventually(lambda: link.state == "silent")  # the status, which opens nothing, may be retained
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "node_silent"
    assert (node.commands, reports, kept.positions) == ([], [], {})


async def test_an_event_counts_as_heard_only_when_it_is_recorded(site):
    """Killed in between, the recognizer finds a gap, not silence."""
    kept, on_disk = Kept(), asyncio.Event()

    async def recorded() -> None:
        await on_disk.wait()

    link = GateLink(GATE, KEY, await site.client(), TOPICS, positions=kept, recorded=recorded)
    reports: list[NodeReport] = []
    link.on_event(reports.append)
    await link.start()
    node = await site.scripted()
    node.event("exit", uptime=1000)
    await eventually(lambda: reports)
    await asyncio.sleep(0.1)
    assert "event" not in kept.positions
    on_disk.set()
    await eventually(lambda: "event" in kept.positions)
    await link.stop()


async def test_an_old_boot_is_nothing_and_is_said(site):
    kept = Kept()
    kept.positions["hello"] = Position(5, 40)
    link = await site.link(kept=kept)
    node = await site.scripted(boot=4)
    node.seq["hello"] = 100
    node.hello()
    await eventually(lambda: link.problems == ("node_boot",))
    assert link.state == "offline"
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "node_silent"
    node.boot = 6
    node.hello()
    await eventually(lambda: link.state == "online")
    assert link.problems == ()
    await eventually(lambda: kept.positions["hello"].boot == 6)


async def test_a_node_with_another_key_is_told(site):
    link = await site.link()
    await site.node(key=OTHER_KEY)
    await eventually(lambda: link.problems == ("node_key",))
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "node_silent"
    assert site.moves == []


async def test_states_are_told(site):
    link = await site.link()
    told: list[str] = []
    cancel = link.on_state(told.append)
    node = await site.node()
    await eventually(lambda: told == ["online"])
    await node.stop()
    await eventually(lambda: told == ["online", "offline"])
    cancel()


async def test_events_are_told_once_and_old_ones_are_history(site):
    link = await site.link()
    reports: list[NodeReport] = []
    losses: list[Loss] = []
    link.on_event(reports.append)
    link.on_loss(losses.append)
    node = await site.scripted(boot=3)
    node.event("passed", uptime=1_000)  # its age is unknown before the first hello
    node.hello(uptime=100_000)
    await eventually(lambda: link.state == "online")
    live = node.event("passed", uptime=100_000, value=ID)
    node.mqtt.publish(TOPICS.node(GATE, "event"), live)
    node.seq["event"] += 2  # two are lost
    node.event("forced", uptime=96_000)
    await eventually(lambda: losses == [Loss(GATE, Position(3, 5), 2)])
    node.boot, node.seq["event"] = 4, 1  # its first one is missing
    node.event("exit", uptime=100_000)  # of a boot that has not said hello
    node.boot = 3
    node.event("fire", uptime=100_000)  # of a boot that is over
    await eventually(lambda: len(reports) == 4)
    await node.settle()
    assert [(r.event.type, r.history) for r in reports] == [
        ("passed", True),
        ("passed", False),
        ("forced", True),
        ("exit", True),
    ]
    assert reports[1].event.value == ID
    node.boot, node.seq["hello"] = 4, 0
    node.hello(uptime=100_000, fresh=True)  # it is asked for the missing one, and does not know how
    await eventually(lambda: losses[1:] == [Loss(GATE, Position(4, 2), 1)])
    assert link.condition.lost == 3


async def test_a_memory_that_cannot_be_written_does_not_close_the_gate(site, caplog):
    class Full(Kept):
        full = True

        def save_node_position(self, gate: str, kind: str, position: Position) -> bool:
            if self.full:
                raise StoreError("The disk is full: make room.")
            return super().save_node_position(gate, kind, position)

    kept = Full()
    link = await site.link(kept=kept)
    await site.node()
    await eventually(lambda: link.state == "online")
    await eventually(lambda: "disk is full" in caplog.text)
    assert (await link.open(Direction.ENTRY, 50, ID, always)).opened
    kept.full = False
    assert (await link.open(Direction.ENTRY, 50, "2" * 16, always)).opened
    await eventually(lambda: kept.positions.keys() >= {"hello", "ack"})  # what failed is made up for


async def test_a_flood_of_forgeries_does_not_fill_the_log(site, caplog):
    link = await site.link()
    forger = await site.client()
    for _ in range(200):
        forger.publish(TOPICS.node(GATE, "hello"), b"fg1 hello " + secrets.token_hex(20).encode())
    await eventually(lambda: "hello" in caplog.text)
    await asyncio.sleep(0.3)
    assert len([r for r in caplog.records if r.name.endswith("node_voice")]) == 1
    assert link.state == "offline"
