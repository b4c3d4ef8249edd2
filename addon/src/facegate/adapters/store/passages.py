"""The access log as history: read by time and place, and losing its names as time goes by.

A record whose names' time is over keeps what was done where and when, to the minute. In the place of the resident
stands a pseudonym of that day, and what else could lead to them goes: who asked for the opening, a guard's note, and
the position of the node's event, which gives the order to the second. Where the resident's key is gone, nothing takes
their place.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, cast, func, or_, select, update

from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.access import AccessRecord, AccessStore
from facegate.adapters.store.residents import ResidentStore
from facegate.core.audit import HOUSEKEEPING, Act
from facegate.core.pseudonyms import day_of, pseudonym, pseudonyms, to_the_minute

_ACCESS = schema.access


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: from ``since`` until before ``until`` (Unix seconds), of one gate, of these kinds; or all."""

    since: float
    until: float
    gate: str | None = None
    kinds: Collection[str] = ()


class PassageStore(AccessStore, ResidentStore):
    """What the store knows about who was let in, as history."""

    def access_history(self, wanted: Wanted, limit: int = 100, *, before: int | None = None) -> list[AccessRecord]:
        """The newest records first; ``before`` is the number to page on from."""
        query = select(_ACCESS).where(_fits(wanted)).order_by(_ACCESS.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(_ACCESS.c.number < before)
        return self._records(query)

    def access_counts(self, wanted: Wanted, seconds: int) -> dict[int, int]:
        """How many records there are in each span of so many seconds, by its number since 1970."""
        span = cast(_ACCESS.c.at / seconds, Integer)
        query = select(span, func.count()).where(_fits(wanted)).group_by(span)
        with self._read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def named_passages(self, resident: str, since: float, until: float, limit: int = 1000) -> list[AccessRecord]:
        """What bears a resident's own id still, newest first: all that anybody else may see of their track."""
        span = and_(_ACCESS.c.at >= since, _ACCESS.c.at < until)
        query = select(_ACCESS).where(_ACCESS.c.resident == resident, span)
        return self._records(query.order_by(_ACCESS.c.number.desc()).limit(limit))

    def own_passages(self, resident: str, since: float, until: float, limit: int = 10_000) -> list[AccessRecord]:
        """All of a resident's passages, newest first, by pseudonyms as well: for that resident alone.

        Raises NotFoundError, and StoreError when their key is gone.
        """
        with self._read() as connection:
            self._row(connection, resident)
            key = self._key(Kind.RESIDENTS, resident)
            first, last = connection.execute(select(func.min(_ACCESS.c.at), func.max(_ACCESS.c.at))).one()
        names = pseudonyms(key, max(since, first or since), min(until, last or since))
        theirs = or_(_ACCESS.c.resident == resident, _ACCESS.c.pseudonym.in_(list(names)))
        query = select(_ACCESS).where(theirs, _ACCESS.c.at >= since, _ACCESS.c.at < until)
        return self._records(query.order_by(_ACCESS.c.number.desc()).limit(limit))

    def pseudonymise_access(self, before: float, limit: int = 100) -> int:
        """Take the names out of up to ``limit`` records from before ``before``, oldest first; return how many.

        A few at a time, so that no gate waits for it.
        """
        named = or_(_ACCESS.c.resident.is_not(None), _ACCESS.c.note.is_not(None))
        query = select(_ACCESS).where(_ACCESS.c.at < before, named).order_by(_ACCESS.c.number).limit(limit)
        with self._write() as connection:
            rows = connection.execute(query).all()
            self._tell_of_broken(connection, [row.id for row in rows])
            keys = self._resident_keys({row.resident for row in rows if row.resident is not None})
            for row in rows:
                connection.execute(update(_ACCESS).where(_ACCESS.c.id == row.id).values(_nameless(row, keys)))
                self._link(connection, row.id)
            if rows:
                self._add_act(connection, HOUSEKEEPING, Act.PSEUDONYMISED, many=len(rows))
        if rows:
            self._forget_pages()
        return len(rows)

    def _records(self, query: Select[Any]) -> list[AccessRecord]:
        with self._read() as connection:
            return [self._record(row._asdict()) for row in connection.execute(query)]


def _nameless(row: Row[Any], keys: dict[str, bytes]) -> dict[str, Any]:
    times: dict[str, Any] = {name: to_the_minute(getattr(row, name)) for name in ("at", "completed_at", "passage_at")}
    if row.resident is None:
        return {**times, "note": None}
    key = keys.get(row.resident)
    stead = None if key is None else pseudonym(key, day_of(row.at))
    return {**times, "note": None, "resident": None, "pseudonym": stead, "actor": None, "boot": None, "seq": None}


def _fits(wanted: Wanted) -> ColumnElement[bool]:
    conditions = [_ACCESS.c.at >= wanted.since, _ACCESS.c.at < wanted.until]
    if wanted.gate is not None:
        conditions.append(_ACCESS.c.gate == wanted.gate)
    if wanted.kinds:
        conditions.append(_ACCESS.c.kind.in_(wanted.kinds))
    return and_(*conditions)
