"""How many passed and are inside, as it stands now: one row, each number over the one before."""

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.core.tally import SiteTally, Tally

_TALLY = schema.tally


class TallyStore(Database):
    """What the store knows about numbers of people."""

    def tally(self) -> SiteTally | None:
        """The numbers as they stood last; ``None`` before the first."""
        with self._read() as connection:
            row = connection.execute(select(_TALLY.c.since, _TALLY.c.inside, _TALLY.c.gates)).one_or_none()
        if row is None:
            return None
        return SiteTally(row.since, row.inside, {gate: Tally(**numbers) for gate, numbers in row.gates.items()})

    def save_tally(self, tally: SiteTally) -> None:
        """Keep the numbers as they stand now, and nothing of those before."""
        numbers = {"since": tally.since, "inside": tally.inside}
        gates = {gate: asdict(one) for gate, one in tally.gates.items()}
        with self._write() as connection:
            new = upsert(_TALLY).values(only=1, gates=gates, **numbers)
            connection.execute(
                new.on_conflict_do_update(index_elements=[_TALLY.c.only], set_={"gates": gates, **numbers})
            )
