"""What a gate is told besides opening: its mode, and the end of a fire. Who said so is in the record first.

The node is the truth: what its hello says is the gate's mode. One thing goes ahead of it: from the moment that somebody
asks for a lockdown, the recognizer itself opens for nobody but a guard, and it tells the node until the node has taken
over. ``normal`` and ``free`` open a gate, so they are asked for once, now, or not at all.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from facegate.adapters.node_commands import OpenResult
from facegate.adapters.store.errors import NotFoundError, StoreError
from facegate.adapters.store.orders import DONE, RESET
from facegate.contract.lines import Hello, parse_number
from facegate.contract.verbs import Request, Reset, SetMode
from facegate.core.models import Mode

_LOG = logging.getLogger(__name__)

ORDER_SECONDS: Final = 5.0
"""Whoever asks waits for it; a node that is there has sent two hellos' worth of challenges by then."""
_SECONDS_MAX: Final = 2**32 - 1


class Store(Protocol):
    """The part of ``adapters.store.Store`` that orders use; synchronous, raises StoreError."""

    def begin_order(self, gate: str, what: str, seconds: int, actor: str) -> int:
        """Store what is about to be asked of a gate."""

    def finish_order(self, number: int, result: str, detail: str) -> None:
        """Store what came of it."""

    def open_lockdowns(self) -> dict[str, int]:
        """The lockdowns that their nodes have not taken over yet."""

    def set_gate_mode(self, gate: str, mode: Mode) -> bool:
        """Store the gate's mode and return whether it was another."""


