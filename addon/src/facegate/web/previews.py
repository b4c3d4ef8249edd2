"""The live pictures that are under way for owners who place a camera: asked for one by one, for two minutes at most."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from facegate.vision.preview import Preview

SECONDS: Final = 120.0
"""How long one start lasts: a look at who stands at a gate is no window to leave open."""
APART: Final = 0.5
"""Seconds between two pictures."""
_MOST: Final = 4  # at once: an owner places one camera, and may have forgotten another tab

type Look = Callable[[str], Preview | None]
"""Returns what a camera sees now, ``None`` where no picture comes; blocks. Raises CameraError, VisionError."""


@dataclass(slots=True)
class _Showing:
    camera: str
    owner: str
    ends: float
    due: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Previews:
    """The previews that are under way. Belongs to one event loop.

    Args:
        look: what a camera sees.
        clock: monotonic seconds.
    """

    def __init__(self, look: Look, clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._clock = clock
        self._showing: OrderedDict[str, _Showing] = OrderedDict()

    def begin(self, camera: str, owner: str) -> str:
        """Begin one for this owner and return its id; of too many the oldest ends."""
        new = secrets.token_hex(16)
        self._showing[new] = _Showing(camera, owner, self._clock() + SECONDS)
        while len(self._showing) > _MOST:
            self._showing.popitem(last=False)
        return new

    def end(self, preview: str) -> None:
        """End one."""
        self._showing.pop(preview, None)

    async def picture(self, preview: str, camera: str, owner: str) -> tuple[Preview | None, float]:
        """The next picture, no sooner than it is due, and how many seconds are left.

        Raises KeyError for a preview that is over, or is another's; CameraError and VisionError.
        """
        showing = self._showing[preview]
        if showing.camera != camera or showing.owner != owner or self._clock() >= showing.ends:
            raise KeyError(preview)
        async with showing.turn:
            await asyncio.sleep(max(0.0, showing.due - self._clock()))
            showing.due = self._clock() + APART
            seen = await asyncio.to_thread(self._look, camera)
        return seen, max(0.0, showing.ends - self._clock())
