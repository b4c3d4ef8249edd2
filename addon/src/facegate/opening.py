"""One opening, whatever asked for it: intent stored → signed → acked → record completed → event → passed or not.

The intent is on the disk before anything is signed: there is no opening without a record, and where there can be no
record the gate stays closed. An intent that a crash has left behind is never carried out.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, Self

from facegate.adapters.announcer import News
from facegate.adapters.gate import OpenResult
from facegate.adapters.store.access import UNSEEN, AccessRecord, Intent
from facegate.adapters.store.errors import ExistsError, NotFoundError, StoreError
from facegate.contract.lines import is_opening_id
from facegate.core.commissioning_sheet import Sheet, may_be_used
from facegate.core.models import Decision, Direction, Gate, Method, Mode, Reason, Verdict
from facegate.core.node_file import NodeSetup

_LOG = logging.getLogger(__name__)

REMOTE_SECONDS: Final = 2.0  # a remote opening that is late surprises whoever stands there
PASSAGE_SECONDS: Final = 20.0  # longer than any node waits for its beam
LOCKDOWN: Final = "lockdown"
"""Result of a wish that was not even signed, because its gate is in lockdown."""
NOT_COMMISSIONED: Final = "not_commissioned"
"""Result of a wish that was not even signed, because nobody has attested and tested the ways out (PRIVACY P13)."""

_REASONS: Final = {
    "node_silent": Reason.NODE_SILENT,
    "not_connected": Reason.NODE_SILENT,
    "node_busy": Reason.NODE_BUSY,
    "node_refused": Reason.NODE_REFUSED,
    "no_answer": Reason.NO_ANSWER,
    "person_left": Reason.PERSON_LEFT,
    LOCKDOWN: Reason.LOCKDOWN,
    NOT_COMMISSIONED: Reason.NOT_COMMISSIONED,
}
_REFUSALS: Final = {
    "mode lockdown": Reason.LOCKDOWN,
    "mode fire": Reason.STANDS_OPEN,
    "mode free": Reason.STANDS_OPEN,
}
"""Why a node refuses, by the detail of its answer; all other refusals are ``node_refused``."""


class Store(Protocol):
    """The part of ``adapters.store.Store`` that openings use; synchronous, raises StoreError."""

    def gate(self, gate: str) -> Gate:
        """One gate."""

    def begin_opening(self, intent: Intent) -> None:
        """Store what is about to be asked of a gate; raises ExistsError for a known id."""

    def finish_opening(self, opening: str, result: str, detail: str, at: float) -> None:
        """Store what came of it."""

    def opening(self, opening: str) -> AccessRecord | None:
        """The record of one opening."""

    def record_unseen(self, opening: str, at: float) -> None:
        """Store that nobody knows whether anyone went through, unless the gate has told."""

    def node_setup(self, gate: str) -> NodeSetup | None:
        """What the gate's node is made of."""

    def commissioning(self, gate: str) -> Sheet | None:
        """The last sheet of the gate."""

    def record_denial(
        self, *, gate: str, direction: Direction, method: Method, reason: Reason, at: float, resident: str | None = None
    ) -> str:
        """Store that somebody was refused."""


class Link(Protocol):
    """The part of ``adapters.gate.GateLink`` that openings use."""

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
        """Ask the node to open; ``guard``: also in a lockdown."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A wish to open, decided and justified.

    ``lasts``: asked before each signature, whether the reason is still there. ``until`` and ``since``: monotonic
    seconds after which nothing may open, and at which whoever it is was seen. ``id``: 16 hex; the same id opens once.
    ``actor``: who asked from afar, by the name of a token. ``guard``: somebody on guard has looked and answers for it,
    so that it opens in a lockdown as well; ``note`` is the reason given. ``trial``: an installer stands at the gate and
    tests it, so that it opens before it is taken into use.
    """

    gate: str
    direction: Direction
    method: Method
    reason: Reason
    lasts: Callable[[], bool] = _always
    until: float | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    resident: str | None = None
    faces: int = 0
    since: float | None = None
    ms: Mapping[str, float] = field(default_factory=dict)
    actor: str | None = None
    guard: bool = False
    note: str | None = None
    trial: bool = False

    @classmethod
    def of(cls, decision: Decision, lasts: Callable[[], bool]) -> Self:
        """Return the wish that follows from a granted decision."""
        if decision.verdict is not Verdict.GRANTED:
            raise ValueError(f"'{decision.reason}' is no reason to open")
        return cls(
            gate=decision.gate,
            direction=decision.direction,
            method=decision.method,
            reason=decision.reason,
            lasts=lasts,
            resident=decision.resident,
            faces=decision.faces,
            since=decision.at,
            ms=decision.ms,
        )

    @classmethod
    def remote(cls, gate: str, direction: Direction, opening: str, now: float, *, actor: str | None = None) -> Self:
        """Return a wish of somebody who is not at the gate; it expires after two seconds. ``now``: monotonic."""
        return cls(gate, direction, Method.REMOTE, Reason.REMOTE, until=now + REMOTE_SECONDS, id=opening, actor=actor)

    def for_guard(self, note: str) -> Self:
        """Return the same wish of somebody on guard, who says why."""
        return replace(self, reason=Reason.GUARD, guard=True, note=note)


