"""Light, weather and things worn, made on pictures of which it is known who is in them: only to measure with.

Each takes the picture, the face in it as it was found in good light, and a strength from 0 to 1, and returns another
picture. Randomness is seeded by the picture, so that every run sees the same noise.
"""

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facegate.core.models import Face, Image

type Degrade = Callable[[Image, Face, float], Image]
type _Floats = NDArray[np.floating]


def grey(image: Image, face: Face, strength: float) -> Image:
    """A camera at night without colour; at full strength with the contrast of one, too."""
    flat = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2).astype(np.float64)
    return _image(flat if strength < 1 else 128 + (flat - 128) * 0.6)


def infrared(image: Image, face: Face, strength: float) -> Image:
    """Near to what an infrared lamp shows: skin and lips bright alike, lit from beside the lens."""
    red = image[:, :, 2].astype(np.float64)
    lit = 255 * (red / 255) ** (1 - 0.5 * strength)
    centre, reach = np.array(face.box.centre), 1.2 * face.box.height
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    lamp = np.exp(-((columns - centre[0]) ** 2 + (rows - centre[1]) ** 2) / (2 * reach**2))
    shown = lit * (1 - 0.6 * strength * (1 - lamp)) + 30 * strength * lamp
    return _image(_noisy(np.repeat(shown[:, :, None], 3, axis=2), 4 * strength, image))


def backlight(image: Image, face: Face, strength: float) -> Image:
    """A bright sky behind a face that the camera leaves dark."""
    inside = np.zeros(image.shape[:2], np.float64)
    x, y = face.box.centre
    axes = (int(face.box.width * 0.75), int(face.box.height * 0.85))
    cv2.ellipse(inside, (int(x), int(y)), axes, 0, 0, 360, 1.0, -1)
    part = np.asarray(cv2.GaussianBlur(inside, (0, 0), max(1.0, face.box.width / 8)))[:, :, None]
    shade = image * (1 - 0.92 * strength)
    sky = 255 - (255 - image.astype(np.float64)) * (1 - 0.8 * strength)
    return _image(_noisy(part * shade + (1 - part) * sky, 3 * strength, image))


def low_light(image: Image, face: Face, strength: float) -> Image:
    """Few photons, turned up again by the camera: 120 for a white pixel at 0.25, 15 at 1, and noise of the reader."""
    photons = 240 * 0.5 ** (4 * strength)
    draw = _random(image)
    counted = draw.poisson(image / 255 * photons) + draw.normal(0, 1.0, image.shape)
    return _image(counted / photons * 255 * (1 - 0.4 * strength))


def motion_blur(image: Image, face: Face, strength: float) -> Image:
    """A walk across the picture during a long exposure: by a quarter of the face's width at 1."""
    length = max(1, round(0.25 * strength * face.box.width))
    return np.asarray(cv2.filter2D(image, -1, np.full((1, length), 1 / length)), np.uint8)


def haze(image: Image, face: Face, strength: float) -> Image:
    """Fog, or rain and dirt on the lens: a veil of light and a little blur."""
    veiled = image * (1 - 0.8 * strength) + 200 * 0.8 * strength
    soft: _Floats = np.asarray(cv2.GaussianBlur(veiled, (0, 0), max(0.3, 0.02 * strength * face.box.width)), np.float64)
    return _image(_noisy(soft, 2.0, image))


def glare(image: Image, face: Face, strength: float) -> Image:
    """A low sun from the front: up to three times the light that the camera can show."""
    return _image(image.astype(np.float64) * (1 + 2 * strength))


def side_light(image: Image, face: Face, strength: float) -> Image:
    """A lamp or a low sun from one side: the other half of the face in the dark."""
    columns = np.arange(image.shape[1], dtype=np.float64)
    way = (columns - face.box.centre[0]) / max(face.box.width / 2, 1.0)
    light = 1 - 0.95 * strength / (1 + np.exp(-4 * way))
    return _image(image * light[None, :, None])


def glasses(image: Image, face: Face, strength: float) -> Image:
    """Glasses with a dark frame; from clear lenses to black ones."""
    worn, (right, left) = image.copy(), face.landmarks[:2]
    apart = float(np.linalg.norm(left - right))
    frame = max(1, round(apart / 16))
    for eye in (right, left):
        centre, axes = (int(eye[0]), int(eye[1])), (round(apart * 0.38), round(apart * 0.28))
        lens = worn.copy()
        cv2.ellipse(lens, centre, axes, 0, 0, 360, (25, 25, 25), -1)
        worn = np.asarray(cv2.addWeighted(lens, strength, worn, 1 - strength, 0), np.uint8)
        cv2.ellipse(worn, centre, axes, 0, 0, 360, (20, 20, 20), frame)
    inner = (left - right) / apart * apart * 0.38
    ends = [tuple(int(v) for v in point) for point in (right + inner, left - inner)]
    cv2.line(worn, ends[0], ends[1], (20, 20, 20), frame)
    return worn


def mask(image: Image, face: Face, strength: float) -> Image:
    """A mask in white, blue or black by strength, from the bridge of the nose over the chin."""
    worn, points = image.copy(), face.landmarks.astype(np.float64)
    nose, right, left = points[2], points[3], points[4]
    across, down = left - right, (right + left) / 2 - nose
    bridge = nose - 0.5 * down
    outline = [
        nose - 1.15 * across, bridge - 0.3 * across, bridge + 0.3 * across, nose + 1.15 * across,
        left + 0.5 * across + 1.2 * down, left + 2 * down, right + 2 * down, right - 0.5 * across + 1.2 * down,
    ]  # fmt: skip
    colour = (235, 235, 235) if strength < 0.5 else (190, 160, 90) if strength < 1 else (30, 30, 30)
    cv2.fillPoly(worn, [np.array(outline).astype(np.int32)], colour)
    return np.asarray(cv2.GaussianBlur(worn, (0, 0), max(0.3, face.box.width / 200)), np.uint8)


DEGRADATIONS: Final[Mapping[str, tuple[Degrade, Mapping[str, float]]]] = {
    "as it is": (lambda image, face, strength: image, {"": 0.0}),
    "grey": (grey, {"grey": 0.5, "grey, poor contrast": 1.0}),
    "like infrared": (infrared, {"weak": 0.5, "strong": 1.0}),
    "backlight": (backlight, {"weak": 0.4, "medium": 0.7, "strong": 1.0}),
    "side light": (side_light, {"weak": 0.5, "medium": 0.8, "strong": 1.0}),
    "low light": (low_light, {"120 photons": 0.25, "60": 0.5, "30": 0.75, "15": 1.0}),
    "motion blur": (motion_blur, {"6 % of the face": 0.25, "12 %": 0.5, "19 %": 0.75, "25 %": 1.0}),
    "haze": (haze, {"weak": 0.4, "medium": 0.7, "strong": 1.0}),
    "glare": (glare, {"weak": 0.3, "medium": 0.6, "strong": 1.0}),
    "glasses": (glasses, {"clear": 0.0, "tinted": 0.5, "dark": 0.85, "black": 1.0}),
    "mask": (mask, {"white": 0.0, "blue": 0.5, "black": 1.0}),
}
"""By name, how it is made, and the strengths measured with what they mean."""


def _random(image: Image) -> np.random.Generator:
    return np.random.default_rng(int(image.astype(np.uint64).sum()))


def _noisy(image: _Floats, deviation: float, seed: Image) -> _Floats:
    return np.asarray(image + _random(seed).normal(0, deviation, image.shape))


def _image(values: NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(values, 0, 255).astype(np.uint8))
