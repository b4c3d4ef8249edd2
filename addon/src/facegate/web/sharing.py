"""Who learns who somebody is: tokens that may, what gives that back, and the residents who agreed to be told of."""

import asyncio
import hashlib
import hmac
from collections.abc import Collection
from typing import Any, Final

from aiohttp import hdrs

from facegate.contract.messages import MESSAGE_VERSION, PREFIX
from facegate.core.audit import Act
from facegate.core.consent import ConsentState, Purpose
from facegate.core.models import Resident
from facegate.web import sharing_schemas as schemas
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import FORBIDDEN, NOT_FOUND, ProblemError
from facegate.web.services import Services
from facegate.web.tokens import Bearer, Scope

PURPOSE: Final = Purpose.PRESENCE_IN_HOME_ASSISTANT


async def read_own_token(call: Call) -> Answer:
    """Say what the token that asks is good for."""
    bearer = _bearer(call)
    return Answer({"id": bearer.id, "name": bearer.name, "scopes": sorted(bearer.scopes)})


async def narrow_own_token(call: Call) -> Answer:
    """Let the token that asks be good for less from now on; more is to be had by pairing alone."""
    bearer, kept = _bearer(call), frozenset(call.body["scopes"])
    if not kept <= bearer.scopes:
        raise ProblemError(FORBIDDEN, "A token cannot be made good for more: pair again with those scopes.")
    await asyncio.to_thread(call.services.store.narrow_token, bearer.id, kept)
    await note_shared(call.services, bearer.name, bearer.scopes, kept)
    return Answer({"id": bearer.id, "name": bearer.name, "scopes": sorted(kept)})


async def revoke_own_token(call: Call) -> Answer:
    """Make the token that asks useless, as whoever has a newer one does."""
    bearer = _bearer(call)
    await asyncio.to_thread(call.services.store.revoke_token, bearer.id)
    await note_shared(call.services, bearer.name, bearer.scopes, ())
    return Answer()


async def stop_sharing(call: Call) -> Answer:
    """Let somebody who is paired learn nobody's name from now on; everything else goes on."""
    store = call.services.store
    found = [token for token in await asyncio.to_thread(store.tokens) if token.id == call.given["token"]]
    if not found:
        raise ProblemError(NOT_FOUND, "There is no such token: look it up among the tokens.")
    [token] = found
    kept = token.scopes - {Scope.PERSONS}
    await asyncio.to_thread(store.narrow_token, token.id, kept)
    await note_shared(call.services, _bearer(call).name, token.scopes, kept)
    return Answer()


async def list_presence(call: Call) -> Answer:
    """List the residents who agreed that Home Assistant is told when a gate opens for them."""
    return Answer(await asyncio.to_thread(_agreed, call.services))


def told(services: Services, resident: Resident) -> dict[str, Any]:
    """What is told of a resident who agreed to it."""
    return {
        "presence": presence(services.event_key, resident.id),
        "name": resident.name,
        "person": resident.person,
        "groups": sorted(resident.groups),
    }


def presence(key: bytes, resident: str) -> str:
    """Return the name under which Home Assistant keeps a resident's presence; it leads back to nobody."""
    text = f"{PREFIX}/{MESSAGE_VERSION} presence {resident}"
    return hmac.new(key, text.encode("utf-8"), hashlib.sha256).hexdigest()[:32]


async def note_shared(services: Services, actor: str, before: Collection[str], after: Collection[str]) -> None:
    """Write down when somebody who is paired may learn who somebody is from now on, or may no more."""
    if (Scope.PERSONS in before) is not (Scope.PERSONS in after):
        act = Act.SHARED if Scope.PERSONS in after else Act.UNSHARED
        await asyncio.to_thread(services.store.record_act, actor, act)


def _agreed(services: Services) -> list[dict[str, Any]]:
    standings = services.consents.by_resident()
    agreed = {
        who
        for who, said in standings.items()
        if any(one.purpose is PURPOSE and one.state is ConsentState.STANDS for one in said)
    }
    return [told(services, resident) for resident in services.store.residents() if resident.id in agreed]


def _bearer(call: Call) -> Bearer:
    assert call.bearer is not None  # every operation here asks for a scope
    return call.bearer


# fmt: off
OPERATIONS: Final = (
    Operation(hdrs.METH_GET, "/token", Scope.READ, read_own_token, "What your token is good for", schemas.TOKEN),
    Operation(
        hdrs.METH_PATCH, "/token", Scope.READ, narrow_own_token, "Let your token be good for less", schemas.TOKEN,
        schemas.NARROW, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_DELETE, "/token", Scope.READ, revoke_own_token, "Give your token back", None, status=204,
        problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_DELETE, "/tokens/{token}/persons", Scope.OWNER, stop_sharing, "Let somebody learn no names any more",
        None, status=204, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_GET, "/presence", Scope.PERSONS, list_presence, "Who agreed to be told of", schemas.PRESENCE,
    ),
)
# fmt: on
