"""A request that is sent twice acts once: the second sender gets the first one's outcome."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from facegate.web.problems import IDEMPOTENCY_KEY_REUSED, ProblemError
from facegate.web.services import Opened

_LIFE: Final = 600.0  # seconds; a wish to open is refused after 2 s anyway, whatever its key
_MOST: Final = 1024


@dataclass(frozen=True, slots=True)
class _Entry:
    what: tuple[str, ...]
    at: float
    task: asyncio.Task[Opened]


class Idempotency:
    """Remembers openings by who asked and by the key that they sent."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()

    async def once(self, owner: str, key: str, what: tuple[str, ...], act: Callable[[], Awaitable[Opened]]) -> Opened:
        """Return what ``act`` returns, calling it the first time only; raises ProblemError where ``what`` differs."""
        self._forget_old()
        entry = self._entries.get((owner, key))
        if entry is None:
            task = asyncio.ensure_future(_run(act))
            entry = self._entries[owner, key] = _Entry(what, self._clock(), task)
        elif entry.what != what:
            raise ProblemError(IDEMPOTENCY_KEY_REUSED, "Send a new Idempotency-Key with each new wish to open.")
        # Shielded: a sender who hangs up takes nothing away from a second one, nor from the record of the opening.
        return await asyncio.shield(entry.task)

    def _forget_old(self) -> None:
        oldest = self._clock() - _LIFE
        while self._entries:
            entry = next(iter(self._entries.values()))
            if not entry.task.done() or (entry.at > oldest and len(self._entries) < _MOST):
                return
            self._entries.popitem(last=False)


async def _run(act: Callable[[], Awaitable[Opened]]) -> Opened:
    return await act()
