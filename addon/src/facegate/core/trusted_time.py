"""The time that what cannot be undone goes by.

A wall clock may be wrong: an empty battery, a mistyped year, a lying time server. Doors may follow it, since a wrong
refusal is put right by the next look at the clock. Erasing somebody is not put right by anything, so it goes by a time
that the wall clock and the running time agree on; a jump stops it from then on following the wall clock, until both
agree again or the owner has said that the clock is right.
"""

from dataclasses import dataclass, replace
from typing import Final

TOLERANCE: Final = 300.0
"""Seconds by which the clocks may differ: time servers correct by less, and a wrong clock is rarely wrong by less."""
SWITCHED_OFF: Final = 14 * 86400.0
"""Seconds that the box may have been switched off without anybody being asked whether the clock is right."""


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """``now``: the time that is trusted, Unix seconds; ``wall``: the wall clock at the last look.

    ``doubted``: since when (by the trusted time) the wall clock is not believed; ``None`` while it is.
    """

    now: float
    wall: float
    doubted: float | None = None

    @classmethod
    def begin(cls, wall: float) -> TrustedTime:
        """The first start of an installation: there is nothing else to go by."""
        return cls(wall, wall)

    def after(self, wall: float, ran: float | None) -> TrustedTime:
        """The time at the next look.

        Args:
            wall: the wall clock now, Unix seconds.
            ran: seconds that this process has run since the last look; ``None`` for its first look after a start.
        """
        least = (self.now if self.doubted is not None else self.wall) + (ran or 0.0)
        most = least + (SWITCHED_OFF if ran is None else TOLERANCE)
        if least - TOLERANCE <= wall <= most:
            return TrustedTime(wall if self.doubted is not None else max(self.now, wall), wall)
        now = self.now + (ran or 0.0)
        return TrustedTime(now, wall, now if self.doubted is None else self.doubted)

    def confirmed(self) -> TrustedTime:
        """The owner has said that the wall clock is right."""
        return replace(self, now=self.wall, doubted=None)
