"""The first page that a personal link opens: who the house takes its holder for, and what can be done about it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.web.resident_pages.page import Page, Post, Visit


async def _context(visit: Visit) -> Mapping[str, Any]:
    return {"resident": visit.resident}


async def _revoke(visit: Visit, _: bytes) -> Mapping[str, Any]:
    """End the very link by which somebody is here: for a phone that was lost, or a link that was passed on."""
    await asyncio.to_thread(visit.services.links.revoke, visit.resident.id, visit.link.id)
    return {}


PAGES: Final = (Page("", "own", _context, menu=True),)
POSTS: Final = (Post("revoke", _revoke),)
