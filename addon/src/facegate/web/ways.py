"""The ways without a face at a gate, and the switch of its face reader, which asks for them (PRIVACY P5)."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from aiohttp import hdrs

from facegate.adapters.store import WaysMissingError
from facegate.core.audit import Act
from facegate.core.models import Resident
from facegate.core.ways import Gaps, Missing
from facegate.web import schemas, way_schemas
from facegate.web.call import Answer, Call
from facegate.web.gates import shown
from facegate.web.operation import Operation
from facegate.web.problems import NOT_FOUND, WAYS_MISSING, ProblemError
from facegate.web.tokens import Scope

DO: Final = {
    Missing.TWO_FACTORS: "A camera of this gate asks for a face and a second factor, so nobody gets in without a face: "
    "choose another level of liveness for it.",
    Missing.READER: "No card reader and no keypad is known at this gate's node: connect one, or say that it has one.",
    Missing.LIST: "The gate's node has no list of cards and PINs yet: give the residents theirs, and see that the node "
    "is online.",
    Missing.RESIDENTS: "Some residents have no way in without a face: give each of them a card, a PIN or a pass.",
}
"""What to do about each gap."""


async def read_ways(call: Call) -> Answer:
    """Show what the gate lacks before its face reader may be on, or by now."""
    store, identifier = call.services.store, call.given["gate"]
    gate = await asyncio.to_thread(store.gate, identifier)
    found = await asyncio.to_thread(store.gaps, identifier)
    return Answer({"faces": gate.faces, "trial": gate.trial, **await _described(call, found)})


async def switch_faces(call: Call) -> Answer:
    """Switch the gate's face reader; on only when everybody who may pass has another way in."""
    store, identifier = call.services.store, call.given["gate"]
    try:
        gate = await asyncio.to_thread(store.switch_faces, identifier, on=call.body["on"])
    except WaysMissingError as error:
        told = await _described(call, error.gaps)
        raise ProblemError(WAYS_MISSING, " ".join(DO[missing] for missing in error.gaps.missing), **told) from error
    assert call.bearer is not None  # the operation asks for a scope
    await asyncio.to_thread(store.record_act, call.bearer.name, Act.FACES_SWITCHED)
    await call.services.changed()
    return Answer(shown(call, gate))


async def _described(call: Call, gaps: Gaps) -> dict[str, Any]:
    """The gaps for a machine; who it is about only for whoever may know the residents."""
    content: dict[str, Any] = {"missing": [str(missing) for missing in gaps.missing], "lacking": len(gaps.without)}
    if call.bearer is not None and Scope.PERSONS in call.bearer.scopes:
        residents = await asyncio.to_thread(call.services.store.residents)
        content["without"] = named(residents, gaps)
    return content


def named(residents: Iterable[Resident], gaps: Gaps) -> list[dict[str, str]]:
    """Whoever has no way, in the order in which residents are listed."""
    return [{"id": r.id, "name": r.name, "flat": r.flat} for r in residents if r.id in gaps.without]


OPERATIONS: Final = (
    Operation(
        hdrs.METH_GET,
        "/gates/{gate}/ways",
        Scope.READ,
        read_ways,
        "What is missing before the face reader may be on",
        way_schemas.WAYS,
        problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_PUT,
        "/gates/{gate}/face-reader",
        Scope.MANAGE,
        switch_faces,
        "Switch a gate's face reader",
        schemas.GATE_ANSWER,
        way_schemas.SWITCH,
        problems=(NOT_FOUND, WAYS_MISSING),
    ),
)
