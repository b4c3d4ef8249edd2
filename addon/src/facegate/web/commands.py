"""What a gate is told over the API: to open once, its mode, and that a fire is over."""

import asyncio
import hashlib
from dataclasses import asdict
from typing import Any

from facegate.core.models import Direction, Mode, Reason
from facegate.opening import REMOTE_SECONDS, OpenRequest
from facegate.orders import OrderOutcome
from facegate.web.call import Answer, Call
from facegate.web.problems import FIRE_NOT_RESET, INVALID, MODE_NOT_SET, NOT_OPENED, OPEN_EXPIRED, ProblemError

_ADVICE = {
    Reason.LOCKDOWN: "The gate is in lockdown: set its mode to normal before you open it.",
    Reason.STANDS_OPEN: "The gate stands open anyway, by a fire or by its mode: there is nothing to open.",
}


async def open_gate(call: Call) -> Answer:
    """Open a gate once, from afar. The wish is good for 2 s; the same key for the same wish never opens twice."""
    return await _open(call, await _wish(call, "open"))


async def guard_gate(call: Call) -> Answer:
    """Open a gate once for a guard who has looked, also in a lockdown; the reason is kept in the record."""
    return await _open(call, (await _wish(call, "guard")).for_guard(call.body["reason"]))


async def set_mode(call: Call) -> Answer:
    """Set the gate's mode. A lockdown holds at once; the others only if the node takes them over now."""
    mode, seconds = Mode(call.body["mode"]), int(call.body.get("seconds", 0))
    if (mode is Mode.FREE) != (seconds > 0):
        raise ProblemError(
            INVALID,
            "Say with 'seconds' how long free passage lasts, and with no other mode.",
            errors=[{"at": "seconds", "says": "required for 'free' alone"}],
        )
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    outcome = await call.services.orders.set_mode(gate.id, mode, _actor(call), seconds=seconds)
    if not (outcome.done or outcome.waits):
        raise ProblemError(
            MODE_NOT_SET,
            f"The gate's node has not taken over '{mode}' ({outcome.result}): look at its state, then set it again.",
            **_told(outcome),
        )
    return Answer({"mode": str(mode), "seconds": outcome.seconds, "confirmed": outcome.done, **_told(outcome)})


async def reset_fire(call: Call) -> Answer:
    """End the release after a fire, once the contact is quiet."""
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    outcome = await call.services.orders.reset_fire(gate.id, _actor(call))
    if not outcome.done:
        raise ProblemError(
            FIRE_NOT_RESET,
            f"The gate stays released ({outcome.detail or outcome.result}): while the fire contact is active, nobody "
            "can reset it; without the node, use the reset input at the gate.",
            **_told(outcome),
        )
    return Answer(_told(outcome))


async def list_orders(call: Call) -> Answer:
    """List who has changed the gate's mode or reset a fire, newest first."""
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    orders = await asyncio.to_thread(call.services.store.orders, gate.id)
    return Answer([asdict(order) for order in orders])


async def _wish(call: Call, kind: str) -> OpenRequest:
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    age = call.desk.unix() - call.body["issued_at"] / 1000
    if abs(age) > REMOTE_SECONDS:
        raise ProblemError(
            OPEN_EXPIRED,
            "The wish is older than 2 s or from the future: send it at once, and set the clocks of both machines.",
            now=round(call.desk.unix() * 1000),
        )
    direction = Direction(call.body["direction"])
    # What is left of the two seconds; a wish that seems to come from the future gets no more than all of them.
    made = call.desk.monotonic() - max(age, 0.0)
    opening = _opening_id(call, gate.id, direction, kind)
    return OpenRequest.remote(gate.id, direction, opening, made, actor=_actor(call))


async def _open(call: Call, request: OpenRequest) -> Answer:
    outcome = await call.services.openings.open(request)
    content: dict[str, Any] = {"opening": outcome.opening, "result": outcome.result, "reason": str(outcome.reason)}
    if not outcome.opened:
        advice = _ADVICE.get(
            outcome.reason, f"The gate did not open ({outcome.reason}): look at its state, then ask again."
        )
        raise ProblemError(NOT_OPENED, advice, **content)
    return Answer(content)


def _told(outcome: OrderOutcome) -> dict[str, Any]:
    return {"result": outcome.result, "said": outcome.detail}


def _actor(call: Call) -> str:
    assert call.bearer is not None  # the operation asks for a scope
    return call.bearer.name


def _opening_id(call: Call, gate: str, direction: Direction, kind: str) -> str:
    """The same sender with the same key for the same wish means the same opening, also after a restart."""
    assert call.bearer is not None  # the operation asks for a scope
    wish = " ".join((call.bearer.id, kind, gate, direction, call.given["Idempotency-Key"]))
    return hashlib.sha256(wish.encode()).hexdigest()[:16]