class Link(Protocol):
    """The part of ``adapters.gate.GateLink`` that orders use."""

    async def ask(self, request: Request, *, until: float | None = None) -> OpenResult:
        """Ask the node."""


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What came of an order. ``done``: the node says so; ``result``, ``detail``: the gate's own words.

    ``seconds``: how long a free passage lasts, cut to the node's own maximum. ``waits``: the node has not taken the
    lockdown over yet and is told until it has; the recognizer keeps to it already.
    """

    done: bool
    result: str
    detail: str = ""
    seconds: int = 0
    waits: bool = False


class Orders:
    """The one way of changing a gate's mode. Belongs to one event loop.

    Args:
        store: where orders are kept.
        links: the ways to the nodes by gate; may change while it runs.
        changed: awaited after the stored mode of a gate has changed.
        clock: monotonic seconds; unix: the wall clock.
    """

    def __init__(
        self,
        store: Store,
        links: Mapping[str, Link],
        changed: Callable[[], Awaitable[None]],
        *,
        clock: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._links = links
        self._changed = changed
        self._clock = clock
        self._unix = unix
        self._waiting: dict[str, int] = {}  # lockdowns that their nodes have not taken over, by gate
        self._said: dict[str, Mode] = {}  # what each node's hello said last
        self._free_until: dict[str, float] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Recall the lockdowns that nobody has taken over yet, and hold them: the asking may have been cut short."""
        self._waiting = await asyncio.to_thread(self._store.open_lockdowns)
        for gate in self._waiting:
            await self._store_mode(gate, Mode.LOCKDOWN)

    async def stop(self) -> None:
        """Bring what is under way to its end."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def waits(self, gate: str) -> bool:
        """Whether this gate's node has still to take over a lockdown."""
        return gate in self._waiting

    def free_until(self, gate: str) -> float | None:
        """When its free passage ends, in Unix seconds; ``None`` if there is none, or another has begun it."""
        return self._free_until.get(gate) if self._said.get(gate) is Mode.FREE else None

    async def set_mode(self, gate: str, mode: Mode, actor: str, *, seconds: int = 0) -> OrderOutcome:
        """Set a gate's mode; ``seconds`` is how long ``free`` lasts. Raises StoreError if that cannot be recorded."""
        async with self._turns[gate]:
            number = await asyncio.to_thread(self._store.begin_order, gate, mode, seconds, actor)
            if mode is Mode.LOCKDOWN:
                self._waiting[gate] = number
                await self._keep(gate, mode)
            outcome = await self._tell(gate, SetMode(mode, seconds))
            if outcome.done:
                await self._settle(gate, number, outcome)
                self._waiting.pop(gate, None)
                self._free_until[gate] = self._unix() + outcome.seconds
                self._said[gate] = mode
                await self._keep(gate, mode)
            elif mode is not Mode.LOCKDOWN:
                await self._settle(gate, number, outcome)
            return outcome

    async def reset_fire(self, gate: str, actor: str) -> OrderOutcome:
        """End what a fire has released, once its contact is quiet. Raises StoreError if that cannot be recorded."""
        async with self._turns[gate]:
            number = await asyncio.to_thread(self._store.begin_order, gate, RESET, 0, actor)
            outcome = await self._tell(gate, Reset())
            await self._settle(gate, number, outcome)
            return outcome

    def hear(self, hello: Hello) -> None:
        """Take a gate's mode from its node's hello. To be given to ``GateLink.on_hello``."""
        gate, said = hello.gate, hello.mode
        if gate in self._tasks or said not in tuple(Mode):
            return
        if gate in self._waiting:
            self._spawn(gate, self._tell_lockdown(gate, said=Mode(said)))
        elif self._said.get(gate) is not Mode(said):
            self._spawn(gate, self._believe(gate, Mode(said)))

    async def _tell_lockdown(self, gate: str, *, said: Mode) -> None:
        async with self._turns[gate]:
            number = self._waiting.get(gate)
            if number is None:
                return
            outcome = OrderOutcome(done=True, result=DONE, detail="hello")
            if said is not Mode.LOCKDOWN:
                outcome = await self._tell(gate, SetMode(Mode.LOCKDOWN))
            if outcome.done:
                await self._settle(gate, number, outcome)
                self._said[gate] = Mode.LOCKDOWN
                await self._keep(gate, Mode.LOCKDOWN)
                del self._waiting[gate]

    async def _believe(self, gate: str, said: Mode) -> None:
        async with self._turns[gate]:
            if gate not in self._waiting:
                self._said[gate] = said
                await self._keep(gate, said)

    async def _tell(self, gate: str, request: SetMode | Reset) -> OrderOutcome:
        lockdown = isinstance(request, SetMode) and request.mode == Mode.LOCKDOWN
        link = self._links.get(gate)
        if link is None:
            return OrderOutcome(done=False, result="node_silent", detail="no link", waits=lockdown)
        answer = await link.ask(request, until=self._clock() + ORDER_SECONDS)
        if answer.done:
            return OrderOutcome(
                done=True, result=DONE, detail=answer.detail, seconds=parse_number(answer.detail, _SECONDS_MAX) or 0
            )
        # A node whose flash took nothing is locked down all the same; only a reboot would end it.
        done = lockdown and answer.detail == "fault flash"
        return OrderOutcome(
            done=done, result=DONE if done else answer.result, detail=answer.detail, waits=lockdown and not done
        )

    async def _keep(self, gate: str, mode: Mode) -> None:
        """Let the stored mode be this one, and say so if it was another."""
        if await self._store_mode(gate, mode):
            _LOG.info("Gate %s is in mode %s.", gate, mode)
            await self._changed()

    async def _store_mode(self, gate: str, mode: Mode) -> bool:
        """Return whether it was another. A disk that is full keeps nobody from a lockdown at the node."""
        try:
            return await asyncio.to_thread(self._store.set_gate_mode, gate, mode)
        except NotFoundError:
            return False  # the gate was removed a moment ago
        except StoreError as error:
            _LOG.error("That gate %s is in mode %s cannot be stored: %s", gate, mode, error)
            return False

    async def _settle(self, gate: str, number: int, outcome: OrderOutcome) -> None:
        try:
            await asyncio.to_thread(self._store.finish_order, number, outcome.result, outcome.detail)
        except StoreError as error:
            _LOG.error("What came of an order to gate %s ('%s') cannot be recorded: %s", gate, outcome.result, error)

    def _spawn(self, gate: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[gate] = task
        task.add_done_callback(lambda done: self._ended(gate, done))

    def _ended(self, gate: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(gate, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.critical("The mode of gate %s could not be followed.", gate, exc_info=error)
