"""Residents' links over the API: made for them, listed without their secrets, revoked."""

import asyncio
import io
import time
from typing import Any, Final

import segno
from aiohttp import hdrs

from facegate.core.links import Link, LinkKind
from facegate.web import link_schemas
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import NOT_FOUND
from facegate.web.tokens import Scope


async def list_links(call: Call) -> Answer:
    """List a resident's links; nobody learns their addresses again."""
    resident = await asyncio.to_thread(call.services.store.resident, call.given["resident"])
    links = await asyncio.to_thread(call.services.links.of, resident.id)
    return Answer([_describe(link) for link in links])


async def make_link(call: Call) -> Answer:
    """Make a link for a resident: an invitation to enrol, or the way to their own page."""
    resident, kind = call.given["resident"], LinkKind(call.body["kind"])
    made = await asyncio.to_thread(call.services.links.make, resident, kind, _actor(call))
    return Answer({**_describe(made.link), "url": made.url, "qr": qr(made.url)})


async def revoke_link(call: Call) -> Answer:
    """Revoke a resident's link, and let go every browser that has opened it."""
    await asyncio.to_thread(call.services.links.revoke, call.given["resident"], call.given["link"], _actor(call))
    return Answer()


def qr(url: str) -> str:
    """An address as a QR code, an SVG picture that can stand in a page; dark on light also where pages are dark."""
    picture = io.BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(picture, kind="svg", xmldecl=False, border=4, omitsize=True, light="#fff")
    return picture.getvalue().decode()


def _actor(call: Call) -> str:
    assert call.bearer is not None  # every operation here asks for a scope
    return call.bearer.name


def _describe(link: Link) -> dict[str, Any]:
    return {
        "id": link.id,
        "kind": str(link.kind),
        "state": str(link.state(time.time())),
        "created_at": link.created_at,
        "expires_at": link.expires_at,
        "used_at": link.used_at,
    }


OPERATIONS: Final = (
    Operation(
        hdrs.METH_GET, "/residents/{resident}/links", Scope.OWNER, list_links, "A resident's links",
        link_schemas.LINKS, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_POST, "/residents/{resident}/links", Scope.OWNER, make_link, "Make a link for a resident",
        link_schemas.LINK_MADE, link_schemas.NEW_LINK, 201, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_DELETE, "/residents/{resident}/links/{link}", Scope.OWNER, revoke_link, "Revoke a resident's link",
        None, status=204, problems=(NOT_FOUND,),
    ),
)  # fmt: skip
