"""CSV files that a spreadsheet opens as they are meant, and that it does not run."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

RUNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def safe(value: str) -> str:
    """Return a cell that a spreadsheet shows and does not run; ``importing.read`` takes the mark away again."""
    return f"'{value}" if value.startswith(RUNS) else value


def write(rows: Iterable[Sequence[str]]) -> bytes:
    """Return a CSV file that every spreadsheet opens as it is meant."""
    text = io.StringIO()
    csv.writer(text).writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
