"""The decision table: who may pass which gate when."""

import math
from dataclasses import replace

import pytest

from facegate.core.models import Gate, Mode, Reason, Resident, ResidentState, Verdict
from facegate.core.policy import decide

NOW = 1_800_000_000.0
ENROLLED = Resident(id="r1", name="Resident 1", state=ResidentState.ENROLLED)
GATE = Gate(id="north", name="North gate")


def with_state(state: ResidentState) -> Resident:
    return replace(ENROLLED, state=state)


@pytest.mark.parametrize(
    ("resident", "gate", "now", "reason", "named"),
    [
        (ENROLLED, GATE, NOW, Reason.RECOGNISED, True),
        (ENROLLED, replace(GATE, mode=Mode.FREE), NOW, Reason.RECOGNISED, True),
        (replace(ENROLLED, gates=frozenset({"north"})), GATE, NOW, Reason.RECOGNISED, True),
        (replace(ENROLLED, valid_from=NOW, valid_until=NOW + 1), GATE, NOW, Reason.RECOGNISED, True),
        (replace(ENROLLED, gates=frozenset({"south"})), GATE, NOW, Reason.NOT_THIS_GATE, True),
        (replace(ENROLLED, valid_until=NOW), GATE, NOW, Reason.EXPIRED, True),
        (replace(ENROLLED, valid_until=math.nan), GATE, NOW, Reason.EXPIRED, True),
        (replace(ENROLLED, valid_from=NOW + 1), GATE, NOW, Reason.OUTSIDE_HOURS, True),
        (replace(ENROLLED, valid_from=math.nan), GATE, NOW, Reason.OUTSIDE_HOURS, True),
        (ENROLLED, replace(GATE, mode=Mode.LOCKDOWN), NOW, Reason.LOCKDOWN, True),
        (with_state(ResidentState.SUSPENDED), GATE, NOW, Reason.SUSPENDED, True),
        (with_state(ResidentState.EXPIRED), GATE, NOW, Reason.EXPIRED, True),
        (with_state(ResidentState.INVITED), GATE, NOW, Reason.UNKNOWN_FACE, False),
        (with_state(ResidentState.WITHDRAWN), GATE, NOW, Reason.UNKNOWN_FACE, False),
        (with_state(ResidentState.ERASED), GATE, NOW, Reason.UNKNOWN_FACE, False),
        (None, GATE, NOW, Reason.FAULT, False),
        (replace(ENROLLED, id="r2"), GATE, NOW, Reason.FAULT, False),
        (ENROLLED, GATE, math.nan, Reason.FAULT, True),
        (ENROLLED, GATE, math.inf, Reason.FAULT, True),
    ],
)
def test_the_table(resident, gate, now, reason, named):
    ruling = decide("r1", resident, gate, now)
    assert ruling.reason is reason
    assert ruling.verdict is (Verdict.GRANTED if reason is Reason.RECOGNISED else Verdict.DENIED)
    assert ruling.resident == ("r1" if named else None)


def test_every_state_is_in_the_table_and_only_one_lets_in():
    let_in = {s for s in ResidentState if decide("r1", with_state(s), GATE, NOW).verdict is Verdict.GRANTED}
    assert let_in == {ResidentState.ENROLLED}
