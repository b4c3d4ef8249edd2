"""What stands behind the API in its tests: openings that no node takes part in, and health as a test wants it."""

import asyncio
from dataclasses import dataclass, field

from facegate.core.models import Direction
from facegate.web.services import Health, Opened


@dataclass
class GateSide:
    """Records what the API asks for and answers as it is told."""

    result: str = "opened"
    reason: str = "remote"
    health: Health = field(default_factory=Health)
    people: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, Direction, str]] = field(default_factory=list)
    changes: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.free.set()

    async def open_gate(self, gate: str, direction: Direction, opening: str) -> Opened:
        """Open, or not; takes as long as ``free`` is not set."""
        self.asked.append((gate, direction, opening))
        self.reached.set()
        await self.free.wait()
        return Opened(opening, self.result, self.reason)

    async def changed(self) -> None:
        """Count the changes that were made known."""
        self.changes += 1
