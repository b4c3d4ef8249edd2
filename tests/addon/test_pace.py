"""When a box counts as overloaded."""

import pytest

from facegate.core.pace import SHOWN, WINDOW, Pace


def watched(every: int, seconds: float = WINDOW, fps: float = 15.0) -> Pace:
    """A camera of ``fps`` of whose pictures one in ``every`` is taken up."""
    pace = Pace()
    for number in range(1, round(seconds * fps) + 1, every):
        pace.saw(number, 100 + number / fps)
    return pace


@pytest.mark.parametrize(("every", "overloaded"), [(1, False), (2, True), (5, True)])
def test_a_box_that_misses_more_than_a_third_is_overloaded(every, overloaded):
    assert watched(every).overloaded(100 + WINDOW) is overloaded


def test_a_slow_camera_is_no_overload():
    assert not watched(1, seconds=60, fps=5).overloaded(160)


def test_a_few_pictures_say_nothing():
    assert not watched(5, seconds=1.5).overloaded(101.5)


def test_the_first_picture_of_all_misses_none():
    pace = Pace()
    pace.saw(10_000, 100)
    for number in range(40):
        pace.saw(10_001 + number, 100 + number / 15)
    assert not pace.overloaded(103)


def test_an_overload_is_told_for_a_while_after_it_is_over():
    pace = watched(5)
    last = 100 + WINDOW
    for number in range(1000):
        pace.saw(151 + number, last + number / 15)
    assert pace.overloaded(last + SHOWN / 2)
    assert not pace.overloaded(last + WINDOW + SHOWN + 1)
