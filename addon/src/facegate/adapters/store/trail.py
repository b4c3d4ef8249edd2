"""The trail at rest: a link for every state of every record, signed checkpoints, and the proof that all of it holds."""

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, Row, Text, exists, func, insert, select, type_coerce, update

from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.adapters.store.errors import failures
from facegate.core.trail import SALT_BYTES, Break, Broken, Checkpoint, Kept, Link, canonical, commit, first_break

_TRAIL = schema.trail
_CHECKPOINTS = schema.checkpoints
_SIGNING: Final = "checkpoints"  # the name of the key that signs

ACCESS: Final = "access"
ACT: Final = "act"
CHECKPOINT: Final = "checkpoint"
ERASURE: Final = "erasure"
"""Kinds of links. Passages, acts and checkpoints lie in tables of their own, what was erased in the link itself."""
_NAMES: Final = {ACCESS: schema.access.c.id, ACT: schema.acts.c.id, CHECKPOINT: _CHECKPOINTS.c.number}
"""What names a record in its own table."""
_AT_ONCE: Final = 500  # links that are read before others may use the store: some hundredths of a second


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
            new = select(_TRAIL.c.number).where(_TRAIL.c.number > signed, _TRAIL.c.kind != CHECKPOINT).limit(1)
            if last is None or connection.execute(new).first() is None:
                return None
            bare = Checkpoint(self.installation, last.number, last.hash, int(self._clock()))
            made = Checkpoint(bare.installation, bare.number, bare.hash, bare.at, self._signer().sign(bare.statement))
            connection.execute(
                insert(_CHECKPOINTS).values(number=made.number, hash=made.hash, at=made.at, signature=made.signature)
            )
            # The next one signs that there was this one: nobody takes a checkpoint out unseen.
            name = str(made.number)
            self._add_link(connection, CHECKPOINT, name, self._state(connection, CHECKPOINT, name))
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
        rows, contents = self._all_links()
        gone = _gone(rows, contents)
        broken = first_break(
            (Link(row.number, row.commitment, row.hash) for row in rows),
            contents.get,
            gone.__contains__,
            [*own, *kept],
            lambda checkpoint: checkpoint.installation == self.installation and _signed(public, checkpoint),
        )
        return Proof(len(rows), len(own), broken or self._without_link())

    def _all_links(self) -> tuple[list[_Row], dict[int, Kept | None]]:
        """Every link with its record, a few at a time: no gate waits for a proof.

        What is added or replaced meanwhile is read, too: its link comes last.
        """
        rows: list[_Row] = []
        contents: dict[int, Kept | None] = {}
        while True:
            after = rows[-1].number if rows else None
            query = _READ if after is None else _READ.where(_TRAIL.c.number > after)
            with self._read() as connection:
                some = [_Row.of(row) for row in connection.execute(query.limit(_AT_ONCE))]
                contents |= {row.number: _content(connection, row) for row in some if row.salt is not None}
            rows += some
            if len(some) < _AT_ONCE:
                return rows, contents

    def _without_link(self) -> Break | None:
        """The first record of passages or acts that no link tells of: FaceGate has not written it."""
        with self._read() as connection:
            for kind in (ACCESS, ACT):
                name = _NAMES[kind]
                told = exists().where(_TRAIL.c.kind == kind, _TRAIL.c.ref == name, _TRAIL.c.salt.is_not(None))
                alone = select(name.table.c.number).where(~told).order_by(name.table.c.number).limit(1)
                if (number := connection.execute(alone).scalar()) is not None:
                    return Break(number, Broken.ADDED, kind)
        return None

    @staticmethod
    def _holds(connection: Connection, kind: str, ref: str) -> bool:
        """Whether a record is what its last link says."""
        query = _READ.where(_TRAIL.c.kind == kind, _TRAIL.c.ref == ref, _TRAIL.c.salt.is_not(None))
        row = connection.execute(query).first()
        if row is None:
            return False
        link = _Row.of(row)
        kept = _content(connection, link)
        return kept is not None and hmac.compare_digest(commit(kept), link.commitment)

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
                record=None if kind in _NAMES else dict(record),
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

    def _settle_trail(self) -> None:
        """After a start: records of versions that had no trail are taken into it as they are."""
        with self._write() as connection:
            if _last(connection) is None:
                for ref in connection.execute(select(schema.access.c.id).order_by(schema.access.c.number)).scalars():
                    self._add_link(connection, ACCESS, ref, self._state(connection, ACCESS, ref))

    @staticmethod
    def _state(connection: Connection, kind: str, ref: str) -> dict[str, object]:
        """A record as the trail commits to it, written in this very transaction."""
        record = _state(connection, kind, ref)
        assert record is not None, "the record was written in this transaction"
        return record

    def _signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._own_key(_SIGNING))

    def _own_key(self, name: str) -> bytes:
        """A key of the trail's own, made when it is first needed."""
        with self._lock:
            if name not in self._keys.names(Kind.TRAIL):
                with failures(self.data):
                    self._keys.make(Kind.TRAIL, name)
                    self._keys.keep(Kind.TRAIL, name)
            return self._key(Kind.TRAIL, name)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the trail as it is in the file, which anybody may have written."""

    number: int
    kind: str
    ref: str
    replaces: Any
    salt: bytes | None
    commitment: bytes
    hash: bytes
    record: Any

    @classmethod
    def of(cls, row: Row[Any]) -> _Row:
        """What SQLite gives; of what is no such thing as was written, nothing."""
        salt = row.salt if row.salt is None or _is_bytes(row.salt, SALT_BYTES) else bytes(SALT_BYTES)
        commitment, content = (one if _is_bytes(one, 32) else b"" for one in (row.commitment, row.hash))
        return cls(row.number, row.kind, row.ref, _parsed(row.replaces), salt, commitment, content, _parsed(row.record))


_READ: Final = select(
    *(column for column in _TRAIL.c if column.name not in {"replaces", "record"}),
    # As text: whoever has broken it shall be named, and not end the proof.
    type_coerce(_TRAIL.c.replaces, Text).label("replaces"),
    type_coerce(_TRAIL.c.record, Text).label("record"),
).order_by(_TRAIL.c.number)


def _is_bytes(found: Any, size: int) -> bool:
    return isinstance(found, bytes) and len(found) == size


def _parsed(text: Any) -> Any:
    try:
        return None if text is None else json.loads(text)
    except TypeError, ValueError:
        return None


def _content(connection: Connection, row: _Row) -> Kept | None:
    """What there is of a link's record; what nobody can read any more is something else than what was written."""
    record = _state(connection, row.kind, row.ref) if row.kind in _NAMES else row.record
    if record is None:
        return None
    salt = row.salt or b""
    try:
        return Kept(salt, _canonical(row.kind, row.ref, row.replaces, record))
    except TypeError, ValueError:
        return Kept(salt, b"")


def _state(connection: Connection, kind: str, ref: str) -> dict[str, object] | None:
    name = _NAMES[kind]
    row = connection.execute(select(name.table).where(name == ref)).one_or_none()
    if row is None:
        return None
    # What is empty is left out, so that a column which a later version adds does not change the records before it.
    fields = {name: value for name, value in row._asdict().items() if value is not None}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}


def _gone(rows: Sequence[_Row], contents: Mapping[int, Kept | None]) -> set[int]:
    """The links whose records may be gone, by the word of links whose own records are there to be checked."""
    gone: set[int] = set()
    for row in rows:
        if contents.get(row.number) is not None:
            gone.update(_numbers(row.replaces))
            if row.kind == ERASURE and isinstance(row.record, dict):
                gone.update(_numbers(row.record.get("links")))
    return gone


def _numbers(found: Any) -> list[int]:
    return [number for number in found if isinstance(number, int)] if isinstance(found, list) else []


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
    except AttributeError, TypeError, ValueError:  # a checkpoint of other types than any that was written
        return False
    return True
