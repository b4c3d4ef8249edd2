"""Somebody asks over the API to be recognised, at a gate whose cameras wait for that. It opens nothing by itself."""

import asyncio
from typing import Final

from facegate.core import press
from facegate.core.models import Direction
from facegate.web.call import Answer, Call
from facegate.web.problems import NOT_WAITING, PRESS_EXPIRED, ProblemError

FRESH: Final = 2.0
"""Seconds that a press may be on its way."""


async def press_gate(call: Call) -> Answer:
    """Let the cameras that wait for it recognise whoever stands nearest. The press is good for 2 s, and once."""
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    if abs(call.desk.unix() - call.body["issued_at"] / 1000) > FRESH:
        raise ProblemError(
            PRESS_EXPIRED,
            "The press is older than 2 s or from the future: send it at once, and set the clocks of both machines.",
            now=round(call.desk.unix() * 1000),
        )
    assert call.bearer is not None  # the operation asks for a scope
    direction = Direction(call.body["direction"])
    name = " ".join((call.bearer.id, gate.id, direction, call.given["Idempotency-Key"]))
    if not call.desk.presses.take(name):
        raise ProblemError(PRESS_EXPIRED, "This press was taken already: press again, with another Idempotency-Key.")
    cameras = call.services.press(gate.id, direction)
    if not cameras:
        raise ProblemError(
            NOT_WAITING, "No camera of this gate waits for a press: set 'on_press' on the one that shall.",
        )  # fmt: skip
    return Answer({"cameras": cameras, "seconds": press.SECONDS})
