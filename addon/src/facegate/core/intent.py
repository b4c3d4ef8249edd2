"""Does this face mean the gate? Only a face that stays in the marked zone, large and frontal, is ever matched.

Everyone else is dropped before anything but detection has seen them; a face that is still making up its mind waits
as pixels and has no embedding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

type Zone = Sequence[tuple[float, float]]
"""A polygon in parts (0–1) of the picture's width and height; empty for the whole picture."""

PATIENCE = 0.5
"""Seconds for which a face may look away or be missed by the detector before it has stopped acting."""


@dataclass(frozen=True, slots=True)
class Intent:
    """Since when a face acts, and when it last did; neither as long as it has not."""

    since: float | None = None
    last: float | None = None

    def saw(self, acting: bool, at: float) -> Intent:
        """Return the intent after one more picture, taken ``at``."""
        if self.last is not None and not 0 <= at - self.last <= PATIENCE:
            return Intent(at, at) if acting else Intent()
        if not acting:
            return self
        return replace(self, since=at if self.since is None else self.since, last=at)

    def stayed(self, dwell: float) -> bool:
        """Whether the face has acted for ``dwell`` seconds."""
        return self.since is not None and self.last is not None and self.last - self.since >= dwell


def in_zone(point: tuple[float, float], shape: Sequence[int], zone: Zone) -> bool:
    """Whether ``point``, in pixels, lies in ``zone`` of a picture of ``shape`` (height, width); edges count as inside.

    Even-odd rule along a ray to the right. A zone of one or two corners has no inside.
    """
    if not zone:
        return True
    x, y = point[0] / shape[1], point[1] / shape[0]
    if not (isfinite(x) and isfinite(y)):
        return False
    inside = False
    for corners in zip(zone, (*zone[1:], zone[0]), strict=True):
        # An edge is the same edge from either end: rounding must not depend on which way the polygon runs.
        (ax, ay), (bx, by) = sorted(corners)
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if cross == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return len(zone) > 2
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside and len(zone) > 2
