"""Retention runs by itself, and no jump of a clock makes it erase early or never."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from facegate.adapters.store import Intent, Store
from facegate.core.models import Direction, Gate, Method, Reason
from facegate.housekeeping import DAY, ROUND_SECONDS, Housekeeping

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


def housekeeping(store: Store, clocks: Clocks, days: int = 30) -> Housekeeping:
    return Housekeeping(store, days, wall=lambda: clocks.wall, monotonic=lambda: clocks.ran)


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


async def test_it_runs_by_itself(store: Store, clocks: Clocks) -> None:
    visit(store, clocks)
    clocks.run(31 * DAY)
    keeper = housekeeping(store, clocks)
    keeper.start()
    async with asyncio.timeout(10):
        while store.access_log():  # noqa: ASYNC110  # the store tells nobody
            await asyncio.sleep(0.01)
    await keeper.stop()
