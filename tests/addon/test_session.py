"""When the evidence of an approach is enough, and for what."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.matching import Match
from facegate.core.models import LivenessLevel, Reason, Verdict
from facegate.core.quality import Fault
from facegate.core.session import Approach, Outcome, Sight, Thresholds

RULES = Thresholds()
STEP = 1 / 15
FACES = {name: np.eye(8, dtype=np.float32)[number] for number, name in enumerate("ABCS")}
"""Four people whose faces have nothing in common; S is a stranger."""


def matched(resident: str | None, score: float, runner_up: str | None = None, second: float = 0.1) -> Match:
    return Match(resident, score, runner_up, second if runner_up else -1.0)


def sight(who: str, match: Match, live: float | None = 0.9, at: float = 0.0, change: float | None = 0.1) -> Sight:
    return Sight(at=at, vector=FACES[who], match=match, live=live, change=change)


GOOD = sight("A", matched("A", 0.7, "B"))
NEAR_BOTH = sight("A", matched("A", 0.55, "B", 0.53))
STRANGER = sight("S", matched("A", 0.3, "B", 0.2))
POOR = Sight(at=0.0, faults=(Fault.BLURRED,))
FAILED = Sight(at=0.0, failure="embed")


def run(sights, level=LivenessLevel.PASSIVE, rules=RULES, step=STEP, until=None) -> tuple[Approach, float | None]:
    """Show the sights one by one; return the approach and when it was decided."""
    approach, at = Approach(since=0.0), 0.0
    for number, seen in enumerate(sights):
        at = number * step
        approach = approach.saw(replace(seen, at=at), rules).conclude(at, level, rules)
        if approach.outcome is not None:
            return approach, at
    if until is not None:
        return approach.conclude(until, level, rules), until
    return approach, None


def outcome(sights, **given_) -> Outcome | None:
    return run(sights, **given_)[0].outcome


def test_three_of_five_good_frames_let_in_as_soon_as_they_are_there():
    approach, at = run([GOOD] * 9)
    assert approach.outcome.liveness.passed
    assert replace(approach.outcome, liveness=None) == Outcome(Verdict.GRANTED, Reason.RECOGNISED, "A", GOOD.match)
    assert at == pytest.approx(2 * STEP)


@pytest.mark.parametrize(
    ("sights", "reason"),
    [
        ([GOOD, STRANGER_LIKE := sight("A", matched("A", 0.3)), GOOD, STRANGER_LIKE, GOOD], Reason.RECOGNISED),
        ([GOOD, POOR, POOR, GOOD, FAILED, GOOD], Reason.RECOGNISED),
        ([STRANGER] * 40, Reason.UNKNOWN_FACE),
        ([NEAR_BOTH] * 60, Reason.AMBIGUOUS),
        ([POOR] * 60, Reason.POOR_QUALITY),
        ([FAILED] * 60, Reason.FAULT),
        ([FAILED, *[POOR] * 60], Reason.FAULT),
        ([sight("A", matched(None, -1.0))] * 60, Reason.UNKNOWN_FACE),
        ([replace(GOOD, live=0.1)] * 60, Reason.NOT_LIVE),
        ([replace(GOOD, live=None)] * 60, Reason.LIVENESS_MISSING),
        ([replace(GOOD, live=math.nan)] * 60, Reason.LIVENESS_MISSING),
        ([GOOD, GOOD, replace(GOOD, live=None), *[GOOD] * 60], Reason.LIVENESS_MISSING),
        ([sight("A", matched("A", 0.7, "B")), sight("A", matched("B", 0.7, "A"))] * 30, Reason.AMBIGUOUS),
        ([GOOD, GOOD, *[STRANGER_LIKE] * 60], Reason.UNKNOWN_FACE),
    ],
    ids=[
        "three of five", "poor and failed frames between", "a stranger", "two alike", "blurred", "failing",
        "failing and blurred", "an empty gallery", "a picture", "no liveness", "liveness is no number",
        "one frame without liveness", "two names in turn", "two lucky frames",
    ],
)  # fmt: skip
def test_what_is_decided(sights, reason):
    result = outcome(sights)
    assert result is not None
    assert result.reason is reason
    assert (result.verdict is Verdict.GRANTED) is (reason is Reason.RECOGNISED)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_names_nobody(score):
    assert RULES.names(matched("A", score)) is None
    assert outcome([sight("A", matched("A", score))] * 60).verdict is Verdict.DENIED


def test_a_margin_that_is_no_number_is_none():
    assert RULES.names(matched("A", 0.9, "B", math.nan)) is None


def test_a_stranger_is_refused_before_patience_ends_but_not_at_once():
    _, at = run([STRANGER] * 60)
    assert RULES.unknown_seconds <= at < RULES.patience


def test_a_resident_who_is_recognised_late_is_let_in():
    from_afar = sight("A", matched("A", 0.47))
    assert outcome([*[from_afar] * 12, GOOD, GOOD, GOOD]).reason is Reason.RECOGNISED


def test_nothing_is_decided_about_whoever_shows_nothing_until_patience_ends():
    assert outcome([]) is None
    assert outcome([], until=RULES.patience - 0.01) is None
    assert replace(outcome([], until=RULES.patience), liveness=None) == Outcome(Verdict.DENIED, Reason.UNDECIDED)


def test_what_was_decided_stays_decided():
    approach, at = run([STRANGER] * 60)
    for _ in range(20):
        approach = approach.saw(replace(STRANGER, at=at), RULES).conclude(at, LivenessLevel.OFF, RULES)
    assert approach.outcome.reason is Reason.UNKNOWN_FACE


def test_another_face_begins_a_new_approach_whatever_was_decided():
    decided, at = run([STRANGER] * 60)
    approach = decided.saw(replace(GOOD, at=at), RULES)
    assert (approach.face, approach.outcome, approach.since, len(approach.evidence)) == (1, None, at, 1)


def test_one_persons_liveness_never_carries_another_persons_picture():
    """A living stranger first, then a photograph of a resident held before the face."""
    photograph = replace(GOOD, live=0.05)
    living = replace(STRANGER, live=0.99)
    assert outcome([*[living] * 6, *[photograph] * 60]).reason is Reason.NOT_LIVE


def test_enough_live_frames_of_another_resident_do_not_help_either():
    photograph = sight("B", matched("B", 0.8, "A"), live=0.05)
    assert outcome([GOOD, GOOD, *[photograph] * 60]).reason is Reason.NOT_LIVE


sights = st.builds(
    lambda who, score, second, live, kind: {
        "good": sight(who, matched(who if who != "S" else "A", score, "C", second), live),
        "poor": POOR,
        "failed": FAILED,
        "torn": Sight(at=0.0, vector=FACES[who]),
    }[kind],
    st.sampled_from("ABS"),
    st.one_of(st.floats(-1, 1), st.just(math.nan)),
    st.one_of(st.floats(-1, 1), st.just(math.nan)),
    st.one_of(st.none(), st.floats(0, 1), st.just(math.nan)),
    st.sampled_from(["good", "good", "good", "poor", "failed", "torn"]),
)


@given(st.lists(sights, max_size=40), st.sampled_from(LivenessLevel))
def test_nobody_is_let_in_without_enough_frames_that_name_them_since_the_last_change_of_face(seen, level):
    approach, _ = run(seen, level=level)
    if approach.outcome is None or approach.outcome.verdict is not Verdict.GRANTED:
        return
    names = [RULES.names(s.match) for s in approach.evidence[-RULES.of :]]
    assert names.count(approach.outcome.resident) >= RULES.agree
    assert {n for n in names if n} == {approach.outcome.resident}
    first = approach.evidence[0].vector
    assert all(float(first @ s.vector) > 0.5 for s in approach.evidence)
    assert level in (LivenessLevel.OFF, LivenessLevel.PASSIVE)
    if level is LivenessLevel.PASSIVE:
        assert all(s.live is not None and 0 <= s.live <= 1 for s in approach.evidence)
        assert float(np.median([s.live for s in approach.evidence])) >= 0.5
