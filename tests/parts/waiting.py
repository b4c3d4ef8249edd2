"""Waiting for what real parts do."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 60.0
"""Seconds; one patience for all. A busy machine is slow, and no test is about that."""


async def eventually[T](
    look: Callable[[], T], seconds: float = PATIENCE, *, shows: Callable[[], object] = lambda: "it did not happen"
) -> T:
    """Return what ``look`` finds, once it finds something true; ``shows`` is what a failure prints."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, shows()
        await asyncio.sleep(0.01)
    return found


def wait_for[T](
    look: Callable[[], T], seconds: float = PATIENCE, *, shows: Callable[[], object] = lambda: "it did not happen"
) -> T:
    """Do the same where no event loop runs."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, shows()
        time.sleep(0.05)
    return found
