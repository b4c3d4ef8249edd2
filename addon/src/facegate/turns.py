"""Who may use the models next, where several cameras share them: whoever waits and had the last turn the longest ago.

Each takes its newest picture when its turn comes, so nobody waits with an old one. A camera before which a crowd stands
takes one turn like all others, and gives way between two people of the crowd.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


class Turns:
    """Lets so many threads at the models at once as fill the machine.

    Args:
        at_once: how many.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: set[str] = set()
        self._had: dict[str, int] = {}
        self._number = count(1)
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, who: str) -> Iterator[None]:
        """Wait for a turn, hold it for the block, and give it on. Each ``who`` waits in one thread at a time."""
        with self._changed:
            self._take(who)
        try:
            yield
        finally:
            with self._changed:
                self._give()

    def give_way(self, who: str) -> None:
        """Within a turn that may last: let whoever waits have theirs, then go on."""
        with self._changed:
            if self._waiting:
                self._give()
                self._take(who)

    def _take(self, who: str) -> None:
        self._waiting.add(who)
        self._changed.wait_for(lambda: self._free > 0 and self._next() == who)
        self._waiting.remove(who)
        self._had[who] = next(self._number)
        self._free -= 1
        self._changed.notify_all()  # there may be room for another

    def _give(self) -> None:
        self._free += 1
        self._changed.notify_all()

    def _next(self) -> str:
        return min(self._waiting, key=lambda who: (self._had.get(who, 0), who))
