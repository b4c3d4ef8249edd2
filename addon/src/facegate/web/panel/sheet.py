"""The result sheet of a gate's last test walk, to print and sign."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.reports.commissioning import sheet_page
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS


async def _context(visit: Visit) -> Mapping[str, Any]:
    store, identifier = visit.services.store, visit.request.query.get("id", "")
    await asyncio.to_thread(store.gate, identifier)
    sheet = await asyncio.to_thread(store.commissioning, identifier)
    return {"page": sheet_page(sheet, visit.language) if sheet else None, "back": f"gate?id={identifier}"}


PAGE: Final = Page("sheet", "sheet", _context, OWNERS, menu=False)
