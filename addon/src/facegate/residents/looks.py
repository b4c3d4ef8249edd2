"""Looking at what has been: without names for whoever may, and with names for a reason that is written down first.

There is one rule: a look at somebody's track is an act, and it is on the medium before anything of the track is handed
out. If it cannot be written down, nothing is shown.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from facegate.adapters.store.access import OPENING, AccessRecord
from facegate.adapters.store.passages import Wanted
from facegate.core.audit import Act, Deed, TellsActs, stated
from facegate.core.models import Resident

NOW_SECONDS: Final = 300.0
"""What a guard sees: now, and no history."""
PAGE: Final = 50
HOUR: Final = 3600
_MOST: Final = 1000


class Store(TellsActs, Protocol):
    """The part of ``adapters.store.Store`` that looks use; synchronous, raises StoreError."""

    def access_history(self, wanted: Wanted, limit: int = 100, *, before: int | None = None) -> list[AccessRecord]:
        """The newest records first."""

    def access_counts(self, wanted: Wanted, seconds: int) -> dict[int, int]:
        """How many records there are in each span of so many seconds."""

    def named_passages(self, resident: str, since: float, until: float, limit: int = 1000) -> list[AccessRecord]:
        """What bears a resident's own id still."""

    def resident(self, resident: str) -> Resident:
        """One resident."""

    def residents(self) -> Sequence[Resident]:
        """All residents that are not erased."""

    def record_looks(self, actor: str, residents: Collection[str], reason: str, span: tuple[float, float]) -> None:
        """Write down that somebody has looked at these residents' tracks, or at a time in which nobody is named."""


@dataclass(frozen=True, slots=True)
class Named:
    """Records with what residents are called, by id."""

    records: list[AccessRecord]
    names: Mapping[str, str]


class Looks:
    """Synchronous and thread-safe, as the store is.

    Args:
        store: where passages and acts are.
        clock: Unix seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def now(self) -> list[AccessRecord]:
        """The last minutes, without names: for whoever watches the gates."""
        now = self._clock()
        records = self._store.access_history(Wanted(now - NOW_SECONDS, now + HOUR), PAGE)
        return [replace(record, resident=None, note=None, actor=None, pseudonym=None) for record in records]

    def history(self, wanted: Wanted, *, before: int | None = None, limit: int = PAGE) -> list[AccessRecord]:
        """What was, without names. In the place of old ones stand the pseudonyms of their day."""
        return [_nameless(record) for record in self._store.access_history(wanted, limit, before=before)]

    def openings_by_hour(self, wanted: Wanted) -> dict[int, int]:
        """How many openings there were in each hour since 1970."""
        return self._store.access_counts(replace(wanted, kinds=(OPENING,)), HOUR)

    def names(self, wanted: Wanted, actor: str, reason: str, *, before: int | None = None) -> Named:
        """The same records with names and notes: a look at everybody who is in them.

        Raises ReasonError for a reason that states nothing, StoreError where it cannot be written down.
        """
        reason = stated(reason)
        known = {resident.id: resident.name for resident in self._store.residents()}
        records = self._store.access_history(wanted, PAGE, before=before)
        named = {record.resident for record in records if record.resident is not None}
        times = [record.at for record in records]
        span = (min(times), max(times)) if times else (wanted.since, wanted.until)
        self._store.record_looks(actor, sorted(named & known.keys()), reason, span)
        return Named(records, {one: known[one] for one in named & known.keys()})

    def track(self, resident: str, since: float, until: float, actor: str, reason: str) -> Named:
        """What one resident did as long as it bears their name: a look at them.

        Raises ReasonError for a reason that states nothing, NotFoundError, StoreError where it cannot be written down.
        """
        reason = stated(reason)
        name = self._store.resident(resident).name
        self._store.record_looks(actor, [resident], reason, (since, until))
        return Named(self._store.named_passages(resident, since, until, _MOST), {resident: name})

    def at(self, resident: str) -> list[Deed]:
        """Who has looked at a resident's track, newest first: theirs to know."""
        return self._store.acts(_MOST, resident=resident, of=(Act.LOOKED,))

    def lately(self, days: int, limit: int = 200) -> list[Deed]:
        """Every look of the last days, newest first."""
        return self._store.acts(limit, since=self._clock() - days * 86400.0, of=(Act.LOOKED,))


def _nameless(record: AccessRecord) -> AccessRecord:
    """Whoever asked for it is left out where that could be the resident's own phone."""
    actor = None if record.resident is not None else record.actor
    return replace(record, resident=None, note=None, actor=actor)
