"""What the demo's clip looks like: a drawn entrance, and a person's picture that stands in it.

The pictures are the pinned ones of ``facegate people``, so where their faces lie is written here, measured once: the
clip must be true without asking the detector that it is shown to.
"""

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facegate.core.models import Image

WIDTH: Final = 1280
HEIGHT: Final = 720

_NOISE: Final = 2.2  # grey levels, as of a cheap sensor indoors
_NOISE_BEYOND: Final = (
    64  # pixels by which the sheet of noise is larger than the picture, so that it can be moved about
)
_LARGEST: Final = 260.0  # width in pixels of a face in the sharpest copy that is kept: more than any visit shows


class PortraitError(Exception):
    """A person's picture cannot be shown; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """One pinned picture: who is in it, its (height, width), and where the face lies: left, top, right, bottom."""

    file: str
    name: str
    shape: tuple[int, int]
    face: tuple[int, int, int, int]


PORTRAITS: Final = {
    portrait.file: portrait
    for portrait in (
        Portrait("obama.jpg", "Barack Obama", (1137, 910), (371, 91, 612, 420)),
        Portrait("obama2.jpg", "Barack Obama", (1200, 626), (202, 229, 477, 634)),
        Portrait("obama3.jpg", "Barack Obama", (2333, 1434), (644, 273, 909, 618)),
        Portrait("biden.jpg", "Joe Biden", (2204, 970), (427, 177, 713, 575)),
        Portrait("astronaut.png", "Eileen Collins", (512, 512), (178, 63, 268, 176)),
    )
}


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a figure stands in one frame: the middle and the width of its face in pixels, and the light on it."""

    x: float
    y: float
    face: float
    light: float


@dataclass(frozen=True, slots=True)
class _Copy:
    """The cut-out person at one sharpness. ``face``: left, top, right, bottom in its pixels."""

    image: Image
    cover: NDArray[np.float32]
    face: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A person cut out of a picture, in copies of falling size, and the colour of what they wear."""

    copies: tuple[_Copy, ...]
    coat: tuple[int, int, int]

    @classmethod
    def cut_out(cls, image: Image, portrait: Portrait) -> Figure:
        """Return the person without the background, softly, by where the face lies."""
        left, top, right, bottom = portrait.face
        scale = min(1.0, _LARGEST / (right - left))
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        face = (left * scale, top * scale, right * scale, bottom * scale)
        chest = _chest(image, face)
        blue, green, red = (round(float(np.median(chest[..., channel])) * 0.8) for channel in range(3))
        copies = [_Copy(image, _cover(image.shape, face), face)]
        while copies[-1].face[2] - copies[-1].face[0] > 24:  # smaller than any face that is shown
            copies.append(_half(copies[-1]))
        return cls(tuple(copies), (blue, green, red))

    def draw(self, canvas: Image, pose: Pose) -> None:
        """Draw the figure into ``canvas``."""
        self._wear(canvas, pose)
        # The smallest copy that need not be enlarged: shrinking by less than half keeps detail without flicker.
        copy = next((c for c in reversed(self.copies) if c.face[2] - c.face[0] >= pose.face), self.copies[0])
        left, top, right, bottom = copy.face
        scale = pose.face / (right - left)
        x, y = pose.x - scale * (left + right) / 2, pose.y - scale * (top + bottom) / 2
        height, width = copy.cover.shape
        x0, y0 = max(0, math.floor(x)), max(0, math.floor(y))
        x1, y1 = min(WIDTH, math.ceil(x + scale * width)), min(HEIGHT, math.ceil(y + scale * height))
        if x0 >= x1 or y0 >= y1:
            return
        matrix = np.array([[scale, 0, x - x0], [0, scale, y - y0]])
        cover = cv2.warpAffine(copy.cover, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        person = cv2.warpAffine(
            copy.image, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        person = cv2.convertScaleAbs(person, alpha=pose.light)
        there = canvas[y0:y1, x0:x1]
        there[:] = cv2.blendLinear(person, np.ascontiguousarray(there), cover, 1 - cover)

    def _wear(self, canvas: Image, pose: Pose) -> None:
        """Draw the coat down to the floor, which no portrait shows."""
        blue, green, red = (min(255, round(part * pose.light)) for part in self.coat)
        colour, x, face = (blue, green, red), round(pose.x), pose.face
        shoulder = round(pose.y + 1.5 * face)
        hem = round(pose.y + 6.2 * face)
        axes = (round(1.25 * face), round(0.6 * face))
        cv2.ellipse(canvas, (x, shoulder), axes, 0, 0, 360, colour, cv2.FILLED, cv2.LINE_AA)
        corners = [(-1.25, shoulder), (1.25, shoulder), (0.95, hem), (-0.95, hem)]
        outline = np.array([[round(x + part * face), y] for part, y in corners], np.int32)
        cv2.fillConvexPoly(canvas, outline, colour, cv2.LINE_AA)


def read_figures(people: Path) -> dict[str, Figure]:
    """Return everybody who can be shown, by file name. Raises PortraitError."""
    return {file: Figure.cut_out(_read(people / file, portrait), portrait) for file, portrait in PORTRAITS.items()}


def frame(figure: Figure | None, pose: Pose | None, *, grain: int) -> Image:
    """Return the entrance with a figure in it, or with nobody. ``grain``: any number; equal ones give equal noise."""
    canvas: Image = _entrance().copy()
    if figure is not None and pose is not None:
        figure.draw(canvas, pose)
    x, y = grain * 31 % _NOISE_BEYOND, grain * 17 // 3 % _NOISE_BEYOND
    noise = _noise()[y : y + HEIGHT, x : x + WIDTH]
    return np.asarray(cv2.add(canvas, noise, dtype=cv2.CV_8U), np.uint8)


def _read(file: Path, portrait: Portrait) -> Image:
    if not file.is_file():
        raise PortraitError(
            f"The picture {file} is missing: fetch the demo's people with 'facegate people fetch', or name their "
            "folder in FACEGATE_PEOPLE."
        )
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None or image.shape[:2] != portrait.shape:
        raise PortraitError(
            f"{file} is not the picture that the demo knows: delete it and fetch it anew with 'facegate people fetch'."
        )
    return np.asarray(image, np.uint8)


def _chest(image: Image, face: tuple[float, float, float, float]) -> Image:
    """What is worn at the shoulders, to either side of shirt and tie."""
    left, top, right, bottom = face
    width, height = right - left, bottom - top
    rows = slice(round(bottom + 0.55 * height), round(bottom + 0.95 * height))
    middle = (left + right) / 2
    sides = [slice(max(0, round(middle + side * width)), round(middle + (side + 0.4) * width)) for side in (-1.1, 0.7)]
    return np.concatenate([image[rows, columns].reshape(-1, 1, 3) for columns in sides])


def _half(copy: _Copy) -> _Copy:
    height, width = copy.cover.shape
    size = (width // 2, height // 2)
    across, down = size[0] / width, size[1] / height
    left, top, right, bottom = copy.face
    return _Copy(
        np.asarray(cv2.resize(copy.image, size, interpolation=cv2.INTER_AREA), np.uint8),
        np.asarray(cv2.resize(copy.cover, size, interpolation=cv2.INTER_AREA), np.float32),
        (left * across, top * down, right * across, bottom * down),
    )


def _cover(shape: tuple[int, ...], face: tuple[float, float, float, float]) -> NDArray[np.float32]:
    """How much of each pixel is person: head and shoulders with a soft edge, ending softly at the picture's own."""
    left, top, right, bottom = face
    width, height = right - left, bottom - top
    x = round((left + right) / 2)
    cover = np.zeros(shape[:2], np.float32)
    head = (round(0.72 * width), round(0.74 * height))
    cv2.ellipse(cover, (x, round(top + 0.42 * height)), head, 0, 0, 360, 1.0, cv2.FILLED)
    neck = (round(x - 0.45 * width), round(top + 0.6 * height)), (round(x + 0.45 * width), round(bottom + 0.4 * height))
    cv2.rectangle(cover, *neck, 1.0, cv2.FILLED)
    shoulders = (round(1.35 * width), round(0.75 * height))
    cv2.ellipse(cover, (x, round(bottom + 0.95 * height)), shoulders, 0, 0, 360, 1.0, cv2.FILLED)
    edge = max(2, round(0.08 * width))
    cover[:, :edge] = cover[:, -edge:] = 0
    cover[-edge:] = 0
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.05 * width), np.float32)


