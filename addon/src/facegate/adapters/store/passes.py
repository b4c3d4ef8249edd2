"""QR passes of residents and guests, and their use: once, at one gate, in one transaction.

The secret of a rotating pass is sealed under its resident's key and leaves this file only as the codes of the next
minutes. Of a fixed pass nothing is kept but a hash, so that it cannot be printed again.
"""

import hmac
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Row, delete, insert, or_, select, update

from facegate.adapters import crypto
from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.errors import FullError, NotFoundError, StoreError
from facegate.adapters.store.ways import WayStore
from facegate.core import passes
from facegate.core.models import Direction, Gate, Method, Reason, Resident
from facegate.core.pass_rules import Judged, judge
from facegate.core.passes import BEARER_BYTES, ID_BYTES, SECRET_BYTES, Code, Pass, bearer_hash, code_at, step_of
from facegate.core.ways import Way

_PASSES: Final = schema.passes
MOST_EACH: Final = 20
"""Passes that are good, of one resident and their guests; a hundred times as many of the house."""
MOST_OF_HOUSE: Final = 2000
DEAD_KEPT: Final = 30 * 86400.0
"""Seconds that a pass which opens nothing any more is still listed."""
LABEL_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class MadePass:
    """A new pass. ``text``: what stands in the code of a fixed one, which nobody can be told again."""

    made: Pass
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose a pass is; nobody's where the house itself vouches."""

    resident: Resident | None = None
    key: bytes = field(default=b"", repr=False)


