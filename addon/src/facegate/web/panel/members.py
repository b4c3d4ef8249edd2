"""Members: who may use the panel, and as what."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS, Role


async def _context(visit: Visit) -> Mapping[str, Any]:
    members = await asyncio.to_thread(visit.services.store.members)
    known = {member.id for member in members}
    waiting = {user: name for user, name in visit.reception.strangers.items() if user not in known}
    return {"members": members, "waiting": waiting, "roles": list(Role)}


PAGE: Final = Page("members", "members", _context, OWNERS)
