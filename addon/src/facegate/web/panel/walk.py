"""The installer's walk through one gate: the same as ``facegate gate test``, driven through the same API."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.core.commissioning_steps import StepState
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS


async def _context(visit: Visit) -> Mapping[str, Any]:
    store, identifier = visit.services.store, visit.request.query.get("id", "")
    gate = await asyncio.to_thread(store.gate, identifier)
    setup = await asyncio.to_thread(store.node_setup, identifier)
    return {"gate": gate, "setup": setup, "states": list(StepState)}


PAGE: Final = Page("walk", "walk", _context, OWNERS, menu=False)
