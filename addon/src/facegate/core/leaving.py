"""Who is erased when, and why: nobody is kept whose time here is over, and nobody goes without it being said before.

Access ends at once by the date itself; what cannot be undone comes later, so that a mistyped date can be put right. The
time that counts here is the one that no jump of a clock moves (``core.trusted_time``).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from facegate.core.models import Resident, ResidentState

DAY: Final = 86400.0


class Cause(StrEnum):
    """Why somebody is erased; each is a translation key."""

    RESIDENT = "resident"
    """They wish it."""
    HOUSE = "house"
    """An owner has decided it."""
    PERSON_REMOVED = "person_removed"
    """The person was removed from Home Assistant, and an owner has said that this is what it means."""
    LEASE_ENDED = "lease_ended"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Terms:
    """``grace_days``: between the end of somebody's time and their erasure; ``absent_days``: without a passage.

    ``ahead_days``: how long before it is shown.
    """

    grace_days: int = 14
    absent_days: int = 365
    ahead_days: int = 30


@dataclass(frozen=True, slots=True)
class Leaving:
    """One resident who will be erased. ``since``: when their time ended or they were last seen; Unix seconds."""

    resident: str
    cause: Cause
    since: float
    due: float


def month_of(at: float) -> float:
    """The beginning of the month, UTC: all that is remembered of somebody's last passage, for nothing else."""
    return datetime.fromtimestamp(at, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def leaving(resident: Resident, last_seen: float, terms: Terms) -> Leaving | None:
    """Return when a resident will be erased; ``None`` for whoever is erased already.

    Args:
        resident: who.
        last_seen: the month of the last passage, or when they were added.
        terms: what the owner has set.
    """
    if resident.state is ResidentState.ERASED:
        return None
    seen = max(last_seen, resident.valid_from or last_seen)
    absent = Leaving(resident.id, Cause.ABSENT, seen, seen + terms.absent_days * DAY)
    if resident.valid_until is None:
        return absent
    end = resident.valid_until
    ended = Leaving(resident.id, Cause.LEASE_ENDED, end, end + terms.grace_days * DAY)
    return min(ended, absent, key=lambda one: one.due)
