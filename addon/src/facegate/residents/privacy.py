"""What owners and auditors are told about privacy here: what is kept, what was done, and whether time is trusted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from facegate.adapters.store.register import Holdings
from facegate.core.audit import HOUSEKEEPING, Act, Deed, TellsActs
from facegate.core.register import REGISTER, Entry, Place
from facegate.core.retention import Retention

_LATELY: Final = 20
_OWN: Final = (
    Act.PSEUDONYMISED, Act.FORGOTTEN, Act.ACTS_FORGOTTEN, Act.COPIES_DELETED, Act.RESTORED, Act.FOUND_BROKEN,
)  # fmt: skip


class Store(TellsActs, Protocol):
    """The part of ``adapters.store.Store`` that this uses; synchronous, raises StoreError."""

    def holdings(self) -> Holdings:
        """Count everything."""


@dataclass(frozen=True, slots=True)
class Stock:
    """One store with how much there is now; ``None`` where nobody counts it."""

    entry: Entry
    many: int | None


@dataclass(frozen=True, slots=True)
class Register:
    """The data register as it is now, with the sizes of what is counted together."""

    stocks: tuple[Stock, ...]
    database_bytes: int
    copies_bytes: int


@dataclass(frozen=True, slots=True)
class Privacy:
    """Synchronous and thread-safe, as the store is.

    ``doubts_clock``: whether erasure waits, because the wall clock has jumped.
    """

    store: Store
    retention: Retention = field(default_factory=Retention)
    doubts_clock: Callable[[], bool] = lambda: False

    def register(self) -> Register:
        """Everything that is kept anywhere."""
        held = self.store.holdings()
        stocks = tuple(Stock(entry, _many(entry, held)) for entry in REGISTER)
        return Register(stocks, held.database_bytes, held.copies_bytes)

    def done_lately(self) -> list[Deed]:
        """What housekeeping has done, newest first."""
        done = self.store.acts(5 * _LATELY, of=(*_OWN, Act.ERASED))
        return [deed for deed in done if deed.actor == HOUSEKEEPING][:_LATELY]

    def acts(self, limit: int = 50) -> list[Deed]:
        """Whatever people did beside looking, newest first."""
        theirs = [act for act in Act if act not in (Act.LOOKED, *_OWN)]
        return [deed for deed in self.store.acts(limit, of=theirs) if deed.actor != HOUSEKEEPING]


def _many(entry: Entry, held: Holdings) -> int | None:
    if entry.place is Place.DATABASE:
        return held.rows.get(entry.name, 0)
    if entry.place is Place.KEYS:
        return 1 if entry.name == "site_key" else held.keys.get(entry.name, 0)
    return held.copies if entry.name == "copies" else None
