"""Whatever is not proved to live does not."""

import math
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.liveness import LEAST_FRAMES, LIVE_AT, judge
from facegate.core.models import LivenessLevel, Reason

LIVE = [0.9, 0.8, 0.95, 0.7, 0.99]


@pytest.mark.parametrize(
    ("level", "frames", "refused"),
    [
        (LivenessLevel.PASSIVE, LIVE, None),
        (LivenessLevel.PASSIVE, [0.1, 0.9, 0.9], None),
        (LivenessLevel.PASSIVE, [0.9, 0.1, 0.1], Reason.NOT_LIVE),
        (LivenessLevel.PASSIVE, [0.5, 0.5, 0.5], None),
        (LivenessLevel.PASSIVE, [0.499] * 9, Reason.NOT_LIVE),
        (LivenessLevel.PASSIVE, [0.9, 0.9], Reason.LIVENESS_MISSING),
        (LivenessLevel.PASSIVE, [], Reason.LIVENESS_MISSING),
        (LivenessLevel.PASSIVE, None, Reason.LIVENESS_MISSING),
        (LivenessLevel.PASSIVE, [None] * 5, Reason.LIVENESS_MISSING),
        (LivenessLevel.PASSIVE, [*LIVE, None], Reason.LIVENESS_MISSING),
        (LivenessLevel.PASSIVE, [*LIVE, math.nan], Reason.LIVENESS_MISSING),
        (LivenessLevel.PASSIVE, [*LIVE, math.inf], Reason.LIVENESS_MISSING),
        (LivenessLevel.PASSIVE, [*LIVE, 1.01], Reason.LIVENESS_MISSING),
        (LivenessLevel.PASSIVE, [*LIVE, -0.01], Reason.LIVENESS_MISSING),
        (LivenessLevel.CHALLENGE, LIVE, Reason.LIVENESS_MISSING),
        (LivenessLevel.SECOND_FACTOR, LIVE, Reason.LIVENESS_MISSING),
        (LivenessLevel.OFF, [], None),
        (LivenessLevel.OFF, [0.0, None], None),
    ],
)
def test_the_rule(level, frames, refused):
    assert judge(level, frames).refused is refused


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)), max_size=12))
def test_only_enough_sound_frames_with_a_high_median_pass(frames):
    sound = all(f is not None and 0 <= f <= 1 for f in frames) and len(frames) >= LEAST_FRAMES
    assert judge(LivenessLevel.PASSIVE, frames).passed is (sound and median(frames) >= LIVE_AT)
