"""Residents and what they consented to: sealed at rest, opened only into memory."""

import json
import secrets
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, not_, select, update

from facegate.adapters import crypto
from facegate.adapters.crypto import Kind, SecretError
from facegate.adapters.store import schema
from facegate.adapters.store.erasure import ErasureStore
from facegate.adapters.store.errors import ConsentError, NotFoundError, StoreError
from facegate.core.consent import Consent, Guardian, Relation
from facegate.core.models import PrivacyLevel, Resident, ResidentState

_RESIDENTS = schema.residents
_CONSENTS = schema.consents
_NOTICES = schema.notices
_TEMPLATES = schema.templates

FACE_AT_GATES: Final = "face_at_gates"
"""The one purpose a template may serve: to be recognised at the gates of this site."""


class ResidentStore(ErasureStore):
    """What the store knows about residents."""

    def residents(self) -> list[Resident]:
        """All residents who are not erased, by name; those whose key is missing are in :meth:`unreadable`."""
        return self._readable()[0]

    def unreadable(self) -> frozenset[str]:
        """Ids of residents whose key is missing or damaged, as after a restored backup: nobody can read them."""
        return self._readable()[1]

    def resident(self, resident: str) -> Resident:
        """One resident; raises NotFoundError, or StoreError when their key is gone."""
        with self._read() as connection:
            return _resident(self._row(connection, resident), self._key(Kind.RESIDENTS, resident))

    def add_resident(self, name: str, person: str | None = None) -> Resident:
        """Store a new resident, invited, under a new random id and a new key of their own."""
        new = Resident(id=secrets.token_hex(8), name=_checked_name(name), person=person)
        values = {"id": new.id, "created_at": self._clock()}
        with self._new_key(Kind.RESIDENTS, new.id) as key, self._write() as connection:
            connection.execute(insert(_RESIDENTS).values(values | _values(new, key)))
        return new

    def update_resident(self, resident: Resident) -> None:
        """Store a resident's new name, person, state, validity and gates; raises NotFoundError."""
        self.update_residents([resident])

    def update_residents(self, changed: Sequence[Resident]) -> None:
        """Store what has changed of several residents, all or none, in one step; raises NotFoundError."""
        for resident in changed:
            if resident.state is ResidentState.ERASED:
                raise ValueError("erasing a resident is erase_resident's work: it destroys the key")
            _checked_name(resident.name)
        with self._write() as connection:
            for resident in changed:
                self._row(connection, resident.id)
                values = _values(resident, self._key(Kind.RESIDENTS, resident.id))
                connection.execute(update(_RESIDENTS).where(_RESIDENTS.c.id == resident.id).values(values))

    def add_consent(
        self,
        resident: str,
        *,
        notice: str,
        language: str,
        channel: str,
        purpose: str = FACE_AT_GATES,
        guardian: Guardian | None = None,
        remark: str = "",
    ) -> Consent:
        """Record that a resident consented, or a guardian for them; raises NotFoundError."""
        made, now = secrets.token_hex(8), self._clock()
        consent = Consent(made, resident, purpose, notice, language, channel, now, None, guardian, remark)
        with self._write() as connection:
            self._row(connection, resident)
            connection.execute(
                insert(_CONSENTS).values(
                    id=consent.id,
                    resident=resident,
                    purpose=purpose,
                    notice=notice,
                    language=language,
                    channel=channel,
                    at=consent.at,
                    details=self._sealed_details(consent),
                )
            )
        return consent

    def consents(self, resident: str) -> list[Consent]:
        """Everything a resident ever consented to, oldest first."""
        query = select(_CONSENTS).where(_CONSENTS.c.resident == resident).order_by(_CONSENTS.c.at, _CONSENTS.c.id)
        with self._read() as connection:
            return [self._consent(row) for row in connection.execute(query)]

    def require_consent(self, resident: str, consent: str) -> None:
        """Raise ConsentError unless ``consent`` is this resident's own, for faces at gates, and stands."""
        with self._read() as connection:
            self._require(connection, resident, consent)

    def withdraw_consent(self, consent: str) -> None:
        """End a consent: its templates are deleted with their key, and who has none left is let in by face no more."""
        with self._write() as connection:
            row = connection.execute(select(_CONSENTS).where(_CONSENTS.c.id == consent)).one_or_none()
            if row is None:
                raise NotFoundError(f"There is no consent '{consent}': look it up among the resident's consents.")
            if row.withdrawn_at is None:
                connection.execute(
                    update(_CONSENTS).where(_CONSENTS.c.id == consent).values(withdrawn_at=self._clock())
                )
        self._delete_templates(row.resident, _TEMPLATES.c.consent == consent)

    def _delete_templates(self, resident: str, which: ColumnElement[bool]) -> None:
        """Delete some of a resident's templates; with the last one goes their key, so that no copy can be read."""
        with self._lock:
            with self._read() as connection:
                left = connection.execute(
                    select(_TEMPLATES.c.id).where(_TEMPLATES.c.resident == resident, not_(which))
                ).first()
            last = nullcontext() if left else self._dying_key(Kind.FACES, resident)
            with last, self._write() as connection:
                connection.execute(delete(_TEMPLATES).where(_TEMPLATES.c.resident == resident, which))
                if not left:
                    connection.execute(
                        update(_RESIDENTS)
                        .where(_RESIDENTS.c.id == resident, _RESIDENTS.c.state == ResidentState.ENROLLED)
                        .values(state=ResidentState.WITHDRAWN)
                    )
            self._forget_pages()

    def _level(self, row: Row[Any]) -> PrivacyLevel:
        return _resident(row, self._key(Kind.RESIDENTS, row.id)).level

    def _require(self, connection: Connection, resident: str, consent: str) -> None:
        """Raise ConsentError unless templates of this resident may rest on this consent."""
        _require_consent(connection, resident, consent)
        row = connection.execute(select(_CONSENTS).where(_CONSENTS.c.id == consent)).one()
        meaning = select(func.max(_NOTICES.c.meaning)).where(_NOTICES.c.purpose == FACE_AT_GATES)
        agreed = connection.execute(meaning.where(_NOTICES.c.hash == row.notice)).scalar_one()
        if agreed is not None and agreed < connection.execute(meaning).scalar_one():
            raise ConsentError("The notice means something else by now: show the resident the new one and ask again.")
        key = self._key(Kind.RESIDENTS, resident)
        if _resident(self._row(connection, resident), key).minor and self._consent(row).guardian is None:
            raise ConsentError("For a child under 14 a guardian consents: record who that is.")

    def _sealed_details(self, consent: Consent) -> bytes | None:
        guardian = consent.guardian
        if guardian is None and not consent.remark:
            return None
        content = {"remark": consent.remark}
        if guardian is not None:
            content |= {"guardian": guardian.name, "relation": guardian.relation}
        key = self._key(Kind.RESIDENTS, consent.resident)
        return crypto.seal(key, json.dumps(content).encode(), "consent", consent.id)

    def _consent(self, row: Row[Any]) -> Consent:
        """A consent with what was sealed, where the key is there still."""
        known = {name: value for name, value in row._asdict().items() if name != "details"}
        if row.details is None:
            return Consent(**known)
        try:
            content = json.loads(
                crypto.unseal(self._keys.key(Kind.RESIDENTS, row.resident), row.details, "consent", row.id)
            )
        except SecretError:  # the resident is erased, or their key is missing: unreadable() tells of that
            return Consent(**known)
        guardian = Guardian(content["guardian"], Relation(content["relation"])) if "guardian" in content else None
        return Consent(**known, guardian=guardian, remark=content["remark"])

    def _row(self, connection: Connection, resident: str) -> Row[Any]:
        row = connection.execute(
            select(_RESIDENTS).where(_RESIDENTS.c.id == resident, _RESIDENTS.c.state != ResidentState.ERASED)
        ).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no resident '{resident}': add them first.")
        return row

    def _readable(self) -> tuple[list[Resident], frozenset[str]]:
        query = select(_RESIDENTS).where(_RESIDENTS.c.state != ResidentState.ERASED)
        with self._read() as connection:
            rows = connection.execute(query).all()
            keys = self._resident_keys({row.id for row in rows})
            found = [_resident(row, keys[row.id]) for row in rows if row.id in keys]
        return sorted(found, key=lambda resident: (resident.name.casefold(), resident.id)), frozenset(
            row.id for row in rows if row.id not in keys
        )

    def _resident_keys(self, wanted: set[str]) -> dict[str, bytes]:
        """The keys that are there and open: one resident's lost key must not close the gate to all others."""
        keys = {}
        for resident in wanted:
            try:
                keys[resident] = self._keys.key(Kind.RESIDENTS, resident)
            except SecretError:
                continue  # reported by unreadable()
        return keys


