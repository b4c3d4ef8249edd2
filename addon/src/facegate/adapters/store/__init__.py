"""Everything that is kept: one SQLite database, the key files beside it, one writer; safe against a kill at any time.

Synchronous and thread-safe; on the event loop call it through ``asyncio.to_thread``.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import select

from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.access import INTERRUPTED, UNSEEN, AccessRecord, Intent, Report
from facegate.adapters.store.clock import ClockStore
from facegate.adapters.store.consents import ConsentStore
from facegate.adapters.store.copies import CopyStore
from facegate.adapters.store.credentials import GateList
from facegate.adapters.store.errors import (
    ConsentError,
    ExistsError,
    FullError,
    InUseError,
    LastOwnerError,
    LockedError,
    NotFoundError,
    StoreError,
)
from facegate.adapters.store.gaps import GapStore
from facegate.adapters.store.keys import Imported, KeyStanding, KeyStore
from facegate.adapters.store.members import Member, MemberStore
from facegate.adapters.store.nodes import KeyChange
from facegate.adapters.store.orders import RESET, OrderRecord, OrderStore
from facegate.adapters.store.papers import PaperStore
from facegate.adapters.store.passes import PassStore
from facegate.adapters.store.persons import KnownPerson, PersonStore
from facegate.adapters.store.recognition import RecognitionStore, RuleChange
from facegate.adapters.store.register import RegisterStore
from facegate.adapters.store.residency import StandingError
from facegate.adapters.store.residents import FACE_AT_GATES
from facegate.adapters.store.rights import RightsStore
from facegate.adapters.store.snapshots import SnapshotStore
from facegate.adapters.store.tallies import TallyStore
from facegate.adapters.store.tokens import Token, TokenStore
from facegate.adapters.store.told_address import ToldAddressStore
from facegate.adapters.store.trail import Proof
from facegate.adapters.store.ways import WaysMissingError, WayStore
from facegate.core.audit import HOUSEKEEPING, Act
from facegate.core.consent import Consent
from facegate.core.models import ResidentState

__all__ = [
    "FACE_AT_GATES",
    "INTERRUPTED",
    "RESET",
    "UNSEEN",
    "AccessRecord",
    "Consent",
    "ConsentError",
    "ExistsError",
    "FullError",
    "GateList",
    "Imported",
    "InUseError",
    "Intent",
    "KeyChange",
    "KeyStanding",
    "KnownPerson",
    "LastOwnerError",
    "LockedError",
    "Member",
    "NotFoundError",
    "OrderRecord",
    "Proof",
    "Report",
    "RuleChange",
    "StandingError",
    "Store",
    "StoreError",
    "Token",
    "WaysMissingError",
]

_LOG = logging.getLogger(__name__)


class Store(
    PassStore,
    WayStore,
    ConsentStore,
    PersonStore,
    RightsStore,
    CopyStore,
    PaperStore,
    RegisterStore,
    OrderStore,
    GapStore,
    TokenStore,
    RecognitionStore,
    MemberStore,
    ClockStore,
    KeyStore,
    SnapshotStore,
    TallyStore,
    ToldAddressStore,
):
    """The whole store of one data folder."""

    @classmethod
    def open(cls, data: Path, *, clock: Callable[[], float] = time.time, passphrase: str | None = None) -> Self:
        """Open or make the store in ``data``, finish what a crash left half-way; raises StoreError.

        ``clock`` gives Unix seconds. ``passphrase`` is for a site key that is locked: without it, LockedError.
        """
        store = cls(data, clock=clock, passphrase=passphrase)
        try:
            store._settle_site_key()
            store._settle_keys()
            store._settle_templates()
            store._settle_key_changes()
            store._settle_trail()
            if done := store._settle_erasures():
                _LOG.warning("%d erasures that were cut short are done now: %s", len(done), ", ".join(done))
            store._settle_openings()
            store._settle_orders()
            if store.restored is not None:
                made = datetime.fromtimestamp(store.restored, UTC)
                _LOG.warning("A backup was restored; it is of %s.", made.isoformat(" ", "minutes"))
                store.record_act(HOUSEKEEPING, Act.RESTORED)
            if unreadable := store.unreadable():
                _LOG.warning(
                    "%d residents cannot be read, because their keys are missing or damaged: put the files back into "
                    "keys/residents, or erase them with 'facegate forget ID': %s",
                    len(unreadable), ", ".join(sorted(unreadable)),
                )  # fmt: skip
        except BaseException:
            store.close()
            raise
        return store

    def _settle_keys(self) -> None:
        with self._write() as connection:
            gates = frozenset(connection.execute(select(schema.gates.c.id)).scalars())
            living = select(schema.residents.c.id).where(schema.residents.c.state != ResidentState.ERASED)
            residents = frozenset(connection.execute(living).scalars())
            self._keys.settle(Kind.GATES, gates)
            self._keys.settle(Kind.RESIDENTS, residents)
            self._keys.settle(Kind.PAIRING, frozenset())
            self._keys.settle(Kind.TRAIL, frozenset())
