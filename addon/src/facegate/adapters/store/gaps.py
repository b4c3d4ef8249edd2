"""How far a gate's node was heard: the last event, and which ones before it are missing and may still be told again."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.contract.lines import Position

_ACCESS = schema.access
_GAPS = schema.node_gaps
_POSITIONS = schema.node_positions


class GapStore(Database):
    """Kept over restarts, so that each event is believed once, whatever was killed in between."""

    def recall_events(self, gate: str) -> tuple[Position | None, frozenset[Position]]:
        """The last event that was heard from the gate's node, and the missing ones of the same boot.

        Records are written before positions, so what stands in a record was heard, too: of this node, which is to say
        since the gate has had the key that it has now.
        """
        with self._write() as connection:
            place = select(_POSITIONS.c.boot, _POSITIONS.c.seq).where(
                _POSITIONS.c.gate == gate, _POSITIONS.c.kind == "event"
            )
            row = connection.execute(place).one_or_none()
            if row is None:  # another key, another count
                if connection.execute(select(schema.gates.c.id).where(schema.gates.c.id == gate)).first() is not None:
                    newest = connection.execute(select(func.max(_ACCESS.c.number))).scalar_one() or 0
                    begin: dict[str, Any] = {"boot": 0, "seqs": [], "since": newest}
                    new = upsert(_GAPS).values(gate=gate, **begin)
                    connection.execute(new.on_conflict_do_update(index_elements=[_GAPS.c.gate], set_=begin))
                return None, frozenset()
            last = Position(row.boot, row.seq)
            gap = connection.execute(select(_GAPS).where(_GAPS.c.gate == gate)).one_or_none()
            missing = {Position(gap.boot, seq) for seq in gap.seqs} if gap is not None else set()
            recorded = select(_ACCESS.c.boot, _ACCESS.c.seq).where(
                _ACCESS.c.gate == gate,
                _ACCESS.c.number > (gap.since if gap is not None else 0),
                _ACCESS.c.boot >= last.boot,
                _ACCESS.c.passage.is_(None) | (_ACCESS.c.passage != "lost"),  # that one tells of others
            )
            heard = {Position(*place) for place in connection.execute(recorded)}
        newest_heard = max(heard, default=last)
        if newest_heard > last:
            first = last.seq + 1 if newest_heard.boot == last.boot else 1
            missing |= {Position(newest_heard.boot, seq) for seq in range(first, newest_heard.seq)}
            last = newest_heard
        return last, frozenset(lack for lack in missing - heard if lack.boot == last.boot and lack < last)

    def save_node_gap(self, gate: str, missing: Iterable[Position]) -> None:
        """Keep what is missing now, all of one boot; a gate that is gone misses nothing."""
        gap = sorted(missing)
        with self._write() as connection:
            if connection.execute(select(schema.gates.c.id).where(schema.gates.c.id == gate)).first() is not None:
                row = {"boot": gap[0].boot if gap else 0, "seqs": [lack.seq for lack in gap]}
                new = upsert(_GAPS).values(gate=gate, since=0, **row)
                connection.execute(new.on_conflict_do_update(index_elements=[_GAPS.c.gate], set_=row))
