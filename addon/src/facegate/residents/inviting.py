"""Enrolling by oneself, on one's own phone: what was chosen and agreed to, the pictures, the test; nothing kept early.

Until somebody has agreed and enough good pictures are there, all of it lives in memory and goes with time. A face that
is another resident's already ends the invitation without saying whose it is: the office is told, not the phone.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from facegate.core.audit import RESIDENT, Act, KeepsActs
from facegate.core.links import SESSION_SECONDS, Link, LinkKind
from facegate.core.models import PrivacyLevel, Resident
from facegate.residents.collecting import Collection, Offered, View
from facegate.residents.consents import Given
from facegate.residents.enrolling import Enrolling, EnrolmentError
from facegate.residents.links import Links, Made
from facegate.residents.picture import Judgement, judge
from facegate.vision import Models

MOST_PIXELS: Final = 4_000_000
"""Of a picture that our page has taken; more was sent by something else."""
MOST_BYTES: Final = 1_000_000
TESTS: Final = 6
"""Pictures that may fail to be recognised before that is said: the first ones may still show a turned head."""
_REMEMBERED: Final = 50


class Step(StrEnum):
    """Where an invitation is; each is a translation key."""

    CHOOSING = "choosing"
    LOOKING = "looking"
    TESTING = "testing"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Notable:
    """What the office should know of an enrolment that it has not seen. ``duplicate``: refused, else a look-alike."""

    resident: str
    other: str
    duplicate: bool
    at: float


@dataclass(slots=True)
class Invited:
    """One invitation that somebody has opened. ``began``: monotonic seconds."""

    resident: str
    began: float
    step: Step = Step.CHOOSING
    level: PrivacyLevel = PrivacyLevel.STANDARD
    given: Given | None = field(default=None, repr=False)
    collection: Collection = field(default_factory=Collection, repr=False)
    tests: int = 0
    recognised: bool | None = None
    share: str = field(default="", repr=False)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


class Store(KeepsActs, Protocol):
    """The part of ``adapters.store.Store`` that invitations use; synchronous, raises StoreError."""

    def choose_level(self, resident: str, level: PrivacyLevel) -> Resident:
        """Keep another choice of what is kept of a resident's face."""


class Inviting:
    """Belongs to the event loop.

    Args:
        store: where levels are.
        models: those that the gates use.
        enrolling: what all ways of enrolling share.
        links: to end an invitation, and to make a personal link at its end.
        changed: awaited after templates or levels have changed.
        clock: monotonic seconds.
        unix: wall clock.
    """

    def __init__(
        self,
        store: Store,
        models: Callable[[], Models],
        enrolling: Enrolling,
        links: Links,
        changed: Callable[[], Awaitable[None]],
        *,
        clock: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self.notable: deque[Notable] = deque(maxlen=_REMEMBERED)
        self._store = store
        self._models = models
        self._enrolling = enrolling
        self._links = links
        self._changed = changed
        self._clock = clock
        self._unix = unix
        self._open: dict[str, Invited] = {}
        self._judging = asyncio.Semaphore(1)  # phones together take one processor at most: gates come first

    def of(self, link: Link) -> Invited:
        """How an invitation stands."""
        now = self._clock()
        most = SESSION_SECONDS[LinkKind.INVITATION]
        self._open = {key: one for key, one in self._open.items() if now - one.began < most}
        return self._open.setdefault(link.id, Invited(link.resident, now))

    async def choose(self, link: Link, level: PrivacyLevel, given: Given | None) -> Invited:
        """Take a choice; with a face, on a yes. Raises EnrolmentError, NoticeError, StoreError."""
        invited = self.of(link)
        async with invited.lock:
            if invited.step not in {Step.CHOOSING, Step.LOOKING}:
                raise EnrolmentError("This invitation has come to its end: ask the office for another one.")
            if level is PrivacyLevel.NO_FACE:
                await asyncio.to_thread(self._without_face, link.resident)
                invited.step, invited.level = Step.DONE, level
                await self._changed()
                return invited
            if given is None:
                raise EnrolmentError("Agree to the notice first, or choose to be let in without your face.")
            known = await asyncio.to_thread(self._enrolling.check, link.resident, given, choosing=True)
            own = await asyncio.to_thread(self._enrolling.own, known.id)
            invited.step, invited.level, invited.given = Step.LOOKING, level, given
            invited.collection = Collection(own)
        return invited

    async def picture(self, link: Link, content: bytes) -> tuple[Invited, Offered, View | None]:
        """Take one picture; it is looked at and dropped. Raises EnrolmentError, NoticeError, StoreError."""
        invited = self.of(link)
        async with invited.lock:
            if invited.step not in {Step.LOOKING, Step.TESTING} or invited.given is None:
                raise EnrolmentError("This invitation waits for no picture: load its page again.")
            async with self._judging:
                judgement = await asyncio.to_thread(judge, self._models(), content, most_pixels=MOST_PIXELS)
            if invited.step is Step.TESTING:
                await self._test(invited, judgement)
                return invited, Offered(says=judgement.refused), None
            offered = invited.collection.offer(judgement, self._clock())
            wanted = invited.collection.wanted(self._clock())
            if wanted is None:
                await self._finish(invited, invited.given)
        return invited, offered, wanted

    async def end(self, link: Link) -> Made | None:
        """End an invitation that is done; return the personal link that its resident goes on with."""
        invited = self.of(link)
        async with invited.lock:
            if invited.step not in {Step.DONE, Step.REFUSED}:
                raise EnrolmentError("This invitation is not done yet: choose first.")
            self._open.pop(link.id, None)
            made = None
            if invited.step is Step.DONE:
                made = await asyncio.to_thread(self._links.make, link.resident, LinkKind.PERSONAL)
                await asyncio.to_thread(self._store.record_act, RESIDENT, Act.LINK_MADE, resident=link.resident)
            await asyncio.to_thread(self._links.revoke, link.resident, link.id)
        return made

    async def _finish(self, invited: Invited, given: Given) -> None:
        vectors = tuple(invited.collection.vectors)
        report = await asyncio.to_thread(self._enrolling.weigh, invited.resident, vectors)
        other = report.duplicate
        for one in [other] if other else [alike.resident for alike in report.alike]:
            self.notable.appendleft(Notable(invited.resident, one, other is not None, self._unix()))
        if other is not None:
            invited.step = Step.REFUSED
            invited.collection.forget()
            return
        kept = await asyncio.to_thread(
            self._enrolling.keep, RESIDENT, invited.resident, given, report, level=invited.level
        )
        invited.share = kept.share
        invited.step = Step.TESTING
        if kept.share:  # the gates know this face only together with the code that nobody else has
            invited.recognised = None
            invited.step = Step.DONE
        invited.collection.forget()
        await self._changed()

    async def _test(self, invited: Invited, judgement: Judgement) -> None:
        invited.tests += 1
        if judgement.vector is not None:
            known = await asyncio.to_thread(self._enrolling.recognises, invited.resident, judgement.vector)
            invited.recognised = known
        if invited.recognised or invited.tests >= TESTS:
            invited.recognised = bool(invited.recognised)
            invited.step = Step.DONE

    def _without_face(self, resident: str) -> None:
        self._store.choose_level(resident, PrivacyLevel.NO_FACE)
        self._store.record_act(RESIDENT, Act.LEVEL_CHANGED, resident=resident, reason=PrivacyLevel.NO_FACE)
