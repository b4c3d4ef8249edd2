"""Whether the box keeps up with a camera: how many of its pictures came too fast to be looked at."""

from collections import deque
from dataclasses import dataclass, field

WINDOW = 10.0
"""Seconds over which is counted."""
LEAST = 30
"""Pictures without which nothing is said."""
MISSED = 1 / 3
"""Share of missed pictures from which the box counts as overloaded: of 15 a second 10 are left, with which a decision
takes as long as the dwell asks for; with fewer it takes longer."""
SHOWN = 60.0
"""Seconds for which an overload is told after it is over: it comes with people, and goes with them."""


@dataclass(slots=True)
class Pace:
    """Counts one camera's pictures. Used from one thread, read from any. ``rate``: pictures a second."""

    _counts: deque[tuple[float, int, int]] = field(default_factory=deque)
    _newest: int = 0
    _overloaded_at: float = float("-inf")
    rate: float = 0.0

    def saw(self, number: int, at: float) -> None:
        """Picture ``number`` was taken up ``at``; those since the last one were missed."""
        missed = max(0, number - self._newest - 1) if self._newest else 0
        self._newest = number
        self._counts.append((at, 1, missed))
        while at - self._counts[0][0] > WINDOW:
            self._counts.popleft()
        seen = sum(count for _, count, _ in self._counts)
        lost = sum(count for _, _, count in self._counts)
        self.rate = (seen + lost) / max(at - self._counts[0][0], 1.0)
        if seen + lost >= LEAST and lost > MISSED * (seen + lost):
            self._overloaded_at = at

    def overloaded(self, at: float) -> bool:
        """Whether too many pictures are missed, or were a short while ago."""
        return at - self._overloaded_at <= SHOWN
