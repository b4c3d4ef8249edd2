"""Notices with all their versions, and consents by purpose. No text goes that a record still refers to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, func, insert, select, true, update

from facegate.adapters.store import schema
from facegate.adapters.store.errors import NotFoundError
from facegate.adapters.store.templates import TemplateStore
from facegate.core.consent import Consent, Notice, Purpose

_NOTICES = schema.notices
_CONSENTS = schema.consents
_TEMPLATES = schema.templates


class ConsentStore(TemplateStore):
    """What the store knows about what people were told, and what they said to it."""

    def notices(self) -> list[Notice]:
        """Every version that was ever shown or written here, oldest first."""
        with self._read() as connection:
            rows = connection.execute(select(_NOTICES).order_by(_NOTICES.c.version, _NOTICES.c.language)).all()
        return [_notice(row) for row in rows]

    def keep_notices(self, notices: Iterable[Notice]) -> None:
        """Keep the texts of these notices for good, where they are not kept yet."""
        with self._write() as connection:
            for notice in notices:
                known = select(_NOTICES.c.hash).where(
                    _NOTICES.c.purpose == notice.purpose,
                    _NOTICES.c.language == notice.language,
                    _NOTICES.c.hash == notice.hash,
                )
                if connection.execute(known).first() is None:
                    connection.execute(insert(_NOTICES).values(_row(notice, self._clock())))

    def add_notice(
        self, purpose: Purpose, texts: Mapping[str, str], *, above: Notice, new_meaning: bool
    ) -> list[Notice]:
        """Keep a new version of a notice in each language, above a version that is not kept here, too."""
        with self._write() as connection:
            last = connection.execute(
                select(func.max(_NOTICES.c.version), func.max(_NOTICES.c.meaning)).where(_NOTICES.c.purpose == purpose)
            ).one()
            version = max(last[0] or 0, above.version) + 1
            meaning = max(last[1] or 0, above.meaning) + new_meaning
            made = [Notice(version, language, text, purpose, meaning) for language, text in texts.items()]
            connection.execute(insert(_NOTICES), [_row(notice, self._clock()) for notice in made])
        return made

    def withdraw_purpose(self, resident: str, purpose: Purpose) -> int:
        """End every consent of a resident for a purpose; without one for faces, their templates go with the key.

        Returns how many stood. Raises NotFoundError.
        """
        with self._lock:
            with self._write() as connection:
                self._row(connection, resident)
                ended = connection.execute(
                    update(_CONSENTS)
                    .where(
                        _CONSENTS.c.resident == resident,
                        _CONSENTS.c.purpose == purpose,
                        _CONSENTS.c.withdrawn_at.is_(None),
                    )
                    .values(withdrawn_at=self._clock())
                ).rowcount
            if purpose is Purpose.FACE_AT_GATES:
                self._delete_templates(resident, true())
        return ended

    def renew_consent(self, consent: Consent) -> None:
        """Let a resident's templates rest on a newer consent of theirs; raises NotFoundError, ConsentError."""
        with self._write() as connection:
            self._row(connection, consent.resident)
            self._require(connection, consent.resident, consent.id)
            connection.execute(
                update(_TEMPLATES).where(_TEMPLATES.c.resident == consent.resident).values(consent=consent.id)
            )

    def all_consents(self) -> list[Consent]:
        """Everybody's, oldest first; of whoever is erased without what was sealed."""
        with self._read() as connection:
            rows: Sequence[Row[Any]] = connection.execute(
                select(_CONSENTS).order_by(_CONSENTS.c.at, _CONSENTS.c.id)
            ).all()
            return [self._consent(row) for row in rows]

    def consent(self, resident: str, consent: str) -> Consent:
        """One consent of a resident; raises NotFoundError."""
        for found in self.consents(resident):
            if found.id == consent:
                return found
        raise NotFoundError(f"There is no consent '{consent}': look it up among the resident's consents.")


def _row(notice: Notice, at: float) -> dict[str, Any]:
    return {
        "purpose": notice.purpose,
        "language": notice.language,
        "version": notice.version,
        "meaning": notice.meaning,
        "hash": notice.hash,
        "text": notice.text,
        "at": at,
    }


def _notice(row: Row[Any]) -> Notice:
    return Notice(row.version, row.language, row.text, Purpose(row.purpose), row.meaning)
