"""What gates say of themselves, into the record and, if it has just happened, to Home Assistant.

What came late is history: it is recorded as such and announced to nobody. A passage is tied to its opening by the id
that both bear, never by time.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Final

from facegate.adapters.announcer import News
from facegate.adapters.node_voice import Loss, NodeReport
from facegate.adapters.store.access import AccessStore, Report
from facegate.adapters.store.errors import NotFoundError, StoreError
from facegate.core.models import Direction, Method, Reason
from facegate.core.node_events import (
    Alarm,
    ExitButton,
    Happening,
    KeyRotated,
    LineRefused,
    ListVerdict,
    ModeChange,
    Other,
    Passage,
    PinsLocked,
    read,
)

_LOG = logging.getLogger(__name__)

REFUSALS_SECONDS: Final = 60.0
"""Refused lines are recorded this often at most: strangers can cause them, and each tells the count since boot."""


class Journal:
    """Hears all gates. Belongs to one event loop.

    Args:
        store: where records are kept.
        announce: publishes news to Home Assistant; ``False`` when nobody hears.
        listed: keeps the record of what a node's list has decided, and announces it: it knows whose card that was.
        clock: monotonic seconds; unix: the wall clock.
    """

    def __init__(
        self,
        store: AccessStore,
        announce: Callable[[News], bool],
        listed: Callable[[NodeReport, ListVerdict], Coroutine[None, None, None]] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._announce = announce
        self._listed = listed
        self._clock = clock
        self._unix = unix
        self._refusal_at: dict[str, float] = {}
        self._last: asyncio.Task[None] | None = None

    def hear(self, report: NodeReport) -> None:
        """Take what a node reports. To be given to ``GateLink.on_event``."""
        match read(report.event):
            case Passage() as passage:
                self._keep_passage(report, passage)
            case LineRefused(reason, count):
                self._keep_refusal(report, reason, count)
            case ListVerdict() as verdict if self._listed is not None:
                # In turn with the passages: the one of this opening may follow at once.
                self._spawn(self._listed(report, verdict))
            case happening:
                self._keep_words(report, happening)

    def lose(self, loss: Loss) -> None:
        """Take it that a gate's node has told of something that nobody will ever hear. For ``GateLink.on_loss``."""
        detail, at = str(loss.count), self._unix()
        self._spawn(self._write_event(loss.gate, Report(loss.position), "lost", detail))
        self._announce(News(loss.gate, "lost", Reason.REPORTED, Method.NONE, Direction.ENTRY, at, detail=detail))

    def _keep_words(self, report: NodeReport, happening: Happening) -> None:
        """All that needs no more than its words; factors are left to whoever knows whose they are."""
        match happening:
            case ExitButton(direction):
                self._keep(report, "exit", "", direction, Method.EXIT)
            case Alarm(what, phase):
                self._keep(report, what, phase)
            case ModeChange(mode, cause):
                self._keep(report, "mode", mode, record=f"{mode} {cause}")
            case PinsLocked(direction, seconds):
                self._keep(report, "locked", str(seconds), direction, Method.PIN)
            case KeyRotated():
                self._keep(report, "key", "rotated")
            case Other(what, subject, value):
                _LOG.info("Gate %s says '%s', which this version does not know.", report.gate, what)
                self._spawn(self._record_event(report, what, f"{subject} {value}", Direction.ENTRY, Method.NONE))

    async def settled(self) -> None:
        """Return when what was heard so far is in the record."""
        if self._last is not None:
            await self._last

    def _keep_passage(self, report: NodeReport, passage: Passage) -> None:
        direction = passage.direction or Direction.ENTRY
        # Whoever slips through behind another gets a record of their own: the first one's passage stays as it is.
        tied = passage.opening if passage.what in ("passed", "not_passed") else ""
        self._spawn(self._record_passage(report, tied, direction, passage.what))
        detail = "door" if passage.at_door else ""
        self._tell(report, passage.what, Reason.PASSAGE, direction, opening=passage.opening, detail=detail)

    def _keep_refusal(self, report: NodeReport, reason: str, count: int) -> None:
        now = self._clock()
        if now - self._refusal_at.get(report.gate, float("-inf")) >= REFUSALS_SECONDS:
            self._refusal_at[report.gate] = now
            self._keep(report, "refused", reason, record=f"{reason} {count}")

    def _keep(
        self,
        report: NodeReport,
        what: str,
        detail: str,
        direction: Direction = Direction.ENTRY,
        method: Method = Method.NONE,
        *,
        record: str = "",
    ) -> None:
        self._spawn(self._record_event(report, what, record or detail, direction, method))
        self._tell(report, what, Reason.REPORTED, direction, method, detail=detail)

    def _tell(
        self,
        report: NodeReport,
        what: str,
        reason: Reason,
        direction: Direction,
        method: Method = Method.NONE,
        *,
        opening: str = "",
        detail: str = "",
    ) -> None:
        if not report.history:
            at = self._unix()
            self._announce(News(report.gate, what, reason, method, direction, at, opening=opening, detail=detail))

    async def _record_passage(self, report: NodeReport, opening: str, direction: Direction, passage: str) -> None:
        origin, at = Report(report.event.position, past=report.history), self._unix()

        def write(tied: str | None) -> None:
            self._store.record_passage(
                tied, gate=report.gate, direction=direction, passage=passage, at=at, report=origin
            )

        def write_tied() -> None:
            try:
                write(opening or None)
            except NotFoundError:  # an opening of a store that is gone, or one that was never ours
                write(None)

        try:
            await asyncio.to_thread(write_tied)
        except StoreError as error:
            _LOG.error("A passage at gate %s ('%s') cannot be recorded: %s", report.gate, passage, error)

    async def _record_event(
        self, report: NodeReport, what: str, detail: str, direction: Direction, method: Method
    ) -> None:
        origin = Report(report.event.position, past=report.history)
        await self._write_event(report.gate, origin, what, detail, direction=direction, method=method)

    async def _write_event(
        self,
        gate: str,
        origin: Report,
        what: str,
        detail: str,
        *,
        direction: Direction = Direction.ENTRY,
        method: Method = Method.NONE,
    ) -> None:
        try:
            await asyncio.to_thread(
                self._store.record_event,
                what,
                detail,
                gate=gate,
                direction=direction,
                method=method,
                at=self._unix(),
                report=origin,
            )
        except StoreError as error:
            _LOG.error("What gate %s says ('%s') cannot be recorded: %s", gate, what, error)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        """Write one after the other, in the order in which it was heard."""
        before = self._last

        async def follow() -> None:
            if before is not None:
                await before
            await work

        self._last = asyncio.get_running_loop().create_task(follow())
