"""How much there is of everything: the counts and sizes of the data register."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.copies import COPIES
from facegate.adapters.store.database import Database
from facegate.adapters.store.errors import failures


@dataclass(frozen=True, slots=True)
class Holdings:
    """``rows``: records by table; ``keys``: wrapped keys by their kind; sizes in bytes."""

    rows: Mapping[str, int]
    keys: Mapping[str, int]
    copies: int
    database_bytes: int
    copies_bytes: int


class RegisterStore(Database):
    """What the store knows about how much it holds."""

    def holdings(self) -> Holdings:
        """Count everything."""
        with self._read() as connection:
            rows = {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in schema.metadata.sorted_tables
            }
        with failures(self.data):
            copies = list(self.data.glob(COPIES))
            return Holdings(
                rows,
                {kind: len(self._keys.names(kind)) for kind in Kind},
                len(copies),
                sum(part.stat().st_size for part in self.data.glob(f"{self._path.name}*")),
                sum(copy.stat().st_size for copy in copies),
            )
