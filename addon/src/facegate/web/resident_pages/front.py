"""Who stands before the pages: a browser itself, or Home Assistant, which hands on what a browser sends.

What Home Assistant says of a browser counts on the API's listener alone, and there only with its token. On the pages'
own listener the same header means nothing.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import hdrs, web

from facegate.web.problems import MALFORMED, ProblemError
from facegate.web.services import Services
from facegate.web.tokens import Doorkeeper, Scope

CLIENT: Final = "X-FaceGate-Client"
"""The header in which Home Assistant says whose request it hands on. It hands on what came by HTTPS, nothing else."""
_KEY: Final = web.RequestKey("facegate_client", str)
_IPV6_NET: Final = 64  # what one household is given: counting single addresses there would count nothing


def let_in(services: Services) -> Any:
    """Return the middleware that lets a paired Home Assistant in, and believes it whose request it is."""
    door = Doorkeeper(services.store, services.local_token)

    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        bearer = await door.bearer(request.headers.get(hdrs.AUTHORIZATION), request.remote or "")
        Doorkeeper.require(bearer, Scope.MANAGE)
        try:
            request[_KEY] = str(ipaddress.ip_address(request.headers.get(CLIENT, "")))
        except ValueError as error:
            raise ProblemError(MALFORMED, f"Say in '{CLIENT}' whose request this is.") from error
        return await handler(request)

    return check


def through_home_assistant(request: web.Request) -> bool:
    """Whether a paired Home Assistant has handed this on."""
    return _KEY in request


def peer(request: web.Request) -> str:
    """Return by what attempts are counted: the browser's address, or its network where it may have any in there."""
    address: str = request.get(_KEY, request.remote or "")
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((int(known), _IPV6_NET), strict=False))
    return address
