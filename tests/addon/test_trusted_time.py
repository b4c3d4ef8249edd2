"""No jump of a clock erases anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.trusted_time import SWITCHED_OFF, TOLERANCE, TrustedTime

START = 1_800_000_000.0
YEAR = 365 * 86400.0


def run(time: TrustedTime, seconds: float, step: float = 60.0) -> TrustedTime:
    """Time goes on as it should."""
    while seconds > 0:
        time = time.after(time.wall + min(step, seconds), min(step, seconds))
        seconds -= step
    return time


def test_a_clock_that_runs_is_followed() -> None:
    assert run(TrustedTime.begin(START), 86400) == TrustedTime(START + 86400, START + 86400)


@pytest.mark.parametrize("jump", [YEAR, 20 * YEAR, -YEAR, TOLERANCE + 1, -TOLERANCE - 1])
def test_a_jump_stops_at_the_time_that_was_trusted(jump: float) -> None:
    time = TrustedTime.begin(START).after(START + 60 + jump, 60)
    assert (time.now, time.doubted) == (START + 60, START + 60)
    assert run(time, 3600).now == START + 3660  # what has really passed still counts


def test_a_clock_that_is_put_right_is_followed_again() -> None:
    time = run(TrustedTime.begin(START).after(START + YEAR, 60), 3540)
    time = time.after(START + 3660, 60)
    assert time == TrustedTime(START + 3660, START + 3660)


@pytest.mark.parametrize("jump", [YEAR, 20 * YEAR, -YEAR])
def test_a_restart_makes_a_wrong_clock_no_truer(jump: float) -> None:
    time = TrustedTime.begin(START).after(START + 60 + jump, 60)
    assert time.after(time.wall, None).doubted is not None


def test_a_clock_that_was_put_right_while_the_box_was_off_is_followed_again() -> None:
    time = TrustedTime.begin(START).after(START + YEAR, 60)
    time = time.after(START + 7200, None)
    assert time == TrustedTime(START + 7200, START + 7200)


def test_the_owner_can_say_that_it_is_right() -> None:
    time = TrustedTime.begin(START).after(START + YEAR, 60).confirmed()
    assert time == TrustedTime(START + YEAR, START + YEAR)


@pytest.mark.parametrize(
    ("away", "doubted"),
    [(60, False), (SWITCHED_OFF, False), (SWITCHED_OFF + 1, True), (-TOLERANCE - 1, True), (-60, False)],
)
def test_a_box_may_be_switched_off_for_some_days(away: float, doubted: bool) -> None:
    time = TrustedTime.begin(START).after(START + away, None)
    assert (time.doubted is not None) is doubted
    assert time.now == (START if doubted else max(START, START + away))


@given(
    looks=st.lists(
        st.tuples(st.floats(-2 * YEAR, 2 * YEAR), st.one_of(st.none(), st.floats(0, 3600))), min_size=1, max_size=30
    )
)
def test_trusted_time_never_goes_back_and_never_outruns_what_may_have_passed(
    looks: list[tuple[float, float | None]],
) -> None:
    time = TrustedTime.begin(START)
    for moved, ran in looks:
        before, time = time, time.after(time.wall + moved, ran)
        assert time.now >= before.now - TOLERANCE
        assert time.now - before.now <= max(SWITCHED_OFF if ran is None else ran + TOLERANCE, 0) + TOLERANCE
