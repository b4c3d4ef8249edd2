"""What gates say becomes records and news: the native node or the software gate, a real broker, and the real store."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.store import Store
from facegate.contract import lines
from facegate.contract.lines import Ack, Hello, NodeEvent
from facegate.core.models import Direction, Method, Reason
from facegate.core.node_events import ListVerdict
from tests.parts.broker import Mosquitto
from tests.parts.gate_site import GATE, TOPICS, Site
from tests.parts.node import NativeNode
from tests.parts.waiting import eventually


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
async def site(tmp_path: Path, mosquitto: Mosquitto) -> AsyncIterator[Site]:
    with Store.open(tmp_path / "data") as store:
        async with AsyncExitStack() as stack:
            site = Site(store, mosquitto, stack)
            await site.start()
            yield site


@pytest.fixture
async def node(site: Site, mosquitto: Mosquitto, tmp_path: Path) -> AsyncIterator[NativeNode]:
    with NativeNode(tmp_path / "node", mosquitto, key=site.key, gate=GATE) as node:
        await eventually(lambda: site.link.state == "online")
        yield node


async def touch(node: NativeNode, name: str) -> None:
    await asyncio.to_thread(node.touch_input, name)


async def test_exit_fire_tamper_and_force_are_recorded_and_told_without_anybody(site: Site, node: NativeNode) -> None:
    await touch(node, "exit")
    node.set_input("fire", True)
    await eventually(lambda: site.link.condition.fire == "active")
    node.set_input("fire", False)
    await eventually(lambda: site.link.condition.fire == "latched")
    await touch(node, "reset")
    await eventually(lambda: site.link.condition.fire == "none")
    await touch(node, "tamper")
    site.mqtt.publish(TOPICS.command(GATE), b"fg1 nonsense")
    expected = [
        ("exit", ""), ("fire", "start"), ("fire", "quiet"), ("fire", "clear"), ("tamper", "start"),
        ("tamper", "clear"), ("refused", "kind 1"),
    ]  # fmt: skip
    await eventually(lambda: site.said() == expected)
    assert site.told() == [*expected[:-1], ("refused", "kind")]
    records = site.store.access_log()
    assert {(r.resident, r.actor, r.past, r.boot) for r in records} == {(None, None, False, 1)}
    assert [r.seq for r in records] == [7, 6, 5, 4, 3, 2, 1]
    assert {r.method for r in records if r.passage == "exit"} == {Method.EXIT}
    assert {r.direction for r in records if r.passage == "exit"} == {Direction.EXIT}


async def test_two_grants_a_moment_apart_are_two_passages_of_their_own(site: Site, node: NativeNode) -> None:
    first = asyncio.create_task(site.open())
    await asyncio.sleep(0.2)
    openings = [await first, await site.open()]
    assert len(node.relay.wait_for_pulses(2)) == 2
    for _ in openings:
        await touch(node, "beam")
    await eventually(lambda: [site.passage(opening).passage for opening in openings] == ["passed", "passed"])
    assert [(n.type, n.opening) for n in site.news if n.reason is Reason.PASSAGE] == [("passed", o) for o in openings]
    assert site.said("passage") == []  # nobody has tailgated


async def test_what_happened_while_the_broker_was_away_is_history(
    site: Site, node: NativeNode, mosquitto: Mosquitto
) -> None:
    opening = await site.open()
    mosquitto.stop()
    await touch(node, "exit")
    await touch(node, "beam")
    node.set_input("tamper", True)
    await asyncio.sleep(3.2)  # older than anything that may cause something
    os.kill(node.pid, signal.SIGSTOP)  # a broker that has restarted keeps nothing for a recognizer that is not there
    mosquitto.start()
    await eventually(lambda: site.mqtt.connected)
    os.kill(node.pid, signal.SIGCONT)
    await eventually(lambda: site.said() == [("exit", ""), ("tamper", "start")])
    await eventually(lambda: site.passage(opening).passage == "passed")
    assert [r.past for r in site.store.access_log()] == [True, True, True]
    assert site.link.condition.tampered  # how it stands now, though nobody is told of when it began
    assert {news.type for news in site.news} == {"access_granted"}


async def test_whoever_was_granted_and_does_not_go_is_recorded_as_such(site: Site) -> None:
    await site.software_gate(passage_timeout_ms=200)
    opening = await site.open(Direction.EXIT)
    await eventually(lambda: site.passage(opening).passage == "not_passed")
    assert [(n.type, n.direction) for n in site.news][-1] == ("not_passed", Direction.EXIT)


async def test_two_beams_tell_the_way_and_who_slips_through_behind(site: Site) -> None:
    node = await site.software_gate()
    opening = await site.open()

    def walk_in() -> None:
        for first, second in ((True, False), (True, True), (False, True), (False, False)):
            node.beams(first=first, second=second)

    def walk_out() -> None:
        for first, second in ((False, True), (True, True), (True, False), (False, False)):
            node.beams(first=first, second=second)

    walk_out()
    await eventually(lambda: site.told()[-1:] == [("forced", "")])
    assert site.news[-1].direction is Direction.EXIT
    walk_in()
    await eventually(lambda: site.passage(opening).passage == "passed")
    walk_in()
    await eventually(lambda: site.told()[-1:] == [("tailgated", "")])
    assert (site.news[-1].direction, site.news[-1].opening) == (Direction.ENTRY, opening)
    await eventually(lambda: [word for word, _ in site.said("passage")] == ["forced", "tailgated"])
    assert site.passage(opening).passage == "passed"


async def test_a_door_that_is_held_or_forced(site: Site) -> None:
    node = await site.software_gate(held_after_ms=200)
    node.door(opened=False)
    await asyncio.sleep(1.3)  # a door may still be on its way for a second after the last opening
    node.door(opened=True)
    await eventually(lambda: site.link.condition.held)
    node.door(opened=False)
    await eventually(lambda: not site.link.condition.held)
    await eventually(lambda: site.said() == [("held", "start"), ("held", "clear")])
    assert site.told() == [("forced", "door"), ("held", "start"), ("held", "clear")]


class Liar:
    """Says under the node's key what a test wants, and knows no command."""

    def __init__(self, site: Site, boot: int = 1) -> None:
        self.site = site
        self.boot = boot
        self.seq = 0
        self.acks = 0
        site.mqtt.subscribe(TOPICS.command(GATE), self._refuse)

    def hello(self) -> None:
        line = Hello(GATE, self.boot, 1, 100_000, "a" * 32, "normal", "closed", 0, 0)
        self._say("hello", line.sign(lines.node_key(self.site.key, GATE)))

    def event(self, kind: str, subject: str, value: str = "-") -> None:
        self.seq += 1
        line = NodeEvent(GATE, self.boot, self.seq, 100_000, kind, subject, value)
        self._say("event", line.sign(lines.node_key(self.site.key, GATE)))

    def _refuse(self, _topic: str, command: bytes, _retained: bool) -> None:
        self.acks += 1
        line = Ack(GATE, self.boot, self.acks, 100_000, 1, command.split(b" ")[4].decode(), "verb", "-")
        self._say("ack", line.sign(lines.node_key(self.site.key, GATE)))

    def _say(self, leaf: str, line: bytes) -> None:
        self.site.mqtt.publish(TOPICS.node(GATE, leaf), line)


