"""The access log, kept minimal: each opening's intent before and its result after, passages, denials, gate events."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from facegate.adapters.store import schema
from facegate.adapters.store.audit import AuditStore
from facegate.adapters.store.errors import ExistsError, NotFoundError
from facegate.adapters.store.trail import ACCESS
from facegate.contract.lines import Position
from facegate.core.audit import HOUSEKEEPING, Act
from facegate.core.models import Direction, Method, Reason
from facegate.core.node_events import Alarm, Happening

_ACCESS = schema.access

OPENING: Final = "opening"
DENIAL: Final = "denial"
PASSAGE: Final = "passage"
EVENT: Final = "event"
ALARMS: Final = ("fire", "tamper", "held")
KINDS: Final = (OPENING, DENIAL, PASSAGE, EVENT)
OPENED: Final = "opened"
INTERRUPTED: Final = "interrupted"
"""Result of an opening whose end nobody saw, because the recognizer stopped: the relay may have opened or not."""
UNSEEN: Final = "unknown"
"""Passage of an opening whose gate has not said whether anyone went through."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be asked of a gate. ``id``: 16 hex, the same as on the wire; ``at``: Unix seconds."""

    id: str
    gate: str
    direction: Direction
    method: Method
    reason: Reason
    at: float
    resident: str | None = None
    actor: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Where a record comes from that a node's event has made: its position, and whether it came late (``past``).

    ``at`` is then when it arrived, not when it happened: a node has no clock.
    """

    position: Position
    past: bool = False


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One line of the access log; ``number`` only grows. Of a denial or a lone passage the result is ``None``.

    ``kind``: ``opening``, ``denial``, ``passage`` or ``event``: what else the gate has said, with its word in
    ``passage`` and more of it in ``detail``. An opening without ``completed_at`` is under way. ``boot`` and ``seq``:
    position of the node's event that this record, or its passage, comes from; ``past``: it came late, so its time
    tells when it arrived. ``actor``: who asked for it, by the name of a token; ``note``: a guard's reason.
    ``pseudonym``: what stands in the resident's place after some days, another one each day.
    """

    number: int
    id: str
    kind: str
    gate: str
    direction: Direction
    method: Method
    reason: Reason
    at: float
    resident: str | None = None
    result: str | None = None
    detail: str | None = None
    completed_at: float | None = None
    passage: str | None = None
    passage_at: float | None = None
    past: bool = False
    boot: int | None = None
    seq: int | None = None
    actor: str | None = None
    note: str | None = None
    pseudonym: str | None = None


