"""How the box itself does: what recognises, how much room is left, what happened by itself last."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from facegate.housekeeping import Round


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