async def test_lost_events_leave_a_record_and_are_told(site: Site) -> None:
    node = Liar(site)
    node.hello()
    node.event("exit", "2")
    node.seq += 3
    node.event("exit", "2")
    await eventually(lambda: site.said() == [("exit", ""), ("exit", ""), ("lost", "3")])
    assert site.link.condition.lost == 3
    assert ("lost", "3") in site.told()


async def test_modes_locks_keys_and_unknown_words_are_recorded(site: Site) -> None:
    node = Liar(site)
    node.hello()
    node.event("mode", "free", "command")
    node.event("mode", "normal", "end")
    node.event("locked", "1", "30")
    node.event("key", "rotated")
    node.event("sang", "loudly")
    await eventually(
        lambda: site.said()
        == [
            ("mode", "free command"), ("mode", "normal end"), ("locked", "30"), ("key", "rotated"),
            ("sang", "loudly -"),
        ]
    )  # fmt: skip
    assert site.told() == [("mode", "free"), ("mode", "normal"), ("locked", "30"), ("key", "rotated")]


async def test_strangers_cannot_fill_the_record(site: Site) -> None:
    node = Liar(site)
    node.hello()
    for count in range(1, 6):
        node.event("refused", "mac", str(count))
    node.event("exit", "2")
    await eventually(lambda: site.said() == [("refused", "mac 1"), ("exit", "")])
    site.now += 61
    node.event("refused", "mac", "6")
    await eventually(lambda: site.said()[-1] == ("refused", "mac 6"))


async def test_a_list_opens_before_its_passage_is_recorded(site: Site) -> None:
    node = Liar(site)
    node.hello()
    node.event("granted", "card:1", "0123456789abcdef")
    node.event("passed", "1", f"{1:08x}{1:08x}")
    await eventually(lambda: site.told() == [("passed", "")])
    await site.journal.settled()
    assert site.verdicts == [ListVerdict("card", Direction.ENTRY, None, "0123456789abcdef", f"{1:08x}{1:08x}")]


async def test_a_passage_that_is_told_after_a_restart_of_the_recognizer_finds_its_opening(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with Store.open(tmp_path / "data") as store:
        async with AsyncExitStack() as stack:
            before = Site(store, mosquitto, stack)
            await before.start()
            await before.software_gate()
            opening = await before.open()
    with Store.open(tmp_path / "data") as store:
        record = store.opening(opening)
        assert record is not None
        assert record.passage == "unknown"  # until somebody tells
        async with AsyncExitStack() as stack:
            after = Site(store, mosquitto, stack)
            await after.start()
            Liar(after, boot=2).event("passed", "1", opening)
            await eventually(lambda: after.passage(opening).passage == "passed")
            assert after.passage(opening).past
            assert after.news == []


async def test_alarms_are_remembered_over_a_restart_of_the_recognizer(site: Site) -> None:
    node = Liar(site)
    node.hello()
    node.event("tamper", "start")
    await eventually(lambda: site.said() == [("tamper", "start")])
    again = GateLink(GATE, site.key, MqttClient(site.broker), TOPICS, positions=site.store)
    await again.start()
    assert again.condition.tampered
    await again.stop()
