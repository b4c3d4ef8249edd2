"""Paints over whoever does not mean the gate, so that nothing after detection can see them."""

from collections.abc import Sequence
from math import ceil, floor
from typing import Final

from facegate.core.models import Box, Image

GREY: Final = 128
"""What stands in their place: it tells nothing of what was there."""


def mask_out(image: Image, hidden: Sequence[Box], shown: Sequence[Box]) -> Image:
    """Return the picture without the ``hidden`` boxes, but for what lies within the ``shown`` ones.

    The picture itself where nothing is to be hidden, else a copy.
    """
    if not hidden:
        return image
    masked = image.copy()
    for box in hidden:
        masked[_part(box)] = GREY
    for box in shown:
        masked[_part(box)] = image[_part(box)]
    return masked


def _part(box: Box) -> tuple[slice, slice]:
    """Rows and columns of every pixel that the box touches."""
    return (
        slice(max(0, floor(box.top)), max(0, ceil(box.bottom))),
        slice(max(0, floor(box.left)), max(0, ceil(box.right))),
    )
