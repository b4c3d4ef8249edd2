"""First steps: what is done, what is next, what one should see, and what to do when one does not."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.core.first_hour import BLUEPRINTS, LINKS, Item, Part, Step, blueprint_link, is_done, next_step
from facegate.web.first_hour import look_up
from facegate.web.panel import gates
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS

_WHERE: Final = {
    Step.BROKER: "health",
    Step.HOME_ASSISTANT: "gates",
    Step.GATE: "new-gate",
    Step.RESIDENT: "residents",
    Step.FACES: "enrol",
    Step.OPENING: "activity",
    Step.REAL_GATE: "new-gate?kind=real",
    Step.WAYS: "residents",
    Step.PAPERS: "documents",
}


async def _context(visit: Visit) -> Mapping[str, Any]:
    return _shown(await asyncio.to_thread(look_up, visit.services))


def _shown(items: tuple[Item, ...]) -> Mapping[str, Any]:
    parts = [(part, [(i, _where(i), LINKS.get(i.step, {})) for i in items if i.step.part is part]) for part in Part]
    blueprints = [(name, blueprint_link(name)) for name in BLUEPRINTS]
    return {"parts": parts, "next": next_step(items), "blueprints": blueprints}


def _where(item: Item) -> str:
    """The page of the panel where it is done."""
    match item.step:
        case Step.COMMISSIONED if item.gate:
            return f"walk?id={item.gate}"
        case Step.CAMERA | Step.ZONE | Step.NODE | Step.READER if item.gate:
            return f"gate?id={item.gate}"
    return _WHERE.get(item.step, "")


async def front(visit: Visit) -> tuple[Page, Mapping[str, Any]]:
    """What stands at the root: an owner who has not yet seen a first recognition is led to it, all others see gates."""
    if visit.may(OWNERS):
        items = await asyncio.to_thread(look_up, visit.services)
        if not is_done(items, Part.TRIAL):
            return PAGE, _shown(items)
    return gates.PAGE, await gates.PAGE.context(visit)


PAGE: Final = Page("first-steps", "first_steps", _context, OWNERS)
