"""How many passed today and are inside: the rules by themselves, and the count over restarts with the real store."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.adapters.node_voice import NodeReport
from facegate.adapters.store import Store
from facegate.contract.lines import NodeEvent
from facegate.core.models import Direction, Gate
from facegate.core.node_events import Alarm, ExitButton, Passage
from facegate.core.tally import Figures, SiteTally, Tally
from facegate.counting import Counting

DAY = "2026-11-23"
IN, OUT = Passage("passed", Direction.ENTRY), Passage("passed", Direction.EXIT)
SOMEHOW = Passage("passed")
ANYTHING = st.sampled_from([IN, OUT, SOMEHOW, Passage("tailgated", Direction.ENTRY), Alarm("fire", "start")])


def told(*happenings: Any, begun: Tally | None = None) -> Tally:
    tally = begun or Tally(since=100.0)
    for happening in happenings:
        tally = tally.count(happening, day=DAY, at=500.0)
    return tally


def at_site(*happenings: tuple[str, Any], gates: tuple[str, ...] = ("north", "south")) -> SiteTally:
    tally = SiteTally(100.0).follow(gates, at=100.0)
    for gate, happening in happenings:
        tally = tally.count(gate, happening, day=DAY, at=500.0)
    return tally


@pytest.mark.parametrize(
    ("happening", "passages", "inside"),
    [
        (IN, 1, 3),
        (OUT, 1, 1),
        (Passage("tailgated", Direction.ENTRY), 1, 3),
        (Passage("tailgated", Direction.EXIT), 1, 1),
        (Passage("forced", Direction.ENTRY), 1, 3),
        (Passage("forced", None), 1, 2),
        (Passage("forced", None, at_door=True), 0, 2),
        (Passage("not_passed", Direction.ENTRY), 0, 2),
        (ExitButton(Direction.EXIT), 0, 2),
        (Alarm("held", "start"), 0, 2),
    ],
)
def test_who_was_seen_to_go_through_counts_and_nothing_else(happening: Any, passages: int, inside: int) -> None:
    begun = Tally(100.0, DAY, 0, inside=2, outward=True)
    tally = told(happening, begun=begun)
    assert (tally.passages_on(DAY), tally.known_inside) == (passages, inside)


def test_nobody_knows_who_is_inside_where_only_entries_are_told() -> None:
    assert told(IN, IN).known_inside is None
    assert told(IN, IN, OUT).known_inside == 1


def test_whoever_was_inside_before_the_count_began_is_not_missed_later() -> None:
    assert told(OUT, OUT, OUT, IN).known_inside == 1


def test_passages_end_with_the_day_and_people_stay() -> None:
    tally = told(OUT, IN, IN)
    assert tally.passages_on("2026-11-24") == 0
    tomorrow = tally.count(OUT, day="2026-11-24", at=900.0)
    assert (tomorrow.passages_on("2026-11-24"), tomorrow.known_inside, tomorrow.since) == (1, 1, 100.0)


def test_passages_that_nobody_has_told_the_way_of_are_told_as_such() -> None:
    tally = told(OUT, IN, SOMEHOW, SOMEHOW)
    assert (tally.passages, tally.known_inside, tally.unsure) == (4, 1, 2)


def test_a_fire_ends_the_count_and_a_new_one_begins_after_it() -> None:
    burning = told(OUT, IN, SOMEHOW, Alarm("fire", "start"), Alarm("fire", "quiet"))
    assert (burning.known_inside, burning.passages_on(DAY)) == (None, 3)
    after = told(Alarm("fire", "clear"), begun=burning)
    assert (after.known_inside, after.unsure, after.since, after.passages_on(DAY)) == (0, 0, 500.0, 3)
    # Nothing is told of passages during a fire, so one of them tells that it is over.
    assert told(IN, begun=burning).known_inside == 1


def test_who_comes_in_by_one_gate_and_goes_out_by_another_is_outside() -> None:
    tally = at_site(("north", OUT), ("south", OUT), ("north", IN), ("north", IN), ("south", OUT))
    assert tally.known_inside(("north", "south")) == 1
    assert tally.gates["north"].known_inside == 2  # of those who came in there, nobody went out there
    assert tally.gates["south"].known_inside == 0


def test_the_site_is_known_only_where_every_gate_tells_both_ways() -> None:
    assert at_site(("north", OUT), ("south", IN)).known_inside(("north", "south")) is None
    assert at_site(("north", OUT), ("south", IN)).known_inside(("north",)) == 1
    assert at_site().known_inside(()) is None
    assert at_site(("north", OUT), ("south", OUT), ("south", Alarm("fire", "start"))).known_inside(
        ("north", "south")
    ) is None  # fmt: skip


def test_a_trial_gate_leads_nowhere() -> None:
    tally = at_site(("north", OUT)).count("trial", IN, day=DAY, at=500.0, real=False)
    assert (tally.inside, tally.gates["trial"].passages) == (0, 1)


def test_gates_that_are_gone_are_counted_no_more() -> None:
    assert at_site(("south", IN)).follow(["north"], at=900.0).gates == {"north": Tally(100.0)}


@given(st.lists(st.tuples(st.sampled_from(["north", "south"]), ANYTHING)))
def test_no_number_is_ever_below_zero(happenings: list[tuple[str, Any]]) -> None:
    tally = at_site(*happenings)
    assert tally.inside >= 0
    assert all(min(gate.inside, gate.passages, gate.unsure) >= 0 for gate in tally.gates.values())


# ---- with the store ----


def report(what: str, subject: str, gate: str = "north") -> NodeReport:
    event = NodeEvent(gate=gate, boot=1, seq=1, uptime=1, type=what, subject=subject, value="-")
    return NodeReport(gate, event, history=False)


class Clock:
    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


async def counting(store: Store, clock: Clock) -> Counting:
    counting = Counting(store, unix=clock)
    await counting.start()
    counting.follow({gate.id: gate for gate in store.gates()})
    return counting


async def test_a_restart_loses_nobody_and_midnight_only_the_passages(tmp_path: Path) -> None:
    clock = Clock()
    with Store.open(tmp_path / "data") as store:
        store.add_gate(Gate("north", "North"))
        first = await counting(store, clock)
        for subject in ("2", "1", "1", "-"):
            first.hear(report("passed", subject))
        figures = Figures(passages=4, inside=2, unsure=1, since=clock.now, site_inside=2)
        assert first.figures("north") == figures
        await first.settled()
    with Store.open(tmp_path / "data") as store:
        second = await counting(store, clock)
        assert second.figures("north") == figures
        clock.now += 86_400
        assert second.figures("north") == replace(figures, passages=0)
        second.hear(report("passed", "1", gate="gone"))  # of a gate that is not there
        assert second.figures("gone") == Figures()


async def test_what_is_kept_are_numbers_of_now_and_no_list(tmp_path: Path) -> None:
    clock = Clock()
    with Store.open(tmp_path / "data") as store:
        store.add_gate(Gate("north", "North"))
        one = await counting(store, clock)
        sizes = []
        for _ in range(3):
            for _ in range(3):
                clock.now += 10
                one.hear(report("passed", "2"))
            await one.settled()
            tally = store.tally()
            assert tally is not None
            sizes.append(len(str(tally)))
            assert str(clock.now) not in str(tally)  # it does not tell when anybody came
    assert len(set(sizes)) == 1
