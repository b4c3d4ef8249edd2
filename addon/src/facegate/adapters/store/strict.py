"""Templates of strict residents (PRIVACY P12): sealed under a key of two halves, of which the store has one.

::

    keys/faces/<resident> ── seals ──► the server's half (32 random bytes)
                                              │
    the resident's QR code: their half ── HKDF-SHA-256 ──► seals the templates

Their half is written once, into the code that is printed, and is kept nowhere. So neither the database with all keys,
nor the code alone, opens a template; and withdrawing destroys the server's half with the key that seals it. They are
not turned by the site's rotation: nobody could renew that without the resident.
"""

import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, delete, insert, select, update

from facegate.adapters import crypto
from facegate.adapters.crypto import KEY_BYTES, Kind, SecretError
from facegate.adapters.store import schema
from facegate.adapters.store.errors import ConsentError, StoreError
from facegate.adapters.store.residents import FACE_AT_GATES
from facegate.adapters.store.templates import TemplateStore
from facegate.core.models import PrivacyLevel, ResidentState, Template, Vector
from facegate.core.passes import ID_BYTES, SHARE_BYTES, Code
from facegate.core.passes import Kind as CodeKind

_STRICT: Final = schema.strict_templates
_RESIDENTS: Final = schema.residents
_CONSENTS: Final = schema.consents


class StrictStore(TemplateStore):
    """What the store knows about strict residents' faces, which is nothing without them."""

    def issue_share(self, resident: str, model: str, vectors: Sequence[Vector], consent: str) -> Code:
        """Seal unit vectors made by ``model`` under a new key of two halves, and return the resident's, this once.

        A share that was issued before opens nothing any more. Raises ConsentError unless the resident has chosen the
        strict level and ``consent`` is their own, for faces at gates, and stands.
        """
        if not vectors:
            raise ValueError("there is no template to add")
        rows = np.stack([_checked(vector) for vector in vectors]).astype("<f4")
        share = Code(CodeKind.SHARE, secrets.token_hex(ID_BYTES), secrets.token_bytes(SHARE_BYTES))
        half = secrets.token_bytes(KEY_BYTES)
        with self._lock, ExitStack() as keys, self._write() as connection:
            row = self._row(connection, resident)
            if self._level(row) is not PrivacyLevel.STRICT:
                raise ConsentError("This resident has not chosen the strict level: let them choose it first.")
            self._require(connection, resident, consent)
            outer = self._face_key(keys, resident)
            connection.execute(delete(_STRICT).where(_STRICT.c.resident == resident))
            connection.execute(
                insert(_STRICT).values(
                    id=share.id,
                    resident=resident,
                    consent=consent,
                    model=model,
                    vectors=len(rows),
                    share=crypto.seal(outer, half, "share", resident, share.id),
                    sealed=crypto.seal(_key(half, share.secret, resident, share.id), rows.tobytes(), "strict", model),
                    created_at=self._clock(),
                )
            )
            if row.state in {ResidentState.INVITED, ResidentState.WITHDRAWN}:
                connection.execute(
                    update(_RESIDENTS).where(_RESIDENTS.c.id == resident).values(state=ResidentState.ENROLLED)
                )
        self._forget_pages()
        return share

    def open_share(self, code: Code) -> list[Template]:
        """The templates that a resident's share opens together with the store's half; none for any other."""
        with self._read() as connection:
            row = connection.execute(select(_STRICT).where(_STRICT.c.id == code.id)).one_or_none()
        if row is None or code.kind is not CodeKind.SHARE:
            return []
        try:
            half = crypto.unseal(self._key(Kind.FACES, row.resident), row.share, "share", row.resident, row.id)
            content = crypto.unseal(_key(half, code.secret, row.resident, row.id), row.sealed, "strict", row.model)
        except SecretError, StoreError:
            return []  # another half than the one that was printed
        vectors = np.frombuffer(content, "<f4").astype(np.float32).reshape(row.vectors, -1)
        return [Template(f"{row.id}-{n}", row.resident, row.model, vector) for n, vector in enumerate(vectors)]

    def withdraw_consent(self, consent: str) -> None:
        """End a consent; one that is not for faces takes no template with it. Raises NotFoundError."""
        other = (_CONSENTS.c.id == consent, _CONSENTS.c.purpose != FACE_AT_GATES)
        with self._write() as connection:
            if connection.execute(select(_CONSENTS.c.id).where(*other)).first() is not None:
                ended = (*other, _CONSENTS.c.withdrawn_at.is_(None))
                connection.execute(update(_CONSENTS).where(*ended).values(withdrawn_at=self._clock()))
                return
        super().withdraw_consent(consent)

    def _delete_templates(self, resident: str, which: ColumnElement[bool]) -> None:
        """With the last template, or where there is none, goes what a share would open."""
        with self._lock:
            super()._delete_templates(resident, which)
            with self._write() as connection:
                left = connection.execute(
                    select(schema.templates.c.id).where(schema.templates.c.resident == resident)
                ).first()
                if left is None:
                    connection.execute(delete(_STRICT).where(_STRICT.c.resident == resident))
            self._forget_pages()


def _key(server: bytes, resident: bytes, *context: str) -> bytes:
    """HKDF (RFC 5869) of both halves, bound to whose they are."""
    info = "\0".join(("facegate/1 strict", *context)).encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(server + resident)


def _checked(vector: Vector) -> Vector:
    if vector.dtype != np.float32 or vector.ndim != 1 or not abs(float(np.linalg.norm(vector)) - 1) < 1e-3:
        raise ValueError("a template is one float32 vector of unit length")
    return vector
