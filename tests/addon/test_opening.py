"""One way of opening: the real store, a real broker, a software gate, and Home Assistant's side of the events."""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from facegate.adapters.announcer import ALIAS_SECONDS, Announcer, News
from facegate.adapters.gate import GateLink, OpenResult
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.node_voice import NodeReport
from facegate.adapters.software_gate import SoftwareGate
from facegate.adapters.store import Store
from facegate.adapters.store.access import Intent
from facegate.adapters.store.errors import StoreError
from facegate.contract.messages import GateEvent, Topics
from facegate.core.models import Decision, Direction, Gate, Method, Reason, Verdict
from facegate.core.node import NodeConfig
from facegate.core.node_events import ListVerdict
from facegate.journal import Journal
from facegate.opening import Openings, OpenRequest
from facegate.settings import Broker
from tests.parts.broker import Mosquitto
from tests.parts.waiting import eventually

GATE = "north-1"
TOPICS = Topics("home")
EVENT_KEY = bytes(range(32))


def wish(**changed) -> OpenRequest:
    usual = {
        "gate": GATE,
        "direction": Direction.ENTRY,
        "method": Method.FACE,
        "reason": Reason.RECOGNISED,
        "resident": "r1",
        "faces": 1,
        "since": time.monotonic(),
        "ms": {"detect": 12.6},
    }
    return OpenRequest(**{**usual, **changed})


def decision(verdict=Verdict.DENIED, reason=Reason.UNKNOWN_FACE, **changed) -> Decision:
    usual = {"camera": "c1", "gate": GATE, "direction": Direction.ENTRY, "track": 3, "at": time.monotonic()}
    return Decision(**usual, verdict=verdict, reason=reason, **changed)


class Building:
    """A recognizer's opening side with one gate, and what Home Assistant hears of it."""

    def __init__(self, store: Store, mosquitto: Mosquitto, stack: AsyncExitStack) -> None:
        self.store = store
        self.stack = stack
        self.broker = Broker(host=mosquitto.host, port=mosquitto.port)
        self.events: list[GateEvent] = []
        self.moves: list[tuple[int, bool]] = []
        self.verdicts: list[ListVerdict] = []

    @property
    def pulses(self) -> list[int]:
        return [relay for relay, is_open in self.moves if is_open]

    async def listed(self, report: NodeReport, verdict: ListVerdict) -> None:
        self.verdicts.append(verdict)

    async def start(self, *, node: bool = True, passage_seconds: float = 20) -> None:
        home_assistant, mqtt = MqttClient(self.broker), MqttClient(self.broker)
        for client in (home_assistant, mqtt):
            await client.start()
            self.stack.push_async_callback(client.stop)
        home_assistant.subscribe(
            TOPICS.event, lambda _topic, payload, _retained: self.events.append(GateEvent.parse(payload, EVENT_KEY))
        )
        key = self.store.add_gate(Gate(GATE, "North", pulse_ms=120, trial=True))
        self.announcer = Announcer(mqtt, TOPICS, boot=self.store.next_boot(), key=lambda: EVENT_KEY)
        self.link = GateLink(GATE, key, mqtt, TOPICS, positions=self.store)
        self.openings = Openings(
            self.store, {GATE: self.link}, self.announcer.announce, passage_seconds=passage_seconds
        )
        self.journal = Journal(self.store, self.announcer.announce, listed=self.listed)
        self.link.on_event(self.journal.hear)
        await eventually(lambda: mqtt.connected and home_assistant.connected)
        await self.link.start()
        self.stack.push_async_callback(self.link.stop)
        self.stack.push_async_callback(self.openings.stop)
        if node:
            self.node = SoftwareGate(
                NodeConfig(GATE, key), self.broker, TOPICS, boot=1, relay=lambda *move: self.moves.append(move)
            )
            await self.node.start()
            self.stack.push_async_callback(self.node.stop)
            await eventually(lambda: self.link.state == "online")


