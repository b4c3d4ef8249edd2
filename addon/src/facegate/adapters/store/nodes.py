"""What a gate's node is made of, how its key changes, and the sheets of its commissioning."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.adapters.store.errors import NotFoundError
from facegate.contract.verbs import NONCE_BYTES, rotated_key
from facegate.core.boards import Lock
from facegate.core.commissioning_sheet import Sheet
from facegate.core.node_file import NodeSetup

_SETUPS = schema.node_setups
_CHANGES = schema.key_changes
_SHEETS = schema.commissionings


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A change of a gate's key that is under way: the nonce that the node is told, and the key that follows from it."""

    nonce: bytes = field(repr=False)
    next_key: bytes = field(repr=False)


class NodeStore(Database):
    """What the store knows about nodes beside their positions.

    The nonce of a key change is no secret: it crosses the wire, and without the key before it nothing follows from it.
    Beside it stands the digest of the key that follows, so that a change which a crash has cut short after the new key
    was in place, or one that a key from outside has overtaken, is known for what it is.
    """

    def node_setup(self, gate: str) -> NodeSetup | None:
        """What the gate's node is made of; ``None`` for a gate that was added without it."""
        with self._read() as connection:
            row = connection.execute(select(_SETUPS).where(_SETUPS.c.gate == gate)).one_or_none()
        return None if row is None else _setup(row)

    # ---- keys ----

    def begin_key_change(self, gate: str) -> KeyChange:
        """Write down that the gate's key is about to change, and to which; one that is under way is gone on with."""
        with self._write() as connection:
            key = self._gate_key(connection, gate)
            under_way = self._under_way(connection, gate, key)
            if under_way is not None:
                return under_way
            change = _change(key, secrets.token_bytes(NONCE_BYTES), gate)
            row = {"nonce": change.nonce, "follows": _digest(change.next_key), "begun_at": self._clock()}
            connection.execute(insert(_CHANGES).values(gate=gate, **row))
            return change

    def key_change(self, gate: str) -> KeyChange | None:
        """The change of the gate's key that is under way."""
        with self._write() as connection:
            return self._under_way(connection, gate, self._gate_key(connection, gate))

    def finish_key_change(self, gate: str) -> None:
        """The node has gone over: the new key takes the place of the old one, which is overwritten."""
        with self._lock:  # no other key may come in between
            change = self.key_change(gate)
            if change is not None:
                self._renewed_key(Kind.GATES, gate, change.next_key)
            with self._write() as connection:
                connection.execute(delete(_CHANGES).where(_CHANGES.c.gate == gate))

    def renew_gate_key(self, gate: str) -> bytes:
        """Give a gate a key that follows from nothing, for a node that is flashed anew; the old one is dead at once.

        The count of its node's lines starts anew. A crash in the middle leaves the old key dead all the same: the
        next start finishes what was begun. Raises NotFoundError.
        """
        with self._lock:
            with self._write() as connection:
                _require(connection, gate)
                dead = {"nonce": None, "follows": None, "begun_at": self._clock()}
                new = upsert(_CHANGES).values(gate=gate, **dead)
                connection.execute(new.on_conflict_do_update(index_elements=[_CHANGES.c.gate], set_=dead))
            return self._renew(gate)

    def _renew(self, gate: str) -> bytes:
        # The key goes first: the old count without the old key admits nothing, the other way round it would admit
        # old lines again.
        key = self._renewed_key(Kind.GATES, gate)
        with self._write() as connection:
            connection.execute(delete(schema.node_positions).where(schema.node_positions.c.gate == gate))
            connection.execute(delete(_CHANGES).where(_CHANGES.c.gate == gate))
            # A node under another key has no list, whatever was sent before.
            connection.execute(delete(schema.gate_lists).where(schema.gate_lists.c.gate == gate))
        return key

    def _settle_key_changes(self) -> None:
        """After a start: a key that was to die has died."""
        with self._read() as connection:
            dead = connection.execute(select(_CHANGES.c.gate).where(_CHANGES.c.nonce.is_(None))).scalars().all()
        for gate in dead:
            self._renew(gate)

    def _gate_key(self, connection: Connection, gate: str) -> bytes:
        _require(connection, gate)
        return self._key(Kind.GATES, gate)

    def _under_way(self, connection: Connection, gate: str, key: bytes) -> KeyChange | None:
        row = connection.execute(select(_CHANGES).where(_CHANGES.c.gate == gate)).one_or_none()
        if row is None or row.nonce is None:
            return None
        change = _change(key, row.nonce, gate)
        if _digest(change.next_key) == row.follows:
            return change
        connection.execute(delete(_CHANGES).where(_CHANGES.c.gate == gate))  # the key in place is the one after it
        return None

    # ---- commissioning ----

    def record_commissioning(self, sheet: Sheet) -> None:
        """Keep the sheet of a walk; the last one decides whether the gate may be used. Raises NotFoundError."""
        with self._write() as connection:
            _require(connection, sheet.gate)
            connection.execute(insert(_SHEETS).values(gate=sheet.gate, at=sheet.at, sheet=sheet.content))

    def commissioning(self, gate: str) -> Sheet | None:
        """The last sheet of a gate."""
        query = select(_SHEETS.c.sheet).where(_SHEETS.c.gate == gate).order_by(_SHEETS.c.number.desc()).limit(1)
        with self._read() as connection:
            content: dict[str, Any] | None = connection.execute(query).scalar_one_or_none()
        return None if content is None else Sheet.of(content)


def setup_row(gate: str, setup: NodeSetup) -> dict[str, Any]:
    """The row of a gate's node."""
    return {
        "gate": gate,
        "board": setup.board,
        "lock": str(setup.lock),
        "features": list(setup.features),
        "release": setup.release,
    }


def _require(connection: Connection, gate: str) -> None:
    if connection.execute(select(schema.gates.c.id).where(schema.gates.c.id == gate)).first() is None:
        raise NotFoundError(f"There is no gate '{gate}': add it first.")


def _setup(row: Row[Any]) -> NodeSetup:
    return NodeSetup(row.board, Lock(row.lock), tuple(row.features), row.release)


def _change(key: bytes, nonce: bytes, gate: str) -> KeyChange:
    return KeyChange(nonce, rotated_key(key, nonce, gate))


def _digest(key: bytes) -> bytes:
    """Tells keys of 256 random bits apart, and tells nothing of them."""
    return hashlib.sha256(key).digest()
