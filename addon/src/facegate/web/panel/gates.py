"""Gates: what works at this moment, and what a guard or an owner can do about it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.core.first_hour import State, next_step
from facegate.core.models import Direction, Mode
from facegate.web.first_hour import look_up
from facegate.web.panel.cards import broker_light, gate_cards
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


def _steps(visit: Visit) -> Mapping[str, Any]:
    """How far an owner is and what is next; nothing for others, and when all is done."""
    items = look_up(visit.services) if visit.may(OWNERS) else ()
    coming = next_step(items)
    if coming is None:
        return {}
    return {"done": sum(item.state is State.DONE for item in items), "all": len(items), "next": coming.step}


PAGE: Final = Page("gates", "gates", _context)
