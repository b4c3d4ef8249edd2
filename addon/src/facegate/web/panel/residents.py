"""Residents: who lives here, where each stands, by what each gets in, and the face readers that ask for that."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.core.models import PrivacyLevel, ResidentState
from facegate.residents.importing import Column
from facegate.residents.importing import Fault as CellFault
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS
from facegate.web.residents import today
from facegate.web.ways import named

_SHOWN: Final = (
    ResidentState.INVITED,
    ResidentState.ENROLLED,
    ResidentState.WITHDRAWN,
    ResidentState.SUSPENDED,
    ResidentState.EXPIRED,
)


async def _context(visit: Visit) -> Mapping[str, Any]:
    return await asyncio.to_thread(_read, visit)


def _read(visit: Visit) -> Mapping[str, Any]:
    """What stands in the page itself; the residents are asked for by the page, and stay out of its text."""
    store = visit.services.store
    book, now = store.way_book(), today(store.trusted_time())
    readers = []
    for equipment in book.gates:
        gaps = book.gaps(equipment.gate.id, now)
        setup = store.node_setup(equipment.gate.id)
        readers.append((equipment.gate, gaps, named(book.residents, gaps), setup is not None))
    return {
        "readers": readers,
        "gates": [equipment.gate for equipment in book.gates],
        "states": _SHOWN,
        "levels": list(PrivacyLevel),
        "unreadable": len(store.unreadable()),
        "faults": list(CellFault),
        "columns": list(Column),
    }


PAGE: Final = Page("residents", "residents", _context, OWNERS)
