"""Whatever is not proved to live does not."""

import math
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.liveness import (
    CHANGED_AT,
    CONTEXT,
    FULL_CONTEXT,
    LEAST_CONTEXT,
    LEAST_FRAMES,
    LIVE_AT,
    Sign,
    context,
    has_changed,
    judge,
    weigh,
)
from facegate.core.models import Box, LivenessLevel, Reason

ASKING = [level for level in LivenessLevel if level is not LivenessLevel.OFF]
LIVE = [0.9, 0.8, 0.95, 0.7, 0.99]


def signs(live, change=(None, 0.1)) -> list[Sign]:
    """One sign for each answer of the model; the changes are those of the first frames."""
    changes = [*change, *[None] * len(live)]
    return [Sign(answer, changes[number]) for number, answer in enumerate(live)]


@pytest.mark.parametrize("level", ASKING)
@pytest.mark.parametrize(
    ("frames", "refused"),
    [
        (signs(LIVE), None),
        (signs([0.1, 0.9, 0.9]), None),
        (signs([0.9, 0.1, 0.1]), Reason.NOT_LIVE),
        (signs([0.5, 0.5, 0.5]), None),
        (signs([0.499] * 9), Reason.NOT_LIVE),
        (signs([0.9, 0.9]), Reason.LIVENESS_MISSING),
        ([], Reason.LIVENESS_MISSING),
        (None, Reason.LIVENESS_MISSING),
        (signs([None] * 5), Reason.LIVENESS_MISSING),
        (signs([*LIVE, None]), Reason.LIVENESS_MISSING),
        (signs([*LIVE, math.nan]), Reason.LIVENESS_MISSING),
        (signs([*LIVE, math.inf]), Reason.LIVENESS_MISSING),
        (signs([*LIVE, 1.01]), Reason.LIVENESS_MISSING),
        (signs([*LIVE, -0.01]), Reason.LIVENESS_MISSING),
        (signs([*LIVE, "0.9"]), Reason.LIVENESS_MISSING),
        (signs([*LIVE, True]), Reason.LIVENESS_MISSING),
        (signs(LIVE, [None, CHANGED_AT]), None),
        (signs(LIVE, [None, 0.9 * CHANGED_AT, 0.0]), Reason.NOT_LIVE),
        (signs(LIVE, [None] * 5), Reason.LIVENESS_MISSING),
        (signs(LIVE, [math.nan] * 5), Reason.LIVENESS_MISSING),
        (signs(LIVE, [math.inf] * 5), Reason.LIVENESS_MISSING),
        (signs(LIVE, [-1.0] * 5), Reason.LIVENESS_MISSING),
        (signs(LIVE, ["much"] * 5), Reason.LIVENESS_MISSING),
        (signs(LIVE, [None, math.nan, 0.1]), None),
    ],
)
def test_the_rule(level, frames, refused):
    evidence = judge(level, frames)
    assert evidence.refused is refused
    assert evidence.passed is (refused is None)


def test_recognition_only_asks_for_nothing():
    assert judge(LivenessLevel.OFF, []).passed
    assert judge(LivenessLevel.OFF, signs([0.0, None])).passed


def test_the_evidence_shows_its_parts():
    evidence = judge(LivenessLevel.PASSIVE, signs([0.2, 0.4, 0.3], [None, 0.05, 0.02]))
    assert (evidence.frames, evidence.live, evidence.change) == (3, 0.3, 0.05)


answers = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 1))


@given(st.lists(st.builds(Sign, answers, answers), max_size=12), st.sampled_from(ASKING))
def test_only_enough_sound_frames_with_a_high_median_and_a_change_pass(frames, level):
    live = [f.live for f in frames]
    sound = all(f is not None and 0 <= f <= 1 for f in live) and len(live) >= LEAST_FRAMES
    moved = any(f.change is not None and math.isfinite(f.change) and f.change >= CHANGED_AT for f in frames)
    assert judge(level, frames).passed is (sound and median(live) >= LIVE_AT and moved)
    assert has_changed([f.change for f in frames]) is moved


@pytest.mark.parametrize(
    ("probability", "seen", "weighed"),
    [
        (0.7, CONTEXT, 0.7),
        (0.7, FULL_CONTEXT, 0.7),
        (0.8, 1.9, pytest.approx(0.5)),
        (0.92, LEAST_CONTEXT, pytest.approx(0.742, abs=1e-3)),
        (1.0, 1.5, 1.0),
        (0.0, 1.5, 0.0),
        (0.99, 1.34, None),
        (0.99, 0.0, None),
        (0.99, math.nan, None),
        (0.99, math.inf, None),
        (math.nan, CONTEXT, None),
        (1.1, CONTEXT, None),
    ],
)
def test_an_answer_counts_as_much_as_its_surroundings_allow(probability, seen, weighed):
    assert weigh(probability, seen) == weighed


@given(st.floats(0, 1), st.floats(LEAST_CONTEXT, CONTEXT))
def test_less_context_never_makes_an_answer_stronger(probability, seen):
    assert weigh(probability, seen) <= probability


def test_how_much_surroundings_there_are():
    shape = np.zeros((301, 401, 3)).shape
    assert context(shape, Box(150, 100, 250, 200)) == CONTEXT
    assert context(shape, Box(100, 50, 300, 250)) == 1.5
    assert context(shape, Box(10, 10, 10, 10)) == 0.0
