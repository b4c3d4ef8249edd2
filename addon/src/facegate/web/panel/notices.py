"""Notices: what people are told, all versions of it, and who has agreed to what."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from facegate.core.consent import LANGUAGES, NOTICE_MOST, Purpose
from facegate.web.consents import describe_standing, described
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS


async def _context(visit: Visit) -> Mapping[str, Any]:
    return await asyncio.to_thread(_read, visit)


def _read(visit: Visit) -> Mapping[str, Any]:
    services = visit.services
    versions = described(services.consents.notices())
    notices, standings = services.consents.notices(), services.consents.by_resident()
    said = [
        (resident, [describe_standing(standing, notices, resident) for standing in standings[resident.id]])
        for resident in services.store.residents()
        if resident.id in standings
    ]
    return {
        "purposes": [
            (
                purpose,
                {n["language"]: n for n in versions if n["purpose"] == purpose and n["holds"]},
                [n for n in versions if n["purpose"] == purpose and not n["holds"]],
            )
            for purpose in Purpose
        ],
        "notice_languages": LANGUAGES,
        "most": NOTICE_MOST,
        "said": said,
        "day": lambda at: f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d}" if at else "",
    }


PAGE: Final = Page("notices", "notices", _context, OWNERS, menu=False)
