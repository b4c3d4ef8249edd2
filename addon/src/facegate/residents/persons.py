"""Residents are persons of Home Assistant: who of them is none yet, and what shall become of one who is gone.

Home Assistant names people by its own persons alone, so nobody is named to it whom it has not told of itself.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

from facegate.adapters.store import ExistsError, KnownPerson, NotFoundError
from facegate.core.audit import Act, KeepsActs
from facegate.core.links import LinkKind
from facegate.core.models import Resident, ResidentState
from facegate.core.residency import ADMITTED, standing
from facegate.residents.links import Links, Made

NAME_MOST: Final = 80
"""Characters of a resident's name; Home Assistant's may be longer."""


class Outcome(StrEnum):
    """What became of a person, as an owner says in Home Assistant. Erasing is said before the panel alone."""

    NO_RESIDENT = "no_resident"
    """Is new, and shall not be asked about again."""
    TAKE_NAME = "take_name"
    KEEP_NAME = "keep_name"
    STAYS = "stays"
    """Lives here still, and is no person of Home Assistant."""
    OTHER = "other"
    """Is another person of Home Assistant by now."""
    MOVED_OUT = "moved_out"
    """Gets in no more from now on; the erasure follows when it is due, and is shown before."""


class UnanswerableError(ValueError):
    """An answer to a question that nobody asks; the text is made for people."""


@dataclass(frozen=True, slots=True)
class Question:
    """About one person. ``name``: what Home Assistant calls them now, or called them last; ``before``: before that."""

    person: str
    mark: str
    name: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What follows from what Home Assistant has told. ``asked``: how many questions about residents are new."""

    asked: int
    new: Sequence[Question]
    renamed: Sequence[Question]
    gone: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person of Home Assistant who is no resident; ``new``: came after the others."""

    person: str
    name: str
    new: bool


class Store(KeepsActs, Protocol):
    """The part of ``adapters.store.Store`` that persons use; synchronous, raises StoreError."""

    def hear_persons(self, persons: Mapping[str, str]) -> Sequence[Resident]:
        """Compare with the persons of Home Assistant."""

    def known_persons(self) -> Mapping[str, KnownPerson]:
        """By id, whom Home Assistant has told of."""

    def settle_person(self, person: str) -> None:
        """Let somebody be new no more."""

    def residents(self) -> Sequence[Resident]:
        """All residents who are not erased."""

    def add_residents(self, new: list[Mapping[str, object]]) -> Sequence[Resident]:
        """Add residents."""

    def update_resident(self, resident: Resident) -> None:
        """Store what has changed."""

    def suspend_resident(self, resident: str) -> Resident:
        """Let a resident in by nothing until they are resumed."""

    def resume_resident(self, resident: str) -> Resident:
        """Let a suspended resident stand where they stood."""

    def stays(self, resident: str, now: float) -> None:
        """An owner has said that a resident lives here still."""


class Persons:
    """Synchronous and thread-safe, as the store is; names are in memory alone, until Home Assistant tells again.

    Args:
        store: where residents are.
        links: makes invitations.
        now: Unix seconds by a clock that may be believed.
        wall: Unix seconds by the wall clock, which the gates go by.
    """

    def __init__(
        self, store: Store, links: Links, now: Callable[[], float], wall: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._links = links
        self._now = now
        self._wall = wall
        self._told: Mapping[str, str] = {}

    def hear(self, persons: Mapping[str, str]) -> Heard:
        """Take the persons of Home Assistant, name by id, and return every question that is open about them."""
        asked = self._store.hear_persons(persons)
        self._told = dict(persons)
        known = self._store.known_persons()
        linked = [one for one in self._store.residents() if one.person_name]  # whom Home Assistant has told of once
        renamed, gone = [], []
        for one in linked:
            if one.person is None or one.person not in known:  # linked at this very moment: asked about the next time
                continue
            mark = known[one.person].mark
            if one.person_gone:
                gone.append(Question(one.person, mark, one.person_name))
            elif one.person_renamed:
                renamed.append(Question(one.person, mark, one.person_renamed, one.person_name))
        new = [Question(id_, known[id_].mark, name) for id_, name in persons.items() if known[id_].new]
        return Heard(len(asked), new, renamed, gone)

    def candidates(self) -> list[Candidate]:
        """Everybody whom Home Assistant has told of and who is no resident, those who are new first."""
        linked, known = {one.person for one in self._store.residents()}, self._store.known_persons()
        found = [
            Candidate(person, name, person in known and known[person].new)
            for person, name in self._told.items()
            if person not in linked
        ]
        return sorted(found, key=lambda one: (not one.new, one.name.casefold(), one.person))

    def admit(self, person: str, name: str | None, actor: str) -> Resident:
        """Let a person be a resident as well. Raises NotFoundError, ExistsError, UnanswerableError, StoreError."""
        told = self._known(person)
        self._require_free(person)
        called = name or told.strip()[:NAME_MOST].strip()
        if not called:
            raise UnanswerableError("Home Assistant has no name for this person: send one.")
        [made] = self._store.add_residents([{"name": called, "person": person, "person_name": told}])
        self._store.record_act(actor, Act.ADDED, resident=made.id)
        return made

    def answer(self, person: str, outcome: Outcome, other: str | None, actor: str) -> None:
        """Take an owner's answer. Raises NotFoundError, ExistsError, UnanswerableError, StoreError."""
        if outcome is Outcome.NO_RESIDENT:
            self._known(person)
            self._store.settle_person(person)
            return
        resident = self._resident(person)
        after = self._after(resident, outcome, other)
        if outcome is Outcome.MOVED_OUT and standing(after, self._wall()) in ADMITTED:
            # Gates go by the wall clock. Where that is behind, the end of their time here has not come to it yet.
            after = self._after(self._store.suspend_resident(resident.id), outcome, other)
        if outcome is Outcome.STAYS:
            self._store.stays(resident.id, self._now())
        if after != resident:
            self._store.update_resident(after)
            self._store.record_act(actor, Act.CHANGED, resident=resident.id, reason=_SAID[outcome])

    def suspend(self, person: str, actor: str, *, suspended: bool) -> None:
        """Suspend or resume a resident. Raises NotFoundError, ExistsError, StandingError."""
        resident = self._resident(person)
        change = self._store.suspend_resident if suspended else self._store.resume_resident
        if change(resident.id).state is not resident.state:
            self._store.record_act(actor, Act.SUSPENDED if suspended else Act.RESUMED, resident=resident.id)

    def invite(self, person: str, actor: str) -> Made:
        """Make an invitation for somebody who has not enrolled. Raises NotFoundError, ExistsError, UnanswerableError.

        An invitation ends at its resident's own page. So nobody who is known already is invited from here: whoever
        may ask for it would come to what is kept of them.
        """
        resident = self._resident(person)
        if resident.state is not ResidentState.INVITED:
            raise UnanswerableError("They have answered an invitation already: invite them again before the panel.")
        return self._links.make(resident.id, LinkKind.INVITATION, actor)

    def _after(self, resident: Resident, outcome: Outcome, other: str | None) -> Resident:
        """The resident after an answer."""
        wanted = resident.person_gone if outcome in _OF_GONE else bool(resident.person_renamed)
        if not wanted:
            raise UnanswerableError("Nobody asks that about this person any more: look at Residents before the panel.")
        match outcome:
            case Outcome.TAKE_NAME | Outcome.KEEP_NAME:
                called = resident.person_renamed.strip()[:NAME_MOST].strip()
                name = called if outcome is Outcome.TAKE_NAME else resident.name
                return replace(resident, name=name, person_name=resident.person_renamed, person_renamed="")
            case Outcome.OTHER:
                if other is None:
                    raise UnanswerableError("Say which person they are by now.")
                name = self._known(other)
                self._require_free(other)
                return replace(resident, person=other, person_name=name, person_gone=False, person_renamed="")
            case _:
                apart = replace(resident, person=None, person_name="", person_gone=False, person_renamed="")
                if outcome is Outcome.STAYS:
                    return apart
                end = self._now()
                return replace(apart, valid_until=end if apart.valid_until is None else min(end, apart.valid_until))

    def _known(self, person: str) -> str:
        """What a person is called."""
        if person not in self._told:
            raise NotFoundError("Home Assistant has told of no such person: reload FaceGate there, so that it tells.")
        return self._told[person]

    def _require_free(self, person: str) -> None:
        if any(one.person == person for one in self._store.residents()):
            raise ExistsError("This person is a resident already.")

    def _resident(self, person: str) -> Resident:
        """The resident whom a person is."""
        found = [one for one in self._store.residents() if one.person == person]
        if not found:
            raise NotFoundError("No resident is this person of Home Assistant: make them one first.")
        if len(found) > 1:
            raise ExistsError("Several residents are linked to this person: unlink all but one before the panel.")
        return found[0]


_OF_GONE: Final = frozenset({Outcome.STAYS, Outcome.OTHER, Outcome.MOVED_OUT})
_SAID: Final = {
    Outcome.TAKE_NAME: "took Home Assistant's name over",
    Outcome.KEEP_NAME: "kept the name",
    Outcome.STAYS: "lives here still, without a person of Home Assistant",
    Outcome.OTHER: "is another person of Home Assistant",
    Outcome.MOVED_OUT: "has moved out",
}
"""For the record; sealed under the resident's key."""
