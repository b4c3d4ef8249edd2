"""Who was let in and still stands there: one admission per approach, a new one only after leaving."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

FRESH = 1.0
"""Seconds that the last match of a track may be old when a command is signed."""

LEFT = 2.0
"""Seconds without being named after which an admitted resident has left, and may walk up again."""

NO_TRACK = 0
"""Track ids begin at 1."""


@dataclass(frozen=True, slots=True)
class Admission:
    """One resident who was let in: on which track, when that track last named them, and when any track did."""

    track: int
    matched: float
    seen: float


@dataclass(frozen=True, slots=True)
class Admissions:
    """Everyone who was let in by one camera and has not left. Never changes, so any thread may read it."""

    of: Mapping[str, Admission] = field(default_factory=dict)

    def admit(self, resident: str, track: int, at: float) -> Admissions:
        """Return the admissions with ``resident`` let in on ``track``."""
        return Admissions({**self.of, resident: Admission(track, matched=at, seen=at)})

    def name(self, resident: str, track: int, at: float) -> Admissions:
        """Return the admissions after ``track`` has named ``resident``; whoever was not let in stays so."""
        entry = self.of.get(resident)
        if entry is None:
            return self
        matched = at if entry.track == track else entry.matched
        return Admissions({**self.of, resident: replace(entry, matched=matched, seen=at)})

    def part(self, track: int) -> Admissions:
        """Return the admissions after ``track`` may have changed its face: it holds for nobody any more."""
        return Admissions({who: replace(e, track=NO_TRACK) if e.track == track else e for who, e in self.of.items()})

    def without(self, resident: str) -> Admissions:
        """Return the admissions as if ``resident`` had never been let in: the gate did not open for them."""
        return Admissions({who: entry for who, entry in self.of.items() if who != resident})

    def at(self, at: float) -> Admissions:
        """Return the admissions of those who have not left by ``at``; time that runs backwards ends them all."""
        return Admissions({who: entry for who, entry in self.of.items() if 0 <= at - entry.seen <= LEFT})

    def still_there(self, track: int, at: float) -> bool:
        """Whether the resident let in on ``track`` was named on it within the last second before ``at``."""
        return any(entry.track == track and 0 <= at - entry.matched <= FRESH for entry in self.of.values())