def _resident(row: Row[Any], key: bytes) -> Resident:
    profile = json.loads(crypto.unseal(key, row.profile, "profile", row.id))
    return Resident(
        id=row.id,
        name=profile["name"],
        person=profile["person"],
        state=ResidentState(row.state),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        gates=frozenset(row.gates),
        flat=profile.get("flat", ""),
        groups=frozenset(profile.get("groups", ())),
        level=PrivacyLevel(profile.get("level", PrivacyLevel.STANDARD)),
        minor=profile.get("minor", False),
        residence_seen=profile.get("residence_seen", False),
        person_name=profile.get("person_name", ""),
        person_gone=profile.get("person_gone", False),
        person_renamed=profile.get("person_renamed", ""),
    )


def _require_consent(connection: Connection, resident: str, consent: str) -> None:
    standing = connection.execute(
        select(_CONSENTS.c.id).where(
            _CONSENTS.c.id == consent,
            _CONSENTS.c.resident == resident,
            _CONSENTS.c.purpose == FACE_AT_GATES,
            _CONSENTS.c.withdrawn_at.is_(None),
        )
    ).first()
    if standing is None:
        raise ConsentError("No face template is stored without the resident's own consent: record the consent first.")


def _values(resident: Resident, key: bytes) -> dict[str, Any]:
    profile = {
        "name": resident.name,
        "person": resident.person,
        "flat": resident.flat,
        "groups": sorted(resident.groups),
        "level": resident.level,  # nobody who reads the database learns who has declined
        "minor": resident.minor,
        "residence_seen": resident.residence_seen,
        "person_name": resident.person_name,
        "person_gone": resident.person_gone,
        "person_renamed": resident.person_renamed,
    }
    return {
        "profile": crypto.seal(key, json.dumps(profile).encode(), "profile", resident.id),
        "state": resident.state,
        "valid_from": resident.valid_from,
        "valid_until": resident.valid_until,
        "gates": sorted(resident.gates),
    }


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > 100 or not name.isprintable():  # 100: what fits a line of the panel
        raise StoreError("A resident's name has 1 to 100 printable characters: correct it.")
    return name
