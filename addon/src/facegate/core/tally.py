"""How many went through a gate today and how many are inside: numbers alone, from which nobody's way can be told.

What is counted is what gates have told of passages: whoever used an opening, whoever slipped through behind, and
whoever went through without one. What no beam has seen is in no number. Nobody knows how many were inside when the
count began, so it never falls below zero: who goes out then was inside before, and was not counted. It stays over
midnight, because people do. A fire ends it: gates do not count who leaves a burning house.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from facegate.core.models import Direction
from facegate.core.node_events import Alarm, Happening, Passage

_WENT_THROUGH = ("passed", "tailgated", "forced")


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of one gate. ``inside`` and ``site_inside`` are ``None`` where nobody can know.

    ``passages`` today; ``unsure``: how many of those since ``since`` (Unix seconds) nobody has told the way of.
    """

    passages: int = 0
    inside: int | None = None
    unsure: int = 0
    since: float = 0.0
    site_inside: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers of one gate. ``day``: of the ``passages``, by the calendar on the wall, as in ``2026-11-23``.

    ``inside``: who came in through this gate since ``since`` (Unix seconds) and has not gone out through it.
    ``outward``: the gate has told of somebody going out, so that it does tell both ways. ``unsure``: how many went
    through since then without anybody telling which way. ``released``: it stands open because of a fire.
    """

    since: float
    day: str = ""
    passages: int = 0
    inside: int = 0
    unsure: int = 0
    outward: bool = False
    released: bool = False

    def count(self, happening: Happening, *, day: str, at: float) -> Tally:
        """The tally after what the gate has told of at ``at``, on this day."""
        match happening:
            case Alarm("fire", "clear"):
                return self._begin(at)
            case Alarm("fire"):
                return replace(self, released=True)
            case Passage() if went_through(happening):
                # No gate counts while it is released: that the fire has ended was told, and was lost.
                tally = self._begin(at) if self.released else self
                return replace(
                    tally,
                    day=day,
                    passages=tally.passages_on(day) + 1,
                    inside=max(0, tally.inside + _change(happening.direction)),
                    unsure=tally.unsure + (happening.direction is None),
                    outward=tally.outward or happening.direction is Direction.EXIT,
                )
        return self

    def passages_on(self, day: str) -> int:
        """How many have gone through on this day."""
        return self.passages if day == self.day else 0

    @property
    def known_inside(self) -> int | None:
        """How many are inside; ``None`` where the gate tells one way only, or after a fire has broken out."""
        return self.inside if self.outward and not self.released else None

    def _begin(self, at: float) -> Tally:
        return replace(self, since=at, inside=0, unsure=0, released=False)


@dataclass(frozen=True, slots=True)
class SiteTally:
    """The numbers of every gate, and how many are inside by all of them together since ``since``.

    That is no sum: who comes in by one gate and goes out by another is inside by the first, and never was by the
    second.
    """

    since: float
    inside: int = 0
    gates: Mapping[str, Tally] = field(default_factory=dict)

    def follow(self, gates: Collection[str], *, at: float) -> SiteTally:
        """The tally of these gates, and of no others; the count of new ones begins at ``at``."""
        return replace(self, gates={gate: self.gates.get(gate) or Tally(at) for gate in gates})

    def count(self, gate: str, happening: Happening, *, day: str, at: float, real: bool = True) -> SiteTally:
        """The tally after what one of the gates has told of; ``real``: it has a door, so that it leads inside."""
        before = self.gates.get(gate) or Tally(at)
        after = before.count(happening, day=day, at=at)
        tally = replace(self, gates={**self.gates, gate: after})
        if not real:
            return tally
        if before.released and not after.released:
            tally = replace(tally, since=at, inside=0)
        if isinstance(happening, Passage) and went_through(happening):
            tally = replace(tally, inside=max(0, tally.inside + _change(happening.direction)))
        return tally

    def known_inside(self, real: Collection[str]) -> int | None:
        """How many are inside by all of these gates; ``None`` as long as one of them does not tell both ways."""
        tallies = [self.gates.get(gate) for gate in real]
        known = bool(tallies) and all(tally is not None and tally.known_inside is not None for tally in tallies)
        return self.inside if known else None


def went_through(passage: Passage) -> bool:
    """Whether somebody was seen to go through; a door that was opened without an opening has shown nobody."""
    return passage.what in _WENT_THROUGH and not passage.at_door


def _change(direction: Direction | None) -> int:
    return {Direction.ENTRY: 1, Direction.EXIT: -1, None: 0}[direction]
