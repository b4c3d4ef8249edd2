"""Asks the embedder whether a part of a face is hidden."""

from typing import Final

import numpy as np

from facegate.core.models import Image, Vector
from facegate.core.occlusion import hides_eyes, hides_mouth, without_eyes, without_mouth
from facegate.core.quality import Fault
from facegate.vision.embedder import Embedder

LEAST_FACE: Final = 64.0
"""Pixels from which on no bare face was taken for a masked one (0 of 1,132)."""


def is_masked(embedder: Embedder, chip: Image, vector: Vector | None = None) -> bool:
    """Whether a mask hides the mouth of an aligned face: one more pass of the embedder, so ask only where it matters.

    ``vector`` is what ``embedder.embed`` gave for the chip, not mirrored, if that is known already. Of a face that is
    blurred or cut off at the mouth it says nothing. Raises RuntimeModelError.
    """
    if vector is None:
        vector, painted = embedder.embed(np.stack((chip, without_mouth(chip))))
    else:
        (painted,) = embedder.embed(without_mouth(chip)[None])
    return hides_mouth(vector, painted)


def find_hidden(embedder: Embedder, chip: Image) -> tuple[Fault, ...]:
    """Return what hides parts of an aligned face: three passes of the embedder. Raises RuntimeModelError."""
    vector, mouthless, eyeless = embedder.embed(np.stack((chip, without_mouth(chip), without_eyes(chip))))
    found = {Fault.MASK: hides_mouth(vector, mouthless), Fault.SUNGLASSES: hides_eyes(vector, eyeless)}
    return tuple(fault for fault, present in found.items() if present)
