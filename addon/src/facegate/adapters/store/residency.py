"""What may happen to a resident, each as one step: the transitions of ``core.residency``, kept for good."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import delete, select, true, update

from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.errors import StoreError
from facegate.adapters.store.residents import FACE_AT_GATES
from facegate.adapters.store.strict import StrictStore
from facegate.core.models import PrivacyLevel, Resident, ResidentState
from facegate.core.residency import Change, ResidencyError, after

_RESIDENTS = schema.residents
_CONSENTS = schema.consents

MOST_RESIDENTS: Final = 20_000
"""In one import: a town is not a house, and a mistaken file must not fill the disk."""


class StandingError(StoreError):
    """A change that is not possible from where the resident stands; the text is made for people."""


class ResidencyStore(StrictStore):
    """What the store knows about where residents stand."""

    def suspend_resident(self, resident: str) -> Resident:
        """Let a resident in by nothing until they are resumed; raises StandingError, NotFoundError."""
        return self._step(resident, Change.SUSPEND)

    def resume_resident(self, resident: str) -> Resident:
        """Let a suspended resident stand where they stood; raises StandingError, NotFoundError."""
        return self._step(resident, Change.RESUME)

    def choose_level(self, resident: str, level: PrivacyLevel) -> Resident:
        """Keep another choice of what is kept of a resident's face, and let that be true at once.

        Whoever chooses to be known without their face loses their templates with the key, and the consent that they
        served; whoever chooses otherwise is enrolled anew for it. Raises StandingError, NotFoundError.
        """
        with self._lock:
            known = self.resident(resident)
            if known.level is level:
                return known
            change = Change.SETTLE if level is PrivacyLevel.NO_FACE else Change.UNSETTLE
            changed = replace(known, level=level, state=self._after(change, known))
            self._delete_templates(resident, true())
            if level is PrivacyLevel.NO_FACE:
                self._end_consents(resident)
            self.update_resident(changed)
            return changed

    def add_residents(self, new: list[Mapping[str, Any]]) -> list[Resident]:
        """Store several new residents, all or none: whoever was stored before a failure is gone without a trace."""
        if len(new) > MOST_RESIDENTS:
            raise StoreError(f"At most {MOST_RESIDENTS} residents are added at once: divide them.")
        made: list[Resident] = []
        with self._lock:
            try:
                for properties in new:
                    rest = dict(properties)
                    resident = self.add_resident(rest.pop("name"), rest.pop("person", None))
                    made.append(resident)
                    if rest:
                        made[-1] = replace(resident, **rest)
                        self.update_resident(made[-1])
            except BaseException:
                for resident in made:
                    with self._dying_key(Kind.RESIDENTS, resident.id), self._write() as connection:
                        connection.execute(delete(_RESIDENTS).where(_RESIDENTS.c.id == resident.id))
                raise
        return made

    def _step(self, resident: str, change: Change) -> Resident:
        with self._lock:
            known = self.resident(resident)
            changed = replace(known, state=self._after(change, known))
            self.update_resident(changed)
            return changed

    def _after(self, change: Change, known: Resident) -> ResidentState:
        with self._read() as connection:
            has = any(
                connection.execute(select(kept.c.id).where(kept.c.resident == known.id)).first()
                for kept in (schema.templates, schema.strict_templates)
            )
            withdrew = connection.execute(
                select(_CONSENTS.c.id).where(
                    _CONSENTS.c.resident == known.id,
                    _CONSENTS.c.purpose == FACE_AT_GATES,
                    _CONSENTS.c.withdrawn_at.is_not(None),
                )
            ).first()
        try:
            return after(change, known, has_templates=has, withdrew=withdrew is not None)
        except ResidencyError as error:
            raise StandingError(f"A resident who is {error.state} cannot be {_DONE[change]}.") from error

    def _end_consents(self, resident: str) -> None:
        standing = (
            _CONSENTS.c.resident == resident,
            _CONSENTS.c.purpose == FACE_AT_GATES,
            _CONSENTS.c.withdrawn_at.is_(None),
        )
        with self._write() as connection:
            connection.execute(update(_CONSENTS).where(*standing).values(withdrawn_at=self._clock()))


_DONE: Final = {
    Change.SUSPEND: "suspended",
    Change.RESUME: "resumed",
    Change.SETTLE: "let in without a face",
    Change.UNSETTLE: "enrolled again",
}
