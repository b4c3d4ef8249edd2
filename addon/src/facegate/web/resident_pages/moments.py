"""Times as the house tells them."""

from datetime import datetime
from typing import Any


def moment(at: float | None, *, seconds: bool = False) -> str:
    """A moment (Unix seconds) by the house's own time; empty for none."""
    if at is None:
        return ""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def iso(at: float) -> str:
    """The same for machines, with the offset."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def shown(name: str, value: Any) -> str:
    """One value of a record as a page shows it; whatever is named like a time is one."""
    if value is None or (isinstance(value, str | list | tuple | set | frozenset) and not value):
        return "–"
    if isinstance(value, float) and (name == "at" or name.endswith(("_at", "_from", "_until", "month"))):
        return moment(value)
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, sorted(value, key=str)))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(str(key), one)}" for key, one in value.items())
    return str(value)
