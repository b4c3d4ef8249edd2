"""Documents: what the law wants on paper, written from what is set now, and who stands for it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.reports.documents import Document, make
from facegate.web.pages.language import LANGUAGES
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import HISTORIANS, OWNERS


async def _context(visit: Visit) -> Mapping[str, Any]:
    facts = await asyncio.to_thread(visit.services.paperwork.facts)
    return {
        "documents": list(Document),
        "facts": facts,
        "responsible": facts.responsible,
        "owner": visit.may(OWNERS),
        "changes": [visit.words[f"documents.change.{change}"] for change in facts.changes],
    }


async def _one(visit: Visit) -> Mapping[str, Any]:
    wanted, language = visit.request.query.get("name", ""), visit.request.query.get("in", visit.language)
    document = Document(wanted) if wanted in list(Document) else Document.NOTICE
    language = language if language in LANGUAGES else visit.language
    facts = await asyncio.to_thread(visit.services.paperwork.facts)
    return {
        "document": document,
        "page": make(document, facts, language),
        "paper_language": language,
        "owner": visit.may(OWNERS),
    }


PAGE: Final = Page("documents", "documents", _context, HISTORIANS)
ONE: Final = Page("document", "document", _one, HISTORIANS, menu=False)
