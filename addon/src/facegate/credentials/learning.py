"""Learning a card at a gate's reader: somebody asks for it, the node tells of the next card there, once, by its digest.

A number that is on no list leaves the node only while somebody waits for it here, and only as the digest of that gate;
so a card that was learned is good for that gate alone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from facegate.adapters.gate import OpenResult
from facegate.adapters.store.errors import ExistsError, StoreError
from facegate.contract.verbs import Learn, Request
from facegate.core.audit import Act, KeepsActs
from facegate.core.credentials import Credential
from facegate.core.models import Direction

_LOG = logging.getLogger(__name__)

LEARN_SECONDS: Final = 30
"""Time enough to walk from the panel to the reader."""
_GRACE: Final = 3.0  # for the node's event to arrive


class Store(KeepsActs, Protocol):
    """The part of ``adapters.store.Store`` that keeps a learned card; synchronous, raises StoreError."""

    def add_learned_card(self, credential: Credential, gate: str, digest: bytes) -> Credential:
        """Store a card by its digest at one gate; raises ExistsError when it is somebody's."""


class Link(Protocol):
    """The part of ``adapters.gate.GateLink`` that is used here."""

    async def ask(self, request: Request) -> OpenResult:
        """Ask the node for something."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One card that is waited for. ``state``: ``waiting``, ``learned``, ``taken``, ``ended`` or ``failed``.

    ``taken``: the card that was presented is somebody's already. ``detail``: the node's or the store's words.
    ``actor``: who has asked for it, for the record.
    """

    id: str
    gate: str
    direction: Direction
    wanted: Credential
    until: float
    state: str = "waiting"
    credential: str = ""
    detail: str = ""
    actor: str = ""


class Lessons:
    """One lesson at a time for each gate; the last one is remembered until the next. Belongs to one event loop.

    Args:
        store: where learned cards go.
        links: the ways to the nodes by gate.
        changed: awaited after a card was learned.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        store: Store,
        links: Mapping[str, Link],
        changed: Callable[[], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._links = links
        self._changed = changed
        self._clock = clock
        self._lessons: dict[str, Lesson] = {}

    async def begin(
        self, lesson: str, wanted: Credential, gate: str, direction: Direction, seconds: int, *, actor: str = ""
    ) -> Lesson:
        """Ask the node of ``gate`` for the next card at the reader on this side; ``actor`` has asked for it."""
        link = self._links.get(gate)
        answer = OpenResult("node_silent") if link is None else await link.ask(Learn(direction.relay, seconds))
        begun = Lesson(lesson, gate, direction, wanted, self._clock() + seconds + _GRACE, actor=actor)
        if not answer.done:
            begun = replace(begun, state="failed", detail=answer.detail or answer.result)
        self._lessons[gate] = begun
        return begun

    def at(self, gate: str) -> Lesson | None:
        """The last lesson at this gate."""
        lesson = self._lessons.get(gate)
        if lesson is not None and lesson.state == "waiting" and self._clock() >= lesson.until:
            lesson = self._lessons[gate] = replace(lesson, state="ended")
        return lesson

    async def hear(self, gate: str, direction: Direction, digest: str) -> None:
        """Take the card that the node tells of, if somebody waits for it; nobody else's ends up anywhere."""
        lesson = self.at(gate)
        if lesson is None or lesson.state != "waiting" or lesson.direction is not direction:
            _LOG.warning("Gate %s tells of a card that nobody waits for; it is not kept.", gate)
            return
        try:
            kept = await asyncio.to_thread(self._store.add_learned_card, lesson.wanted, gate, bytes.fromhex(digest))
            if lesson.actor:
                await asyncio.to_thread(
                    self._store.record_act, lesson.actor, Act.CREDENTIAL_GIVEN, resident=kept.resident
                )
        except ExistsError as error:
            self._lessons[gate] = replace(lesson, state="taken", detail=str(error))
            return
        except StoreError as error:
            self._lessons[gate] = replace(lesson, state="failed", detail=str(error))
            return
        self._lessons[gate] = replace(lesson, state="learned", credential=kept.id)
        await self._changed()
