"""Gates: what works at this moment, and what a guard or an owner can do about it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.core.models import Direction, Mode
from facegate.core.setup_steps import Item
from facegate.web.panel.cards import broker_light, gate_cards
from facegate.web.panel.checklist import checklist, is_done
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS

FREE_MINUTES: Final = (5, 15, 60, 240)


async def _context(visit: Visit) -> Mapping[str, Any]:
    services = visit.services
    gates = await asyncio.to_thread(services.store.gates)
    cards = await gate_cards(services, visit.words)
    return {
        "steps": await asyncio.to_thread(_steps, visit),
        "broker": broker_light(services, visit.words),
        "gates": list(zip(gates, cards, strict=True)),
        "paired": bool(await asyncio.to_thread(services.store.tokens)),
        "directions": list(Direction),
        "modes": list(Mode),
        "free_minutes": FREE_MINUTES,
        "owner": visit.may(OWNERS),
    }


def _steps(visit: Visit) -> list[tuple[Item, str]]:
    """What an owner has still to do; nothing for others, and when all is done."""
    items = checklist(visit) if visit.may(OWNERS) else []
    return [] if is_done(items) else items


PAGE: Final = Page("gates", "gates", _context)
