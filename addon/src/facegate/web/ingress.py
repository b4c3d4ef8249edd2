"""The pages behind Home Assistant's ingress: only its Supervisor may ask for them, and the API is not here."""

import logging
from typing import Any, Final

from aiohttp import hdrs, web

from facegate.adapters.store import StoreError
from facegate.web.pages import status
from facegate.web.services import Services

HEADERS: Final = {
    hdrs.CACHE_CONTROL: "no-store",
    # Home Assistant shows the pages in a frame of its own origin.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_LOGGER = logging.getLogger(__name__)


def make(services: Services, peers: frozenset[str]) -> web.Application:
    """Return the application behind the ingress listener, for these peers only."""

    @web.middleware
    async def only_peers(request: web.Request, handler: Any) -> web.StreamResponse:
        # The peer of the connection, never a header: anybody on the app's network can write headers.
        if request.remote not in peers:
            _LOGGER.warning("refused pages to %s: they are shown through Home Assistant only", request.remote)
            raise web.HTTPForbidden(text="FaceGate shows its pages through Home Assistant only.\n")
        try:
            answer: web.StreamResponse = await handler(request)
        except StoreError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error
        return answer

    app = web.Application(middlewares=[only_peers], client_max_size=1024)  # pages are asked for with empty bodies
    app.on_response_prepare.append(_add_headers)
    status.add_routes(app, services)
    return app


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.popall(hdrs.SERVER, None)
