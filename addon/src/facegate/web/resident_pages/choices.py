"""What its holder decides: consents, what is kept of the face, links, and to be erased."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from facegate.core.audit import RESIDENT
from facegate.core.certificate import LIMITS
from facegate.core.consent import Purpose
from facegate.core.leaving import Cause
from facegate.core.links import LinkKind, LinkState
from facegate.core.models import PrivacyLevel
from facegate.web.problems import INVALID, ProblemError
from facegate.web.resident_pages.moments import moment
from facegate.web.resident_pages.page import COOKIES, Page, Post, Visit, read_object

CONFIRMED: Final = "erase"
"""What a page sends once somebody has ticked that they have understood."""


async def _context(visit: Visit) -> Mapping[str, Any]:
    services, now = visit.services, time.time()
    consents = await asyncio.to_thread(services.rights.consents, visit.resident.id)
    links = await asyncio.to_thread(services.links.of, visit.resident.id)
    purposes: dict[str, list[Any]] = {}
    for consent in consents:
        purposes.setdefault(str(consent.purpose), []).append(consent)
    return {
        "resident": visit.resident,
        "levels": list(PrivacyLevel),
        "purposes": purposes,
        "standing": {purpose for purpose, given in purposes.items() if any(not one.withdrawn_at for one in given)},
        "text": services.consents.text,
        "links": [link for link in links if link.kind is LinkKind.PERSONAL and link.state(now) is LinkState.OPEN],
        "here_link": visit.link.id,
        "limits": LIMITS,
        "moment": moment,
    }


async def _withdraw(visit: Visit, body: bytes) -> Mapping[str, Any]:
    """One tap, no reason."""
    purpose = read_object(body).get("purpose")
    if purpose not in list(Purpose):
        raise ProblemError(INVALID, "Name the purpose.")
    ended = await asyncio.to_thread(
        visit.services.consents.withdraw, RESIDENT, visit.resident.id, Purpose(str(purpose))
    )
    await visit.services.changed()
    return {"ended": ended}


async def _choose(visit: Visit, body: bytes) -> Mapping[str, Any]:
    """Another level holds at once. Whoever wants a face to be kept, in whatever way, is asked and enrolled anew."""
    given = read_object(body).get("level")
    if given not in list(PrivacyLevel):
        raise ProblemError(INVALID, "Name one of the levels.")
    level = PrivacyLevel(given)
    await visit.services.rights.choose(visit.resident.id, level)
    if level is PrivacyLevel.NO_FACE:
        return {}
    made = await asyncio.to_thread(visit.services.links.make, visit.resident.id, LinkKind.INVITATION, RESIDENT)
    return {"to": made.url.rsplit("/", 1)[1]}


async def _revoke(visit: Visit, body: bytes) -> Mapping[str, Any]:
    """Revoke one of one's own links."""
    link = read_object(body).get("link")
    await asyncio.to_thread(visit.services.links.revoke, visit.resident.id, str(link), RESIDENT)
    return {}


async def _erase(visit: Visit, body: bytes) -> web.Response:
    """Erase whoever wishes it, at once, and hand them the certificate: nothing here could do that later."""
    if read_object(body).get("confirm") != CONFIRMED:
        raise ProblemError(INVALID, "Tick that you have understood.")
    departures = visit.services.departures
    certificate = await asyncio.to_thread(departures.erase, visit.resident.id, Cause.RESIDENT, RESIDENT)
    await visit.services.changed()
    answer = web.json_response(certificate.written())
    answer.del_cookie(COOKIES[LinkKind.PERSONAL])
    return answer


PAGES: Final = (Page("choices", "choices", _context, menu=True),)
POSTS: Final = (
    Post("withdraw", _withdraw),
    Post("level", _choose),
    Post("revoke-link", _revoke),
    Post("erase", _erase),
)
