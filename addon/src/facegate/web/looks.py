"""What has been, over the API: without names for historians, with names for a reason that is written down first.

A reason travels in the body, never in an address: addresses stand in logs.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from aiohttp import hdrs

from facegate.adapters.store.access import AccessRecord
from facegate.adapters.store.passages import Wanted
from facegate.core.activity import says
from facegate.core.audit import ReasonError
from facegate.residents.looks import Named
from facegate.web import look_schemas as schemas
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import INVALID, NOT_FOUND, ProblemError
from facegate.web.tokens import Scope

_DAYS: Final = 90 * 86400.0  # nothing is kept for longer


async def list_now(call: Call) -> Answer:
    """List the last minutes, without names: for whoever watches the gates now."""
    records = await asyncio.to_thread(call.services.looks.now)
    return Answer({"records": [_shown(record) for record in records]})


async def list_activity(call: Call) -> Answer:
    """List what has been, newest first and without names; of old records the pseudonyms of their day."""
    given = call.given
    now = time.time()
    wanted = Wanted(
        float(given.get("from", now - _DAYS)),
        float(given.get("to", now + 86400.0)),
        given.get("gate"),
        (given["kind"],) if "kind" in given else (),
    )
    before = int(given["before"]) if "before" in given else None
    records = await asyncio.to_thread(call.services.looks.history, wanted, before=before)
    return Answer({"records": [_shown(record) for record in records]})


async def name_activity(call: Call) -> Answer:
    """Show the same with names and notes: a look at everybody who is in it, written down with its reason."""
    body = call.body
    wanted = Wanted(body["from"], body["to"], body.get("gate"), (body["kind"],) if "kind" in body else ())
    look = call.services.looks
    return _named(await _looked(look.names, wanted, _actor(call), body["reason"], before=body.get("before")))


async def look_at_resident(call: Call) -> Answer:
    """Show what one resident did, as long as it bears their name: written down with its reason, for them to see."""
    body = call.body
    if body["from"] > body["to"]:
        raise ProblemError(INVALID, "Let the time end after it begins.", errors=[{"at": "to", "says": "before from"}])
    look = call.services.looks
    return _named(
        await _looked(look.track, call.given["resident"], body["from"], body["to"], _actor(call), body["reason"])
    )


async def list_looks(call: Call) -> Answer:
    """List who has looked at a resident's track, when and why, newest first."""
    await asyncio.to_thread(call.services.store.resident, call.given["resident"])
    deeds = await asyncio.to_thread(call.services.looks.at, call.given["resident"])
    looks = []
    for deed in deeds:
        since, until = deed.span or (None, None)
        looks.append({"at": deed.at, "actor": deed.actor, "reason": deed.reason, "from": since, "to": until})
    return Answer({"looks": looks})


async def _looked(look: Callable[..., Named], *given: Any, **more: Any) -> Named:
    try:
        return await asyncio.to_thread(look, *given, **more)
    except ReasonError as error:
        raise ProblemError(
            INVALID, "State the reason of the look in 10 to 500 characters.", errors=[{"at": "reason", "says": "short"}]
        ) from error


def _actor(call: Call) -> str:
    assert call.bearer is not None  # every operation here asks for a scope
    return call.bearer.name


def _named(found: Named) -> Answer:
    return Answer(
        {
            "records": [
                {
                    **_shown(record),
                    "resident": record.resident,
                    "name": found.names.get(record.resident or ""),
                    "note": record.note,
                }
                for record in found.records
            ]
        }
    )


def _shown(record: AccessRecord) -> dict[str, Any]:
    return {
        "number": record.number,
        "kind": record.kind,
        "gate": record.gate,
        "direction": record.direction,
        "method": record.method,
        "reason": record.reason,
        "at": record.at,
        "says": says(record.kind, record.reason, record.result, record.passage, record.detail),
        "past": record.past,
        "actor": record.actor,
        "pseudonym": record.pseudonym,
    }


OPERATIONS: Final = (
    Operation(
        hdrs.METH_GET, "/activity/now", Scope.GUARD, list_now, "What happens now, without names", schemas.ACTIVITY
    ),
    Operation(
        hdrs.METH_GET, "/activity", Scope.HISTORY, list_activity, "What has been, without names", schemas.ACTIVITY,
        options=schemas.OPTIONS,
    ),
    Operation(
        hdrs.METH_POST, "/activity/names", Scope.HISTORY, name_activity, "What has been, with names, for a reason",
        schemas.NAMED_ACTIVITY, schemas.NAMES,
    ),
    Operation(
        hdrs.METH_POST, "/residents/{resident}/looks", Scope.HISTORY, look_at_resident,
        "Look at a resident's passages, for a reason", schemas.NAMED_ACTIVITY, schemas.LOOK, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_GET, "/residents/{resident}/looks", Scope.HISTORY, list_looks, "Who has looked at a resident",
        schemas.LOOKS, problems=(NOT_FOUND,),
    ),
)  # fmt: skip
