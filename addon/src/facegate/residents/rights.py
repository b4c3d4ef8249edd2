"""What residents may ask for and do themselves, each written down: to know, to take along, to withdraw, to go."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from facegate.core import phone
from facegate.core.audit import RESIDENT, Act, KeepsActs, TellsActs
from facegate.core.consent import Consent
from facegate.core.models import Decision, Direction, Gate, Method, PrivacyLevel, Reason, Resident, Verdict
from facegate.core.trail import Checkpoint
from facegate.opening import OpenOutcome, OpenRequest


class Store(KeepsActs, TellsActs, Protocol):
    """The part of ``adapters.store.Store`` that rights use; synchronous, raises StoreError."""

    @property
    def installation(self) -> str:
        """32 hex digits that name this installation."""

    def about(self, resident: str) -> dict[str, list[dict[str, Any]]]:
        """All rows about a resident, by table."""

    def resident(self, resident: str) -> Resident:
        """One resident."""

    def gates(self) -> Sequence[Gate]:
        """All gates."""

    def gate(self, gate: str) -> Gate:
        """One gate."""

    def consents(self, resident: str) -> Sequence[Consent]:
        """What a resident agreed to."""

    def choose_level(self, resident: str, level: PrivacyLevel) -> Resident:
        """Keep another choice of what is kept of a resident's face."""

    def checkpoints(self) -> Sequence[Checkpoint]:
        """What the trail came to, signed."""

    def checkpoint_key(self) -> bytes:
        """The public key that signs checkpoints."""


class Openings(Protocol):
    """The part of ``facegate.opening.Openings`` that a resident's phone uses."""

    async def open(self, request: OpenRequest) -> OpenOutcome:
        """Open, or say why not; the same id opens once."""

    async def deny(self, decision: Decision) -> None:
        """Record and announce that somebody was refused."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on the phone. ``made``: monotonic seconds; ``key``: the same for the same tap; ``link``: whose phone."""

    gate: str
    direction: Direction
    made: float
    key: str
    link: str


class Rights:
    """Belongs to one event loop, but for what only reads and writes the store.

    Args:
        store: where everything is.
        openings: the one way of opening.
        changed: awaited after something that gates must know.
        unix: the wall clock; monotonic: seconds of the machine.
    """

    def __init__(
        self,
        store: Store,
        openings: Openings,
        changed: Callable[[], Awaitable[None]],
        *,
        unix: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._openings = openings
        self._changed = changed
        self._unix = unix
        self._monotonic = monotonic

    def about(self, resident: str) -> Mapping[str, list[dict[str, Any]]]:
        """Everything that exists about a resident, by table."""
        return self._store.about(resident)

    def take_along(self, resident: str) -> dict[str, Any]:
        """The same to keep, with the signed checkpoints of the trail; that it was taken is written down."""
        self._store.record_act(RESIDENT, Act.EXPORTED, resident=resident)
        return {
            "format": "facegate-export/1",
            "installation": self._store.installation,
            "made_at": self._unix(),
            "about": self._store.about(resident),
            "checkpoints": {
                "key": self._store.checkpoint_key().hex(),
                "checkpoints": [checkpoint.written() for checkpoint in self._store.checkpoints()],
            },
        }

    def consents(self, resident: str) -> Sequence[Consent]:
        """What a resident agreed to, oldest first."""
        return self._store.consents(resident)

    async def choose(self, resident: str, level: PrivacyLevel) -> Resident:
        """Choose what is kept of the face from now on; whatever was kept by another choice goes at once."""
        chosen = await asyncio.to_thread(self._choose, resident, level)
        await self._changed()
        return chosen

    def gates(self, resident: Resident) -> list[Gate]:
        """The gates that this resident's phone may open."""
        return [gate for gate in self._store.gates() if phone.offered(resident, gate, self._unix())]

    async def open(self, resident: Resident, tap: Tap) -> OpenOutcome:
        """Open a gate because its resident has tapped; refusals are in the record, too. Raises NotFoundError."""
        gate = await asyncio.to_thread(self._store.gate, tap.gate)
        reason = phone.refusal(resident, gate, self._unix())
        wish = f"{tap.link} phone {gate.id} {tap.direction} {tap.key}"
        opening = hashlib.sha256(wish.encode()).hexdigest()[:16]
        if reason is not None:
            denied = Decision(
                "", gate.id, tap.direction, 0, Verdict.DENIED, reason, self._monotonic(), method=Method.PHONE,
                resident=resident.id,
            )  # fmt: skip
            await self._openings.deny(denied)
            return OpenOutcome(opening, False, reason, "denied")
        wished = OpenRequest(
            gate.id, tap.direction, Method.PHONE, Reason.REMOTE, until=tap.made + phone.FRESH, id=opening,
            resident=resident.id, actor=RESIDENT,
        )  # fmt: skip
        return await self._openings.open(wished)

    def _choose(self, resident: str, level: PrivacyLevel) -> Resident:
        if self._store.resident(resident).level is level:
            return self._store.resident(resident)
        chosen = self._store.choose_level(resident, level)
        self._store.record_act(RESIDENT, Act.LEVEL_CHANGED, resident=resident, reason=level)
        return chosen
