"""Asks a gate's node for the events that it told while nobody listened, and says which of them are lost for good.

A broker keeps nothing for a recognizer that is away, but the node does: docs/protocol.md, `again`. What comes so is
history, is believed once, and causes nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from facegate.adapters.node_commands import OpenResult
from facegate.adapters.node_voice import NodeVoice
from facegate.contract.lines import Position
from facegate.contract.verbs import Again

_LOG = logging.getLogger(__name__)

FOLLOW_SECONDS: Final = 2.0  # events leave the node right after its answer
ASKED: Final = 2  # times for one gap that the node could fill and that stays
PATIENCE_SECONDS: Final = 60.0  # with a node that is there and does not answer


class Retelling:
    """What one node is asked to tell again. Belongs to the event loop of its link.

    Args:
        voice: what was heard of the node.
        ask: the way to it.
        changed: called when something is waited for no more.
    """

    def __init__(
        self, voice: NodeVoice, ask: Callable[[Again], Awaitable[OpenResult]], changed: Callable[[], None]
    ) -> None:
        self._voice = voice
        self._ask = ask
        self._changed = changed
        self._wanted = True  # whatever was told before this began
        self._boot: int | None = None  # that of the last hello
        self._asked = 0
        self._whole = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._waiting: asyncio.TimerHandle | None = None

    async def stop(self) -> None:
        """Ask no more; what is missing stays missing, and may come at the next start."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def want(self) -> None:
        """Nobody has listened for a moment: there may be more than what is known to be missing."""
        self._wanted = True

    def hear_hello(self, boot: int) -> None:
        """The node is there, and says in which of its boots."""
        if boot != self._boot:
            self._boot = boot
            self._wanted = True
        gone = frozenset(lack for lack in self._voice.missing if lack.boot < boot)
        if gone:  # a node that has restarted has forgotten them
            self._give_up(gone)
        self.look()

    def look(self) -> None:
        """Ask, if there is a reason to. To be called after each event."""
        if not self._voice.missing:
            self._whole.set()
        if not self._wanted and not self._voice.missing:
            return
        if self._voice.missing and self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._lose_patience)
        if self._running is None and self._voice.challenge() is not None:
            self._running = asyncio.get_running_loop().create_task(self._run())
            self._running.add_done_callback(self._ended)

    async def _run(self) -> None:
        while self._wanted or self._voice.missing:
            boot, missing = self._voice.boot, self._voice.missing
            if boot is None or any(lack.boot != boot for lack in missing):
                return  # its hello is still to come
            wanted, self._wanted = self._wanted, False
            answer = await self._ask(Again(boot, self._voice.next_event(boot)))
            if answer.done:
                await self._follow()
            elif answer.result == "node_refused":
                # A node of an earlier release, or one that has restarted in between: it has nothing more to tell.
                self._asked = ASKED
            else:
                self._wanted = self._wanted or wanted
                return  # with the next hello
            rest = missing & self._voice.missing
            self._asked = self._asked + 1 if rest else 0
            if rest and self._asked >= ASKED:
                self._asked = 0
                self._give_up(rest)

    async def _follow(self) -> None:
        """Return when what was missing has come, or would have."""
        self._whole.clear()
        if self._voice.missing:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._whole.wait(), FOLLOW_SECONDS)

    def _lose_patience(self) -> None:
        self._waiting = None
        if self._voice.state == "online":  # else it may still tell when it is back
            self._give_up(self._voice.missing)
        elif self._voice.missing:
            self.look()

    def _give_up(self, missing: frozenset[Position]) -> None:
        self._voice.write_off(missing)
        self._changed()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running = None
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.critical("The events of gate %s could not be asked for.", self._voice.gate, exc_info=error)
