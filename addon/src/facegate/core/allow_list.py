"""What a gate's own list holds: who may open it by card or PIN, and when."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from facegate.contract.verbs import ENTRIES_MAX, Entry, weekdays
from facegate.core.credentials import Credential
from facegate.core.models import Resident
from facegate.core.residency import ADMITTED

LASTS: Final = 30 * 86_400
"""Seconds for which a list is good: as long as a gate serves cards and PINs with nobody to renew its list."""
RENEWED: Final = 23 * 86_400
"""Less than this left, and a new one is sent: a week after the last."""
_LATEST: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Marked:
    """A credential with what one gate's node knows it by; ``stale``: it was learned under an older key of the gate."""

    credential: Credential
    digests: tuple[bytes, ...]
    stale: bool = False


@dataclass(frozen=True, slots=True)
class AllowList:
    """The entries of one gate.

    ``left_out``: how many credentials the board has no room for; ``stale``: how many must be learned anew.
    """

    entries: tuple[Entry, ...] = ()
    left_out: int = 0
    stale: int = 0

    def fingerprint(self, digest_key: bytes) -> str:
        """Names this content under this key: equal for equal lists alone."""
        content = hashlib.sha256(b"facegate list " + digest_key)
        for entry in self.entries:
            content.update(entry.pack())
        return content.hexdigest()


def may_use(resident: Resident | None, gate: str) -> bool:
    """Whether the resident has access to this gate at all, at whatever time."""
    return resident is not None and resident.state in ADMITTED and (not resident.gates or gate in resident.gates)


def entries_of(marked: Marked, resident: Resident) -> tuple[Entry, ...]:
    """All entries of one credential of ``resident``."""
    credential = marked.credential
    starts = [time for time in (resident.valid_from, credential.valid_from) if time is not None]
    ends = [time for time in (resident.valid_until, credential.valid_until) if time is not None]
    begins = min(int(max(starts)), _LATEST) if starts else 0
    # A validity that ended before there were computers is still one that has ended.
    ended = max(1, min(int(min(ends)), _LATEST)) if ends else 0
    times = [(weekdays(w.days), w.first, w.last) for w in credential.windows] or [(0, 0, 0)]
    return tuple(
        Entry(digest, credential.kind, begins=max(begins, 0), ends=ended, days=days, first=first, last=last)
        for digest in marked.digests
        for days, first, last in times
    )


def allow_list(
    gate: str,
    residents: Mapping[str, Resident],
    marked: Iterable[Marked],
    now: float | None,
    room: int = ENTRIES_MAX,
) -> AllowList:
    """Return the list of ``gate``: the oldest credentials first, as long as there is room.

    Args:
        gate: whose list it is.
        residents: everybody, by id.
        marked: all credentials with their digests at this gate.
        now: Unix seconds by a clock that is right, ``None`` if there is none; what has ended by then needs no entry.
        room: how many entries the board holds.
    """
    entries: list[Entry] = []
    left_out = stale = 0
    for one in sorted(marked, key=lambda one: (one.credential.created_at, one.credential.id)):
        resident = residents.get(one.credential.resident)
        if resident is None or not may_use(resident, gate):
            continue
        if one.stale:
            stale += 1
            continue
        more = entries_of(one, resident)
        if now is not None and all(entry.ends and entry.ends <= now for entry in more):
            continue
        if len(entries) + len(more) > room:
            left_out += 1
            continue
        entries += more
    return AllowList(tuple(entries), left_out, stale)
