"""Where in a picture faces are looked for, and how finely: no more than the camera's zone and least face ask for."""

from collections.abc import Sequence
from dataclasses import dataclass

from facegate.core.intent import Zone
from facegate.core.models import Box

FINDABLE = 24.0
"""Pixels of a face after the picture was reduced: of 200 faces 92 in 100 are found at 24 in a single picture, 99 at 32,
70 at 20 and 14 at 16 (docs/measurements/speed.md)."""
COARSEST = 640
"""The whole picture is never reduced below this, whatever the least face: thresholds were measured with it."""
FINEST = 1280
"""What is looked at is never larger than this: a larger picture needs a zone, or a larger least face."""
_MARGIN = 0.25  # of the picture's height around the zone: half a face of half the height, whose centre lies in it
_WHOLE = 0.9  # a part that is hardly smaller than the picture saves nothing


@dataclass(frozen=True, slots=True)
class Search:
    """``region``: the part of the picture to look at, ``None`` for all. ``longest_side``: what it is reduced to."""

    region: Box | None
    longest_side: int


def search(shape: Sequence[int], zone: Zone, min_face: float) -> Search:
    """Where to look in a picture of ``shape`` (height, width)."""
    height, width = shape[:2]
    region = bounds(shape, zone)
    scale = max(FINDABLE / max(min_face, 1.0), COARSEST / max(height, width))
    side = max(height, width) if region is None else max(region.width, region.height)
    return Search(region, max(1, min(FINEST, round(side * min(1.0, scale)))))


def bounds(shape: Sequence[int], zone: Zone) -> Box | None:
    """The pixels that a face of the zone may cover; ``None`` for the whole picture."""
    if not zone:
        return None
    height, width = shape[:2]
    margin = _MARGIN * height
    across, down = [x * width for x, _ in zone], [y * height for _, y in zone]
    box = Box(
        max(0.0, min(across) - margin),
        max(0.0, min(down) - margin),
        min(float(width), max(across) + margin),
        min(float(height), max(down) + margin),
    )
    return None if box.width * box.height >= _WHOLE * width * height else box
