"""Face templates: turned by a secret of the site, sealed under a key of their resident's, opened only into memory."""

import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, insert, select, update

from facegate.adapters import crypto
from facegate.adapters.crypto import KeyRing, Kind, SecretError
from facegate.adapters.store import schema
from facegate.adapters.store.errors import ConsentError, NotFoundError
from facegate.adapters.store.residents import ResidentStore
from facegate.core.models import PrivacyLevel, ResidentState, Template, Vector
from facegate.core.rotation import Rotation, rotation, turn, turn_back

_RESIDENTS = schema.residents
_TEMPLATES = schema.templates
_PLAIN = 0
"""The rotation of templates that the first versions wrote: not turned, and sealed under the resident's own key."""


class TemplateStore(ResidentStore):
    """What the store knows about faces."""

    def templates(self) -> list[Template]:
        """Every template that opens, of every resident who is not erased; policy says who of them may pass."""
        with self._read() as connection:
            rows = connection.execute(select(_TEMPLATES).order_by(_TEMPLATES.c.created_at, _TEMPLATES.c.id)).all()
            keys = _Keys(self._keys)
            readable = self._resident_keys({row.resident for row in rows})
            opened = [(row, _opened(keys, row)) for row in rows if row.resident in readable]
        return [Template(row.id, row.resident, row.model, vector) for row, vector in opened if vector is not None]

    def add_templates(self, resident: str, model: str, vectors: Sequence[Vector], consent: str) -> list[Template]:
        """Seal and store unit vectors made by ``model``; the first ones turn an invited resident into an enrolled one.

        Raises ConsentError unless ``consent`` is this resident's own, for faces at gates, and stands.
        """
        for vector in vectors:
            if vector.dtype != np.float32 or vector.ndim != 1 or not abs(float(np.linalg.norm(vector)) - 1) < 1e-3:
                raise ValueError("a template is one float32 vector of unit length")
        if not vectors:
            raise ValueError("there is no template to add")
        new = [Template(secrets.token_hex(8), resident, model, vector) for vector in vectors]
        # The key is kept after the rows are written and gone if they are not, so it is the outer one.
        with self._lock, ExitStack() as keys, self._write() as connection:
            row = self._row(connection, resident)
            if self._level(row) is PrivacyLevel.NO_FACE:
                raise ConsentError("This resident has chosen to be let in without their face: let them choose anew.")
            if self._level(row) is PrivacyLevel.STRICT:
                raise ConsentError("This resident's face is kept under a key of which they hold a half: issue a share.")
            self._require(connection, resident, consent)
            number = self._rotation(connection)
            key = self._face_key(keys, resident)
            matrix = rotation(self._keys.key(Kind.ROTATION, str(number)), model, len(vectors[0]))
            for template in new:
                values = {"resident": resident, "consent": consent, "created_at": self._clock()}
                connection.execute(insert(_TEMPLATES).values(values | _sealed(key, matrix, number, template)))
            if row.state in {ResidentState.INVITED, ResidentState.WITHDRAWN}:
                connection.execute(
                    update(_RESIDENTS).where(_RESIDENTS.c.id == resident).values(state=ResidentState.ENROLLED)
                )
        return new

    def remove_template(self, template: str) -> None:
        """Delete one template; raises NotFoundError."""
        with self._read() as connection:
            resident = connection.execute(select(_TEMPLATES.c.resident).where(_TEMPLATES.c.id == template)).scalar()
        if resident is None:
            raise NotFoundError(f"There is no template '{template}': look it up among the resident's templates.")
        self._delete_templates(resident, _TEMPLATES.c.id == template)

    def renew_templates(self) -> int:
        """Turn all templates by a new secret, destroy the old one, and return how many there were.

        Nobody enrols again, and what somebody may have copied before fits nothing any more.
        """
        with self._lock:
            with self._read() as connection:
                old = self._rotation(connection)
            # The keys are kept once the block of rows has ended, in which they are already needed.
            with ExitStack() as keys:
                secret = keys.enter_context(self._new_key(Kind.ROTATION, str(old + 1)))
                known = _Keys(self._keys)
                with self._write() as connection:
                    rows = connection.execute(select(_TEMPLATES)).all()
                    count = sum(self._turn_anew(connection, keys, known, row, (old + 1, secret)) for row in rows)
                    connection.execute(update(schema.installation).values(rotation=old + 1))
            if old:
                self._keys.destroy(Kind.ROTATION, str(old))
            self._forget_pages()
            return count

    def _settle_templates(self) -> None:
        """After a start: one key turns all templates, and older versions' templates are brought under it."""
        with self._read() as connection:
            number = self._rotation(connection)
            strict = select(schema.strict_templates.c.resident)
            residents = frozenset(connection.execute(select(_TEMPLATES.c.resident).union(strict)).scalars())
        current = frozenset({str(number)} if number else ())
        self._keys.settle(Kind.FACES, residents)
        self._keys.settle(Kind.ROTATION, current)
        for left in self._keys.names(Kind.ROTATION) - current:
            self._keys.destroy(Kind.ROTATION, left)  # a renewal was cut short after its rows were written
        if not number:
            self.renew_templates()

    def _turn_anew(
        self, connection: Connection, keys: ExitStack, known: _Keys, row: Row[Any], by: tuple[int, bytes]
    ) -> bool:
        vector = _opened(known, row)
        if vector is None:
            return False  # its key is not there; should it come back, only enrolling brings the face back
        number, secret = by
        matrix = rotation(secret, row.model, len(vector))
        values = _sealed(
            self._face_key(keys, row.resident), matrix, number, Template(row.id, row.resident, row.model, vector)
        )
        connection.execute(update(_TEMPLATES).where(_TEMPLATES.c.id == row.id).values(values))
        return True

    def _face_key(self, keys: ExitStack, resident: str) -> bytes:
        """The key of a resident's templates; a new one where there is none, kept when ``keys`` ends."""
        try:
            return self._keys.key(Kind.FACES, resident, pending=True)
        except SecretError:
            return keys.enter_context(self._new_key(Kind.FACES, resident))

    @staticmethod
    def _rotation(connection: Connection) -> int:
        number: int = connection.execute(select(schema.installation.c.rotation)).scalar_one()
        return number


