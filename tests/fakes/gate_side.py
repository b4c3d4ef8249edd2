"""What stands behind the API in its tests: a gate without a node, nobody who hears news, and health as wanted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from facegate.adapters.announcer import News
from facegate.adapters.gate import OpenResult, Result
from facegate.adapters.key_change import Outcome
from facegate.contract.verbs import Request
from facegate.core.models import Direction
from facegate.web.machine import Machine
from facegate.web.services import Health


@dataclass
class GateSide:
    """The link of every gate: records what it is asked and answers as it is told."""

    result: Result = "opened"
    said: str = ""
    health: Health = field(default_factory=Health)
    machine: Machine = field(default_factory=lambda: Machine(free=10**10))
    people: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[Direction, str]] = field(default_factory=list)
    until: list[float] = field(default_factory=list)
    guards: list[bool] = field(default_factory=list)
    orders: list[Request] = field(default_factory=list)
    answer: OpenResult = field(default_factory=lambda: OpenResult("done", "0"))
    news: list[News] = field(default_factory=list)
    presses: list[tuple[str, Direction]] = field(default_factory=list)
    waiting: int = 1
    changes: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.free.set()

    async def open(
        self,
        direction: Direction,
        pulse_ms: int,
        opening: str,
        lasts: Callable[[], bool],
        *,
        until: float | None = None,
        guard: bool = False,
    ) -> OpenResult:
        """Open, or not; takes as long as ``free`` is not set."""
        self.guards.append(guard)
        self.asked.append((direction, opening))
        self.until.append(until or 0.0)
        self.reached.set()
        await self.free.wait()
        return OpenResult(self.result, self.said)

    async def ask(self, request: Request, *, until: float | None = None) -> OpenResult:
        """Answer an order."""
        self.orders.append(request)
        return self.answer

    def announce(self, news: News) -> bool:
        """Keep the news."""
        self.news.append(news)
        return True

    def press(self, gate: str, direction: Direction) -> int:
        """Keep the press; ``waiting`` cameras wait for one."""
        self.presses.append((gate, direction))
        return self.waiting

    async def change_key(self, gate: str) -> Outcome:
        """The node is away."""
        return "pending"

    async def changed(self) -> None:
        """Count the changes that were made known."""
        self.changes += 1
