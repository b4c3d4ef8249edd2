"""Whose face is left alone: whoever shows a pass has said how they want to get in (PRIVACY P5).

Nobody can see in a picture who holds up a code. So while one is held up nobody's face is looked into, and the largest
face is taken for its bearer's, for as long as it is followed; where the phone hides it, the first one to appear is.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from facegate.core.showing import OWED
from facegate.core.tracking import Track


@dataclass(frozen=True, slots=True)
class Bearers:
    """By pass, the track of its bearer's face, and until when one that appears is taken for it."""

    of: Mapping[str, int] = field(default_factory=dict)
    owed: Mapping[str, float] = field(default_factory=dict)

    def after(self, tracks: Sequence[Track], live: Collection[int], passes: Collection[str], at: float) -> Bearers:
        """Return the bearers after one more picture.

        Args:
            tracks: the faces in it.
            live: every track that is followed still.
            passes: what is held up now.
            at: when it was taken.
        """
        of = {name: track for name, track in self.of.items() if track in live}
        owed = {name: until for name, until in self.owed.items() if at <= until} | dict.fromkeys(passes, at + OWED)
        free = sorted((track for track in tracks if track.id not in of.values()), key=lambda track: track.face.size)
        for name in owed:
            if name not in of and free:
                of[name] = free.pop().id
        return Bearers(of, owed)

    def has(self, track: int) -> bool:
        """Whether this is the face of somebody who has shown a pass."""
        return track in self.of.values()

    def with_face(self, name: str, track: int) -> Bearers:
        """Return the bearers with one more face that is left alone from now on."""
        return Bearers({**self.of, name: track}, self.owed)
