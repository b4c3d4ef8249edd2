"""Everything about cards and PINs that runs, in one place to start, follow and stop."""

import time
from collections.abc import Awaitable, Callable, Mapping

from facegate.adapters.announcer import News
from facegate.adapters.gate import GateLink
from facegate.adapters.store import Store
from facegate.credentials.learning import Lessons
from facegate.credentials.lists import Clock, GateLists, ListStanding
from facegate.credentials.readers import Readers, Shown


class Cards:
    """Belongs to one event loop.

    Args:
        store: where cards, PINs, lists and records are.
        links: the ways to the nodes by gate.
        announce: publishes news to Home Assistant.
        shown: hands a second factor to the cameras of a gate.
        changed: awaited after a card was learned.
        vouched: whether the owner says that this machine's clock is right whatever the system says.
    """

    def __init__(
        self,
        store: Store,
        links: Mapping[str, GateLink],
        *,
        announce: Callable[[News], bool],
        shown: Shown,
        changed: Callable[[], Awaitable[None]],
        vouched: bool = False,
    ) -> None:
        self._lists = GateLists(store, links, Clock(vouched=vouched))
        self.lessons = Lessons(store, links, changed, time.monotonic)
        self.readers = Readers(store, self._lists, self.lessons, announce=announce, shown=shown)
        self._lists.on_event = self.readers.hear

    @property
    def clock_problem(self) -> str:
        """Why the gates are told no time, empty if they are."""
        return self._lists.clock_problem

    def start(self) -> None:
        """Begin to look at the clock."""
        self._lists.start()

    async def follow(self) -> None:
        """Take over what was changed in the store and among the links."""
        await self._lists.follow()

    async def stop(self) -> None:
        """Send nothing any more, and bring records under way to their end."""
        await self._lists.stop()
        await self.readers.stop()

    def standing(self, gate: str) -> ListStanding:
        """How the list of a gate does."""
        return self._lists.standing(gate)
