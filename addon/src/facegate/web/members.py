"""Who may use the panel, over the API."""

import asyncio

from facegate.adapters.store import LastOwnerError
from facegate.core.audit import Act
from facegate.web.call import Answer, Call
from facegate.web.problems import LAST_OWNER, ProblemError


async def list_members(call: Call) -> Answer:
    """List whoever may use the panel."""
    members = await asyncio.to_thread(call.services.store.members)
    return Answer([{"id": member.id, "name": member.name, "role": member.role} for member in members])


async def set_member(call: Call) -> Answer:
    """Give somebody a role, or another one; a password is for panels without Home Assistant."""
    given, store = call.body, call.services.store
    try:
        await asyncio.to_thread(
            store.set_member, call.given["member"], given["name"], given["role"], given.get("password")
        )
    except LastOwnerError as error:
        raise ProblemError(LAST_OWNER, str(error)) from error
    await _note(call)
    return Answer({"id": call.given["member"], "name": given["name"], "role": given["role"]})


async def remove_member(call: Call) -> Answer:
    """Take somebody's role away."""
    try:
        await asyncio.to_thread(call.services.store.remove_member, call.given["member"])
    except LastOwnerError as error:
        raise ProblemError(LAST_OWNER, str(error)) from error
    await _note(call)
    return Answer()


async def _note(call: Call) -> None:
    assert call.bearer is not None  # every operation here asks for a scope
    await asyncio.to_thread(call.services.store.record_act, call.bearer.name, Act.MEMBER_CHANGED)
