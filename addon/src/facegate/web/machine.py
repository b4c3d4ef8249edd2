"""How the box itself does: what recognises, how much room is left, what happened by itself last."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from facegate.housekeeping import Round

LEAST_FREE: Final = 500_000_000
"""Bytes; a year of one building's log is a tenth of it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """``models``: by role. ``fallback``: why the processor recognises although something else was asked for.

    ``liveness``: whether the model for it is loaded. ``round``: the last one of housekeeping, ``None`` before it.
    ``doubts_clock``: the wall clock has jumped and nobody has said that it is right. Sizes in bytes.
    """

    models: Mapping[str, str] = field(default_factory=dict)
    fallback: str = ""
    liveness: bool = True
    at_once: int = 1
    round: Round | None = None
    doubts_clock: bool = False
    free: int = 0
    database: int = 0


type Look = Callable[[], Machine]
"""Looks at the machine; blocks for the disk alone."""


def room(data: Path) -> tuple[int, int]:
    """Bytes that are free where the data lie, and bytes that the database takes with what belongs to it."""
    size = sum(file.stat().st_size for file in data.glob("facegate.db*") if file.is_file())
    return shutil.disk_usage(data).free, size
