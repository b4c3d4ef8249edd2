"""Which codes are held before a camera now, and what has come of each: judged once, opened for while it is seen.

Time is an argument. What a code is worth is the question of ``core.passes`` and of the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from facegate.core.admission import FRESH, LEFT
from facegate.core.models import Reason
from facegate.core.passes import Code

EVERY: Final = 0.15
"""Seconds between two looks for codes: a phone is held up for a second or more, and a look costs 2 ms."""

QUIET: Final = 10.0
"""Seconds for which a pass that is held up keeps the camera from looking into anybody's face: somebody who sticks one
to the wall does not switch the faces off."""

OWED: Final = 5.0
"""Seconds after a pass was put away in which a face that appears is taken for its bearer's."""

MOST: Final = 6
"""Codes at a time: whoever holds up one after the other has to wait, so that nobody can keep the store busy."""


@dataclass(frozen=True, slots=True)
class Showing:
    """One pass that is held up. ``number``: below nought, where faces have the number of their track.

    ``since``: when it was first read; ``seen``: when this very code was last; ``held``: when any code of the same pass
    was, as the next one of a phone. ``genuine``: whether there is such a pass. ``granted``: whether it was found good,
    so that it is not judged again before it was put away.
    """

    code: Code
    number: int
    since: float
    seen: float
    held: float
    genuine: bool = False
    granted: bool = False


@dataclass(frozen=True, slots=True)
class Showings:
    """Every pass that is held up, by its id. Never changes, so any thread may read it.

    ``said``: why passes were refused since one was first held up; none is told twice.
    """

    of: Mapping[str, Showing] = field(default_factory=dict)
    said: frozenset[Reason] = frozenset()
    next: int = -1

    def at(self, at: float) -> Showings:
        """Return what is held up still at ``at``; time that runs backwards ends everything."""
        left = {name: showing for name, showing in self.of.items() if 0 <= at - showing.held <= LEFT}
        return replace(self, of=left, said=self.said if left else frozenset())

    def asks(self, code: Code) -> bool:
        """Whether a code that was read has to be judged: it is new, or the next one of a pass that was refused."""
        known = self.of.get(code.id)
        if known is None:
            return len(self.of) < MOST
        return known.code != code and not known.granted

    def saw(self, code: Code, at: float) -> Showings:
        """Return the showings after a code was read once more."""
        known = self.of.get(code.id)
        if known is None:
            return self
        seen = at if known.code == code else known.seen
        return replace(self, of={**self.of, code.id: replace(known, seen=seen, held=at)})

    def judged(self, code: Code, at: float, *, genuine: bool, granted: bool) -> tuple[Showings, int]:
        """Return the showings after a code was judged, and the number of this showing."""
        known = self.of.get(code.id)
        since = at if known is None else known.since
        new = Showing(code, self.next, since, seen=at, held=at, genuine=genuine, granted=granted)
        return replace(self, of={**self.of, code.id: new}, next=self.next - 1), new.number

    def refused(self, reason: Reason) -> Showings:
        """Return the showings after a refusal was told."""
        return replace(self, said=self.said | {reason})

    def without(self, number: int) -> Showings:
        """Return the showings as if this one had never been: the gate did not open for it."""
        return replace(self, of={name: showing for name, showing in self.of.items() if showing.number != number})

    def still_there(self, number: int, at: float) -> bool:
        """Whether the pass that was found good under ``number`` was read within the last second before ``at``."""
        return any(
            showing.number == number and showing.granted and 0 <= at - showing.seen <= FRESH
            for showing in self.of.values()
        )

    def quiet(self, at: float) -> frozenset[str]:
        """The passes, by id, because of which nobody's face is looked into ``at``."""
        return frozenset(
            name for name, showing in self.of.items() if showing.genuine and 0 <= at - showing.since <= QUIET
        )
