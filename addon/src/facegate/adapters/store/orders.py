"""Who has changed a gate's mode or ended a fire, when, and what its node said to it; nothing of it is erased."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, insert, select, update

from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.core.models import Mode

_ORDERS = schema.gate_orders

RESET: Final = "reset"
DONE: Final = "done"
_MODES: Final = tuple(Mode)


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One entry of the record, by number. ``what``: a mode, or ``reset`` of a fire; ``actor``: a token or a command.

    ``result`` is ``None`` as long as it is under way, or a lockdown that the node has not taken over yet.
    """

    number: int
    gate: str
    at: float
    actor: str
    what: str
    seconds: int
    result: str | None = None
    detail: str | None = None
    completed_at: float | None = None


class OrderStore(Database):
    """What the store knows about what gates were told."""

    def begin_order(self, gate: str, what: str, seconds: int, actor: str) -> int:
        """Store what is about to be asked of a gate, and return the entry's number."""
        with self._write() as connection:
            new = insert(_ORDERS).values(gate=gate, at=self._clock(), actor=actor, what=what, seconds=seconds)
            number: int = connection.execute(new.returning(_ORDERS.c.number)).scalar_one()
            return number

    def finish_order(self, number: int, result: str, detail: str) -> None:
        """Store what came of it."""
        with self._write() as connection:
            connection.execute(
                update(_ORDERS)
                .where(_ORDERS.c.number == number)
                .values(result=result, detail=detail, completed_at=self._clock())
            )

    def orders(self, gate: str, limit: int = 100) -> list[OrderRecord]:
        """What this gate was told, newest first."""
        query = select(_ORDERS).where(_ORDERS.c.gate == gate).order_by(_ORDERS.c.number.desc()).limit(limit)
        with self._read() as connection:
            return [OrderRecord(**row._asdict()) for row in connection.execute(query)]

    def open_lockdowns(self) -> dict[str, int]:
        """The lockdowns that their nodes have not taken over yet, as entries by gate.

        Another mode that was tried in vain since does not end them: only what a node has done does.
        """
        modes = _ORDERS.c.what.in_(_MODES)
        settled = (
            select(func.max(_ORDERS.c.number).label("number"), _ORDERS.c.gate)
            .where(modes, _ORDERS.c.result == DONE)
            .group_by(_ORDERS.c.gate)
            .subquery()
        )
        query = (
            select(_ORDERS.c.gate, func.max(_ORDERS.c.number).label("number"))
            .outerjoin(settled, settled.c.gate == _ORDERS.c.gate)
            .where(_ORDERS.c.what == Mode.LOCKDOWN, _ORDERS.c.result.is_(None))
            .where(_ORDERS.c.number > func.coalesce(settled.c.number, 0))
            .group_by(_ORDERS.c.gate)
        )
        with self._read() as connection:
            return {row.gate: row.number for row in connection.execute(query)}

    def _settle_orders(self) -> None:
        """After a start: what was under way is over, but for lockdowns, which are asked for until they are."""
        with self._write() as connection:
            connection.execute(
                update(_ORDERS)
                .where(_ORDERS.c.result.is_(None), _ORDERS.c.what != Mode.LOCKDOWN)
                .values(result="interrupted", detail="restart", completed_at=self._clock())
            )
