"""Alignment recovers what was done to a face, and refuses what is none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.alignment import TEMPLATE, AlignmentError, similarity

angles = st.floats(-math.pi, math.pi)
scales = st.floats(0.05, 20)
shifts = st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000))


def moved(points: np.ndarray, angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return points @ turn.T + shift


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


@given(angles, scales, shifts)
def test_a_turned_scaled_and_shifted_face_is_put_back(angle, scale, shift):
    face = moved(TEMPLATE, angle, scale, shift)
    assert apply(similarity(face), face) == pytest.approx(TEMPLATE, abs=1e-6 * (1 + max(map(abs, shift)) / scale))


@given(angles, scales, shifts, st.integers(0, 2**32 - 1))
def test_the_chip_does_not_depend_on_how_the_camera_hangs(angle, scale, shift, seed):
    """The same real face, however turned and far, lands on the same points of the chip."""
    face = TEMPLATE + np.random.default_rng(seed).normal(0, 3, TEMPLATE.shape)
    seen = moved(face, angle, scale, shift)
    assert apply(similarity(seen), seen) == pytest.approx(
        apply(similarity(face), face), abs=1e-6 * (1 + max(map(abs, shift)) / scale)
    )


@given(st.integers(0, 2**32 - 1))
def test_no_other_similarity_fits_better(seed):
    """Against an independent solution: least squares over the four parameters of a similarity."""
    face = np.random.default_rng(seed).uniform(0, 500, TEMPLATE.shape)
    rows = [row for x, y in face for row in ((x, -y, 1, 0), (y, x, 0, 1))]
    a, b, dx, dy = np.linalg.lstsq(np.array(rows), TEMPLATE.reshape(-1))[0]
    assert similarity(face) == pytest.approx(np.array([[a, -b, dx], [b, a, dy]]), abs=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_the_answer_is_never_a_mirror_image(seed):
    face = np.random.default_rng(seed).uniform(0, 500, TEMPLATE.shape)
    assert np.linalg.det(similarity(face)[:, :2]) >= 0


def test_the_template_itself_stays_where_it_is():
    assert similarity(TEMPLATE) == pytest.approx(np.array([[1, 0, 0], [0, 1, 0]]), abs=1e-12)


@pytest.mark.parametrize(
    "landmarks",
    [np.full((5, 2), 7.0), np.zeros((4, 2)), np.zeros((5, 3)), np.full((5, 2), np.nan), np.full((5, 2), np.inf)],
    ids=["one point", "four points", "three coordinates", "no number", "infinite"],
)
def test_what_no_face_can_have_is_refused(landmarks):
    with pytest.raises(AlignmentError):
        similarity(landmarks)
