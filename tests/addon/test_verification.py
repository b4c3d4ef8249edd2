"""Same and different people, on scores that can be counted by hand and against counting one by one."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.statistics import Rate
from facegate.core.verification import Scores, compare, count, none

GENUINE = [0.9, 0.8, 0.7, 0.3]
IMPOSTOR = [0.1, 0.2, 0.3, 0.4, 0.5, 0.0, -0.1, -0.2, 0.05, 0.15]
SCORES = Scores(count(np.array(GENUINE)), count(np.array(IMPOSTOR)))


def test_rates_counted_by_hand():
    assert SCORES.matches(0.7) == Rate(3, 4)
    assert SCORES.false_matches(0.4) == Rate(2, 10)
    assert SCORES.threshold_at(0.1) == pytest.approx(0.401)  # 0.4 itself would let two of ten pass
    assert SCORES.threshold_at(0.0) == pytest.approx(0.501)
    rate, threshold = SCORES.equal_error()
    assert rate == pytest.approx((0.25 + 0.2) / 2)  # between 0.3 and 0.4 one of four is missed, two of ten taken
    assert 0.3 < threshold <= 0.4


def test_without_pairs_nothing_is_said():
    assert none().equal_error() is none().threshold_at(0.1) is None
    assert none().tradeoff() == []


def test_pairs_are_told_apart_by_whose_they_are():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(600, 16)).astype(np.float32)  # more than are compared at once
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    people = [str(number % 7) for number in range(600)]
    found = compare(list(rows), people)
    cosines = (rows @ rows.T)[np.triu_indices(600, 1)]
    same = np.array([[a == b for b in people] for a in people])[np.triu_indices(600, 1)]
    assert int(found.genuine.sum()) == int(same.sum())
    assert int(found.impostor.sum()) == int((~same).sum())
    for threshold in (-0.25, 0.0, 0.333, 0.49):
        assert abs(found.false_matches(threshold).count - int((cosines[~same] >= threshold).sum())) <= 1


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=50), st.integers(-1000, 1000))
def test_a_score_on_a_step_reaches_that_step(steps, threshold):
    cosines = np.array(steps, np.float32) / 1000
    found = Scores(count(cosines), count(cosines)).matches(threshold / 1000)
    assert found == Rate(sum(step >= threshold for step in steps), len(steps))


def test_the_tradeoff_falls_from_one_end_to_the_other():
    points = SCORES.tradeoff()
    assert points[0] == (0.0, 1.0)
    assert (0.0, 0.25) in points
    assert points[-1] == (1.0, 0.0)
    assert all(one[1] >= other[1] for one, other in pairwise(points))
