"""Pictures of refused visitors at one gate: for how long, which there are, and one of them for a reason."""

import asyncio
import datetime
from collections.abc import Mapping
from typing import Any, Final

from facegate.adapters.store.snapshots import MOST_HOURS
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS


async def _context(visit: Visit) -> Mapping[str, Any]:
    identifier = visit.request.query.get("id", "")
    gate = await asyncio.to_thread(visit.services.store.gate, identifier)
    kept = [
        {
            "id": one.id,
            "at": datetime.datetime.fromtimestamp(one.at).astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            "reason": visit.words.get(f"reason.{one.reason}", str(one.reason)),
        }
        for one in visit.services.snapshots.of(gate.id)
    ]
    hours = await asyncio.to_thread(visit.services.snapshots.hours, gate.id)
    return {"gate": gate, "hours": hours, "choices": sorted({0, 1, 6, 24, MOST_HOURS, hours}), "kept": kept}


PAGE: Final = Page("snapshots", "snapshots", _context, OWNERS, menu=False)