class PassStore(WayStore):
    """What the store knows about passes."""

    def make_rotating_pass(self, resident: str) -> Pass:
        """Make the pass of a resident's own phone; the one before is revoked. Raises NotFoundError."""
        new = Pass(secrets.token_hex(ID_BYTES), passes.Kind.ROTATING, resident, created_at=self._clock())
        with self._lock:
            for old in self.passes(resident):
                if old.kind is passes.Kind.ROTATING and old.revoked_at is None:
                    self.revoke_pass(old.id)
            self._insert(new, secret=secrets.token_bytes(SECRET_BYTES))
        return new

    def make_fixed_pass(self, wanted: Pass) -> MadePass:
        """Make a pass for whoever bears it; its id and its time are chosen here. Raises NotFoundError, FullError."""
        if wanted.guest and wanted.valid_until is None:
            raise StoreError("A guest's pass needs an end: say until when it is good.")
        new = replace(
            wanted,
            id=secrets.token_hex(ID_BYTES),
            kind=passes.Kind.FIXED,
            created_at=self._clock(),
            used_at=None,
            direction=None,
            revoked_at=None,
        )
        secret = secrets.token_bytes(BEARER_BYTES)
        self._insert(new, digest=bearer_hash(secret))
        return MadePass(new, Code(passes.Kind.FIXED, new.id, secret).text)

    def passes(self, resident: str | None = None) -> list[Pass]:
        """All passes that can be read, or those of one resident and their guests, newest first."""
        query = select(_PASSES).order_by(_PASSES.c.created_at.desc(), _PASSES.c.id)
        if resident is not None:
            query = query.where(_PASSES.c.resident == resident)
        with self._read() as connection:
            rows = connection.execute(query).all()
            keys = self._resident_keys({row.resident for row in rows if row.resident})
        readable = [row for row in rows if not row.resident or row.resident in keys]
        return [self._pass(row, keys.get(row.resident or "")) for row in readable]

    def revoke_pass(self, name: str, resident: str | None = None) -> None:
        """Let a pass open nothing from this moment on; of ``resident`` alone, if given. Raises NotFoundError."""
        which = [_PASSES.c.id == name]
        if resident is not None:
            which.append(_PASSES.c.resident == resident)
        with self._write() as connection:
            row = connection.execute(select(_PASSES.c.revoked_at).where(*which)).one_or_none()
            if row is None:
                raise NotFoundError(f"There is no pass '{name}': look it up in the list.")
            if row.revoked_at is None:
                connection.execute(update(_PASSES).where(*which).values(revoked_at=self._clock()))

    def forget_passes(self, now: float) -> int:
        """Delete passes that have opened nothing for a month or could not, and return how many there were."""
        before = now - DEAD_KEPT
        dead = or_(_PASSES.c.revoked_at < before, _PASSES.c.valid_until < before)
        with self._write() as connection:
            return connection.execute(delete(_PASSES).where(dead)).rowcount

    def pass_codes(self, name: str, resident: str, count: int) -> list[tuple[int, str]]:
        """The codes of a resident's rotating pass from now on, each with its step. Raises NotFoundError."""
        with self._read() as connection:
            row = connection.execute(
                select(_PASSES).where(
                    _PASSES.c.id == name,
                    _PASSES.c.resident == resident,
                    _PASSES.c.kind == passes.Kind.ROTATING,
                    _PASSES.c.revoked_at.is_(None),
                )
            ).one_or_none()
            if row is None:
                raise NotFoundError("This pass was revoked or replaced: make a new one.")
            secret = self._secret(row, self._key(Kind.RESIDENTS, resident))
        first = passes.step_at(self._clock())
        return [
            (step, Code(passes.Kind.ROTATING, name, code_at(secret, step)).text) for step in range(first, first + count)
        ]

    def use_pass(self, code: Code, gate: str, direction: Direction, *, clock: bool = True, use: bool = True) -> Judged:
        """Judge a code that was shown, and use it up if it is good: of two gates at once, one gets it.

        ``clock``: whether this machine's clock may be believed; ``use``: whether to use it up at all. Raises
        NotFoundError for a gate that is gone.
        """
        now = self._clock()
        with self._lock:  # nobody else reads or writes between whose it is and that it is used
            place = self.gate(gate)
            owner = self._owner(code)
            if owner is None:
                return Judged(Reason.PASS_UNKNOWN)
            with self._write() as connection:
                row = connection.execute(select(_PASSES).where(_PASSES.c.id == code.id)).one()
                judged = self._judge(row, code, owner, gate=place, direction=direction, now=now, clock=clock)
                if judged.granted and use:
                    values: dict[str, Any] = {"uses": None if row.uses is None else row.uses - 1}
                    values["used_step"] = judged.step
                    if row.passback:
                        values |= {"used_at": now, "direction": direction}
                    connection.execute(update(_PASSES).where(_PASSES.c.id == row.id).values(values))
                return judged

    def give_back_pass(self, judged: Judged) -> None:
        """Undo a use for which no gate moved, unless the pass was used again since."""
        if judged.before is None:
            return
        uses, step, at, direction = judged.before
        with self._write() as connection:
            same = (
                _PASSES.c.id == judged.pass_id,
                _PASSES.c.uses.is_not_distinct_from(None if uses is None else uses - 1),
                _PASSES.c.used_step.is_not_distinct_from(judged.step),
            )
            values = {"uses": uses, "used_step": step, "used_at": at, "direction": direction}
            connection.execute(update(_PASSES).where(*same).values(values))

    def _judge(
        self, row: Row[Any], code: Code, owner: _Owner, *, gate: Gate, direction: Direction, now: float, clock: bool
    ) -> Judged:
        """What a code is worth. Whoever cannot show a genuine one learns nothing."""
        step, late = None, False
        if row.hash is not None:
            genuine = hmac.compare_digest(row.hash, bearer_hash(code.secret))
        else:
            secret = self._secret(row, owner.key)
            step = step_of(secret, code.secret, now)
            late = step is None and passes.was_good(secret, code.secret, now)
            genuine = step is not None or late
        if not genuine:
            return Judged(Reason.PASS_UNKNOWN)
        known = self._pass(row, owner.key)
        reason = judge(known, owner.resident, gate, direction, now, clock=clock)
        if reason is None and late:
            reason = Reason.PASS_EXPIRED
        if reason is None and step is not None and row.used_step is not None and step <= row.used_step:
            reason = Reason.PASS_USED
        named = None if known.guest or owner.resident is None else owner.resident.id
        if reason is not None:
            return Judged(reason, named, known.id)
        before = (row.uses, row.used_step, row.used_at, row.direction)
        return Judged(Reason.PASS_GOOD, named, known.id, before, step)

    def _owner(self, code: Code) -> _Owner | None:
        """Whose pass this is; ``None`` where there is no such pass, or nobody can read whose it is."""
        with self._read() as connection:
            query = select(_PASSES.c.resident).where(_PASSES.c.id == code.id, _PASSES.c.kind == code.kind)
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.resident is None:
            return _Owner()
        try:
            return _Owner(self.resident(row.resident), self._key(Kind.RESIDENTS, row.resident))
        except StoreError:
            return None  # reported by unreadable()

    def _insert(self, new: Pass, *, secret: bytes = b"", digest: bytes | None = None) -> None:
        label = " ".join(new.label.split())
        if len(label) > LABEL_MOST or not label.isprintable():
            raise StoreError(f"A pass's label has at most {LABEL_MOST} printable characters: shorten it.")
        with self._write() as connection:
            sealed = None
            mine = _PASSES.c.resident.is_(None) if not new.resident else _PASSES.c.resident == new.resident
            standing = connection.execute(select(_PASSES.c.id).where(mine, _PASSES.c.revoked_at.is_(None))).all()
            if len(standing) >= (MOST_EACH if new.resident else MOST_OF_HOUSE):
                raise FullError("There are too many passes already: revoke those that are not needed any more.")
            if new.resident:
                self._row(connection, new.resident)
                content = json.dumps({"label": label, "secret": secret.hex()}).encode()
                sealed = crypto.seal(self._key(Kind.RESIDENTS, new.resident), content, "pass", new.resident, new.id)
            connection.execute(
                insert(_PASSES).values(
                    id=new.id,
                    kind=new.kind,
                    resident=new.resident or None,
                    guest=new.guest,
                    gates=sorted(new.gates),
                    sealed=sealed,
                    label=None if new.resident else self._keys.seal(label.encode(), "pass", new.id),
                    hash=digest,
                    valid_from=new.valid_from,
                    valid_until=new.valid_until,
                    uses=new.uses,
                    passback=new.passback,
                    created_at=new.created_at,
                )
            )

    @staticmethod
    def _secret(row: Row[Any], key: bytes) -> bytes:
        content = json.loads(crypto.unseal(key, row.sealed, "pass", row.resident, row.id))
        return bytes.fromhex(content["secret"])

    def _pass(self, row: Row[Any], key: bytes | None) -> Pass:
        if row.sealed is not None and key is not None:
            label = json.loads(crypto.unseal(key, row.sealed, "pass", row.resident, row.id))["label"]
        else:
            label = self._keys.unseal(row.label, "pass", row.id).decode()
        return Pass(
            id=row.id,
            kind=passes.Kind(row.kind),
            resident=row.resident or "",
            gates=frozenset(row.gates),
            label=label,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            uses=row.uses,
            passback=row.passback,
            revoked_at=row.revoked_at,
            used_at=row.used_at,
            direction=row.direction,
            guest=row.guest,
            created_at=row.created_at,
        )

    def _ways(self) -> Iterator[Way]:
        """Passes are ways in without a face, too; a guest's is nobody's own."""
        yield from super()._ways()
        for known in self.passes():
            if known.guest or known.revoked_at is not None or known.uses is not None:
                continue
            for gate in known.gates or ("",):
                yield Way(known.resident, Method.QR, gate, known.valid_from, known.valid_until)
