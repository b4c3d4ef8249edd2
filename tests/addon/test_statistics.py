"""Intervals against published values and against their own definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.statistics import Rate, at_least


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (1, 10, 0.00253, 0.44502),  # Clopper and Pearson's exact limits as tables print them
        (5, 10, 0.18709, 0.81291),
        (10, 100, 0.04900, 0.17622),
        (0, 163, 0.0, 0.01821),  # 1 - 0.05 ** (1 / 163)
        (0, 10, 0.0, 0.25887),
        (10, 10, 0.74113, 1.0),
    ],
)
def test_exact_intervals(count, of, low, high):
    assert Rate(count, of).interval == pytest.approx((low, high), abs=1e-5)


@given(st.integers(1, 3000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_rate_and_leaves_five_per_cent_outside(trial):
    count, of = trial
    low, high = Rate(count, of).interval
    assert 0 <= low <= count / of <= high <= 1
    outside = (at_least(count, of, low) if count else 0) + ((1 - at_least(count + 1, of, high)) if count < of else 0)
    assert outside == pytest.approx(0.05, abs=1e-3)


def test_nothing_is_known_without_trials():
    assert Rate(0, 0).value is None
    assert Rate(0, 0).interval == (0.0, 1.0)


@pytest.mark.parametrize(("count", "of"), [(2, 1), (-1, 5)])
def test_what_is_no_rate_is_refused(count, of):
    with pytest.raises(ValueError, match="no rate"):
        Rate(count, of)