class _Keys:
    """The keys that one look at many templates needs, each read once."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._found: dict[tuple[Kind, str], bytes | None] = {}

    def get(self, kind: Kind, name: str) -> bytes | None:
        """A key; ``None`` where it is not there or does not open, which ``unreadable`` reports."""
        if (kind, name) not in self._found:
            try:
                self._found[kind, name] = self._ring.key(kind, name)
            except SecretError:
                self._found[kind, name] = None
        return self._found[kind, name]


def _opened(keys: _Keys, row: Row[Any]) -> Vector | None:
    """The vector as the model gave it; ``None`` where a key is not there."""
    bound = (row.resident, row.id, row.model)
    if row.rotation == _PLAIN:
        own = keys.get(Kind.RESIDENTS, row.resident)
        return None if own is None else crypto.unseal_template(own, row.sealed, *bound)
    key, secret = keys.get(Kind.FACES, row.resident), keys.get(Kind.ROTATION, str(row.rotation))
    if key is None or secret is None:
        return None
    kept = crypto.unseal_template(key, row.sealed, *bound, str(row.rotation))
    return turn_back(rotation(secret, row.model, len(kept)), kept)


def _sealed(key: bytes, matrix: Rotation, number: int, template: Template) -> dict[str, Any]:
    bound = (template.resident, template.id, template.model, str(number))
    sealed = crypto.seal_template(key, turn(matrix, template.vector), *bound)
    return {"id": template.id, "model": template.model, "sealed": sealed, "rotation": number}