@functools.cache
def _entrance() -> Image:
    """An entrance hall in the evening: wall, floor, a dark door in the middle, a lamp above it, two posts."""
    rows = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    columns = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :, None]
    wall = np.array([142, 158, 166], np.float32) * (1.02 - 0.25 * rows) * (1 - 0.28 * columns**2)
    floor = np.array([92, 98, 104], np.float32) * (0.55 + 0.5 * rows) * (1 - 0.2 * columns**2)
    hall = np.where(rows < 0.74, wall, floor)
    lamp = np.exp(-((columns / 0.32) ** 2) - ((rows - 0.04) / 0.2) ** 2)
    canvas: Image = np.clip(hall + 62 * lamp, 0, 255).astype(np.uint8)
    cv2.rectangle(canvas, (470, 120), (810, 540), (66, 78, 88), cv2.FILLED)  # the door's frame
    cv2.rectangle(canvas, (488, 138), (792, 540), (58, 52, 48), cv2.FILLED)  # what is behind it
    cv2.rectangle(canvas, (488, 500), (792, 540), (70, 68, 66), cv2.FILLED)
    cv2.line(canvas, (0, 533), (470, 533), (84, 92, 98), 6, cv2.LINE_AA)  # skirting board
    cv2.line(canvas, (810, 533), (WIDTH, 533), (84, 92, 98), 6, cv2.LINE_AA)
    for x in (250, 1030):
        cv2.rectangle(canvas, (x - 34, 470), (x + 34, HEIGHT), (120, 116, 110), cv2.FILLED)
        cv2.rectangle(canvas, (x - 34, 470), (x - 20, HEIGHT), (150, 146, 140), cv2.FILLED)
        cv2.rectangle(canvas, (x - 40, 456), (x + 40, 474), (88, 84, 80), cv2.FILLED)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 1.6), np.uint8)


@functools.cache
def _noise() -> NDArray[np.int16]:
    """One sheet of sensor noise, of which each frame sees another part."""
    size = (HEIGHT + _NOISE_BEYOND, WIDTH + _NOISE_BEYOND, 3)
    return np.random.default_rng(0).normal(0, _NOISE, size).round().astype(np.int16)
