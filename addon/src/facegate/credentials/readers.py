"""What the readers of the gates report: what a node's own list has decided becomes a record and an event, what a gate
of two factors only reports is judged here and handed to its cameras.

Nothing that was queued on the way causes anything: it becomes a record that is marked as past.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Final

from facegate.adapters.announcer import News
from facegate.adapters.node_voice import NodeReport
from facegate.adapters.store.access import AccessStore, Intent, Report
from facegate.adapters.store.errors import ExistsError, StoreError
from facegate.core import node_events
from facegate.core.allow_list import Marked, entries_of, may_use
from facegate.core.clock_trust import time_line
from facegate.core.models import Direction, Method, Reason, Resident, ResidentState, Verdict
from facegate.core.node_events import Factor, KeyRotated, Learned, ListVerdict
from facegate.core.node_list import Clock, why_not
from facegate.core.pin_lock import PinLock
from facegate.core.second_factor import Factor as SecondFactor
from facegate.credentials.learning import Lessons
from facegate.credentials.lists import GateLists

_LOG = logging.getLogger(__name__)

REASONS: Final = {
    "unknown": Reason.NOT_LISTED,
    "list": Reason.NO_LIST,
    "clock": Reason.CLOCK,
    "not_yet": Reason.OUTSIDE_HOURS,
    "expired": Reason.EXPIRED,
    "window": Reason.OUTSIDE_HOURS,
    "relay": Reason.NOT_THIS_GATE,
    "lockdown": Reason.LOCKDOWN,
    "locked": Reason.PINS_LOCKED,
    "fault": Reason.FAULT,
}
"""The node's words for why its list has not opened (``contract.verbs.DENIALS``), as everybody else says it."""


type Shown = Callable[[str, Direction, SecondFactor], None]
"""Hands a second factor to the cameras of a gate that look this way."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What was presented, on which side, and whose it is."""

    method: Method
    direction: Direction
    resident: str | None = None


class Readers:
    """Belongs to one event loop; ``decided`` is given to the journal, ``hear`` to every link.

    Args:
        store: where records go.
        lists: whose digests are whose.
        lessons: who waits for a card.
        announce: publishes news to Home Assistant.
        shown: hands a second factor to the cameras.
        unix: the wall clock; clock: monotonic seconds, as the cameras count them.
    """

    def __init__(
        self,
        store: AccessStore,
        lists: GateLists,
        lessons: Lessons,
        *,
        announce: Callable[[News], bool],
        shown: Shown,
        unix: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._lists = lists
        self._lessons = lessons
        self._announce = announce
        self._shown = shown
        self._unix = unix
        self._clock = clock
        self._locks: dict[str, PinLock] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, report: NodeReport) -> None:
        """Take what a node reports. To be given to ``GateLink.on_event``."""
        match node_events.read(report.event):
            case Factor() as factor:
                self._spawn(self._presented(report, factor))
            case Learned(direction, digest) if not report.history:
                self._spawn(self._lessons.hear(report.gate, direction, digest))
            case KeyRotated():
                self._spawn(self._lists.follow())

    async def stop(self) -> None:
        """Bring the records under way to their end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def decided(self, report: NodeReport, verdict: ListVerdict) -> None:
        """Keep that a node has opened by its list, or has not; in turn with the passage that follows."""
        known = self._lists.marked(report.gate, verdict.kind, verdict.digest) if verdict.digest else None
        resident = known[1].id if known is not None else None
        reason = Reason.LISTED if verdict.reason is None else REASONS.get(verdict.reason, Reason.NODE_REFUSED)
        shown = _Shown(Method(verdict.kind), verdict.direction, resident)
        await self._tell(report, shown, reason, verdict.opening)

    async def _presented(self, report: NodeReport, factor: Factor) -> None:
        """At a gate of two factors: one of them is there; the cameras know of the other."""
        shown = _Shown(Method(factor.kind), factor.direction)
        if report.history:
            await self._tell(report, shown, Reason.SECOND_FACTOR_MISSING)
            return
        resident, reason = self._judge(report.gate, factor)
        if resident is None or reason is not None:
            await self._tell(report, replace(shown, resident=resident), reason or Reason.NOT_LISTED)
            return
        self._shown(report.gate, factor.direction, SecondFactor(resident, shown.method, self._clock()))

    def _judge(self, gate: str, factor: Factor) -> tuple[str | None, Reason | None]:
        """Whose it is, and why it does not count."""
        lock, now = self._locks.get(gate, PinLock()), self._clock()
        is_pin = factor.kind == Method.PIN
        if is_pin and lock.locked(now):
            return None, Reason.PINS_LOCKED
        known = self._lists.marked(gate, factor.kind, factor.digest)
        if known is None or known[0].stale:
            if is_pin:
                self._locks[gate] = lock.after_wrong(now)
            return None, Reason.NOT_LISTED
        if is_pin:
            self._locks[gate] = lock.after_right()
        marked, resident = known
        return resident.id, self._refusal(gate, factor.direction, marked, resident)

    def _refusal(self, gate: str, direction: Direction, marked: Marked, resident: Resident) -> Reason | None:
        """Why the factor does not count now, by the same rule as a node's list."""
        if resident.state is ResidentState.SUSPENDED:
            return Reason.SUSPENDED
        if not may_use(resident, gate):
            return Reason.NOT_THIS_GATE if resident.gates and gate not in resident.gates else Reason.EXPIRED
        trust, clock = self._lists.trust, self._lists.clock
        unix = trust.now(clock.running())
        told = None if trust.problem or unix is None else Clock(time_line(unix, clock.offset_minutes), 0)
        reasons = [why_not(entry, direction.relay, told, 0) for entry in entries_of(marked, resident)]
        if None in reasons:
            return None
        return REASONS.get(reasons[0] or "", Reason.FAULT)

    async def _tell(self, report: NodeReport, shown: _Shown, reason: Reason, opening: str = "") -> None:
        """Record it, and announce it if it happens now."""
        at, origin = self._unix(), Report(report.event.position, past=report.history)
        intent = Intent(opening, report.gate, shown.direction, shown.method, reason, at, shown.resident)
        try:
            if opening:
                await asyncio.to_thread(self._store.record_listed, intent, origin)
            else:
                await asyncio.to_thread(
                    self._store.record_denial,
                    gate=intent.gate,
                    direction=shown.direction,
                    method=shown.method,
                    reason=reason,
                    at=at,
                    resident=shown.resident,
                    report=origin,
                )
        except ExistsError:
            return  # heard before, and told before
        except StoreError as error:
            _LOG.error("What the reader of gate %s reports cannot be recorded: %s", report.gate, error)
        if report.history:
            return
        self._announce(
            News(
                gate=report.gate,
                type=Verdict.GRANTED if opening else Verdict.DENIED,
                reason=reason,
                method=shown.method,
                direction=shown.direction,
                at=at,
                resident=shown.resident,
                opening=opening,
            )
        )

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.critical("A report of a reader was lost.", exc_info=error)
