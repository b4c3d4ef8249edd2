"""Erasing a resident for good: the keys are destroyed, and a signed certificate says what went with them.

The wish is on the medium before anything is destroyed, so that an erasure which a crash or a power cut has stopped half
way is brought to its end at the next start.
"""

from contextlib import ExitStack
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, func, insert, select, update

from facegate.adapters.crypto import Kind, SecretError
from facegate.adapters.store import personal, schema
from facegate.adapters.store.audit import AuditStore
from facegate.adapters.store.errors import NotFoundError
from facegate.core.audit import Act
from facegate.core.certificate import Certificate, fingerprint
from facegate.core.leaving import Cause, month_of
from facegate.core.models import ResidentState

_RESIDENTS = schema.residents
_ERASURES = schema.erasures
_PRESENCE = schema.presence
_KINDS: Final = (Kind.RESIDENTS, Kind.FACES)
OWNER: Final = "owner"
"""The actor where nobody else is named: somebody with the rights of an owner."""


class ErasureStore(AuditStore):
    """What the store knows about those who leave."""

    def erase_resident(self, resident: str, *, cause: Cause = Cause.HOUSE, actor: str = OWNER) -> Certificate:
        """Delete everything about a resident and destroy their keys: old copies are unreadable, too.

        What stays is the random id with its consents, records and this certificate, which lead to nobody any more.
        Raises NotFoundError.
        """
        with self._lock:
            with self._write() as connection:
                living = select(_RESIDENTS.c.id).where(
                    _RESIDENTS.c.id == resident, _RESIDENTS.c.state != ResidentState.ERASED
                )
                if connection.execute(living).first() is None:
                    raise NotFoundError(f"There is no resident '{resident}': add them first.")
                if connection.execute(select(_ERASURES).where(_ERASURES.c.resident == resident)).first() is None:
                    wish = {"resident": resident, "cause": cause, "actor": actor, "asked_at": self._clock()}
                    connection.execute(insert(_ERASURES).values(wish))
            return self._erase(resident)

    def certificates(self) -> list[Certificate]:
        """All of them, newest first."""
        query = select(_ERASURES).where(_ERASURES.c.at.is_not(None)).order_by(_ERASURES.c.at.desc())
        with self._read() as connection:
            return [self._certificate(row) for row in connection.execute(query)]

    def is_genuine(self, certificate: Certificate) -> bool:
        """Whether this installation has signed a certificate."""
        own = self.checkpoint_key()
        if certificate.key != own or certificate.installation != self.installation:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(own).verify(certificate.signature, certificate.statement)
        except InvalidSignature:
            return False
        return True

    def note_presence(self, now: float) -> None:
        """Remember of everybody who was let in the month, for nothing but to tell who has left without a word."""
        access = schema.access
        passed = (
            select(access.c.resident, func.max(access.c.at))
            .where(access.c.resident.is_not(None), access.c.result == "opened")
            .group_by(access.c.resident)
        )
        with self._write() as connection:
            known = {row.resident: row.month for row in connection.execute(select(_PRESENCE))}
            living = set(
                connection.execute(select(_RESIDENTS.c.id).where(_RESIDENTS.c.state != ResidentState.ERASED)).scalars()
            )
            for resident, at in connection.execute(passed).all():
                if resident in living:
                    self._see(connection, resident, month_of(min(at, now)), known.get(resident))

    def stays(self, resident: str, now: float) -> None:
        """An owner has said that a resident lives here still, though no gate has seen them. Raises NotFoundError."""
        with self._write() as connection:
            if connection.execute(select(_RESIDENTS.c.id).where(_RESIDENTS.c.id == resident)).first() is None:
                raise NotFoundError(f"There is no resident '{resident}': add them first.")
            known = connection.execute(select(_PRESENCE.c.month).where(_PRESENCE.c.resident == resident)).scalar()
            self._see(connection, resident, month_of(now), known)

    def last_seen(self) -> dict[str, float]:
        """By resident: the month of the last passage, or when they were added."""
        query = select(_RESIDENTS.c.id, _RESIDENTS.c.created_at, _PRESENCE.c.month).outerjoin(
            _PRESENCE, _PRESENCE.c.resident == _RESIDENTS.c.id
        )
        with self._read() as connection:
            return {row.id: max(row.created_at, row.month or 0.0) for row in connection.execute(query)}

    @staticmethod
    def _see(connection: Connection, resident: str, month: float, known: float | None) -> None:
        if known is None:
            connection.execute(insert(_PRESENCE).values(resident=resident, month=month))
        elif month > known:
            connection.execute(update(_PRESENCE).where(_PRESENCE.c.resident == resident).values(month=month))

    def _erase(self, resident: str) -> Certificate:
        keys = {}
        for kind in _KINDS:
            try:
                keys[str(kind)] = fingerprint(self._keys.key(kind, resident, pending=True))
            except SecretError:
                continue  # it is gone or damaged already, and nobody can read what was sealed under it
        with ExitStack() as dying:
            for kind in _KINDS:
                dying.enter_context(self._dying_key(kind, resident))
            connection = dying.enter_context(self._write())
            wish = connection.execute(select(_ERASURES).where(_ERASURES.c.resident == resident)).one()
            rows = personal.delete_rows(connection, resident)
            connection.execute(
                update(_RESIDENTS)
                .where(_RESIDENTS.c.id == resident)
                .values(
                    profile=None,
                    state=ResidentState.ERASED,
                    valid_from=None,
                    valid_until=None,
                    gates=[],
                    erased_at=self._clock(),
                )
            )
            certificate = self._signed(
                Certificate(
                    self.installation, resident, Cause(wish.cause), int(wish.asked_at), int(self._clock()), keys, rows
                )
            )
            connection.execute(
                update(_ERASURES)
                .where(_ERASURES.c.resident == resident)
                .values(at=certificate.at, certificate=certificate.written())
            )
            self._add_act(connection, wish.actor, Act.ERASED, resident=resident)
        self._forget_pages()
        return certificate

    def _signed(self, bare: Certificate) -> Certificate:
        signer = self._signer()
        key = signer.public_key().public_bytes_raw()
        content = {**bare.written(), "key": key.hex(), "signature": signer.sign(bare.statement).hex()}
        return Certificate.read(content)

    @staticmethod
    def _certificate(row: Row[Any]) -> Certificate:
        return Certificate.read(row.certificate)

    def _settle_erasures(self) -> list[str]:
        """After a start: bring to its end what a crash has stopped; return whose erasure that was."""
        with self._read() as connection:
            left = list(connection.execute(select(_ERASURES.c.resident).where(_ERASURES.c.at.is_(None))).scalars())
        for resident in left:
            self._erase(resident)
        return left
