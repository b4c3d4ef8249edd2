"""Home Assistant's persons over the API: told by it, and residents named by them; it needs to know no resident else."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from aiohttp import hdrs

from facegate.adapters.store import StandingError
from facegate.residents.persons import Outcome, UnanswerableError
from facegate.web import persons_schemas as schemas
from facegate.web.call import Answer, Call
from facegate.web.links import qr
from facegate.web.operation import Operation
from facegate.web.problems import EXISTS, INVALID, NOT_FOUND, NOT_NOW, ProblemError
from facegate.web.residents import actor
from facegate.web.tokens import Scope


async def hear_persons(call: Call) -> Answer:
    """Take the persons of Home Assistant: who is new, gone or has another name is asked about, nothing more."""
    persons = {person["id"]: person["name"] for person in call.body["persons"]}
    heard = await asyncio.to_thread(call.services.persons.hear, persons)
    asked = {kind: [_question(one) for one in getattr(heard, kind)] for kind in ("new", "gone")}
    renamed = [{**_question(one), "before": one.before} for one in heard.renamed]
    return Answer({"asked": heard.asked, **asked, "renamed": renamed})


async def list_candidates(call: Call) -> Answer:
    """List the persons of Home Assistant who are no residents yet."""
    return Answer([asdict(one) for one in await asyncio.to_thread(call.services.persons.candidates)])


async def admit_person(call: Call) -> Answer:
    """Let a person of Home Assistant be a resident, who may choose then how to get in."""
    body = call.body
    try:
        made = await asyncio.to_thread(call.services.persons.admit, body["person"], body.get("name"), actor(call))
    except UnanswerableError as error:
        raise ProblemError(INVALID, str(error), errors=[{"at": "name", "says": "required here"}]) from error
    await call.services.changed()
    return Answer({"resident": made.id}, {"Location": f"../residents/{made.id}"})


async def answer_person(call: Call) -> Answer:
    """Say what became of a person who is gone or has another name; nobody is erased by that."""
    outcome = Outcome(call.body["outcome"])
    await _do(call.services.persons.answer, call.body["person"], outcome, call.body.get("other"), actor(call))
    await call.services.changed()
    return Answer()


async def suspend_person(call: Call) -> Answer:
    """Pause a resident's access, or let it go on, by their person."""
    suspended = call.body["suspended"]
    await _do(call.services.persons.suspend, call.body["person"], actor(call), suspended=suspended)
    await call.services.changed()
    return Answer()


async def invite_person(call: Call) -> Answer:
    """Make an invitation for a resident who has not enrolled, by their person."""
    made = await _do(call.services.persons.invite, call.body["person"], actor(call))
    return Answer({"url": made.url, "qr": qr(made.url), "expires_at": made.link.expires_at})


async def _do(work: Callable[..., Any], *given: Any, **more: Any) -> Any:
    try:
        return await asyncio.to_thread(work, *given, **more)
    except (UnanswerableError, StandingError) as error:
        raise ProblemError(NOT_NOW, str(error)) from error


def _question(one: Any) -> dict[str, str]:
    return {"person": one.person, "mark": one.mark, "name": one.name}


OPERATIONS: Final = (
    Operation(
        hdrs.METH_PUT, "/persons", Scope.MANAGE, hear_persons, "Tell which persons Home Assistant has",
        schemas.HEARD, schemas.TOLD, body_most=schemas.BODY_MOST,
    ),
    Operation(
        hdrs.METH_GET, "/persons", Scope.OWNER, list_candidates, "Home Assistant's persons who are no residents",
        schemas.CANDIDATES,
    ),
    Operation(
        hdrs.METH_POST, "/persons/residents", Scope.MANAGE, admit_person, "Make a person a resident",
        schemas.ADMITTED, schemas.ADMIT, 201, problems=(NOT_FOUND, EXISTS),
    ),
    Operation(
        hdrs.METH_POST, "/persons/answers", Scope.MANAGE, answer_person, "Say what became of a person", None,
        schemas.ANSWER, 204, problems=(NOT_FOUND, EXISTS, NOT_NOW),
    ),
    Operation(
        hdrs.METH_POST, "/persons/suspensions", Scope.MANAGE, suspend_person, "Suspend or resume a person's access",
        None, schemas.SUSPEND, 204, problems=(NOT_FOUND, EXISTS, NOT_NOW),
    ),
    Operation(
        hdrs.METH_POST, "/persons/invitations", Scope.INVITE, invite_person, "Invite a person to enrol",
        schemas.INVITED, schemas.INVITE, 201, problems=(NOT_FOUND, EXISTS, NOT_NOW),
    ),
)  # fmt: skip
