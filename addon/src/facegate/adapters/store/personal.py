"""What becomes of each table's rows about a resident when that resident is erased.

Every table with a resident's id stands here (a test sees to it), so that nobody adds one which outlives its resident.
"""

from typing import Final

from sqlalchemy import Connection, delete

from facegate.adapters.store import schema

DELETED: Final = frozenset({"templates", "credentials", "links"})
"""Rows that go."""
KEPT: Final = frozenset({"access", "acts", "consents"})
"""Rows that stay under the random id alone until their own time is over; what they say of a person is sealed."""


def delete_rows(connection: Connection, resident: str) -> int:
    """Delete what goes with a resident, what refers to others first; return how many rows that were."""
    tables = [table for table in reversed(schema.metadata.sorted_tables) if table.name in DELETED]
    return sum(connection.execute(delete(table).where(table.c.resident == resident)).rowcount for table in tables)
