"""A moved picture is explained by a plane, a face that changes is not: real portraits, moved by known amounts."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.liveness import CHANGED_AT
from facegate.core.planarity import LEAST_POINTS, fit_plane, project, unexplained
from facegate.vision.chips import cut
from facegate.vision.motion import change
from tests.parts.eyes import models, portrait

GRID = np.stack(np.meshgrid(np.linspace(16, 96, 9), np.linspace(16, 96, 9)), axis=-1).reshape(-1, 2)


def chip(name: str = "obama.jpg") -> np.ndarray:
    image = portrait(name)
    return cut(image, max(models().detector.detect(image), key=lambda face: face.size).landmarks)


def moved(picture: np.ndarray, matrix: np.ndarray, noise: float = 2.0) -> np.ndarray:
    shown = cv2.warpPerspective(picture, matrix, (112, 112), borderMode=cv2.BORDER_REPLICATE)
    return np.clip(shown + np.random.default_rng(4).normal(0, noise, shown.shape), 0, 255).astype(np.uint8)


SHIFTED = np.array([[1, 0, 3.0], [0, 1, -2.0], [0, 0, 1]])
TURNED = np.array([[0.998, -0.05, 3.0], [0.05, 0.998, -2.5], [0, 0, 1]])
TILTED = np.array([[1.02, 0.01, -1.0], [0.015, 0.98, 1.0], [2e-4, -1.5e-4, 1]])


@pytest.mark.parametrize("matrix", [np.eye(3), SHIFTED, TURNED, TILTED], ids=["still", "shifted", "turned", "tilted"])
@pytest.mark.parametrize("name", ["obama.jpg", "obama2.jpg", "biden.jpg"])
def test_a_moved_picture_shows_no_change(name, matrix):
    assert change(chip(name), moved(chip(name), matrix)) < CHANGED_AT


def test_a_picture_under_another_light_shows_no_change():
    picture = chip()
    assert change(picture, np.clip(0.8 * picture.astype(float) + 12, 0, 255).astype(np.uint8)) < CHANGED_AT


def test_a_mouth_that_opens_is_a_change():
    speaking = chip().copy()
    speaking[84:100, 44:68] //= 3
    assert change(chip(), speaking) > 2 * CHANGED_AT


def test_eyes_that_shut_are_a_change():
    blinking = chip().copy()
    for x in (38, 73):
        blinking[46:57, x - 9 : x + 10] = blinking[38:42, x - 9 : x + 10].mean(axis=(0, 1)).astype(np.uint8)
    assert change(chip(), blinking) > CHANGED_AT


def test_two_faces_cannot_be_compared_or_differ():
    between = change(chip("obama.jpg"), chip("biden.jpg"))
    assert between is None or between > CHANGED_AT


@pytest.mark.parametrize("value", [0, 128])
def test_a_flat_picture_says_nothing(value):
    assert change(np.full((112, 112, 3), value, np.uint8), chip()) is None
    assert change(chip(), np.full((112, 112, 3), value, np.uint8)) is None


@given(
    st.floats(-4, 4), st.floats(-4, 4), st.floats(-0.06, 0.06), st.floats(0.96, 1.04), st.floats(-2e-4, 2e-4),
    st.integers(0, 25), st.integers(0, 2**31),
)  # fmt: skip
def test_the_plane_is_found_however_it_moves_and_whatever_some_points_do(x, y, turn, scale, tilt, lost, seed):
    cosine, sine = scale * math.cos(turn), scale * math.sin(turn)
    matrix = np.array([[cosine, -sine, x], [sine, cosine, y], [tilt, -tilt, 1]])
    there = project(matrix, GRID)
    noisy = there.copy()
    random = np.random.default_rng(seed)
    noisy[random.permutation(len(GRID))[:lost]] += random.uniform(-15, 15, (lost, 2))
    plane = fit_plane(GRID, noisy)
    assert plane is not None
    if np.linalg.norm(there - GRID, axis=1).max() < 8:
        assert np.abs(project(plane.matrix, GRID) - there).max() < 1.0
        assert plane.share >= 1 - lost / len(GRID) - 0.01


@pytest.mark.parametrize(
    ("points", "there"),
    [
        (GRID[: LEAST_POINTS - 1], GRID[: LEAST_POINTS - 1]),
        (GRID, GRID[:-1]),
        (GRID, np.full_like(GRID, math.nan)),
        (np.full_like(GRID, math.inf), GRID),
        (np.zeros_like(GRID), np.zeros_like(GRID)),
        (np.column_stack([GRID[:, 0], GRID[:, 0]]), GRID),
        (GRID[:0], GRID[:0]),
    ],
    ids=["few", "uneven", "no numbers", "infinite", "one point", "a line", "empty"],
)
def test_where_no_plane_can_be_found_there_is_none(points, there):
    assert fit_plane(points, there) is None


@pytest.mark.parametrize("spoilt", [math.nan, math.inf])
def test_what_is_no_number_explains_nothing(spoilt):
    grey = np.random.default_rng(1).uniform(0, 255, (112, 112)).astype(np.float32)
    broken = grey.copy()
    broken[40, 40] = spoilt
    assert unexplained(grey, broken) is None
    assert unexplained(broken, grey) is None
    assert unexplained(grey, grey) == pytest.approx(0.0, abs=1e-6)
