"""Gates: what works at this moment, and what a guard or an owner can do about it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.core.models import Direction, Mode
from facegate.web.panel.cards import broker_light, gate_cards
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS

FREE_MINUTES: Final = (5, 15, 60, 240)


async def _context(visit: Visit) -> Mapping[str, Any]:
    services = visit.services
    gates = await asyncio.to_thread(services.store.gates)
    cards = await gate_cards(services, visit.words)
    return {
        "broker": broker_light(services, visit.words),
        "gates": list(zip(gates, cards, strict=True)),
        "paired": bool(await asyncio.to_thread(services.store.tokens)),
        "directions": list(Direction),
        "modes": list(Mode),
        "free_minutes": FREE_MINUTES,
        "owner": visit.may(OWNERS),
    }


PAGE: Final = Page("gates", "gates", _context)
