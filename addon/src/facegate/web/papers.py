"""Who is responsible, what was assessed, what was printed: for owners (PRIVACY P14)."""

import asyncio
from dataclasses import asdict
from typing import Any, Final

import voluptuous as vol
from aiohttp import hdrs

from facegate.core.assessment import Change, Responsible
from facegate.reports.documents import Document
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.shapes import HEX64, Items, Number, Text
from facegate.web.tokens import Scope

_DAY: Final = vol.Any("", vol.All(str, vol.Match(r"^\d{4}-\d{2}-\d{2}\Z", msg="expected a day as YYYY-MM-DD")))
_RESPONSIBLE: Final[dict[Any, Any]] = {
    vol.Required("name", description="Who decides about the data."): Text(0, 200),
    vol.Required("contact", description="Where people reach them."): Text(0, 300),
    vol.Required("officer", description="Who is asked about data protection, if there is one."): Text(0, 200),
    vol.Required("purposes", description="Beside opening gates."): Items(Text(1, 200), most=10),
    vol.Required("people", description="How many are expected to use it."): Number(0, 10_000_000, whole=True),
    vol.Required("filed_on", description="The day of the filing, where one is due."): _DAY,
}
_STANDING: Final = vol.Schema(
    {
        vol.Required("responsible"): _RESPONSIBLE,
        vol.Required("assessed_at", description="Null before the first."): vol.Any(int, float, None),
        vol.Required("assessed_by"): str,
        vol.Required("fingerprint", description="Of what there is to assess now."): HEX64,
        vol.Required("changes", description="Why the assessment does not hold any more."): [
            vol.In([str(change) for change in Change])
        ],
    }
)


async def read_papers(call: Call) -> Answer:
    """Say who is responsible, and whether the assessment holds."""
    return Answer(await asyncio.to_thread(_standing, call))


async def name_responsible(call: Call) -> Answer:
    """Keep who is responsible, in the owner's words."""
    named = Responsible(**{**call.body, "purposes": tuple(call.body["purposes"]), "people": int(call.body["people"])})
    await asyncio.to_thread(call.services.paperwork.name, _actor(call), named)
    await call.services.changed()
    return Answer(await asyncio.to_thread(_standing, call))


async def mark_assessed(call: Call) -> Answer:
    """Keep that an owner has assessed what there is now."""
    await asyncio.to_thread(call.services.paperwork.assess, _actor(call))
    await call.services.changed()
    return Answer(await asyncio.to_thread(_standing, call))


async def note_print(call: Call) -> Answer:
    """Keep that a document was printed."""
    await asyncio.to_thread(call.services.paperwork.printed, _actor(call), call.body["document"])
    return Answer()


def _standing(call: Call) -> dict[str, Any]:
    facts = call.services.paperwork.facts()
    done = facts.assessment
    return {
        "responsible": {**asdict(facts.responsible), "purposes": list(facts.responsible.purposes)},
        "assessed_at": done.at if done else None,
        "assessed_by": done.by if done else "",
        "fingerprint": facts.scope.fingerprint,
        "changes": [str(change) for change in facts.changes],
    }


def _actor(call: Call) -> str:
    assert call.bearer is not None, "every operation here asks for a scope"
    return call.bearer.name


OPERATIONS: Final = (
    Operation(
        hdrs.METH_GET, "/papers", Scope.OWNER, read_papers, "Who is responsible, and whether the assessment holds",
        _STANDING,
    ),
    Operation(
        hdrs.METH_PUT, "/papers/responsible", Scope.OWNER, name_responsible, "Say who is responsible", _STANDING,
        vol.Schema(_RESPONSIBLE),
    ),
    Operation(
        hdrs.METH_POST, "/papers/assessment", Scope.OWNER, mark_assessed, "Mark what there is now as assessed",
        _STANDING,
    ),
    Operation(
        hdrs.METH_POST, "/papers/prints", Scope.OWNER, note_print, "Keep that a document was printed", None,
        vol.Schema({vol.Required("document"): vol.In([str(document) for document in Document])}), 204,
    ),
)  # fmt: skip