class AccessStore(AuditStore):
    """What the store knows about who was let in; each change of a record is a link of the trail."""

    def begin_opening(self, intent: Intent) -> None:
        """Store what is about to be asked of a gate, before it is asked; raises ExistsError for a known id."""
        self._insert_record(OPENING, intent)

    def finish_opening(self, opening: str, result: str, detail: str, at: float) -> None:
        """Store the node's answer; raises NotFoundError unless the opening is under way."""
        with self._write() as connection:
            changed = connection.execute(
                update(_ACCESS)
                .where(_ACCESS.c.id == opening, _ACCESS.c.kind == OPENING, _ACCESS.c.completed_at.is_(None))
                .values(result=result, detail=detail, completed_at=at)
            ).rowcount
            if not changed:
                raise NotFoundError(f"No opening '{opening}' is under way: begin it first.")
            self._link(connection, opening)

    def record_passage(
        self,
        opening: str | None,
        *,
        gate: str,
        direction: Direction,
        passage: str,
        at: float,
        report: Report | None = None,
    ) -> None:
        """Store what the gate saw (passed, not_passed, tailgated, forced), at its opening where there was one."""
        seen = {"passage": passage, "passage_at": at, **_origin(report)}
        if opening is None:
            intent = Intent(secrets.token_hex(8), gate, direction, Method.NONE, Reason.PASSAGE, at)
            self._insert_record(PASSAGE, intent, **seen)
            return
        with self._write() as connection:
            self._tell_of_broken(connection, [opening])
            changed = connection.execute(
                update(_ACCESS)
                .where(_ACCESS.c.id == opening, _ACCESS.c.kind == OPENING, _ACCESS.c.gate == gate)
                .values(seen)
            ).rowcount
            if not changed:
                raise NotFoundError(f"There is no opening '{opening}' at gate '{gate}': record the passage without it.")
            self._link(connection, opening)

    def record_unseen(self, opening: str, at: float) -> None:
        """Store that nobody knows whether anyone went through, unless the gate has told by now."""
        with self._write() as connection:
            changed = connection.execute(
                update(_ACCESS)
                .where(_ACCESS.c.id == opening, _ACCESS.c.kind == OPENING, _ACCESS.c.passage.is_(None))
                .values(passage=UNSEEN, passage_at=at)
            ).rowcount
            if changed:
                self._link(connection, opening)

    def record_event(
        self,
        what: str,
        detail: str,
        *,
        gate: str,
        direction: Direction,
        method: Method,
        at: float,
        report: Report,
    ) -> None:
        """Store what else a gate has said, such as ``exit`` or ``fire``; nobody's name is in it."""
        intent = Intent(secrets.token_hex(8), gate, direction, method, Reason.REPORTED, at)
        self._insert_record(EVENT, intent, passage=what, passage_at=at, detail=detail, **_origin(report))

    def node_alarms(self, gate: str) -> list[tuple[Position, Happening]]:
        """The last fire, tamper and held that this gate's node has told of, oldest first.

        Within a boot what the node has counted last is last, also if it was told again and recorded before others.
        """
        told = (_ACCESS.c.gate == gate) & (_ACCESS.c.kind == EVENT)
        found = []
        with self._read() as connection:
            for word in ALARMS:
                alarms = select(_ACCESS).where(told, _ACCESS.c.passage == word)
                newest = connection.execute(alarms.order_by(_ACCESS.c.number.desc()).limit(1)).one_or_none()
                if newest is not None:
                    boot = alarms.where(_ACCESS.c.boot == newest.boot).order_by(_ACCESS.c.seq.desc()).limit(1)
                    row = connection.execute(boot).one()
                    found.append((newest.number, Position(row.boot, row.seq), Alarm(row.passage, row.detail)))
        return [(position, alarm) for _, position, alarm in sorted(found, key=lambda last: last[0])]

    def record_denial(
        self,
        *,
        gate: str,
        direction: Direction,
        method: Method,
        reason: Reason,
        at: float,
        resident: str | None = None,
        report: Report | None = None,
    ) -> str:
        """Store that somebody was refused, and return the record's id. Of a stranger nothing but the reason is kept."""
        intent = Intent(secrets.token_hex(8), gate, direction, method, reason, at, resident)
        self._insert_record(DENIAL, intent, **_origin(report))
        return intent.id

    def record_listed(self, intent: Intent, report: Report) -> None:
        """Store an opening that a node has decided by its own list; raises ExistsError for one that is known."""
        self._insert_record(OPENING, intent, result=OPENED, detail="list", completed_at=intent.at, **_origin(report))

    def opening(self, opening: str) -> AccessRecord | None:
        """The record of one opening."""
        query = select(_ACCESS).where(_ACCESS.c.id == opening, _ACCESS.c.kind == OPENING)
        with self._read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else self._record(row._asdict())

    def access_log(self, limit: int = 100, *, before: int | None = None) -> list[AccessRecord]:
        """The newest records first; ``before`` is the number to page on from."""
        query = select(_ACCESS).order_by(_ACCESS.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(_ACCESS.c.number < before)
        with self._read() as connection:
            return [self._record(row._asdict()) for row in connection.execute(query)]

    def forget_access(self, before: float) -> int:
        """Delete the records from before ``before`` (Unix seconds) and return how many there were."""
        with self._write() as connection:
            gone = connection.execute(select(_ACCESS.c.id).where(_ACCESS.c.at < before)).scalars().all()
            self._tell_of_broken(connection, gone)
            connection.execute(delete(_ACCESS).where(_ACCESS.c.at < before))
            self._erase_links(connection, ACCESS, gone, "retention")
            if gone:
                self._add_act(connection, HOUSEKEEPING, Act.FORGOTTEN, many=len(gone))
        self._forget_pages()
        return len(gone)

    def _tell_of_broken(self, connection: Connection, records: Sequence[str]) -> None:
        """Before records are changed or go: write down that some were not what the trail says, as later nobody can."""
        broken = sum(not self._holds(connection, ACCESS, record) for record in records)
        if broken:
            self._add_act(connection, HOUSEKEEPING, Act.FOUND_BROKEN, many=broken)

    def _settle_openings(self) -> None:
        """After a start: no opening is under way any more, and nobody saw how the last ones ended."""
        unfinished = select(_ACCESS.c.id).where(_ACCESS.c.kind == OPENING, _ACCESS.c.completed_at.is_(None))
        # Whether anyone went through may still come, from a node that was away; until then nobody knows.
        unseen = select(_ACCESS.c.id).where(
            _ACCESS.c.kind == OPENING, _ACCESS.c.result == OPENED, _ACCESS.c.passage.is_(None)
        )
        with self._write() as connection:
            now = self._clock()
            for query, values in (
                (unfinished, {"result": INTERRUPTED, "detail": "restart", "completed_at": now}),
                (unseen, {"passage": UNSEEN, "passage_at": now}),
            ):
                for opening in connection.execute(query).scalars().all():
                    # What was tampered with meanwhile stays as it is, so that the trail can show it.
                    if self._holds(connection, ACCESS, opening):
                        connection.execute(update(_ACCESS).where(_ACCESS.c.id == opening).values(values))
                        self._link(connection, opening)

    def _link(self, connection: Connection, record: str) -> None:
        self._add_link(connection, ACCESS, record, self._state(connection, ACCESS, record))

    def _insert_record(self, kind: str, intent: Intent, **more: Any) -> None:
        try:
            with self._write() as connection:
                connection.execute(
                    insert(_ACCESS).values(
                        kind=kind,
                        id=intent.id,
                        gate=intent.gate,
                        direction=intent.direction,
                        method=intent.method,
                        reason=intent.reason,
                        at=intent.at,
                        resident=intent.resident,
                        actor=intent.actor,
                        note=None if intent.note is None else self._keys.seal(intent.note.encode(), "note", intent.id),
                        **more,
                    )
                )
                self._link(connection, intent.id)
        except IntegrityError as error:
            raise ExistsError(f"There is a record '{intent.id}' already: take a new id.") from error

    def _record(self, values: dict[str, Any]) -> AccessRecord:
        values["direction"] = Direction(values["direction"])
        values["method"] = Method(values["method"])
        values["reason"] = Reason(values["reason"])
        if values["note"] is not None:
            values["note"] = self._keys.unseal(values["note"], "note", values["id"]).decode()
        return AccessRecord(**values)


def _origin(report: Report | None) -> dict[str, Any]:
    if report is None:
        return {}
    return {"boot": report.position.boot, "seq": report.position.seq, "past": report.past}
