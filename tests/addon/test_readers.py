"""What the readers of a gate report: records, events, and factors for the cameras, each by what the node has said."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from facegate.adapters.announcer import News
from facegate.adapters.node_voice import NodeReport
from facegate.adapters.store import Store
from facegate.contract.lines import NodeEvent
from facegate.contract.verbs import card_digest, digest_key, own_opening, pin_digest
from facegate.core.credentials import Credential, CredentialKind, Window, read_card
from facegate.core.models import Direction, Gate, Method, ResidentState
from facegate.core.node_events import read
from facegate.core.second_factor import Factor
from facegate.credentials.learning import Lessons
from facegate.credentials.lists import Clock, GateLists
from facegate.credentials.readers import Readers
from facegate.journal import Journal

NOW = 1_795_300_000.0  # a Saturday afternoon
EVERY_DAY = Window(frozenset(range(7)))
NO_DAY = Window(frozenset({5}), 0, 1)


class House:
    """One gate whose node a test speaks for; nothing has to be asked of it, so it needs no broker."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.news: list[News] = []
        self.shown: list[tuple[str, Direction, Factor]] = []
        self.now = 0.0
        self.synchronised = True
        self.seq = 0
        store.add_gate(Gate("main", "Main gate", trial=True))
        self.resident = store.add_resident("Resident 1").id
        self.begin()

    def begin(self) -> None:
        """The recognizer starts."""
        store = self.store
        clock = Clock(lambda: NOW + self.now, lambda: self.now, lambda: self.synchronised, lambda _: 0)
        self.lists = GateLists(store, {"main": Away()}, clock)
        lessons = Lessons(store, {}, self.changed, time.monotonic)
        self.readers = Readers(
            store,
            self.lists,
            lessons,
            announce=self.announce,
            shown=lambda *shown: self.shown.append(shown),
            clock=lambda: self.now,
        )
        self.journal = Journal(store, self.announce, self.readers.decided)
        self.lists.look_at_clock()

    def announce(self, news: News) -> bool:
        self.news.append(news)
        return True

    async def changed(self) -> None:
        await self.lists.follow()

    def digest(self, kind: str, number: str) -> str:
        key = digest_key(self.store.gate_key("main"), "main")
        return (pin_digest(key, number) if kind == "pin" else card_digest(key, bytes.fromhex(number))).hex()

    async def give(self, kind: str, number: str, **validity: object) -> Credential:
        wanted = replace(Credential("", self.resident, CredentialKind(kind), 0.0), **validity)
        if kind == "pin":
            made, _ = self.store.add_pin(wanted, number)
        else:
            made = self.store.add_card(wanted, read_card(number))
        await self.lists.follow()
        return made

    async def says(self, kind: str, subject: str, value: str = "-", *, history: bool = False) -> NodeReport:
        """The node says an event, which is heard to its end."""
        self.seq += 1
        event = NodeEvent("main", 3, self.seq, 1000, kind, subject, value)
        report = NodeReport("main", event, history=history)
        self.journal.hear(report)
        self.readers.hear(report)
        await self.readers.stop()
        await self.journal.settled()
        return report


class Away:
    """A link whose node is not there."""

    state = "offline"
    hello = None

    def on_hello(self, _):
        return lambda: None

    on_event = on_hello


@pytest.fixture
async def house(tmp_path) -> Iterator[House]:
    with Store.open(tmp_path / "data") as store:
        house = House(store)
        yield house
        await house.lists.stop()


async def test_what_the_list_has_opened_is_recorded_with_whose_it_was_and_the_passage(house):
    await house.give("card", "0012345678")
    report = await house.says("granted", "card:1", house.digest("card", "00bc614e"))
    opening = own_opening(report.event.position)
    await house.says("passed", "1", opening)
    (record,) = house.store.access_log()
    assert (record.id, record.kind, record.method, record.reason) == (opening, "opening", "card", "listed")
    assert (record.resident, record.result, record.passage) == (house.resident, "opened", "passed")
    granted, passed = house.news
    assert (granted.type, granted.method, granted.reason, granted.resident) == (
        "access_granted",
        "card",
        "listed",
        house.resident,
    )
    assert granted.opening == passed.opening == opening


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("unknown", "not_listed"),
        ("list", "no_list"),
        ("clock", "clock"),
        ("not_yet", "outside_hours"),
        ("window", "outside_hours"),
        ("expired", "expired"),
        ("relay", "not_this_gate"),
        ("lockdown", "lockdown"),
        ("locked", "pins_locked"),
        ("fault", "fault"),
        ("of_a_later_version", "node_refused"),
    ],
)
async def test_what_the_list_has_refused_is_recorded_with_why(house, word, reason):
    await house.give("pin", "83915")
    digest = house.digest("pin", "83915") if word in ("window", "clock") else "-"
    await house.says("denied", f"pin:2:{word}", digest)
    (record,) = house.store.access_log()
    assert (record.kind, record.method, record.reason, record.direction) == ("denial", "pin", reason, "exit")
    assert record.resident == (house.resident if digest != "-" else None)
    assert [news.type for news in house.news] == ["access_denied"]


