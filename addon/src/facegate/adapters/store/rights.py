"""Everything that exists about one resident, for that resident alone: every row of every table, with seals opened.

What is sealed and not opened here is named with its size. The numbers of cards and PINs are: they open gates, and no
screen and no file has ever shown them again. Of a template there is what is kept: the vector turned by this site's
secret, which fits no other site.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from sqlalchemy import LargeBinary, Row, Table, select

from facegate.adapters import crypto
from facegate.adapters.crypto import Kind, SecretError
from facegate.adapters.store import personal, schema
from facegate.adapters.store.links import LinkStore
from facegate.adapters.store.passages import PassageStore

_MOST_ACTS: Final = 100_000  # more than anybody does to one person while acts are kept
WITHHELD: Final = frozenset(
    {
        ("credentials", "sealed"),
        ("links", "hash"),
        ("passes", "hash"),
        ("passes", "label"),  # of what the house vouches for; nobody's
        ("strict_templates", "sealed"),  # opens with the resident's own half of the key alone
        ("strict_templates", "share"),
    }
)
"""Columns that are named with their size alone: what opens gates or pages."""


class RightsStore(PassageStore, LinkStore):
    """What the store knows about what it knows."""

    def about(self, resident: str) -> dict[str, list[dict[str, Any]]]:
        """All rows by table. Raises NotFoundError, and StoreError where the resident's key is gone."""
        opened: Mapping[str, Callable[[str], list[dict[str, Any]]]] = {
            "access": self._own_passages,
            "acts": self._own_acts,
            "consents": lambda own: [asdict(consent) for consent in self.consents(own)],
            "passes": self._own_passes,
            "templates": self._own_templates,
        }
        with self._lock:
            found = {"residents": [asdict(self.resident(resident)) | self._dates(resident)]}
            for table in sorted(personal.tables(), key=lambda table: table.name):
                found[table.name] = opened.get(table.name, lambda own, table=table: self._rows(table, own))(resident)
        return found

    def _dates(self, resident: str) -> dict[str, Any]:
        columns = select(schema.residents.c.created_at, schema.residents.c.erased_at)
        with self._read() as connection:
            return dict(connection.execute(columns.where(schema.residents.c.id == resident)).one()._asdict())

    def _own_passages(self, resident: str) -> list[dict[str, Any]]:
        return [asdict(record) for record in self.own_passages(resident, 0.0, float(2**40))]

    def _own_acts(self, resident: str) -> list[dict[str, Any]]:
        return [asdict(deed) for deed in self.acts(_MOST_ACTS, resident=resident)]

    def _own_templates(self, resident: str) -> list[dict[str, Any]]:
        table = schema.templates
        with self._read() as connection:
            rows = connection.execute(select(table).where(table.c.resident == resident)).all()
        return [_plain(table, row) | self._turned(row) for row in rows]

    def _own_passes(self, resident: str) -> list[dict[str, Any]]:
        """With their labels; the secrets that they are made of open gates."""
        table = schema.metadata.tables["passes"]
        key = self._key(Kind.RESIDENTS, resident)
        with self._read() as connection:
            rows = connection.execute(select(table).where(table.c.resident == resident)).all()
        labels = (json.loads(crypto.unseal(key, row.sealed, "pass", row.resident, row.id))["label"] for row in rows)
        return [_plain(table, row) | {"sealed": {"label": label}} for row, label in zip(rows, labels, strict=True)]

    def _turned(self, row: Row[Any]) -> dict[str, Any]:
        try:
            key = self._keys.key(Kind.FACES, row.resident)
            kept = crypto.unseal_template(key, row.sealed, row.resident, row.id, row.model, str(row.rotation))
        except SecretError:
            return {}  # it opens with somebody's own share of the key only; its size stands there
        content = base64.b64encode(kept.astype(np.dtype("<f4")).tobytes()).decode("ascii")
        return {"sealed": {"float32_little_endian_base64": content, "dimensions": len(kept)}}

    def _rows(self, table: Table, resident: str) -> list[dict[str, Any]]:
        with self._read() as connection:
            rows = connection.execute(select(table).where(table.c.resident == resident)).all()
        return [_plain(table, row) for row in rows]


def _plain(table: Table, row: Row[Any]) -> dict[str, Any]:
    return {
        column.name: {"sealed_bytes": len(value)}
        if isinstance(column.type, LargeBinary) and value is not None
        else value
        for column, value in zip(table.c, row, strict=True)
    }
