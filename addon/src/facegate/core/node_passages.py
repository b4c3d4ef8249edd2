"""Who went through a gate, told from what was granted and what its beams saw: as in passages.cpp and inputs.h."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from facegate.contract import lines

PENDING_GRANTS: Final = 8
UNKNOWN: Final = 0
"""The way that one beam tells of; 1 is entry and 2 exit."""


class Beams:
    """Two beams, the first on the side of the entry, so close that nobody fits between them."""

    def __init__(self) -> None:
        """Nothing has been seen."""
        self._broken: frozenset[int] | None = None
        self._came_by: frozenset[int] = frozenset()
        self._through = False

    def update(self, first: bool, second: bool) -> int | None:
        """Return which way somebody has just gone: 1, 2 or ``UNKNOWN``; ``None`` if nobody has."""
        now = frozenset(beam for beam, broken in ((1, first), (2, second)) if broken)
        before, self._broken = self._broken, now
        if not before:
            self._came_by = now
            self._through = False
            return None
        if now == before or len(now) == 2 or (not now and len(before) == 1):
            return None
        towards = now or frozenset({1, 2}) - self._came_by
        if towards == self._came_by and not self._through:
            return None  # he turned round
        self._through = True
        # Who leaves towards the second beam has come in.
        return {frozenset({2}): 1, frozenset({1}): 2}.get(towards, UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Grant:
    relay: int
    id: str
    until: int


class Passages:
    """Grants that somebody may still use, and the last one that somebody has used."""

    def __init__(self, report: Callable[[str, str, str, int], None]) -> None:
        """``report`` takes an event's type, subject and value, and when."""
        self._report = report
        self._grants: deque[_Grant] = deque()
        self._passed: _Grant | None = None

    def grant(self, relay: int, opening: str, now: int, until: int) -> None:
        """Somebody may go through."""
        if len(self._grants) == PENDING_GRANTS:
            oldest = self._grants.popleft()
            self._grants.appendleft(_Grant(oldest.relay, oldest.id, now))
        self.expire(now)
        self._grants.append(_Grant(relay, opening, until))

    def pass_(self, way: int, relays: int, *, free: bool, now: int) -> None:
        """Somebody has gone through."""

        def fits(grant: _Grant) -> bool:
            return way == UNKNOWN or relays == 1 or grant.relay == way

        grant = next((g for g in self._grants if fits(g)), None)
        if grant is not None:
            self._grants.remove(grant)
            self._passed = grant
            self._report("passed", str(way or grant.relay), grant.id, now)
        elif free:
            self._report("passed", str(way or lines.NONE), lines.NONE, now)
        elif self._passed is not None and now < self._passed.until and fits(self._passed):
            self._report("tailgated", str(way or self._passed.relay), self._passed.id, now)
        else:
            self._report("forced", str(way or lines.NONE), lines.NONE, now)

    def expire(self, now: int) -> None:
        """Grants that nobody has used in their time."""
        while self._grants and now >= self._grants[0].until:
            grant = self._grants.popleft()
            self._report("not_passed", str(grant.relay), grant.id, now)

    def forget(self) -> None:
        """Nothing granted before counts any more."""
        self._grants.clear()
        self._passed = None
