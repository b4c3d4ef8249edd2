"""Passes over the API: an owner makes, lists and revokes them; a guard learns whether one is good, and nothing else."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import hdrs

from facegate.adapters.store import FullError
from facegate.core.leaving import DAY
from facegate.core.models import Direction, Reason
from facegate.core.passes import Kind, Pass, read
from facegate.web import pass_schemas
from facegate.web.call import Answer, Call
from facegate.web.links import qr
from facegate.web.operation import Operation
from facegate.web.problems import FORBIDDEN, INVALID, NOT_FOUND, ProblemError
from facegate.web.tokens import Scope

LENT_DAYS: Final = 31
"""How far ahead a guest's pass may end that no owner has made before the panel: a visit, no lease."""


async def list_passes(call: Call) -> Answer:
    """List every pass; what stands in their codes nobody learns again."""
    return Answer([describe(known) for known in await asyncio.to_thread(call.services.passes.of)])


async def list_resident_passes(call: Call) -> Answer:
    """List a resident's passes and those of the guests they vouch for."""
    resident = await asyncio.to_thread(call.services.store.resident, call.given["resident"])
    return Answer([describe(known) for known in await asyncio.to_thread(call.services.passes.of, resident.id)])


async def make_guest_pass(call: Call) -> Answer:
    """Make a pass for a guest: whoever bears it gets in, so it has an end and may have a number of uses."""
    body = dict(call.body)
    assert call.bearer is not None  # the operation asks for a scope
    if Scope.OWNER not in call.bearer.scopes:
        _require_brief(body)
    return await _make(call, body.pop("resident", ""), body, guest=True)


async def make_resident_pass(call: Call) -> Answer:
    """Make a fixed pass of a resident's own, for paper."""
    return await _make(call, call.given["resident"], dict(call.body), guest=False)


async def revoke_pass(call: Call) -> Answer:
    """Revoke a pass; it opens nothing from this moment on."""
    assert call.bearer is not None  # the operation asks for a scope
    await asyncio.to_thread(call.services.passes.revoke, call.given["pass"], call.bearer.name)
    await call.services.changed()
    return Answer()


async def revoke_resident_pass(call: Call) -> Answer:
    """Revoke a pass of this resident's."""
    assert call.bearer is not None
    revoke = call.services.passes.revoke
    await asyncio.to_thread(revoke, call.given["pass"], call.bearer.name, call.given["resident"])
    await call.services.changed()
    return Answer()


async def check_pass(call: Call) -> Answer:
    """Say whether a pass that somebody shows would open a gate now; it is not used by that."""
    code = read(call.body["text"])
    reason = Reason.PASS_UNKNOWN
    if code is not None and code.kind is not Kind.SHARE:
        direction = Direction(call.body.get("direction", Direction.ENTRY))
        judged = await asyncio.to_thread(call.services.passes.check, code, call.body["gate"], direction)
        reason = judged.reason
    return Answer({"good": reason is Reason.PASS_GOOD, "reason": str(reason)})


def describe(known: Pass) -> dict[str, Any]:
    """What may be shown of a pass."""
    return {
        "id": known.id,
        "kind": "rotating" if known.kind is Kind.ROTATING else "fixed",
        "state": state(known, time.time()),
        "guest": known.guest,
        "resident": known.resident,
        "label": known.label,
        "gates": sorted(known.gates),
        "created_at": known.created_at,
        "valid_from": known.valid_from,
        "valid_until": known.valid_until,
        "uses": known.uses,
        "passback": known.passback,
    }


def state(known: Pass, now: float) -> str:
    """How a pass stands, one of ``pass_schemas.STATES``."""
    if known.revoked_at is not None:
        return "revoked"
    if known.valid_until is not None and now >= known.valid_until:
        return "over"
    if known.uses is not None and known.uses <= 0:
        return "used"
    return "later" if known.valid_from is not None and now < known.valid_from else "good"


def _require_brief(body: Mapping[str, Any]) -> None:
    """Raise ProblemError for what only an owner may give: a long stay, and one that a resident vouches for."""
    if "resident" in body:
        raise ProblemError(FORBIDDEN, "Who vouches for a guest is said before the panel alone: leave 'resident' out.")
    if body["valid_until"] > time.time() + LENT_DAYS * DAY:
        raise ProblemError(
            INVALID, f"Let 'valid_until' be at most {LENT_DAYS} days ahead, or make the pass before the panel.",
            errors=[{"at": "valid_until", "says": f"expected at most {LENT_DAYS} days from now"}],
        )  # fmt: skip


async def _make(call: Call, resident: str, given: Mapping[str, Any], *, guest: bool) -> Answer:
    assert call.bearer is not None  # the operation asks for a scope
    begins, ends = given.get("valid_from"), given.get("valid_until")
    if ends is not None and ends <= max(begins or 0.0, time.time()):
        raise ProblemError(
            INVALID, "Let 'valid_until' be later than now and than 'valid_from'.",
            errors=[{"at": "valid_until", "says": "over before it begins"}],
        )  # fmt: skip
    for gate in given.get("gates", ()):
        await asyncio.to_thread(call.services.store.gate, gate)
    bounds = {**given, "gates": frozenset(given.get("gates", ()))}
    wanted = Pass("", Kind.FIXED, resident, guest=guest, **bounds)
    try:
        made = await asyncio.to_thread(call.services.passes.make, wanted, call.bearer.name)
    except FullError as error:
        raise ProblemError(INVALID, str(error), errors=[{"at": "", "says": "too many"}]) from error
    await call.services.changed()
    return Answer({**describe(made.made), "text": made.text, "qr": qr(made.text)})


_RESIDENTS: Final = "/residents/{resident}/passes"
OPERATIONS: Final = (
    Operation(hdrs.METH_GET, "/passes", Scope.OWNER, list_passes, "Every pass", pass_schemas.PASSES),
    Operation(
        hdrs.METH_POST, "/passes", Scope.INVITE, make_guest_pass, "Make a pass for a guest",
        pass_schemas.PASS_MADE, pass_schemas.NEW_GUEST, 201, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_POST, "/passes/checks", Scope.OPEN, check_pass, "Whether a pass would open now",
        pass_schemas.CHECKED, pass_schemas.CHECK, problems=(NOT_FOUND,), in_turn=False,
    ),
    Operation(
        hdrs.METH_DELETE, "/passes/{pass}", Scope.OWNER, revoke_pass, "Revoke a pass", None, status=204,
        problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_GET, _RESIDENTS, Scope.OWNER, list_resident_passes, "A resident's passes and their guests'",
        pass_schemas.PASSES, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_POST, _RESIDENTS, Scope.OWNER, make_resident_pass, "Make a fixed pass for a resident",
        pass_schemas.PASS_MADE, pass_schemas.NEW_PASS, 201, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_DELETE, _RESIDENTS + "/{pass}", Scope.OWNER, revoke_resident_pass, "Revoke a resident's pass",
        None, status=204, problems=(NOT_FOUND,),
    ),
)  # fmt: skip
