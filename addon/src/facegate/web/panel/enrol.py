"""Enrol: somebody before a gate's camera, or from pictures; with the notice and the yes that come first."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from facegate.core.consent import LANGUAGES, Purpose, Relation
from facegate.residents.collecting import View
from facegate.residents.reasons import LIVE, TEXTS
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS
from facegate.web.uploads import MOST_PICTURES


async def _context(visit: Visit) -> Mapping[str, Any]:
    return await asyncio.to_thread(_read, visit)


def _read(visit: Visit) -> Mapping[str, Any]:
    services = visit.services
    gates = {gate.id: gate.name for gate in services.store.gates()}
    names = {resident.id: resident.name for resident in services.store.residents()}
    return {
        "cameras": [(camera.id, gates.get(camera.gate, ""), camera.direction) for camera in services.store.cameras()],
        "notices": [services.consents.notice(Purpose.FACE_AT_GATES, language) for language in LANGUAGES],
        "relations": list(Relation),
        "views": list(View),
        "live": LIVE[visit.language],
        "reasons": TEXTS[visit.language],
        "most": MOST_PICTURES,
        "notable": [
            (
                names[one.resident],
                names[one.other],
                one.duplicate,
                f"{datetime.fromtimestamp(one.at).astimezone():%Y-%m-%d %H:%M}",
            )
            for one in services.inviting.notable
            if one.resident in names and one.other in names
        ],
    }


PAGE: Final = Page("enrol", "enrol", _context, OWNERS)
