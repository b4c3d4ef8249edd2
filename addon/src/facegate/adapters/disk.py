"""How much room is left where the data lie."""

import shutil
from pathlib import Path
from typing import Final

LEAST_FREE: Final = 500_000_000
"""Bytes; a year of one building's log is a tenth of it."""


def room(data: Path) -> tuple[int, int]:
    """Bytes that are free where the data lie, and bytes that the database takes with what belongs to it."""
    size = sum(file.stat().st_size for file in data.glob("facegate.db*") if file.is_file())
    return shutil.disk_usage(data).free, size
