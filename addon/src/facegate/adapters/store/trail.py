"""The trail at rest: a link for every state of every record, signed checkpoints, and the proof that all of it holds."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, Row, func, insert, select, update

from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.core.trail import SALT_BYTES, Break, Checkpoint, Kept, Link, canonical, commit, first_break

_TRAIL = schema.trail
_CHECKPOINTS = schema.checkpoints
_SIGNING: Final = "checkpoints"  # the name of the key that signs

ACCESS: Final = "access"
ERASURE: Final = "erasure"
"""Kinds of links. A record of the access log lies in its own table, what was erased in the link itself."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the trail came to: how many links and checkpoints, and where it breaks first, if it does."""

    links: int
    checkpoints: int
    broken: Break | None


class TrailStore(Database):
    """What the store knows about itself not having been tampered with."""

    def checkpoint(self) -> Checkpoint | None:
        """Sign what the trail has come to; ``None`` where nothing has been added since the last time."""
        with self._write() as connection:
            last = _last(connection)
            signed = connection.execute(select(func.max(_CHECKPOINTS.c.number))).scalar() or 0
            if last is None or last.number <= signed:
                return None
            bare = Checkpoint(self.installation, last.number, last.hash, int(self._clock()))
            made = Checkpoint(bare.installation, bare.number, bare.hash, bare.at, self._signer().sign(bare.statement))
            connection.execute(
                insert(_CHECKPOINTS).values(number=made.number, hash=made.hash, at=made.at, signature=made.signature)
            )
        return made

    def checkpoints(self) -> list[Checkpoint]:
        """All of them, oldest first: whoever keeps one can show later that the trail was rewritten."""
        query = select(_CHECKPOINTS).order_by(_CHECKPOINTS.c.number)
        with self._read() as connection:
            return [
                Checkpoint(self.installation, row.number, row.hash, row.at, row.signature)
                for row in connection.execute(query)
            ]

    def checkpoint_key(self) -> bytes:
        """The public half of the key that signs checkpoints, 32 bytes (RFC 8032)."""
        return self._signer().public_key().public_bytes_raw()

    def verify_trail(self, kept: Sequence[Checkpoint] = ()) -> Proof:
        """Prove the whole trail, also against checkpoints that somebody has ``kept``."""
        own = self.checkpoints()
        public = Ed25519PublicKey.from_public_bytes(self.checkpoint_key())
        with self._read() as connection:
            rows = connection.execute(select(_TRAIL).order_by(_TRAIL.c.number)).all()
            contents = {row.number: self._content(connection, row) for row in rows if row.salt is not None}
        gone = _gone(rows, contents)
        broken = first_break(
            (Link(row.number, row.commitment, row.hash) for row in rows),
            contents.get,
            gone.__contains__,
            [*own, *kept],
            lambda checkpoint: checkpoint.installation == self.installation and _signed(public, checkpoint),
        )
        return Proof(len(rows), len(own), broken)

    def _add_link(self, connection: Connection, kind: str, ref: str, record: Mapping[str, object]) -> None:
        """Add a link for the present state of a record; its earlier ones are replaced by it, and their salts go."""
        same = (_TRAIL.c.kind == kind, _TRAIL.c.ref == ref)
        replaces = list(connection.execute(select(_TRAIL.c.number).where(*same).order_by(_TRAIL.c.number)).scalars())
        salt = secrets.token_bytes(SALT_BYTES)
        content = _canonical(kind, ref, replaces, record)
        link = Link.after(_last(connection), commit(Kept(salt, content)))
        connection.execute(update(_TRAIL).where(*same).values(salt=None))
        connection.execute(
            insert(_TRAIL).values(
                number=link.number,
                kind=kind,
                ref=ref,
                replaces=replaces,
                salt=salt,
                commitment=link.commitment,
                hash=link.hash,
                record=None if kind == ACCESS else dict(record),
            )
        )

    def _erase_links(self, connection: Connection, kind: str, refs: Iterable[str], why: str) -> None:
        """Records of a kind are gone: say so in the trail, and destroy the salts that could still confirm a guess."""
        numbers: list[int] = []
        for ref in refs:
            same = (_TRAIL.c.kind == kind, _TRAIL.c.ref == ref)
            numbers += connection.execute(select(_TRAIL.c.number).where(*same)).scalars()
            connection.execute(update(_TRAIL).where(*same).values(salt=None, ref=""))
        if numbers:
            record = {"why": why, "links": sorted(numbers), "at": self._clock()}
            self._add_link(connection, ERASURE, secrets.token_hex(8), record)

    def _content(self, connection: Connection, row: Row[Any]) -> Kept | None:
        record = row.record if row.kind != ACCESS else _access(connection, row.ref)
        return None if record is None else Kept(row.salt, _canonical(row.kind, row.ref, row.replaces, record))

    def _settle_trail(self) -> None:
        """After a start: records of versions that had no trail are taken into it as they are."""
        with self._write() as connection:
            if _last(connection) is None:
                for ref in connection.execute(select(schema.access.c.id).order_by(schema.access.c.number)).scalars():
                    record = _access(connection, ref)
                    if record is not None:
                        self._add_link(connection, ACCESS, ref, record)

    def _signer(self) -> Ed25519PrivateKey:
        with self._lock:
            if _SIGNING not in self._keys.names(Kind.TRAIL):
                self._keys.make(Kind.TRAIL, _SIGNING)
                self._keys.keep(Kind.TRAIL, _SIGNING)
            return Ed25519PrivateKey.from_private_bytes(self._key(Kind.TRAIL, _SIGNING))


def access_record(connection: Connection, ref: str) -> dict[str, object]:
    """A record of the access log as the trail commits to it; it must be there."""
    record = _access(connection, ref)
    assert record is not None, "the record was written in this transaction"
    return record


def _access(connection: Connection, ref: str) -> dict[str, object] | None:
    row = connection.execute(select(schema.access).where(schema.access.c.id == ref)).one_or_none()
    if row is None:
        return None
    # What is empty is left out, so that a column which a later version adds does not change the records before it.
    fields = {name: value for name, value in row._asdict().items() if value is not None}
    return fields | ({"note": row.note.hex()} if row.note is not None else {})


def _gone(rows: Sequence[Row[Any]], contents: Mapping[int, Kept | None]) -> set[int]:
    """The links whose records may be gone, by the word of links whose own records are there to be checked."""
    gone: set[int] = set()
    for row in rows:
        if contents.get(row.number) is not None:
            gone.update(row.replaces)
            if row.kind == ERASURE:
                gone.update(row.record["links"])
    return gone


def _last(connection: Connection) -> Link | None:
    row = connection.execute(select(_TRAIL).order_by(_TRAIL.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else Link(row.number, row.commitment, row.hash)


def _canonical(kind: str, ref: str, replaces: Sequence[int], record: Mapping[str, object]) -> bytes:
    return canonical({"kind": kind, "ref": ref, "replaces": list(replaces), "record": dict(record)})


def _signed(public: Ed25519PublicKey, checkpoint: Checkpoint) -> bool:
    try:
        public.verify(checkpoint.signature, checkpoint.statement)
    except InvalidSignature:
        return False
    return True
