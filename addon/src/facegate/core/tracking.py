"""Which face of this picture is which face of the last one: greedy matching by overlap of boxes.

The tracker never looks at the face itself. It only promises that a track's ``run`` stays the same while nothing
happened that could have exchanged one person for another; evidence may be added up within one run and never across.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from facegate.core.models import Box, Face

LEAST_IOU = 0.2
"""A face at arm's length from the turnstile that walks sideways at 1 m/s keeps an overlap of 0.2 at 10 frames a
second; an overlap in error is caught by the jump of the embedding (``core.session``)."""

CROSSING = 0.1
"""Two boxes that share this part of the smaller one may be exchanging their faces."""


@dataclass(frozen=True, slots=True)
class Track:
    """One face over time. ``id`` is never used again; ``run`` grows whenever continuity was broken."""

    id: int
    run: int
    face: Face
    first_seen: float
    last_seen: float


class Tracker:
    """The faces that one camera sees now. Used from one thread.

    Args:
        gap: seconds after which a face that was not seen has left; whoever comes then is someone new.
    """

    def __init__(self, gap: float = 0.5) -> None:
        self._gap = gap
        self._live: tuple[Track, ...] = ()
        self._next = 1
        self._newest = float("-inf")

    @property
    def live(self) -> tuple[Track, ...]:
        """The tracks seen within the gap, also those that the newest picture misses."""
        return self._live

    def update(self, faces: Sequence[Face], at: float) -> tuple[Track, ...]:
        """Return the track of every face of the picture taken ``at``, from left to right.

        The order in which the faces are given does not matter. Time that stands still or runs backwards ends every
        track, because nothing is known about the time between.
        """
        known = tuple(t for t in self._live if at - t.last_seen <= self._gap) if at > self._newest else ()
        self._newest = at
        ordered = sorted(faces, key=_place)
        assigned = _assign(known, ordered)
        seen = []
        for index, face in enumerate(ordered):
            track = assigned.get(index)
            if track is None:
                seen.append(Track(id=self._next, run=0, face=face, first_seen=at, last_seen=at))
                self._next += 1
                continue
            broken = _crossed(track, face, known, ordered)
            seen.append(replace(track, run=track.run + broken, face=face, last_seen=at))
        found = {t.id for t in seen}
        # Whoever stood where another face is now is hidden or gone; when seen again, it is someone new.
        hidden = (t for t in known if t.id not in found and not _covered(t.face, ordered))
        self._live = (*seen, *hidden)
        return tuple(seen)


def _place(face: Face) -> tuple[float, float, float, float, float]:
    return face.box.left, face.box.top, face.box.right, face.box.bottom, face.score


def _assign(known: Sequence[Track], faces: Sequence[Face]) -> dict[int, Track]:
    """The best overlap first; a tie goes to the older track and the face further left."""
    pairs = [
        (-overlap, track.id, index, track)
        for track in known
        for index, face in enumerate(faces)
        if (overlap := track.face.box.iou(face.box)) >= LEAST_IOU
    ]
    assigned: dict[int, Track] = {}
    taken: set[int] = set()
    for _, track_id, index, track in sorted(pairs, key=lambda pair: pair[:3]):
        if index not in assigned and track_id not in taken:
            assigned[index] = track
            taken.add(track_id)
    return assigned


def _crossed(track: Track, face: Face, known: Sequence[Track], faces: Sequence[Face]) -> bool:
    """Whether another face, or the last place of another track, lies over this face."""
    others = [f for f in faces if f is not face]
    others += [t.face for t in known if t.id != track.id]
    return _covered(face, others)


def _covered(face: Face, others: Sequence[Face]) -> bool:
    return any(_shared(face.box, other.box) > CROSSING for other in others)


def _shared(one: Box, other: Box) -> float:
    """The common part of two boxes in proportion to the smaller one."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return width * height / smaller if width > 0 and height > 0 and smaller > 0 else 0.0
