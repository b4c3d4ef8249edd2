"""Press-to-recognise: a camera that is set to it looks at nobody until somebody says, with a button, that they want in.

A press is good for one approach: that of the face which is nearest when the press is heard of. It arms nothing that was
seen before it and nothing for long, so that a press that comes late, twice or from another day arms nothing at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from facegate.core.models import Direction
from facegate.core.node_events import Happening, Pressed
from facegate.core.tracking import Track

SECONDS = 10.0
"""From the press to the end of what it armed: time to look up, to be recognised, and to follow a challenge."""


@dataclass(frozen=True, slots=True)
class Press:
    """A press that no approach has taken up yet. ``at``: monotonic seconds at which it was heard of."""

    at: float

    @property
    def until(self) -> float:
        """When what it armed ends."""
        return self.at + SECONDS

    def counts(self, at: float) -> bool:
        """Whether it may arm a face of a picture that was taken ``at``: not before it, and not long after."""
        return self.at <= at <= self.until


def side(happening: Happening, *, history: bool) -> Direction | None:
    """Whose cameras a node's event arms, if any: what is history arms nothing, whoever pressed then is elsewhere."""
    return happening.direction if isinstance(happening, Pressed) and not history else None


def nearest(tracks: Sequence[Track]) -> Track | None:
    """The face that a press is for: the largest, because the button is at the gate."""
    return max(tracks, key=lambda track: track.face.size, default=None)
