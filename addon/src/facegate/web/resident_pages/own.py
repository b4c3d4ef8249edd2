"""The first page that a personal link opens: how its holder gets in, and the gates that their phone may open."""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from facegate.core.models import Direction, Reason
from facegate.core.phone import FRESH
from facegate.residents.rights import Tap
from facegate.web.problems import INVALID, NOT_OPENED, OPEN_EXPIRED, ProblemError
from facegate.web.resident_pages.page import Page, Post, Visit, read_object

TAPS: Final = 6
"""Openings that one link may ask for in a minute: more than a family with luggage needs."""
_KEY = re.compile(r"[0-9a-f]{16,64}")


async def _context(visit: Visit) -> Mapping[str, Any]:
    resident = visit.resident
    about = await asyncio.to_thread(visit.services.rights.about, resident.id)
    kinds = [row["kind"] for row in about["credentials"]]
    return {
        "resident": resident,
        "templates": len(about["templates"]),
        "cards": kinds.count("card"),
        "pins": kinds.count("pin"),
        "passes": len(about.get("passes", ())),
        "gates": await asyncio.to_thread(visit.services.rights.gates, resident),
        "directions": list(Direction),
    }


async def _open(visit: Visit, body: bytes) -> Mapping[str, Any]:
    """Open a gate: fresh, once per tap, never queued."""
    given = read_object(body)
    gate, direction, issued, key = (given.get(name) for name in ("gate", "direction", "issued_at", "key"))
    if not isinstance(gate, str) or direction not in list(Direction) or not _KEY.fullmatch(str(key)):
        raise ProblemError(INVALID, "Name a gate, its direction and a key.")
    if type(issued) is not int:
        raise ProblemError(INVALID, "Say when it was tapped, in milliseconds.")
    age = time.time() - issued / 1000
    if abs(age) > FRESH:
        raise ProblemError(OPEN_EXPIRED, "The tap is older than 5 s or from the future: tap again.")
    tap = Tap(gate, Direction(direction), time.monotonic() - max(age, 0.0), str(key), visit.link.id)
    outcome = await visit.services.rights.open(visit.resident, tap)
    if not outcome.opened:
        raise ProblemError(NOT_OPENED, "The gate did not open.", reason=_told(outcome.reason))
    return {"opened": True}


def _told(reason: Reason) -> str:
    """The text that says why: all that a resident can do something about has one of its own."""
    known = {Reason.LOCKDOWN, Reason.SUSPENDED, Reason.EXPIRED, Reason.OUTSIDE_HOURS, Reason.NOT_THIS_GATE}
    return f"refused.{reason}" if reason in known else "refused.other"


async def _revoke(visit: Visit, _: bytes) -> Mapping[str, Any]:
    """End the very link by which somebody is here: for a phone that was lost, or a link that was passed on."""
    await asyncio.to_thread(visit.services.links.revoke, visit.resident.id, visit.link.id)
    return {}


PAGES: Final = (Page("", "own", _context, menu=True),)
POSTS: Final = (Post("open-gate", _open, a_minute=TAPS), Post("revoke", _revoke))
