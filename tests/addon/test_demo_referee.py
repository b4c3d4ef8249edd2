"""The demo's referee: whatever is not exactly right is wrong."""

from pathlib import Path

import pytest

from facegate.adapters.demo_clip import Programme, Visit
from facegate.cli.demo_referee import SETTLE, Referee
from facegate.core.models import Decision, Direction, Reason, Verdict

PROGRAMME = Programme(Path("unused"), 7, 1000.0, 5)


def visit(*, resident: bool) -> Visit:
    return next(visit for visit in PROGRAMME.visits(1) if visit.resident is resident)


def moment(who: Visit, seconds: float = 0.4) -> float:
    """So many seconds after the face can be judged."""
    return PROGRAMME.time_of(who.gate_size) + seconds


def decision(verdict: Verdict, at: float) -> Decision:
    return Decision("camera", "main", Direction.ENTRY, 1, verdict, Reason.RECOGNISED, at)


GRANTED, DENIED = Verdict.GRANTED, Verdict.DENIED


@pytest.mark.parametrize(
    ("resident", "verdicts", "pulses", "fault"),
    [
        (True, [GRANTED], 1, ""),
        (True, [], 0, "the resident was not let in"),
        (True, [GRANTED], 0, "the resident was not let in"),
        (True, [DENIED], 0, "the resident was not let in"),
        (True, [GRANTED], 2, "the gate opened 2 times"),
        (True, [], 1, "the gate opened without a decision"),
        (True, [GRANTED, GRANTED], 1, "2 decisions to open"),
        (True, [GRANTED, DENIED], 1, "the resident was also refused"),
        (False, [DENIED], 0, ""),
        (False, [], 0, "the stranger was not refused"),
        (False, [GRANTED], 1, "a stranger was let in"),
        (False, [DENIED], 1, "a stranger was let in"),
        (False, [GRANTED], 0, "a stranger was let in"),
    ],
)
def test_a_visit_ends_right_or_its_fault_is_named(
    resident: bool, verdicts: list[Verdict], pulses: int, fault: str
) -> None:
    referee, who = Referee(PROGRAMME), visit(resident=resident)
    for verdict in verdicts:
        referee.heard(decision(verdict, moment(who)), opened=verdict is GRANTED)
    for number in range(pulses):
        assert referee.pulsed(moment(who, 0.5 + number)) == who
    ruling = referee.rule(who)
    summary = referee.summary()
    assert ruling.fault == fault
    assert ruling.right is (not fault)
    assert summary.visits == 1
    assert summary.wrong == (1 if fault else 0)
    assert (summary.granted, summary.denied) == ((0, 0) if fault else (int(resident), int(not resident)))
    assert summary.opens_without_decision == max(0, pulses - verdicts.count(GRANTED))


@pytest.mark.parametrize("where", ["before the face can be judged", "long after", "before the clip"])
def test_an_opening_outside_of_visits_is_wrong(where: str) -> None:
    who = visit(resident=True)
    at = {
        "before the face can be judged": moment(who, -0.02),
        "long after": PROGRAMME.time_of(who.end) + SETTLE + 0.1,
        "before the clip": PROGRAMME.begin - 5,
    }[where]
    referee = Referee(PROGRAMME)
    assert referee.pulsed(at) is None
    assert referee.summary().wrong == 1
    assert referee.summary().opens_without_decision == 1


def test_what_belongs_to_one_visit_serves_no_other() -> None:
    referee = Referee(PROGRAMME)
    first, second = PROGRAMME.visits(1)[:2]
    referee.heard(decision(GRANTED, moment(first)), opened=True)
    referee.pulsed(moment(first, 0.5))
    assert referee.rule(second).pulses == 0
    assert referee.rule(first).pulses == 1


def test_the_time_from_glass_to_relay_counts_from_the_first_frame_that_can_be_judged() -> None:
    referee = Referee(PROGRAMME)
    assert referee.summary().median is referee.summary().p95 is None
    residents = [v for number in range(1, 6) for v in PROGRAMME.visits(number) if v.resident]
    for number, who in enumerate(residents):
        referee.heard(decision(GRANTED, moment(who)), opened=True)
        referee.pulsed(moment(who, 0.4 + 0.01 * number))
        referee.rule(who)
    summary = referee.summary()
    assert summary.median == pytest.approx(400 + 10 * (len(residents) - 1) / 2, abs=0.1)
    assert summary.p95 == pytest.approx(400 + 10 * (len(residents) - 1) * 0.95, abs=0.1)
