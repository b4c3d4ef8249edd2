"""Passes: of guests and on paper; made, printed once, listed and revoked."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.adapters.store.passes import LABEL_MOST
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS
from facegate.web.pass_schemas import STATES


async def _context(visit: Visit) -> Mapping[str, Any]:
    """What stands in the page itself; passes and residents are asked for by the page, and stay out of its text."""
    gates = await asyncio.to_thread(visit.services.store.gates)
    return {"gates": gates, "states": STATES, "label_most": LABEL_MOST}


PAGE: Final = Page("passes", "passes", _context, OWNERS)
