"""Passages lose their names after some days, and nobody but their resident finds two of the days again."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from facegate.adapters.store import Intent, Store
from facegate.core.models import Direction, Gate, Method, Reason
from facegate.core.pseudonyms import day_of, pseudonym, pseudonyms, to_the_minute
from facegate.core.retention import Retention

DAY = 86400.0
START = 20_000 * DAY + 30_123.456


class Clock:
    now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store.open(tmp_path / "data", clock=clock) as store:
        store.add_gate(Gate("main", "Main gate"))
        yield store


def visit(store: Store, resident: str, clock: Clock, number: int) -> str:
    name = f"{number:016x}"
    store.begin_opening(
        Intent(
            name, "main", Direction.ENTRY, Method.PHONE, Reason.RECOGNISED, clock(), resident,
            actor="Phone of Resident 1", note="asked by name",
        )
    )  # fmt: skip
    store.finish_opening(name, "opened", "", clock() + 1.5)
    store.record_passage(name, gate="main", direction=Direction.ENTRY, passage="passed", at=clock() + 2.5)
    return name


def raw(store: Store, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{store.data / 'facegate.db'}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_pseudonym_is_the_same_all_day_and_another_one_the_next() -> None:
    one, two = bytes(32), bytes(31) + b"\x01"
    assert pseudonym(one, 20_000) == pseudonym(one, 20_000)
    found = {pseudonym(key, day) for key in (one, two) for day in range(20_000, 20_100)}
    assert len(found) == 200
    assert list(pseudonyms(one, 20_000 * DAY + 5, 20_002 * DAY + 5)) == [
        pseudonym(one, day) for day in (20_000, 20_001, 20_002)
    ]
    assert to_the_minute(119.9) == 60
    assert day_of(to_the_minute(20_000 * DAY + 1) or 0) == 20_000


def test_what_is_left_of_an_old_passage_leads_to_nobody(store: Store, clock: Clock) -> None:
    person = store.add_resident("Resident 1")
    visit(store, person.id, clock, 1)
    assert store.pseudonymise_access(START) == 0  # not yet older than that
    assert store.pseudonymise_access(START + 1) == 1
    assert store.pseudonymise_access(START + 1) == 0
    record = store.access_log()[0]
    assert (record.resident, record.actor, record.note, record.boot, record.seq) == (None,) * 5
    assert (record.at, record.completed_at, record.passage_at) == (to_the_minute(START),) * 3
    assert record.pseudonym is not None
    assert person.id not in record.pseudonym
    assert person.id.encode() not in b"".join(
        str(row).encode() for table in ("access", "trail") for row in raw(store, f"SELECT * FROM {table}")
    )
    assert store.verify_trail().broken is None
    # Nobody can confirm a guess either: the states before are proved by nothing but their hashes.
    assert raw(store, "SELECT count(*) FROM trail WHERE salt IS NOT NULL AND kind = 'access'") == [(1,)]


def test_a_day_hangs_together_and_two_days_do_not(store: Store, clock: Clock) -> None:
    one, two = store.add_resident("Resident 1"), store.add_resident("Resident 2")
    for day in range(2):
        clock.now = START + day * DAY
        visit(store, one.id, clock, 10 * day + 1)
        visit(store, one.id, clock, 10 * day + 2)
        visit(store, two.id, clock, 10 * day + 3)
    assert store.pseudonymise_access(clock.now + 1) == 6
    names = {record.id[-2:]: record.pseudonym for record in store.access_log()}
    assert names["01"] == names["02"]
    assert names["0b"] == names["0c"]
    assert len({names["01"], names["0b"], names["03"], names["0d"]}) == 4


def test_a_resident_finds_all_of_their_own_days_as_long_as_the_key_lives(store: Store, clock: Clock) -> None:
    one, two = store.add_resident("Resident 1"), store.add_resident("Resident 2")
    mine = []
    for day in range(3):
        clock.now = START + day * DAY
        mine.append(visit(store, one.id, clock, 10 * day + 1))
        visit(store, two.id, clock, 10 * day + 2)
    store.pseudonymise_access(START + DAY + 1)  # two days of the three
    assert [record.id for record in store.own_passages(one.id, 0, clock.now + DAY)] == mine[::-1]
    assert [record.id for record in store.own_passages(one.id, START + DAY - 60, clock.now)] == [mine[1]]
    assert [record.id for record in store.named_passages(one.id, 0, clock.now + DAY)] == [mine[2]]
    store.erase_resident(one.id)
    assert store.pseudonymise_access(clock.now + 1) == 2
    nobody = [record for record in store.access_log() if record.resident is None and record.pseudonym is None]
    assert [record.id for record in nobody] == [mine[2]]
    assert store.verify_trail().broken is None


def test_no_more_is_done_at_once_than_a_gate_can_wait_for(store: Store, clock: Clock) -> None:
    person = store.add_resident("Resident 1")
    for number in range(5):
        visit(store, person.id, clock, number)
    done = [store.pseudonymise_access(START + 1, limit=2) for _ in range(4)]
    assert done == [2, 2, 1, 0]


def test_strangers_and_the_gates_own_words_keep_their_exact_time(store: Store, clock: Clock) -> None:
    store.record_denial(
        gate="main", direction=Direction.ENTRY, method=Method.FACE, reason=Reason.UNKNOWN_FACE, at=START
    )
    assert store.pseudonymise_access(START + DAY) == 0
    assert store.access_log()[0].at == START


@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_names_are_kept_no_longer_than_so_many_days_and_go_a_whole_day_at_once(hour: int) -> None:
    now = 20_010 * DAY + hour * 3600
    before = Retention(names_days=7).names_before(now)
    assert before % DAY == 0
    assert 6 * DAY <= now - before < 7 * DAY
    assert Retention(names_days=0).names_before(now) == now - 3600
    assert Retention(passages_days=30).passages_before(now) == now - 30 * DAY
