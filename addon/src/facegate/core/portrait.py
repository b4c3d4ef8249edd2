"""Is this a portrait to enrol from? What landmarks do not tell: closed eyes, a bowed or raised head, blur, a drawing.

Each is read off the aligned face at twice the embedder's size, by what everybody's face has: an iris is round and
lashes are a line, nostrils show from below and hide from above, a lens that is out of focus makes no steep edge, and
skin is never all one colour with outlines. At the gate none of this is asked: a person can hand in another picture,
but has no other face. Where the limits come from: docs/measurements/quality.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facegate.core.alignment import CHIP_SIDE, similarity
from facegate.core.models import Image
from facegate.core.quality import Fault, Pose

SCALE: Final = 2
SIDE: Final = SCALE * CHIP_SIDE
"""Pixels of the square that a portrait is cut to."""

type _Grey = NDArray[np.float32]

_SKIN: Final = (slice(40, 200), slice(40, 184))
"""Rows and columns of the portrait that are face rather than hair and background."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """Where an eye is dark; of two eyes, each figure is that of the one that looks more open.

    ``round``: what is left of the darkness once lines thinner than an iris are wiped out, 0–1. ``low``: pixels by which
    the middle of the darkness lies below where an eye's middle should be. ``tall``: its height in proportion to width.
    """

    round: float
    low: float
    tall: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """What was measured on one aligned face.

    ``nostrils``: how dark the darkest pair of spots beside the nose is, in proportion to the skin. ``upturned``: by how
    much the darkest pair above the nose's tip is darker than the darkest below. ``edge``: how steep the steepest edges
    are, in proportion to contrast. ``detail``: contrast of small features in proportion to that of features twice as
    large. ``plain``: the part of the face without any gradient.
    """

    eyes: Eyes
    nostrils: float
    upturned: float
    edge: float
    detail: float
    plain: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond which a portrait is refused; where several belong together, all must be passed."""

    round: float = 0.75
    low: float = 4.0
    tall: float = 0.5
    bowed: float = 17.0
    hidden: float = 0.06
    upturned: float = 0.5
    edge: float = 0.48
    detail: float = 0.58
    plain: float = 0.3
    outlined: float = 1.1


LIMITS: Final = Limits()


def measure(portrait: Image, landmarks: NDArray[np.float32]) -> Portrait:
    """Return what can be read off a face.

    Args:
        portrait: (224, 224, 3) uint8, BGR, the aligned face at ``SCALE`` times the embedder's size.
        landmarks: (5, 2) in pixels of the picture that it was cut from.

    Raises:
        ValueError: the portrait is not of that shape, or no face can have these landmarks.
    """
    if portrait.shape != (SIDE, SIDE, 3) or portrait.dtype != np.uint8:
        raise ValueError(f"a portrait is uint8 ({SIDE}, {SIDE}, 3)")
    matrix = similarity(landmarks) * SCALE
    points = np.asarray(landmarks, np.float64) @ matrix[:, :2].T + matrix[:, 2]
    grey = portrait.astype(np.float32) @ np.array([0.114, 0.587, 0.299], np.float32)
    nostrils, upturned = _nostrils(grey, points)
    edge, plain = _gradients(grey)
    return Portrait(_eyes(grey, points), nostrils, upturned, edge, _detail(grey), plain)


def faults(seen: Portrait, pose: Pose, limits: Limits = LIMITS) -> tuple[Fault, ...]:
    """Return what speaks against enrolling from this face."""
    eyes = seen.eyes
    found = {
        Fault.BLURRED: seen.edge <= limits.edge and seen.detail <= limits.detail,
        Fault.EYES_CLOSED: eyes.round <= limits.round and eyes.low >= limits.low and eyes.tall <= limits.tall,
        Fault.TILTED: seen.upturned >= limits.upturned
        or (pose.pitch >= limits.bowed and seen.nostrils <= limits.hidden),
        Fault.DRAWING: seen.plain >= limits.plain and seen.edge >= limits.outlined,
    }
    return tuple(fault for fault, present in found.items() if present)


def _eyes(grey: _Grey, points: NDArray[np.float64]) -> Eyes:
    """Look at a window around each eye that leaves out the brow and takes in the lashes of a closed lid."""
    smooth = _smooth(grey, 1.0)
    wiped = -_largest(-_largest(smooth, 7, 0), 7, 0)  # an iris is 12 pixels high, a line of lashes 3 to 5
    one, other = (_eye(smooth, wiped, round(float(x)), round(float(y))) for x, y in points[:2])
    return Eyes(max(one.round, other.round), min(one.low, other.low), max(one.tall, other.tall))


