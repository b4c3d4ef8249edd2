"""Where faces are looked for, and how finely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.intent import in_zone
from facegate.core.search import FINDABLE, FINEST, search

HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
MIDDLE = ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))


@pytest.mark.parametrize(
    ("shape", "min_face", "longest"),
    [
        ((720, 1280), 48, 640),
        ((720, 1280), 96, 640),  # never coarser than what was measured
        ((720, 1280), 30, 1024),
        ((1080, 1920), 48, 960),
        ((1080, 1920), 80, 640),
        ((2160, 3840), 48, 1280),  # never finer than a small box can bear
        ((2160, 3840), 96, 960),
        ((360, 640), 48, 640),
        ((240, 320), 48, 320),  # never enlarged
        ((720, 1280), 0, 1280),
    ],
)
def test_the_picture_is_reduced_as_far_as_the_least_face_allows(shape, min_face, longest):
    assert search(shape, (), min_face) == (found := search(shape, (), min_face))
    assert (found.region, found.longest_side) == (None, longest)


def test_a_zone_is_looked_at_with_its_surroundings_alone():
    found = search((720, 1280), MIDDLE, 48)
    box = found.region
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((332, 108, 948, 612))
    assert found.longest_side == 308  # at the same scale as the whole picture


def test_a_zone_of_nearly_the_whole_picture_is_the_whole_picture():
    assert search((720, 1280), ((0, 0), (1, 0), (1, 0.9), (0, 0.9)), 48).region is None
    assert search((720, 1280), HALF, 48).region.right == 820


@given(
    shape=st.tuples(st.integers(100, 2200), st.integers(100, 4000)),
    zone=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=6),
    min_face=st.floats(20, 300),
    point=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_no_face_of_the_zone_is_outside_or_too_small(shape, zone, min_face, point):
    found = search(shape, tuple(zone), min_face)
    height, width = shape
    x, y = point[0] * width, point[1] * height
    box = found.region
    if box is not None and in_zone((x, y), shape, tuple(zone)):
        half = min(height / 4, 400)
        assert box.left <= max(0, x - half) + 1e-6
        assert box.right >= min(width, x + half) - 1e-6
        assert box.top <= max(0, y - half) + 1e-6
        assert box.bottom >= min(height, y + half) - 1e-6
    side = max(shape) if box is None else max(box.width, box.height)
    assert found.longest_side <= FINEST
    if found.longest_side < FINEST:
        assert found.longest_side / side * min_face >= FINDABLE - 1 or found.longest_side >= int(side)
