"""The pass on a resident's own phone: the codes of the next minutes, so that it works at a gate without a network.

The secret never leaves the recognizer: the page is handed pictures of codes, each good for its own quarter of a minute
and for one opening, and needs no cryptography, which browsers withhold from pages that come by plain HTTP
(docs/decisions/0006-codes-made-ahead.md).
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

import segno

from facegate.core.audit import RESIDENT
from facegate.core.passes import STEP_SECONDS, Kind
from facegate.web.resident_pages.page import Page, Post, Visit, read_object

AHEAD: Final = 80
"""Codes that a page is given: 20 minutes without a network, from the car park to the lift."""


async def _context(visit: Visit) -> Mapping[str, Any]:
    known = await asyncio.to_thread(visit.services.passes.of, visit.resident.id)
    return {"has_pass": any(one.kind is Kind.ROTATING and one.revoked_at is None for one in known)}


async def _codes(visit: Visit, body: bytes) -> Mapping[str, Any]:
    """The codes from now on; with ``anew`` those of another pass, and the one before is revoked."""
    anew = read_object(body).get("anew") is True
    mine = await asyncio.to_thread(visit.services.passes.on_phone, visit.resident.id, RESIDENT, AHEAD, anew=anew)
    await visit.services.changed()
    codes = await asyncio.to_thread(lambda: [(step, modules(text)) for step, text in mine.codes])
    return {"pass": mine.id, "now": time.time(), "seconds": STEP_SECONDS, "codes": codes}


def modules(text: str) -> str:
    """A code as its rows of modules, 1 for dark, from the top, without the quiet zone."""
    code = segno.make(text, error="m", micro=False, boost_error=False)
    return "/".join("".join("1" if dark else "0" for dark in row) for row in code.matrix)


PAGES: Final = (Page("pass", "pass", _context, menu=True),)
POSTS: Final = (Post("pass-codes", _codes),)
