"""Whether the wall clock of this machine may tell a gate the time: no time at all is better than a wrong one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from facegate.contract.verbs import OFFSET_MAX, Time

EARLIEST: Final = 1_793_000_000
"""Unix seconds (October 2026): before this version was made it cannot be."""
LATEST: Final = 4_102_444_800  # the year 2100
JUMP_SECONDS: Final = 2.0
"""A clock that is steered by network time moves by milliseconds; one that is set, by more than this."""
SETTLED_SECONDS: Final = 3600.0
"""A clock that nobody vouches for is believed again when it has run evenly for so long."""

UNSYNCHRONISED: Final = "clock_unsynchronised"
JUMPED: Final = "clock_jumped"
WRONG: Final = "clock_wrong"
PROBLEMS: Final = (UNSYNCHRONISED, JUMPED, WRONG)

_DAY: Final = 86_400
_LOOK_AHEAD: Final = 400  # days: every zone that changes its offset changes it within a year


@dataclass(frozen=True, slots=True)
class ClockTrust:
    """What is known of the wall clock. ``problem``: why it is not believed, empty if it is.

    ``offset``: wall clock minus running time at the last look; ``good``: the same when it was believed last;
    ``even_since``: running time since which the wall clock has not jumped.
    """

    problem: str = UNSYNCHRONISED
    offset: float | None = None
    good: float | None = None
    even_since: float = 0.0

    def look(self, wall: float, running: float, *, synchronised: bool, vouched: bool) -> ClockTrust:
        """Return what is known after a look.

        Args:
            wall: Unix seconds by the wall clock.
            running: seconds of a clock that nobody sets, and that runs on while the machine sleeps.
            synchronised: whether the system says that network time steers the clock.
            vouched: whether the owner says that the clock is right though the system does not.
        """
        offset = wall - running
        jumped = self.offset is not None and abs(offset - self.offset) > JUMP_SECONDS
        now = replace(self, offset=offset, even_since=running if jumped or self.offset is None else self.even_since)
        if not EARLIEST <= wall <= LATEST:
            return replace(now, problem=WRONG)
        if not synchronised and not vouched:
            return replace(now, problem=UNSYNCHRONISED)
        as_before = self.good is None or abs(offset - self.good) <= JUMP_SECONDS
        if synchronised or as_before or running - now.even_since >= SETTLED_SECONDS:
            return replace(now, problem="", good=offset)
        return replace(now, problem=JUMPED)

    def now(self, running: float) -> float | None:
        """Unix seconds as far as they can be known: by the clock when it was believed last; ``None``: not at all."""
        return None if self.good is None else self.good + running


def time_line(now: float, offset_at: Callable[[int], int]) -> Time:
    """Return what a gate is told at ``now``; ``offset_at`` gives the minutes that local time is ahead of UTC then."""
    unix = int(now)
    offset = offset_at(unix)
    for day in range(1, _LOOK_AHEAD + 1):
        later = unix + day * _DAY
        if offset_at(later) == offset:
            continue
        before = later - _DAY
        while later - before > 1:
            middle = (before + later) // 2
            before, later = (middle, later) if offset_at(middle) == offset else (before, middle)
        change = offset_at(later)
        return Time(unix, offset, later, change) if abs(change) <= OFFSET_MAX else Time(unix, offset)
    return Time(unix, offset)
