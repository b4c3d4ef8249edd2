"""What was done with what is kept, and by whom: each act is a link of the trail.

Why it was done, and which time it was about, may tell of a person. Both are sealed under the key of the resident whom
the act is about, or, where it is about nobody, under a key of the trail's own. The trail commits to the sealed bytes,
so that an act can be proved by whoever cannot read it, also after the resident's key is destroyed.
"""

import json
import secrets
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select

from facegate.adapters import crypto
from facegate.adapters.crypto import Kind, SecretError
from facegate.adapters.store import schema
from facegate.adapters.store.errors import NotFoundError
from facegate.adapters.store.trail import ACT, TrailStore
from facegate.core.audit import HOUSEKEEPING, Act, Deed
from facegate.core.models import ResidentState

_ACTS = schema.acts
_HOUSE: Final = "acts"  # the name of the key for acts that are about nobody


class AuditStore(TrailStore):
    """What the store knows about acts."""

    def record_act(
        self,
        actor: str,
        act: Act,
        *,
        resident: str | None = None,
        reason: str = "",
        span: tuple[float, float] | None = None,
        many: int | None = None,
    ) -> None:
        """Write down what was done: when this returns, it is on the medium. Raises NotFoundError, StoreError.

        Where the resident is erased already, nothing but the act is kept.
        """
        with self._write() as connection:
            self._add_act(connection, actor, act, resident=resident, reason=reason, span=span, many=many)

    def record_looks(self, actor: str, residents: Collection[str], reason: str, span: tuple[float, float]) -> None:
        """Write down a look at each of these residents' tracks, or at a time in which nobody is named: all or none."""
        people: Collection[str | None] = residents or (None,)
        with self._write() as connection:
            for resident in people:
                self._add_act(connection, actor, Act.LOOKED, resident=resident, reason=reason, span=span)

    def acts(
        self,
        limit: int = 100,
        *,
        before: int | None = None,
        since: float | None = None,
        resident: str | None = None,
        of: Collection[Act] = (),
    ) -> list[Deed]:
        """The newest first; ``before`` is the number to page on from, ``of`` are the only acts wanted, if any."""
        query = select(_ACTS).order_by(_ACTS.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(_ACTS.c.number < before)
        if since is not None:
            query = query.where(_ACTS.c.at >= since)
        if resident is not None:
            query = query.where(_ACTS.c.resident == resident)
        if of:
            query = query.where(_ACTS.c.act.in_(of))
        with self._read() as connection:
            return [self._deed(row) for row in connection.execute(query)]

    def forget_acts(self, before: float) -> int:
        """Delete the acts from before ``before`` (Unix seconds) and return how many there were."""
        with self._write() as connection:
            gone = connection.execute(delete(_ACTS).where(_ACTS.c.at < before).returning(_ACTS.c.id)).scalars().all()
            self._erase_links(connection, ACT, gone, "retention")
            if gone:
                self._add_act(connection, HOUSEKEEPING, Act.ACTS_FORGOTTEN, many=len(gone))
        if gone:
            self._forget_pages()
        return len(gone)

    def _add_act(
        self,
        connection: Connection,
        actor: str,
        act: Act,
        *,
        resident: str | None = None,
        reason: str = "",
        span: tuple[float, float] | None = None,
        many: int | None = None,
    ) -> None:
        """Write an act down in the same transaction as what was done."""
        new = secrets.token_hex(8)
        details: bytes | None = None
        if (reason or span) and (key := self._act_key(connection, resident)) is not None:
            content = json.dumps({"reason": reason, "span": span}).encode()
            details = crypto.seal(key, content, "act", new)
        connection.execute(
            insert(_ACTS).values(
                id=new, at=self._clock(), actor=actor, act=act, resident=resident, many=many, details=details
            )
        )
        self._add_link(connection, ACT, new, self._state(connection, ACT, new))

    def _act_key(self, connection: Connection, resident: str | None) -> bytes | None:
        if resident is None:
            return self._own_key(_HOUSE)
        state = connection.execute(
            select(schema.residents.c.state).where(schema.residents.c.id == resident)
        ).scalar_one_or_none()
        if state is None:
            raise NotFoundError(f"There is no resident '{resident}': nothing can be done to them.")
        return None if state == ResidentState.ERASED else self._key(Kind.RESIDENTS, resident)

    def _deed(self, row: Row[Any]) -> Deed:
        deed = Deed(row.number, row.id, row.at, row.actor, Act(row.act), row.resident, row.many)
        if row.details is None:
            return deed
        kind, name = (Kind.TRAIL, _HOUSE) if row.resident is None else (Kind.RESIDENTS, row.resident)
        try:
            content = json.loads(crypto.unseal(self._keys.key(kind, name), row.details, "act", row.id))
        except SecretError:  # the resident is erased, or their key is missing: unreadable() tells of that
            return replace(deed, readable=False)
        return replace(deed, reason=content["reason"], span=tuple(content["span"]) if content["span"] else None)
