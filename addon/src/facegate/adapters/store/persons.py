"""The persons of Home Assistant, as far as the store knows them: by id alone, and what that means for residents."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import delete, insert, select, update

from facegate.adapters.store import schema
from facegate.adapters.store.residency import ResidencyStore
from facegate.core.models import Resident

_PERSONS = schema.persons
_MARK_BYTES = 8


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """``mark``: a random word that others may know the person by; ``new``: came after the others, no resident yet."""

    mark: str
    new: bool


class PersonStore(ResidencyStore):
    """What the store knows about persons. No name of theirs is kept but a linked resident's, under the resident's key.

    Home Assistant keeps the names of questions that somebody ignores, so those must tell nothing: a mark is random.
    """

    def known_persons(self) -> dict[str, KnownPerson]:
        """By id, everybody whom Home Assistant had when it last told, and everybody whom a resident is linked to."""
        with self._read() as connection:
            return {
                self._keys.unseal(row.sealed, "person", row.mark).decode(): KnownPerson(row.mark, row.new)
                for row in connection.execute(select(_PERSONS))
            }

    def settle_person(self, person: str) -> None:
        """Let somebody be new no more, though they are no resident; nothing happens for whoever is not known."""
        known = self.known_persons().get(person)
        if known is not None and known.new:
            with self._write() as connection:
                connection.execute(update(_PERSONS).where(_PERSONS.c.mark == known.mark).values(new=False))

    def hear_persons(self, persons: Mapping[str, str]) -> list[Resident]:
        """Compare with the persons of Home Assistant, name by id, and return whose question is new.

        Nothing happens to anybody: what has gone or has another name is asked about, and a person who is back is not.
        """
        with self._lock:
            residents = self.residents()
            heard = [(known, _heard(known, persons)) for known in residents if known.person is not None]
            changed = [(before, after) for before, after in heard if after != before]
            if changed:
                self.update_residents([after for _, after in changed])
            self._keep_marks(frozenset(persons), frozenset(before.person for before, _ in heard if before.person))
        return [after for before, after in changed if _is_asked_anew(before, after)]

    def _keep_marks(self, told: frozenset[str], linked: frozenset[str]) -> None:
        """Know exactly who is told or linked. Whoever is told with the very first ones was there before: not new."""
        known = self.known_persons()
        gone = [known[person].mark for person in known.keys() - told - linked]
        settled = [known[person].mark for person in known.keys() & linked if known[person].new]
        rows = []
        for person in sorted((told | linked) - known.keys()):
            mark = secrets.token_hex(_MARK_BYTES)
            sealed = self._keys.seal(person.encode(), "person", mark)
            rows.append({"mark": mark, "sealed": sealed, "new": bool(known) and person not in linked})
        if not gone and not settled and not rows:
            return
        with self._write() as connection:
            if gone:
                connection.execute(delete(_PERSONS).where(_PERSONS.c.mark.in_(gone)))
            if settled:
                connection.execute(update(_PERSONS).where(_PERSONS.c.mark.in_(settled)).values(new=False))
            if rows:
                connection.execute(insert(_PERSONS), rows)


def _heard(known: Resident, persons: Mapping[str, str]) -> Resident:
    assert known.person is not None  # only those who are linked are compared
    name = persons.get(known.person)
    renamed = name if name is not None and name not in (known.name, known.person_name) else ""
    return replace(
        known,
        person_gone=name is None,
        person_renamed=renamed if known.person_name else "",
        person_name=known.person_name or name or "",
    )


def _is_asked_anew(before: Resident, after: Resident) -> bool:
    return after.person_gone > before.person_gone or after.person_renamed not in ("", before.person_renamed)
