"""What hides a part of a face, found by painting over that part: where nothing was to be seen, nothing changes.

The embedder reads the mouth of a bare face, so its vector moves when the mouth is painted over; over a mask it stays.
The same holds for eyes behind dark or reflecting glasses. It needs no training, no colour and no second model. Where
the limits come from: docs/measurements/quality.md.
"""

from math import isfinite
from typing import Final

import numpy as np

from facegate.core.models import Image, Vector

MASKED: Final = 0.98
"""Cosine of a face with and without its mouth from which something hides it."""

SHADED: Final = 0.9
"""Cosine of a face with and without its eyes from which something hides them: the embedder reads eyes best of all."""

# Rows and columns of the aligned chip.
_MOUTH: Final = (slice(78, 104), slice(34, 78))
_EYES: Final = ((slice(43, 61), slice(26, 51)), (slice(43, 61), slice(61, 86)))


def without_mouth(chip: Image) -> Image:
    """Return the (112, 112, 3) chip with the mouth painted over in its own mean colour."""
    return _painted(chip, _MOUTH)


def without_eyes(chip: Image) -> Image:
    """Return the (112, 112, 3) chip with each eye painted over in its own mean colour."""
    return _painted(chip, *_EYES)


def hides_mouth(vector: Vector, painted: Vector) -> bool:
    """Whether a mask hides the mouth, from the unit vectors of a chip and of :func:`without_mouth` of it."""
    return _is_alike(vector, painted, MASKED)


def hides_eyes(vector: Vector, painted: Vector) -> bool:
    """Whether glasses hide the eyes, from the unit vectors of a chip and of :func:`without_eyes` of it."""
    return _is_alike(vector, painted, SHADED)


def _painted(chip: Image, *parts: tuple[slice, slice]) -> Image:
    painted = chip.copy()
    for part in parts:
        painted[part] = chip[part].reshape(-1, 3).mean(axis=0).astype(np.uint8)
    return painted


def _is_alike(vector: Vector, painted: Vector, least: float) -> bool:
    likeness = float(vector @ painted)
    return isfinite(likeness) and likeness >= least
