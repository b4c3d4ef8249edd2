"""At which gates pictures of refused visitors are kept for some hours; the pictures themselves are on no disk."""

from typing import Final

from sqlalchemy import delete, insert, select

from facegate.adapters.store import schema
from facegate.adapters.store.database import Database

MOST_HOURS: Final = 72
"""PRIVACY P2: hours, not days."""

_RULES = schema.snapshot_rules


class SnapshotStore(Database):
    """Off at every gate until an owner has switched it on."""

    def snapshot_hours(self, gate: str) -> int:
        """For how many hours pictures of whoever was refused at a gate are kept; 0 for none."""
        with self._read() as connection:
            return connection.execute(select(_RULES.c.hours).where(_RULES.c.gate == gate)).scalar() or 0

    def set_snapshot_hours(self, gate: str, hours: int) -> None:
        """Keep pictures of refused visitors for so many hours, or none."""
        if not 0 <= hours <= MOST_HOURS:
            raise ValueError(f"pictures of refused visitors are kept for 0 to {MOST_HOURS} hours")
        with self._write() as connection:
            connection.execute(delete(_RULES).where(_RULES.c.gate == gate))
            if hours:
                connection.execute(insert(_RULES).values(gate=gate, hours=hours))
