"""What hides a part of a face, found by painting over that part: where nothing was to be seen, nothing changes.

The embedder reads the mouth of a bare face, so its vector moves when the mouth is painted over; over a mask it stays.
It needs no training, no colour and no second model. Where the limits come from: docs/measurements/quality.md.
"""

from math import isfinite
from typing import Final

import numpy as np

from facegate.core.models import Image, Vector

MASKED: Final = 0.98
"""Cosine of a face with and without its mouth from which a mask hides it."""

_MOUTH: Final = (slice(78, 104), slice(34, 78))
"""Rows and columns of the aligned chip from below the nose to the chin, between the corners of the mouth and a bit."""


def without_mouth(chip: Image) -> Image:
    """Return the (112, 112, 3) chip with the mouth painted over in its own mean colour."""
    painted = chip.copy()
    painted[_MOUTH] = chip[_MOUTH].reshape(-1, 3).mean(axis=0).astype(np.uint8)
    return painted


def hides_mouth(vector: Vector, painted: Vector) -> bool:
    """Whether a mask hides the mouth, from the unit vectors of a chip and of :func:`without_mouth` of it."""
    likeness = float(vector @ painted)
    return isfinite(likeness) and likeness >= MASKED
