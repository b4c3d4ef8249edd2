"""The papers of whoever runs this (PRIVACY P14): from what is there now, and whether the assessment still holds."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from facegate import __version__
from facegate.adapters.store import Member
from facegate.core.assessment import Assessment, Change, Facts, Responsible, Scope, invalidated, scope_of
from facegate.core.audit import Act, KeepsActs
from facegate.core.leaving import Terms
from facegate.core.models import Camera, Gate
from facegate.core.retention import Retention
from facegate.residents import calibration


class Store(calibration.Store, KeepsActs, Protocol):
    """The part of ``adapters.store.Store`` that papers read; synchronous, raises StoreError."""

    def gates(self) -> Sequence[Gate]:
        """All gates."""

    def cameras(self, gate: str | None = None) -> Sequence[Camera]:
        """All cameras."""

    def members(self) -> list[Member]:
        """Whoever may use the panel."""

    def tokens(self) -> Sequence[object]:
        """Whoever is paired."""

    def responsible(self) -> Responsible:
        """Who is responsible."""

    def assessment(self) -> Assessment | None:
        """What was assessed last."""

    def set_responsible(self, actor: str, responsible: Responsible) -> None:
        """Keep who is responsible."""

    def set_assessment(self, actor: str, scope: Scope) -> Assessment:
        """Keep that this was assessed."""

    def snapshot_hours(self, gate: str) -> int:
        """For how long a gate keeps a picture of whoever was refused; 0 for not at all."""

    def has_opened(self) -> bool:
        """Whether any gate has opened for anybody yet."""


class Paperwork:
    """Knows the papers. Synchronous, from any thread; ``changes`` alone reads nothing.

    Args:
        store: what there is.
        site: named on the papers.
        retention: how long what is kept.
        terms: of those who leave.
        models: what recognises, by name.
        unix: the wall clock.
    """

    def __init__(
        self,
        store: Store,
        site: str,
        retention: Retention,
        terms: Terms,
        models: Iterable[str],
        *,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self.changes: tuple[Change, ...] = ()
        self._store = store
        self._site = site
        self._retention = retention
        self._terms = terms
        self._models = tuple(models)
        self._unix = unix

    def refresh(self) -> None:
        """Look anew whether the assessment holds. Raises StoreError."""
        done = self._store.assessment()
        self.changes = () if done is None else invalidated(done.scope, self.scope())

    def scope(self) -> Scope:
        """What there is to assess now."""
        responsible = self._store.responsible()
        return scope_of(
            list(self._store.gates()), self._store.cameras(),
            threshold=self._store.site_rule().threshold,
            retention=self._retention,
            purposes=responsible.purposes,
            models=self._models,
            people=responsible.people,
            snapshots=max((self._store.snapshot_hours(gate.id) for gate in self._store.gates()), default=0),
        )  # fmt: skip

    def name(self, actor: str, responsible: Responsible) -> None:
        """Keep who is responsible."""
        self._store.set_responsible(actor, responsible)
        self.refresh()

    def assess(self, actor: str) -> Assessment:
        """An owner has assessed what there is now."""
        done = self._store.set_assessment(actor, self.scope())
        self.refresh()
        return done

    def printed(self, actor: str, document: str) -> None:
        """Keep that a document was made."""
        self._store.record_act(actor, Act.DOCUMENTS_PRINTED, reason=document)

    def due(self) -> tuple[str, ...]:
        """What the law asks for and nobody has done yet, in the words of ``core.problems``."""
        found = {
            "assessment_missing": self._store.assessment() is None and bool(self.scope().faces),
            "to_file": self._store.responsible().to_file,
        }
        return tuple(word for word, there in found.items() if there)

    def has_opened(self) -> bool:
        """Whether any gate has opened for anybody yet: for the checklist, which asks nothing else of the record."""
        return self._store.has_opened()

    def facts(self) -> Facts:
        """Everything that the documents print."""
        self.refresh()
        store = self._store
        cameras = store.cameras()
        residents = store.residents()
        own = calibration.calibrate_site(store)
        expected = own.rule.expected(own.residents)
        return Facts(
            site=self._site,
            version=__version__,
            at=self._unix(),
            responsible=store.responsible(),
            scope=self.scope(),
            gates=tuple((gate, tuple(c for c in cameras if c.gate == gate.id)) for gate in store.gates()),
            retention=self._retention,
            terms=(self._terms.grace_days, self._terms.absent_days),
            residents=Counter(str(resident.level) for resident in residents),
            enrolled=own.residents,
            members=Counter(member.role for member in store.members()),
            paired=bool(store.tokens()),
            false_opens="" if expected is None else f"{expected.value:.2g} ({expected.low:.2g} – {expected.high:.2g})",
            calibration=own if own.residents else None,
            assessment=store.assessment(),
            changes=self.changes,
        )
