"""What becomes of each table's rows about a resident when that resident is erased.

Every table with a resident's id stands here (a test sees to it), so that nobody adds one which outlives its resident.
"""

from typing import Final

from sqlalchemy import Connection, Table, delete

from facegate.adapters.store import schema

DELETED: Final = frozenset({"templates", "credentials", "links", "passes", "presence", "strict_templates"})
"""Rows that go."""
KEPT: Final = frozenset({"access", "acts", "consents", "erasures"})
"""Rows that stay under the random id alone until their own time is over; what they say of a person is sealed."""


def tables() -> list[Table]:
    """Every table with rows about residents, beside the residents' own; what refers to others comes first."""
    return [table for table in reversed(schema.metadata.sorted_tables) if "resident" in table.c]


def delete_rows(connection: Connection, resident: str) -> dict[str, int]:
    """Delete what goes with a resident; return how many rows of which table that were."""
    return {
        table.name: connection.execute(delete(table).where(table.c.resident == resident)).rowcount
        for table in tables()
        if table.name in DELETED
    }
