"""Invitations: residents enrol by themselves, by a link that is good once; printed on one sheet for each flat."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.web.pages.language import LANGUAGES
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS
from facegate.web.panel.words import words


async def _context(visit: Visit) -> Mapping[str, Any]:
    url = await asyncio.to_thread(visit.services.links.address)
    return {"by_https": url.startswith("https://"), "url": url, "both": [words(language) for language in LANGUAGES]}


PAGE: Final = Page("invitations", "invitations", _context, OWNERS, menu=False)
