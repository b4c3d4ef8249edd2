"""Pictures of refused visitors over the API: owners say for how long, and look at one for a reason that is kept."""

import asyncio
from base64 import b64encode
from typing import Any, Final

import voluptuous as vol
from aiohttp import hdrs

from facegate.adapters.store.snapshots import MOST_HOURS
from facegate.core.audit import LEAST_REASON, MOST_REASON, Act, stated
from facegate.residents.snapshots import Snapshot
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import INVALID, NOT_FOUND, ProblemError
from facegate.web.residents import actor
from facegate.web.shapes import IDENTIFIER, Number, Text
from facegate.web.tokens import Scope

_HOURS: Final = Number(0, MOST_HOURS, whole=True)
_LISTED: Final = vol.Schema(
    {
        vol.Required("hours", description="For how long pictures are kept; 0 for none."): _HOURS,
        vol.Required("snapshots"): [
            {
                vol.Required("id"): IDENTIFIER,
                vol.Required("camera"): IDENTIFIER,
                vol.Required("at", description="Unix seconds."): vol.Any(int, float),
                vol.Required("reason", description="Why the visitor was refused."): str,
            }
        ],
    }
)
_KEEP: Final = vol.Schema({vol.Required("hours"): _HOURS})
_LOOK: Final = vol.Schema({vol.Required("reason", description="Why it is looked at."): Text(LEAST_REASON, MOST_REASON)})
_PICTURE: Final = vol.Schema({vol.Required("picture", description="JPEG in base64."): str})


async def list_snapshots(call: Call) -> Answer:
    """Say for how long pictures of refused visitors are kept at a gate, and which there are; none is shown."""
    return Answer(await _described(call))


async def keep_snapshots(call: Call) -> Answer:
    """Keep pictures of refused visitors for some hours, or none; those that are there longer go at once."""
    gate, hours = await _gate(call), call.body["hours"]
    await asyncio.to_thread(
        call.services.store.record_act, actor(call), Act.SETTINGS_CHANGED, reason=f"{gate}: snapshots for {hours} h"
    )
    await asyncio.to_thread(call.services.snapshots.keep_for, gate, hours)
    await call.services.changed()  # an assessment without them does not hold any more
    return Answer(await _described(call))


async def show_snapshot(call: Call) -> Answer:
    """Show one picture of a refused visitor, for a reason that is written down before."""
    gate = await _gate(call)
    found = [one for one in call.services.snapshots.of(gate) if one.id == call.given["snapshot"]]
    jpeg = call.services.snapshots.picture(found[0]) if found else None
    if jpeg is None:
        raise ProblemError(NOT_FOUND, "This picture is gone: its time was over, or FaceGate was started anew.")
    try:
        reason = stated(call.body["reason"])
    except ValueError as error:
        raise ProblemError(INVALID, f"Say why you look: {error}.") from error
    await asyncio.to_thread(
        call.services.store.record_act, actor(call), Act.LOOKED_LIVE, reason=f"{gate}, snapshot: {reason}"
    )
    return Answer({"picture": b64encode(jpeg).decode()})


async def _gate(call: Call) -> str:
    return (await asyncio.to_thread(call.services.store.gate, call.given["gate"])).id


async def _described(call: Call) -> dict[str, Any]:
    gate = await _gate(call)
    hours = await asyncio.to_thread(call.services.snapshots.hours, gate)
    return {"hours": hours, "snapshots": [_shown(one) for one in call.services.snapshots.of(gate)]}


def _shown(one: Snapshot) -> dict[str, Any]:
    return {"id": one.id, "camera": one.camera, "at": one.at, "reason": str(one.reason)}


# fmt: off
OPERATIONS: Final = (
    Operation(
        hdrs.METH_GET, "/gates/{gate}/snapshots", Scope.OWNER, list_snapshots,
        "The pictures of visitors who were refused", _LISTED, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_PUT, "/gates/{gate}/snapshots", Scope.OWNER, keep_snapshots,
        "For how long such pictures are kept", _LISTED, _KEEP, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_POST, "/gates/{gate}/snapshots/{snapshot}", Scope.OWNER, show_snapshot,
        "Look at one of them for a reason", _PICTURE, _LOOK, problems=(NOT_FOUND,),
    ),
)
