"""Residents who leave: told before, erased when it is due, and by no clock that is doubted."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from facegate.core.audit import HOUSEKEEPING
from facegate.core.certificate import Certificate
from facegate.core.leaving import DAY, Cause, Leaving, Terms, leaving
from facegate.core.models import Resident

_LOG = logging.getLogger(__name__)


class Store(Protocol):
    """The part of ``adapters.store.Store`` that departures use; synchronous, raises StoreError."""

    def residents(self) -> Sequence[Resident]:
        """All residents who are not erased."""

    def last_seen(self) -> Mapping[str, float]:
        """By resident: the month of the last passage, or when they were added."""

    def note_presence(self, now: float) -> None:
        """Remember the month of everybody's last passage."""

    def stays(self, resident: str, now: float) -> None:
        """An owner has said that a resident lives here still."""

    def erase_resident(self, resident: str, *, cause: Cause, actor: str) -> Certificate:
        """Erase a resident for good."""

    def certificates(self) -> Sequence[Certificate]:
        """What was given to those who are erased."""

    def is_genuine(self, certificate: Certificate) -> bool:
        """Whether this installation has signed a certificate."""


class Departures:
    """Synchronous and thread-safe, as the store is.

    Args:
        store: where residents are.
        terms: what the owner has set.
        now: the trusted time, Unix seconds.
        paused: whether nobody is erased by the time itself, because the clock is doubted.
        gone: called after somebody was erased by the time itself, so that gates follow.
    """

    def __init__(
        self,
        store: Store,
        terms: Terms,
        *,
        now: Callable[[], float],
        paused: Callable[[], bool] = lambda: False,
        gone: Callable[[], object] = lambda: None,
    ) -> None:
        self.terms = terms
        self.paused = paused
        self._store = store
        self._now = now
        self._gone = gone

    def ahead(self) -> list[Leaving]:
        """Who will be erased within the days that it is said before, the first one first."""
        horizon = self._now() + self.terms.ahead_days * DAY
        return [one for one in self._all() if one.due <= horizon]

    def stays(self, resident: str) -> None:
        """An owner has said that a resident lives here still, though no gate has seen them. Raises NotFoundError."""
        self._store.stays(resident, self._now())

    def erase(self, resident: str, cause: Cause, actor: str) -> Certificate:
        """Erase a resident now, because somebody wishes it. Raises NotFoundError."""
        return self._store.erase_resident(resident, cause=cause, actor=actor)

    def certificates(self) -> Sequence[Certificate]:
        """What was given to those who are erased, newest first."""
        return self._store.certificates()

    def is_genuine(self, certificate: Certificate) -> bool:
        """Whether this installation has signed a certificate."""
        return self._store.is_genuine(certificate)

    def sweep(self, now: float, doubted: bool) -> list[Certificate]:
        """Erase whoever is due by the trusted time, and nobody while the clock is ``doubted``."""
        self._store.note_presence(now)
        if doubted:
            return []
        done = [
            self._store.erase_resident(one.resident, cause=one.cause, actor=HOUSEKEEPING)
            for one in self._all()
            if one.due <= now
        ]
        if done:
            _LOG.warning("%d residents were erased, because their time here was over.", len(done))
            self._gone()
        return done

    def _all(self) -> list[Leaving]:
        seen = self._store.last_seen()
        found = (leaving(one, seen[one.id], self.terms) for one in self._store.residents() if one.id in seen)
        return sorted((one for one in found if one is not None), key=lambda one: (one.due, one.resident))