def _eye(smooth: _Grey, wiped: _Grey, x: int, y: int) -> Eyes:
    top, left = min(max(y - 8, 0), SIDE - 23), min(max(x - 15, 0), SIDE - 31)
    window = (slice(top, top + 23), slice(left, left + 31))
    eye = smooth[window]
    skin, dark = float(np.percentile(eye, 85)), float(np.percentile(eye, 1))
    weight = np.clip((skin + dark) / 2 - eye, 1e-6, None)
    rows, columns = np.mgrid[-8:15, -15:16]
    total = float(weight.sum())
    down, across = float((weight * rows).sum()) / total, float((weight * columns).sum()) / total
    height = float(np.sqrt((weight * (rows - down) ** 2).sum() / total))
    width = float(np.sqrt((weight * (columns - across) ** 2).sum() / total))
    left_over = (skin - float(np.percentile(wiped[window], 3))) / max(skin - dark, 4.0)
    return Eyes(left_over, down, height / max(width, 1e-6))


def _nostrils(grey: _Grey, points: NDArray[np.float64]) -> tuple[float, float]:
    """Look for a dark spot on either side of the nose at one height, between the eyes and the mouth."""
    smooth = _smooth(grey, 1.2)
    wide = _largest(_largest(smooth, 13, 0), 13, 1)
    filled = -_largest(_largest(-wide, 13, 0), 13, 1)
    dark = (filled - smooth) / max(20.0, float(grey[60:180, 60:164].mean()))
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    height = mouth[1] - eyes[1]
    rows = np.arange(int(eyes[1] + 0.36 * height), int(eyes[1] + 0.74 * height))
    middle = int(np.clip(points[2, 0], 20, SIDE - 21))
    if len(rows) < 10 or rows[0] < 0 or rows[-1] >= SIDE:  # no upright face: nothing can be said of nostrils
        return 1.0, 0.0
    pair = np.minimum(
        dark[rows, middle - 20 : middle - 3].max(axis=1), dark[rows, middle + 4 : middle + 21].max(axis=1)
    )
    way = (rows - eyes[1]) / height
    above, below = pair[(way >= 0.38) & (way <= 0.53)], pair[(way > 0.58) & (way <= 0.72)]
    return float(pair.max()), float(above.max(initial=0) - below.max(initial=0))


def _gradients(grey: _Grey) -> tuple[float, float]:
    """Look at how steep the grey of the face is at the embedder's size: the steepest edges, and how much has none."""
    small = grey.reshape(CHIP_SIDE, SCALE, CHIP_SIDE, SCALE).mean(axis=(1, 3))[20:100, 20:92]
    across, down = small[1:-1, 2:] - small[1:-1, :-2], small[2:, 1:-1] - small[:-2, 1:-1]
    steep = np.hypot(across, down) / 2
    contrast = max(float(small.std()), 1.0)
    return float(np.percentile(steep, 97)) / contrast, float((steep < 0.015 * contrast).mean())


def _detail(grey: _Grey) -> float:
    """Compare what is 3 to 6 pixels large with what is 6 to 11: blur takes the smaller first, noise is smaller yet."""
    fine, middle, coarse = (_smooth(grey, SCALE * sigma)[_SKIN] for sigma in (1.4, 2.8, 5.6))
    return float((fine - middle).std()) / max(float((middle - coarse).std()), 0.1)


def _smooth(grey: _Grey, sigma: float) -> _Grey:
    """Blur by a Gaussian; the edges are repeated outward."""
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2)).astype(np.float32)
    weights /= weights.sum()
    for axis in (0, 1):
        padding = [(reach, reach) if axis == along else (0, 0) for along in (0, 1)]
        padded, length = np.pad(grey, padding, mode="edge"), grey.shape[axis]
        parts = (weight * np.take(padded, range(k, k + length), axis) for k, weight in enumerate(weights))
        grey = np.asarray(sum(parts), np.float32)
    return grey


def _largest(grey: _Grey, length: int, axis: int) -> _Grey:
    """Return the largest of ``length`` neighbours along ``axis``, centred."""
    padding = [(length // 2, length // 2) if axis == along else (0, 0) for along in (0, 1)]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(grey, padding, mode="edge"), length, axis)
    return np.asarray(windows.max(axis=-1), np.float32)
