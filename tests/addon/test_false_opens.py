"""What a threshold means a year: the formula against hand counts, the tail against the counts it continues."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.false_opens import HIGHEST, LOWEST, SAME_SEX, Goal, Reference, false_opens, fpir, recommended

HALVES = Reference("made", people=10, pairs=1_000_000, start=0.4, step=0.1, reached=(1024, 512, 256, 128, 64, 32))


def test_a_tail_that_halves_goes_on_halving():
    assert HALVES.share == pytest.approx(0.492, abs=1e-3)  # 992 steps of 1024 pairs: 992 / 2016
    assert HALVES.fmr(0.4).value == pytest.approx(1024e-6)
    assert HALVES.fmr(0.7).value == pytest.approx(1024e-6 * HALVES.share**3)


def test_doubt_grows_with_the_distance_from_what_was_counted():
    near, far = SAME_SEX.fmr(0.42), SAME_SEX.fmr(0.6)
    assert near.low < near.value < near.high
    assert far.high / far.value > near.high / near.value


def test_what_was_not_counted_is_not_said():
    with pytest.raises(ValueError, match=r"below a cosine of 0\.4"):
        SAME_SEX.fmr(0.39)


def test_the_continued_tail_stays_within_what_was_counted():
    """Each count lies in the interval that the fitted tail gives for it, give or take the count's own chance."""
    for number, count in enumerate(SAME_SEX.reached):
        fmr = SAME_SEX.fmr(SAME_SEX.start + number * SAME_SEX.step)
        spread = 2 * count**0.5 + 2
        assert fmr.low * SAME_SEX.pairs - spread <= count <= fmr.high * SAME_SEX.pairs + spread


def test_false_opens_a_year_counted_by_hand():
    fmr = SAME_SEX.fmr(0.6).value
    assert fpir(0.6, 50).value == pytest.approx(50 * fmr, rel=1e-3)  # N times FMR
    assert false_opens(0.6, 50, 20).value == pytest.approx(20 * 365 * 50 * fmr, rel=1e-3)
    assert false_opens(0.6, 0, 20).value == 0
    assert false_opens(0.4, 10_000_000, 1).value == pytest.approx(365)  # no more than come


def test_the_recommended_threshold_is_the_lowest_that_will_do():
    goal = Goal(strangers_per_day=20, false_opens_per_year=1)
    found = recommended(goal, 50)
    assert found is not None
    assert false_opens(found, 50, 20).value <= 1 < false_opens(found - 0.01, 50, 20).value


def test_no_threshold_does_for_a_station():
    assert recommended(Goal(strangers_per_day=1e9, false_opens_per_year=0.001), 10_000) is None


@given(st.floats(0, 1000), st.floats(0.01, 100), st.integers(0, 5000))
def test_more_people_never_allow_less(strangers, opens, residents):
    few = recommended(Goal(strangers, opens), residents)
    many = recommended(Goal(strangers * 2, opens), residents * 2)
    assert few is None or LOWEST <= few <= HIGHEST
    assert many is None or (few is not None and many >= few)