@dataclass(frozen=True, slots=True)
class OpenOutcome:
    """What came of a wish. ``reason``: why it was granted or why not; ``result``, ``detail``: the gate's own words."""

    opening: str
    opened: bool
    reason: Reason
    result: str
    detail: str = ""
    ms: int = 0


class Openings:
    """The one way of opening. Belongs to one event loop.

    Args:
        store: where intents and records are kept.
        links: the ways to the nodes by gate; may change while it runs.
        announce: publishes news to Home Assistant; ``False`` when nobody hears.
        clock: monotonic seconds; unix: the wall clock.
    """

    def __init__(
        self,
        store: Store,
        links: Mapping[str, Link],
        announce: Callable[[News], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
        passage_seconds: float = PASSAGE_SECONDS,
    ) -> None:
        self._store = store
        self._links = links
        self._announce = announce
        self._clock = clock
        self._unix = unix
        self._passage_seconds = passage_seconds
        self._running: dict[str, asyncio.Task[OpenOutcome]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unseen: dict[str, asyncio.TimerHandle] = {}

    async def open(self, request: OpenRequest) -> OpenOutcome:
        """Open, or say why not. The same id again gets the same outcome and opens nothing."""
        if not is_opening_id(request.id):
            raise ValueError("an opening is named with 16 hex digits")
        running = self._running.get(request.id)
        if running is None:
            running = asyncio.get_running_loop().create_task(self._open(request))
            self._running[request.id] = running
            running.add_done_callback(lambda _: self._running.pop(request.id, None))
        # Whoever asked may go away; what has begun is brought to its end and into the record.
        return await asyncio.shield(running)

    async def deny(self, decision: Decision) -> None:
        """Record and announce that somebody was refused."""
        at = self._unix()
        try:
            await asyncio.to_thread(
                self._store.record_denial,
                gate=decision.gate,
                direction=decision.direction,
                method=decision.method,
                reason=decision.reason,
                at=at,
                resident=decision.resident,
            )
        except StoreError as error:
            _LOG.error("A denial at gate %s cannot be recorded: %s", decision.gate, error)
        self._announce(
            News(
                gate=decision.gate,
                type=Verdict.DENIED,
                reason=decision.reason,
                method=decision.method,
                direction=decision.direction,
                at=at,
                resident=decision.resident,
                faces=decision.faces,
                ms=decision.ms,
            )
        )

    async def stop(self) -> None:
        """Bring what is under way to its end; whose passage nobody has seen yet is settled at the next start."""
        for opening, timer in list(self._unseen.items()):
            timer.cancel()
            del self._unseen[opening]
        await asyncio.gather(*self._running.values(), *self._tasks, return_exceptions=True)

    async def _open(self, request: OpenRequest) -> OpenOutcome:
        at = self._unix()
        intent = Intent(
            request.id, request.gate, request.direction, request.method, request.reason, at, request.resident,
            request.actor, request.note,
        )  # fmt: skip
        try:
            gate = await asyncio.to_thread(self._store.gate, request.gate)
            in_use = request.trial or await asyncio.to_thread(self._is_in_use, gate)
            await asyncio.to_thread(self._store.begin_opening, intent)
        except ExistsError:
            return await self._again(request.id)
        except NotFoundError as error:
            return self._end(request, OpenOutcome(request.id, False, Reason.FAULT, "no_gate", str(error)))
        except StoreError as error:
            _LOG.error("Gate %s stays closed, because its opening cannot be recorded: %s", request.gate, error)
            return self._end(request, OpenOutcome(request.id, False, Reason.FAULT, "not_recorded", str(error)))
        outcome = OpenOutcome(request.id, False, Reason.FAULT, "fault")
        try:
            if in_use:
                outcome = await self._ask(request, gate)
            else:
                outcome = OpenOutcome(request.id, False, Reason.NOT_COMMISSIONED, NOT_COMMISSIONED)
        finally:
            # Also where something failed that nobody foresaw: the record tells, and so does the event.
            await self._complete(outcome)
            self._end(request, outcome)
        return outcome

    def _is_in_use(self, gate: Gate) -> bool:
        return may_be_used(self._store.node_setup(gate.id), self._store.commissioning(gate.id), trial=gate.trial)

    async def _ask(self, request: OpenRequest, gate: Gate) -> OpenOutcome:
        if gate.mode is Mode.LOCKDOWN and not request.guard:
            return OpenOutcome(request.id, False, Reason.LOCKDOWN, LOCKDOWN)
        link = self._links.get(request.gate)
        if link is None:
            return OpenOutcome(request.id, False, Reason.NODE_SILENT, "node_silent", "no link")
        result = await link.open(
            request.direction, gate.pulse_ms, request.id, request.lasts, until=request.until, guard=request.guard
        )
        reason = request.reason if result.opened else _why(result.result, result.detail)
        return OpenOutcome(request.id, result.opened, reason, result.result, result.detail, result.ms)

    async def _again(self, opening: str) -> OpenOutcome:
        """The outcome of an opening that has been asked for before, perhaps by an earlier run of this program."""
        try:
            record = await asyncio.to_thread(self._store.opening, opening)
        except StoreError as error:
            return OpenOutcome(opening, False, Reason.FAULT, "not_recorded", str(error))
        if record is None or record.result is None:
            return OpenOutcome(opening, False, Reason.FAULT, UNSEEN)
        opened = record.result == "opened"
        reason = record.reason if opened else _why(record.result, record.detail or "")
        return OpenOutcome(opening, opened, reason, record.result, record.detail or "")

    async def _complete(self, outcome: OpenOutcome) -> None:
        try:
            await asyncio.to_thread(
                self._store.finish_opening, outcome.opening, outcome.result, outcome.detail, self._unix()
            )
        except StoreError as error:
            # The intent stands; at the next start it is settled as one whose end nobody saw.
            _LOG.error("The end of opening %s ('%s') cannot be recorded: %s", outcome.opening, outcome.result, error)

    def _end(self, request: OpenRequest, outcome: OpenOutcome) -> OpenOutcome:
        ms = {**request.ms, "node": outcome.ms}
        if request.since is not None:
            ms["total"] = (self._clock() - request.since) * 1000
        self._announce(
            News(
                gate=request.gate,
                type=Verdict.GRANTED if outcome.opened else Verdict.DENIED,
                reason=outcome.reason,
                method=request.method,
                direction=request.direction,
                at=self._unix(),
                resident=request.resident,
                opening=request.id,
                faces=request.faces,
                ms=ms,
            )
        )
        if outcome.opened:
            loop = asyncio.get_running_loop()
            self._unseen[request.id] = loop.call_later(self._passage_seconds, self._nobody_seen, request)
        return outcome

    def _nobody_seen(self, request: OpenRequest) -> None:
        self._unseen.pop(request.id, None)
        self._spawn(self._record_unseen(request))

    async def _record_unseen(self, request: OpenRequest) -> None:
        try:
            await asyncio.to_thread(self._store.record_unseen, request.id, self._unix())
        except StoreError as error:
            _LOG.error("That nobody was seen at gate %s cannot be recorded: %s", request.gate, error)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _why(result: str, detail: str) -> Reason:
    if result == "node_refused" and detail in _REFUSALS:
        return _REFUSALS[detail]
    return _REASONS.get(result, Reason.FAULT)
