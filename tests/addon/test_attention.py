"""What wakes a camera and what does not, and that nobody who stands there is overlooked."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.attention import AFTER_FACE, PERIOD, Attention, Motion

FPS = 15
ROWS, COLUMNS = 90, 160  # a sample of 1280×720, every eighth pixel
SCENE = cv2.resize(np.random.default_rng(1).integers(30, 220, (9, 16), np.uint8), (COLUMNS, ROWS)).astype(np.float32)
NOISE = np.random.default_rng(7).standard_normal((32, ROWS, COLUMNS), np.float32)
FACE = 6  # samples across a face of 48 pixels, the least that a gate looks at


def noisy(scene: np.ndarray, number: int, sigma: float = 3.0) -> np.ndarray:
    noise = np.roll(NOISE[number % len(NOISE)], 37 * number)[: scene.shape[0], : scene.shape[1]]
    return np.clip(np.round(scene + sigma * noise), 0, 255).astype(np.uint8)


def somebody(x: int, y: int = 40, size: int = FACE, scene: np.ndarray = SCENE) -> np.ndarray:
    """A face, and shoulders of three times its width below it, both of one brightness that the wall has not."""
    seen = scene.copy()
    for left, right, top, bottom in (
        (x - size // 2, x + size // 2, y - size // 2, y + size // 2),
        (x - 3 * size // 2, x + 3 * size // 2, y + size // 2, ROWS),
    ):
        part = seen[max(0, top) : bottom, max(0, left) : max(0, right)]
        part[:] = np.where(part.mean() > 120, part - 45, part + 45) if part.size else part
    return seen


def settled(attention: Attention, seconds: float = 10.0, scene: np.ndarray = SCENE, sigma: float = 3.0) -> int:
    """Show nobody for so long; the number of the next picture."""
    frames = round(seconds * FPS)
    for number in range(frames):
        attention.wants(noisy(scene, number, sigma), number / FPS, occupied=False)
    return frames


def looks(attention: Attention, first: int, pictures: list[np.ndarray]) -> list[bool]:
    return [attention.wants(picture, (first + number) / FPS, occupied=False) for number, picture in enumerate(pictures)]


def test_the_first_picture_is_looked_at():
    assert Attention().wants(noisy(SCENE, 0), 100.0, occupied=False)


def test_an_empty_scene_is_looked_at_once_a_second_and_no_more():
    attention = Attention()
    first = settled(attention)
    seen = looks(attention, first, [noisy(SCENE, first + n) for n in range(10 * FPS)])
    assert sum(seen) == pytest.approx(10 / PERIOD, abs=4)
    gaps = np.diff(np.flatnonzero(seen)) / FPS
    assert gaps.max() <= PERIOD + 1 / FPS


@pytest.mark.parametrize("sigma", [0.0, 1.0, 6.0, 12.0])
def test_noise_does_not_wake_it_however_strong(sigma):
    attention = Attention()
    first = settled(attention, 20.0, sigma=sigma)
    seen = looks(attention, first, [noisy(SCENE, first + n, sigma) for n in range(20 * FPS)])
    assert sum(seen) <= 20 / PERIOD * 1.25


LIGHTS = {
    "a lamp that flickers": lambda n: SCENE * (1 + 0.08 * math.sin(n * 2.1)),
    "stripes of mains light": lambda n: SCENE * (1 + 0.06 * np.sin(np.arange(ROWS) / 9 + n * 1.3))[:, None],
    "the camera's own exposure": lambda n: SCENE * (1 + 0.15 * math.sin(n / 20)),
    "dusk": lambda n: SCENE * (1 - 0.0005 * n),
    "key frames": lambda n: SCENE + 1.5 * (n % 15 == 0) * np.sin(np.arange(COLUMNS) / 3),
}


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS.keys())
def test_light_does_not_wake_it(light):
    attention = Attention()
    pictures = [noisy(light(n), n, 2.0) for n in range(40 * FPS)]
    seen = looks(attention, 0, pictures)[20 * FPS :]
    assert sum(seen) <= 20 / PERIOD * 1.25


@pytest.mark.parametrize("sigma", [1.0, 6.0])
@pytest.mark.parametrize("x", [8, 40, 80, 150])
def test_somebody_who_appears_is_looked_at_in_that_very_picture(x, sigma):
    for after in (1, 4, 6):  # wherever between two looks
        attention = Attention()
        first = settled(attention, 6 + after / FPS, sigma=sigma)
        assert looks(attention, first, [noisy(somebody(x), first, sigma)]) == [True]


def test_somebody_under_a_flickering_lamp_is_looked_at_in_that_very_picture():
    flicker = LIGHTS["a lamp that flickers"]
    attention = Attention()
    looks(attention, 0, [noisy(flicker(n), n, 2.0) for n in range(301)])
    factor = flicker(301) / SCENE
    assert looks(attention, 301, [noisy(somebody(60) * factor, 301, 2.0)]) == [True]


def test_somebody_small_and_far_wakes_it_before_the_face_is_large_enough():
    attention = Attention()
    first = settled(attention)
    pictures = [noisy(somebody(20 + n, size=FACE // 2), first + n) for n in range(8)]
    assert all(looks(attention, first, pictures)[1:])


def test_whoever_stands_still_before_it_is_always_looked_at():
    attention = Attention()
    first = settled(attention)
    picture = somebody(60)
    for number in range(first, first + 20 * FPS):
        assert attention.wants(noisy(picture, number), number / FPS, occupied=True)


def test_after_a_face_it_stays_awake_for_whoever_looks_back():
    attention = Attention()
    first = settled(attention)
    attention.wants(noisy(SCENE, first), first / FPS, occupied=True)
    seen = looks(attention, first + 1, [noisy(SCENE, first + n) for n in range(1, 10 * FPS)])
    assert all(seen[: round(AFTER_FACE * FPS) - 1])
    assert sum(seen[round(AFTER_FACE * FPS) + FPS :]) <= 8 / PERIOD


def test_whoever_creeps_in_slower_than_the_background_follows_is_looked_at_once_a_second():
    attention = Attention()
    first = settled(attention)
    fading = [SCENE + (somebody(60) - SCENE) * min(1.0, n / (20 * FPS)) for n in range(30 * FPS)]
    seen = looks(attention, first, [noisy(picture, first + n) for n, picture in enumerate(fading)])
    gaps = np.diff(np.flatnonzero(seen)) / FPS
    assert gaps.max() <= PERIOD + 1 / FPS


def test_leaves_that_never_rest_are_looked_at_less_often_than_they_move():
    leaves = [SCENE + 40 * np.roll(np.sin(np.arange(COLUMNS) / 5), 3 * n) for n in range(20 * FPS)]
    seen = looks(Attention(), 0, [noisy(picture, n) for n, picture in enumerate(leaves)])
    assert all(seen[:10])  # at first every picture
    later = seen[5 * FPS :]
    assert len(later) / FPS * 5 <= sum(later) <= len(later) * 0.6


def test_what_moves_far_from_the_zone_wakes_nobody():
    zone = ((0.0, 0.2), (0.2, 0.2), (0.2, 0.8), (0.0, 0.8))
    attention = Attention(zone)
    first = settled(attention)
    outside = looks(attention, first, [noisy(somebody(120 + n), first + n) for n in range(2 * FPS)])
    assert sum(outside) <= 2 / PERIOD + 1
    inside = looks(attention, first + 2 * FPS, [noisy(somebody(20), first + 2 * FPS)])
    assert inside == [True]


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, 3.0])
def test_a_time_of_no_use_is_no_reason_not_to_look(at):
    attention = Attention()
    settled(attention)
    for _ in range(3):
        assert attention.wants(noisy(SCENE, 0), at, occupied=False) or at == 3.0
    fresh = Attention()
    settled(fresh)
    assert fresh.wants(noisy(SCENE, 0), at, occupied=False)


def test_another_size_of_picture_is_looked_at():
    attention = Attention()
    first = settled(attention)
    assert attention.wants(noisy(SCENE[:72, :128], first), first / FPS, occupied=False)


@given(shape=st.tuples(st.integers(1, 40), st.integers(1, 40)), seed=st.integers(0, 99))
def test_pictures_of_any_size_are_taken(shape, seed):
    motion = Motion(((0.4, 0.4), (0.6, 0.4), (0.5, 0.6)))
    draw = np.random.default_rng(seed)
    assert motion.saw(draw.integers(0, 256, shape, np.uint8), 0.0) is True
    assert motion.saw(draw.integers(0, 256, shape, np.uint8), 0.1) in (True, False)