async def test_what_was_queued_is_a_record_of_the_past_and_causes_nothing(house):
    await house.give("card", "0012345678")
    digest = house.digest("card", "00bc614e")
    await house.says("granted", "card:1", digest, history=True)
    await house.says("denied", "card:1:window", digest, history=True)
    await house.says("card", "1", digest, history=True)
    await house.says("learned", "1", digest, history=True)
    assert [record.past for record in house.store.access_log()] == [True, True, True]
    assert (house.news, house.shown) == ([], [])


async def test_what_is_told_twice_is_recorded_once(house):
    report = await house.says("granted", "card:1", "00" * 8)
    await house.readers.decided(report, verdict_of(report))
    assert len(house.store.access_log()) == 1
    assert len(house.news) == 1


def verdict_of(report: NodeReport):
    return read(report.event)


async def test_a_factor_goes_to_the_cameras_of_its_side(house):
    await house.give("pin", "83915")
    await house.says("pin", "2", house.digest("pin", "83915"))
    assert house.shown == [("main", Direction.EXIT, Factor(house.resident, Method.PIN, 0.0))]
    assert house.store.access_log() == []  # nothing is decided yet


@pytest.mark.parametrize(
    ("validity", "reason"),
    [
        ({"windows": (EVERY_DAY,)}, None),
        ({"windows": (NO_DAY,)}, "outside_hours"),
        ({"valid_until": NOW - 1}, "expired"),
        ({"valid_from": NOW + 60}, "outside_hours"),
        ({"valid_until": NOW + 60}, None),
    ],
)
async def test_a_factor_counts_when_it_is_good_and_not_else(house, validity, reason):
    await house.give("pin", "83915", **validity)
    await house.says("pin", "1", house.digest("pin", "83915"))
    assert len(house.shown) == (reason is None)
    assert [news.reason for news in house.news] == ([] if reason is None else [reason])


async def test_a_factor_that_needs_the_time_does_not_count_without(house):
    house.synchronised = False
    house.begin()  # the recognizer starts with a clock that nothing sets
    await house.give("pin", "83915", windows=(EVERY_DAY,))
    await house.give("pin", "94026")
    await house.says("pin", "1", house.digest("pin", "83915"))
    assert [news.reason for news in house.news] == ["clock"]
    await house.says("pin", "1", house.digest("pin", "94026"))
    assert len(house.shown) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": ResidentState.SUSPENDED}, "suspended"),
        ({"state": ResidentState.EXPIRED}, "expired"),
        ({"gates": frozenset({"garage"})}, "not_this_gate"),
    ],
)
async def test_a_factor_of_whoever_has_no_access_does_not_count(house, change, reason):
    await house.give("pin", "83915")
    house.store.update_resident(replace(house.store.resident(house.resident), **change))
    await house.lists.follow()
    await house.says("pin", "1", house.digest("pin", "83915"))
    assert house.shown == []
    assert [news.reason for news in house.news] == [reason]


async def test_five_wrong_pins_lock_pins_and_never_cards(house):
    await house.give("pin", "83915")
    await house.give("card", "0012345678")
    for wrong in range(5):
        await house.says("pin", "1", f"{wrong:016x}")
    await house.says("pin", "1", house.digest("pin", "83915"))
    assert [news.reason for news in house.news] == ["not_listed"] * 5 + ["pins_locked"]
    assert house.shown == []
    await house.says("card", "1", house.digest("card", "00bc614e"))
    assert len(house.shown) == 1
    house.now += 61
    await house.says("pin", "1", house.digest("pin", "83915"))
    assert len(house.shown) == 2
