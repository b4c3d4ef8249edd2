"""Who means the gate: the marked zone, and staying in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.intent import Intent, in_zone

SHAPE = (720, 1280, 3)
parts = st.floats(0, 1)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
ARROW = ((0.1, 0.1), (0.5, 0.5), (0.9, 0.1), (0.5, 0.9))  # not convex: its notch is outside


def at(x: float, y: float) -> tuple[float, float]:
    return x * SHAPE[1], y * SHAPE[0]


@given(parts, parts)
def test_without_a_zone_the_whole_picture_counts(x, y):
    assert in_zone(at(x, y), SHAPE, ())


@given(parts, parts)
def test_half_a_picture(x, y):
    assert in_zone(at(x, y), SHAPE, LEFT_HALF) is (x * SHAPE[1] / SHAPE[1] <= 0.5)


@pytest.mark.parametrize(
    ("x", "y", "inside"), [(0.5, 0.6, True), (0.5, 0.3, False), (0.05, 0.5, False), (0.5, 0.5, True)]
)
def test_a_notch_is_outside(x, y, inside):
    assert in_zone(at(x, y), SHAPE, ARROW) is inside


@given(parts, parts, st.integers(0, 3), st.booleans())
def test_where_a_polygon_begins_and_which_way_it_runs_does_not_matter(x, y, shift, backwards):
    other = ARROW[shift:] + ARROW[:shift]
    assert in_zone(at(x, y), SHAPE, ARROW) is in_zone(at(x, y), SHAPE, other[::-1] if backwards else other)


@pytest.mark.parametrize("zone", [((0.5, 0.5),), ((0.0, 0.5), (1.0, 0.5))])
def test_a_point_or_a_line_has_no_inside(zone):
    assert not in_zone(at(0.5, 0.5), SHAPE, zone)


@pytest.mark.parametrize("x", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_place_is_in_no_zone(x):
    assert not in_zone((x, 10.0), SHAPE, LEFT_HALF)


def intent_after(*seen: tuple[float, bool]) -> Intent:
    intent = Intent()
    for when, acting in seen:
        intent = intent.saw(acting, when)
    return intent


@pytest.mark.parametrize(
    ("seen", "stayed"),
    [
        ([], False),
        ([(0.0, True)], False),
        ([(0.0, True), (0.2, True)], False),
        ([(0.0, True), (0.3, True)], True),
        ([(0.0, False), (0.2, False), (0.5, False)], False),
        ([(0.0, True), (0.1, False), (0.3, True)], True),
        ([(0.0, True), (0.1, False), (0.4, False)], False),
        ([(0.0, True), (0.7, True), (0.9, True)], False),
        ([(0.0, True), (0.7, False), (0.8, True), (1.1, True)], True),
        ([(1.0, True), (0.5, True), (0.7, True)], False),
        ([(1.0, True), (0.5, True), (0.8, True)], True),
    ],
    ids=[
        "never", "once", "too short", "long enough", "not acting", "looked away for a moment", "looking away now",
        "a gap begins anew", "after a gap", "time that runs backwards begins anew", "and goes on from there",
    ],
)  # fmt: skip
def test_staying(seen, stayed):
    assert intent_after(*seen).stayed(0.3) is stayed
