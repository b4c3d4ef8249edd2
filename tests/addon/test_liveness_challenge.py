"""A movement that nobody can foresee: made in time and in the right way, or the gate stays closed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.challenge import CLOSER, HELD, REACTION, SECONDS, TURN, Challenge, Prompt
from facegate.core.models import Reason

LEFT, RIGHT, CLOSE = (Challenge(prompt, since=10.0) for prompt in Prompt)
SIZE = 100.0


def after(challenge: Challenge, *poses: tuple[float, float], begin: float = 10.0 + REACTION, step: float = 0.1):
    """Show (yaw, size) one by one; the first is where the face is when it can react."""
    for number, (yaw, size) in enumerate(poses):
        challenge = challenge.saw(yaw, size, begin + number * step)
    return challenge


@pytest.mark.parametrize(
    ("challenge", "yaw", "size"),
    [(LEFT, TURN, SIZE), (RIGHT, -TURN, SIZE), (CLOSE, 0.0, CLOSER * SIZE)],
    ids=["left", "right", "closer"],
)
def test_the_right_movement_meets_the_challenge(challenge, yaw, size):
    moved = after(challenge, (0.0, SIZE), *[(yaw, size)] * HELD)
    assert moved.met
    assert moved.refusal(11.0) is None


@pytest.mark.parametrize(("challenge", "yaw"), [(LEFT, -TURN), (RIGHT, TURN)], ids=["left", "right"])
def test_the_other_way_loses_it_for_good(challenge, yaw):
    moved = after(challenge, (0.0, SIZE), *[(yaw, SIZE)] * HELD, *[(-yaw, SIZE)] * 9)
    assert not moved.met
    assert moved.refusal(11.0) is Reason.NOT_LIVE


@pytest.mark.parametrize("challenge", [LEFT, RIGHT, CLOSE], ids=["left", "right", "closer"])
def test_no_movement_loses_it_when_time_is_up(challenge):
    moved = after(challenge, *[(0.0, SIZE)] * 80)
    assert not moved.met
    assert moved.refusal(10.0 + SECONDS) is None
    assert moved.refusal(10.0 + SECONDS + 0.01) is Reason.LIVENESS_MISSING


def test_a_clock_that_runs_backwards_loses_it():
    assert LEFT.refusal(9.0) is Reason.LIVENESS_MISSING


def test_a_single_frame_is_a_slip_of_the_landmarks():
    assert not after(LEFT, (0.0, SIZE), (TURN, SIZE), (0.0, SIZE), (TURN, SIZE), (0.0, SIZE)).met


def test_who_has_turned_before_the_prompt_could_be_read_has_to_turn_further():
    early = LEFT.saw(0.0, SIZE, 10.0).saw(TURN, SIZE, 10.1)
    assert not after(early, *[(TURN, SIZE)] * 9).met
    assert after(early, (TURN, SIZE), *[(2 * TURN, SIZE)] * HELD).met


def test_what_comes_too_late_counts_for_nothing():
    assert not after(LEFT, (0.0, SIZE), *[(TURN, SIZE)] * 5, begin=10.0 + SECONDS - 0.05, step=0.1).met


@pytest.mark.parametrize("broken", [(math.nan, SIZE), (TURN, math.nan), (math.inf, SIZE), (TURN, 0.0), (TURN, -1.0)])
def test_what_is_no_number_changes_nothing(broken):
    began = after(LEFT, (0.0, SIZE))
    assert began.saw(*broken, 10.6) == began


@given(
    st.sampled_from(Prompt),
    st.lists(st.tuples(st.floats(-TURN / 2.01, TURN / 2.01), st.floats(SIZE, 1.2 * SIZE)), max_size=90),
)
def test_who_stands_and_looks_around_a_little_never_meets_it(prompt, poses):
    moved = after(Challenge(prompt, 10.0), *poses)
    assert not moved.met
    assert moved.wrong == 0


def test_the_prompt_follows_from_the_draw_and_each_is_as_likely():
    assert [Challenge.pose((number + 0.5) / 300, 1.0).prompt for number in range(300)].count(Prompt.TURN_LEFT) == 100
    assert {Challenge.pose(draw, 1.0).prompt for draw in (0.0, 0.4, 0.99)} == set(Prompt)


@pytest.mark.parametrize(("draw", "at"), [(1.0, 1.0), (-0.1, 1.0), (math.nan, 1.0), (0.5, math.nan)])
def test_without_a_random_number_and_a_time_there_is_no_challenge(draw, at):
    with pytest.raises(ValueError, match="random number"):
        Challenge.pose(draw, at)