@pytest.fixture
def mosquitto(tmp_path):
    with Mosquitto(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data") as store:
        yield store


@pytest.fixture
async def building(store, mosquitto):
    async with AsyncExitStack() as stack:
        yield Building(store, mosquitto, stack)


async def test_a_face_opens_and_leaves_record_and_event(building):
    await building.start()
    request = wish()
    outcome = await building.openings.open(request)
    assert (outcome.opened, outcome.reason, outcome.result) == (True, Reason.RECOGNISED, "opened")
    assert outcome.detail == "120"  # the gate's own pulse, from the store
    assert building.pulses == [1]
    record = building.store.opening(request.id)
    assert (record.result, record.detail, record.resident) == ("opened", "120", "r1")
    assert record.completed_at >= record.at
    await eventually(lambda: building.events)
    (event,) = building.events
    assert (event.type, event.reason, event.method, event.direction) == (
        "access_granted",
        "recognised",
        "face",
        "entry",
    )
    assert (event.gate, event.site, event.opening, event.faces) == (GATE, "home", request.id, 1)
    assert set(event.ms) == {"detect", "node", "total"}
    assert event.ms["detect"] == 13
    assert event.ms["total"] >= event.ms["node"]
    assert abs(event.at / 1000 - time.time()) < 30


async def test_no_name_travels_and_an_alias_is_good_once(building):
    await building.start()
    for _ in range(2):
        await building.openings.open(wish(resident="resident-of-flat-7"))
    await eventually(lambda: len(building.events) == 2)
    first, second = building.events
    assert first.alias != second.alias
    assert "flat-7" not in repr(building.events)
    assert building.announcer.person(first.alias) == "resident-of-flat-7"
    assert building.announcer.person(first.alias) is None
    assert building.announcer.person("0" * 32) is None
    assert (first.boot, first.seq) < (second.boot, second.seq)


async def test_a_passage_completes_the_record(building):
    await building.start()
    request = wish()
    await building.openings.open(request)
    building.node.report("passed", "1", request.id)
    await eventually(lambda: building.store.opening(request.id).passage == "passed")
    await eventually(lambda: len(building.events) == 2)
    passage = building.events[1]
    assert (passage.type, passage.reason, passage.opening, passage.alias) == ("passed", "passage", request.id, "")
    building.node.report("tailgated", "1", request.id)
    await eventually(lambda: building.store.access_log(1)[0].passage == "tailgated")
    assert building.store.opening(request.id).passage == "passed"  # the first one's passage stays


async def test_somebody_who_did_not_go_through(building):
    await building.start()
    request = wish(direction=Direction.EXIT)
    await building.openings.open(request)
    building.node.report("not_passed", "2", request.id)
    await eventually(lambda: building.store.opening(request.id).passage == "not_passed")
    await eventually(lambda: len(building.events) == 2)
    assert building.events[1].direction == "exit"


async def test_a_gate_that_does_not_say_who_passed(building):
    await building.start(passage_seconds=0.3)
    request = wish()
    await building.openings.open(request)
    await eventually(lambda: building.store.opening(request.id).passage == "unknown")


async def test_a_passage_that_is_quicker_than_the_record_stays(building):
    await building.start(passage_seconds=0.3)
    request = wish()
    building.store.begin_opening(
        Intent(request.id, GATE, request.direction, request.method, request.reason, time.time())
    )
    building.node.report("passed", "1", request.id)
    await eventually(lambda: building.store.opening(request.id).passage == "passed")
    building.openings._nobody_seen(request)
    await building.openings.stop()
    assert building.store.opening(request.id).passage == "passed"


async def test_a_forced_gate_is_recorded_and_announced_without_an_opening(building):
    await building.start()
    building.node.report("forced", "-", "-")
    await eventually(lambda: building.events)
    assert (building.events[0].type, building.events[0].opening) == ("forced", "")
    (record,) = building.store.access_log()
    assert (record.kind, record.passage) == ("passage", "forced")


async def test_a_passage_of_an_unknown_opening_is_recorded_all_the_same(building):
    await building.start()
    building.node.report("passed", "1", "f" * 16)
    await eventually(building.store.access_log)
    assert building.store.access_log()[0].passage == "passed"


async def test_a_stranger_leaves_a_reason_and_nothing_else(building):
    await building.start()
    await building.openings.deny(decision(faces=2, ms={"match": 0.4}))
    (record,) = building.store.access_log()
    assert (record.kind, record.reason, record.resident) == ("denial", Reason.UNKNOWN_FACE, None)
    await eventually(lambda: building.events)
    event = building.events[0]
    assert (event.type, event.reason, event.alias, event.faces) == ("access_denied", "unknown_face", "", 2)
    assert building.pulses == []


async def test_a_granted_decision_becomes_a_wish_and_a_denial_never(building):
    granted = decision(Verdict.GRANTED, Reason.RECOGNISED, resident="r1", ms={"match": 1.0})
    request = OpenRequest.of(granted, lambda: True)
    assert (request.resident, request.since, request.method) == ("r1", granted.at, Method.FACE)
    with pytest.raises(ValueError, match="no reason to open"):
        OpenRequest.of(decision(), lambda: True)


async def test_somebody_who_has_left_is_not_let_in(building):
    await building.start()
    request = wish(lasts=lambda: False)
    outcome = await building.openings.open(request)
    assert (outcome.opened, outcome.reason) == (False, Reason.PERSON_LEFT)
    assert building.pulses == []
    assert building.store.opening(request.id).result == "person_left"
    await eventually(lambda: building.events)
    assert (building.events[0].type, building.events[0].reason) == ("access_denied", "person_left")


async def test_a_remote_opening_opens_once_for_one_key(building):
    await building.start()
    opening = secrets.token_hex(8)

    def request() -> OpenRequest:
        return OpenRequest.remote(GATE, Direction.EXIT, opening, time.monotonic())

    outcomes = await asyncio.gather(*(building.openings.open(request()) for _ in range(3)))
    outcomes.append(await building.openings.open(request()))
    assert {(o.opened, o.opening, o.reason) for o in outcomes} == {(True, opening, Reason.REMOTE)}
    assert building.pulses == [2]
    await eventually(lambda: building.events)
    assert [(e.type, e.method, e.reason, e.alias) for e in building.events] == [
        ("access_granted", "remote", "remote", "")
    ]


async def test_a_remote_opening_expires(building):
    await building.start(node=False)
    late = OpenRequest.remote(GATE, Direction.ENTRY, secrets.token_hex(8), time.monotonic() - 2)
    outcome = await building.openings.open(late)
    assert (outcome.opened, outcome.reason) == (False, Reason.NODE_SILENT)


async def test_whoever_asked_may_hang_up(building):
    await building.start()
    request = wish()
    asking = asyncio.create_task(building.openings.open(request))
    await asyncio.sleep(0)
    asking.cancel()
    await eventually(lambda: (building.store.opening(request.id) or request) is not request)
    await eventually(lambda: building.store.opening(request.id).result == "opened")


async def test_an_unfinished_intent_is_never_carried_out(tmp_path, mosquitto):
    request = wish()
    intent = Intent(request.id, GATE, request.direction, request.method, request.reason, 1.0)
    with Store.open(tmp_path / "data") as store:
        store.begin_opening(intent)  # and here it is killed
    with Store.open(tmp_path / "data") as store:
        async with AsyncExitStack() as stack:
            building = Building(store, mosquitto, stack)
            await building.start()
            assert store.opening(request.id).result == "interrupted"
            outcome = await building.openings.open(request)
            assert (outcome.opened, outcome.result, outcome.reason) == (False, "interrupted", Reason.FAULT)
            await asyncio.sleep(0.3)
            assert building.pulses == []


async def test_a_finished_opening_is_remembered_over_a_restart(building):
    await building.start()
    request = wish()
    await building.openings.open(request)
    later = Openings(building.store, {GATE: building.link}, building.announcer.announce)
    outcome = await later.open(request)
    assert (outcome.opened, outcome.reason, outcome.result) == (True, Reason.RECOGNISED, "opened")
    assert building.pulses == [1]


async def test_a_silent_node(building):
    await building.start(node=False)
    request = wish()
    outcome = await building.openings.open(request)
    assert (outcome.opened, outcome.reason, outcome.result) == (False, Reason.NODE_SILENT, "node_silent")
    assert building.store.opening(request.id).result == "node_silent"


async def test_a_broker_that_is_away(building, mosquitto):
    await building.start()
    mosquitto.kill()
    await eventually(lambda: not building.link._mqtt.connected)
    request = wish()
    outcome = await building.openings.open(request)
    assert (outcome.opened, outcome.reason, outcome.result) == (False, Reason.NODE_SILENT, "not_connected")
    assert building.store.opening(request.id).result == "not_connected"
    assert building.pulses == []


async def test_a_gate_that_nobody_knows(building):
    await building.start()
    outcome = await building.openings.open(wish(gate="south-9"))
    assert (outcome.opened, outcome.reason, outcome.result) == (False, Reason.FAULT, "no_gate")


async def test_a_gate_without_a_link_stays_closed(building):
    await building.start(node=False)
    openings = Openings(building.store, {}, building.announcer.announce)
    outcome = await openings.open(wish())
    assert (outcome.opened, outcome.reason, outcome.detail) == (False, Reason.NODE_SILENT, "no link")


async def test_an_opening_needs_a_proper_id(building):
    await building.start()
    with pytest.raises(ValueError, match="16 hex"):
        await building.openings.open(wish(id="x"))


class FullDisk:
    """The real store, on a disk that fills up at a chosen moment."""

    def __init__(self, store: Store, *full: str) -> None:
        self._store = store
        self._full = full

    def __getattr__(self, name: str):
        if name in self._full:

            def refuse(*_: object, **__: object) -> None:
                raise StoreError("The disk is full: make room.")

            return refuse
        return getattr(self._store, name)


class TestFullDisk:
    @pytest.mark.parametrize("full", ["begin_opening", "gate"])
    async def test_what_cannot_be_recorded_is_not_opened(self, building, caplog, full):
        await building.start()
        openings = Openings(FullDisk(building.store, full), {GATE: building.link}, building.announcer.announce)
        outcome = await openings.open(wish())
        assert (outcome.opened, outcome.reason, outcome.result) == (False, Reason.FAULT, "not_recorded")
        assert "stays closed" in caplog.text
        assert "disk is full" in caplog.text
        await eventually(lambda: building.events)
        assert (building.events[0].type, building.events[0].reason) == ("access_denied", "fault")
        await asyncio.sleep(0.3)
        assert building.pulses == []

    async def test_an_end_that_cannot_be_recorded_is_said(self, building, caplog):
        await building.start()
        openings = Openings(
            FullDisk(building.store, "finish_opening"), {GATE: building.link}, building.announcer.announce
        )
        request = wish()
        assert (await openings.open(request)).opened
        assert "cannot be recorded" in caplog.text
        assert building.store.opening(request.id).result is None
        await openings.stop()

    async def test_what_cannot_be_looked_up_is_not_opened_again(self, building):
        await building.start()
        request = wish()
        assert (await building.openings.open(request)).opened
        openings = Openings(FullDisk(building.store, "opening"), {GATE: building.link}, building.announcer.announce)
        outcome = await openings.open(request)
        assert (outcome.opened, outcome.result) == (False, "not_recorded")
        assert building.pulses == [1]

    async def test_a_passage_that_cannot_be_recorded_is_announced_all_the_same(self, building, caplog):
        await building.start()
        journal = Journal(
            FullDisk(building.store, "record_passage"), building.announcer.announce, listed=building.listed
        )
        building.link.on_event(journal.hear)
        building.node.report("forced", "-", "-")
        await eventually(lambda: len(building.events) == 2)  # one from each of the two that hear
        assert "passage at gate north-1 ('forced') cannot be recorded" in caplog.text

    async def test_a_denial_that_cannot_be_recorded_is_announced_all_the_same(self, building, caplog):
        await building.start()
        openings = Openings(FullDisk(building.store, "record_denial"), {}, building.announcer.announce)
        await openings.deny(decision())
        assert "cannot be recorded" in caplog.text
        await eventually(lambda: building.events)


async def test_a_failure_that_nobody_foresaw_is_a_closed_gate_with_a_record(building):
    await building.start()

    class Broken:
        async def open(self, *_, **__) -> OpenResult:
            raise ZeroDivisionError

    openings = Openings(building.store, {GATE: Broken()}, building.announcer.announce)
    request = wish()
    with pytest.raises(ZeroDivisionError):
        await openings.open(request)
    assert building.store.opening(request.id).result == "fault"
    await eventually(lambda: building.events)
    assert (building.events[0].type, building.events[0].reason) == ("access_denied", "fault")


def test_an_alias_dies_soon(mosquitto):
    now = [0.0]
    announcer = Announcer(
        MqttClient(Broker(host=mosquitto.host, port=mosquitto.port)),
        TOPICS,
        boot=1,
        key=lambda: EVENT_KEY,
        clock=lambda: now[0],
    )
    news = News(GATE, "access_granted", Reason.RECOGNISED, Method.FACE, Direction.ENTRY, 1.0, resident="r1")
    assert announcer.announce(news) is False  # nobody hears
    alias = next(iter(announcer._aliases))
    now[0] = ALIAS_SECONDS
    assert announcer.person(alias) is None
    assert announcer.announce(replace(news, resident=None)) is False
