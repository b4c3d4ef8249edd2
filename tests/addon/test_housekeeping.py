"""Retention runs by itself, and no jump of a clock makes it erase early or never."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from facegate.adapters.store import Intent, Store
from facegate.core.audit import HOUSEKEEPING, Act
from facegate.core.models import Direction, Gate, Method, Reason
from facegate.core.retention import DAY, Retention
from facegate.housekeeping import ROUND_SECONDS, Housekeeping

START = 1_800_000_000.0


class Clocks:
    """A wall clock that a test sets, and one that only runs."""

    def __init__(self) -> None:
        self.wall = START
        self.ran = 50.0

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.ran += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def store(tmp_path: Path, clocks: Clocks) -> Iterator[Store]:
    with Store.open(tmp_path / "data", clock=lambda: clocks.wall) as store:
        store.add_gate(Gate("main", "Main gate"))
        yield store


def housekeeping(store: Store, clocks: Clocks, days: int = 30, names: int = 7) -> Housekeeping:
    return Housekeeping(store, Retention(days, names), wall=lambda: clocks.wall, monotonic=lambda: clocks.ran)


def visit(store: Store, clocks: Clocks, number: int = 1) -> None:
    store.begin_opening(
        Intent(f"{number:016x}", "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, clocks.wall, "r1")
    )


def test_records_go_when_their_time_is_over_and_not_before(store: Store, clocks: Clocks) -> None:
    keeper = housekeeping(store, clocks, days=1)
    visit(store, clocks)
    for _ in range(24):
        keeper.look()
        assert len(store.access_log()) == 1
        clocks.run(ROUND_SECONDS)
    clocks.run(1)
    keeper.look()
    assert store.access_log() == []
    assert keeper.last is not None
    assert keeper.last.forgotten == 1
    assert store.verify_trail().broken is None


def test_the_round_is_done_once_an_hour_and_signs_what_is_new(store: Store, clocks: Clocks) -> None:
    keeper = housekeeping(store, clocks)
    visit(store, clocks)
    keeper.look()
    for number in (2, 3):
        visit(store, clocks, number)
        clocks.run(60)
        keeper.look()
    assert [checkpoint.number for checkpoint in store.checkpoints()] == [1]
    clocks.run(ROUND_SECONDS)
    keeper.look()
    assert [checkpoint.number for checkpoint in store.checkpoints()] == [1, 4]  # 2 tells of the first checkpoint


@pytest.mark.parametrize("jump", [400 * DAY, -400 * DAY])
def test_a_jump_erases_nothing_early_and_keeps_nothing_for_ever(store: Store, clocks: Clocks, jump: float) -> None:
    keeper = housekeeping(store, clocks, days=1)
    visit(store, clocks)
    keeper.look()
    clocks.wall += jump
    clocks.run(ROUND_SECONDS)
    keeper.look()
    assert keeper.doubts_clock
    assert len(store.access_log()) == 1
    clocks.run(DAY)
    keeper.look()
    assert store.access_log() == []  # a day has really passed


def test_a_restart_makes_a_wrong_clock_no_truer(store: Store, clocks: Clocks) -> None:
    visit(store, clocks)
    housekeeping(store, clocks).look()
    clocks.wall += 400 * DAY
    again = housekeeping(store, clocks)
    again.look()
    assert again.doubts_clock
    assert len(store.access_log()) == 1
    again.confirm_clock()
    assert not again.doubts_clock
    clocks.run(ROUND_SECONDS)
    again.look()
    assert store.access_log() == []


def test_names_go_by_the_trusted_time_a_whole_day_at_once_and_the_round_says_so(store: Store, clocks: Clocks) -> None:
    keeper = housekeeping(store, clocks, names=2)
    person = store.add_resident("Resident 1").id
    clocks.wall = START // DAY * DAY + DAY / 2  # noon
    for number in range(3):
        store.begin_opening(
            Intent(f"{number:016x}", "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, clocks.wall, person)
        )
    keeper.look()
    clocks.wall += 400 * DAY  # a jump takes nobody's name
    clocks.run(ROUND_SECONDS)
    keeper.look()
    assert [record.resident for record in store.access_log()] == [person] * 3
    again = housekeeping(store, clocks, names=2)  # nor does a restart after it
    again.look()
    assert [record.resident for record in store.access_log()] == [person] * 3
    clocks.run(1.6 * DAY)  # after the second midnight
    again.look()
    assert {record.resident for record in store.access_log()} == {None}
    assert again.last is not None
    assert again.last.nameless == 3
    assert [(deed.actor, deed.act, deed.many) for deed in store.acts()] == [(HOUSEKEEPING, Act.PSEUDONYMISED, 3)]
    assert store.verify_trail().broken is None


def test_names_go_in_small_parts_with_rests_between(store: Store, clocks: Clocks) -> None:
    rests: list[float] = []
    for number in range(250):
        visit(store, clocks, number)
    clocks.run(2 * DAY)
    keeper = Housekeeping(
        store, Retention(names_days=1), wall=lambda: clocks.wall, monotonic=lambda: clocks.ran, rest=rests.append
    )
    keeper.look()
    assert len(rests) == 3
    assert [deed.many for deed in store.acts()] == [50, 100, 100]


def test_what_has_been_done_goes_as_well_and_old_copies_of_the_database(store: Store, clocks: Clocks) -> None:
    keeper = housekeeping(store, clocks, names=7)
    store.record_act("Owner 1", Act.DOCUMENTS_PRINTED)
    old, new = (store.data / f"facegate-before-migration-from-{name}.db" for name in ("0001", "0002"))
    for copy in (old, new):
        copy.write_bytes(b"passages with names")
    os.utime(old, (START, START))
    os.utime(new, (START + 2000 * DAY, START + 2000 * DAY))
    clocks.run(3 * 366 * DAY)
    keeper.look()
    assert [(deed.act, deed.many) for deed in store.acts()] == [(Act.COPIES_DELETED, 1), (Act.ACTS_FORGOTTEN, 1)]
    assert new.exists()
    assert not old.exists()


async def test_it_runs_by_itself(store: Store, clocks: Clocks) -> None:
    visit(store, clocks)
    clocks.run(31 * DAY)
    keeper = housekeeping(store, clocks)
    keeper.start()
    async with asyncio.timeout(10):
        while store.access_log():  # noqa: ASYNC110  # the store tells nobody
            await asyncio.sleep(0.01)
    await keeper.stop()
