"""What answers while the site key is locked: whether it works (no), and where the passphrase may be given.

Nobody is recognised and no command is signed without keys. Cards and PINs on the nodes' own lists, exit buttons and
the fire release go on: they need no recognizer. Home Assistant shows the recognizer as gone, by its last will.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from facegate import __version__
from facegate.adapters import local_access
from facegate.settings import Settings
from facegate.web import locked_page, server
from facegate.web.locked_page import Gatekeeper
from facegate.web.problems import LOCKED, UNAUTHENTICATED, ProblemError

_BASE: Final = "/api/v1"
_LONGEST: Final = 8192  # bytes of a request; a passphrase has at most a thousand characters

_LOGGER = logging.getLogger(__name__)


async def wait(
    settings: Settings,
    opens: Callable[[str], Awaitable[bool]],
    stopped: asyncio.Event,
    *,
    ingress_from: frozenset[str] = server.SUPERVISOR,
) -> str | None:
    """Answer until somebody gives the passphrase that ``opens`` says yes to, and return it; ``None`` once ``stopped``.

    Raises WebError where a port cannot be had.
    """
    token, gatekeeper = secrets.token_urlsafe(32), Gatekeeper(opens)
    runners: list[web.AppRunner] = []
    try:
        port = await server.listen(
            runners, _app(token, gatekeeper), settings.api_host, settings.api_port, option="api_port"
        )
        host = server.host_for(ingress_from)
        page = locked_page.make(gatekeeper, ingress_from)
        await server.listen(runners, page, host, settings.ingress_port, option="ingress_port")
        access = local_access.LocalAccess(f"http://127.0.0.1:{port}", token)
        await asyncio.to_thread(local_access.offer, settings.data, access)
        _LOGGER.warning(
            "The site key is locked: nobody is recognised and nothing is opened until somebody gives its passphrase, "
            "in the panel or with 'facegate keys unlock'. Cards and PINs on the gates' lists, exit and fire work."
        )
        given = asyncio.create_task(gatekeeper.passphrase())
        end = asyncio.create_task(stopped.wait())
        await asyncio.wait({given, end}, return_when=asyncio.FIRST_COMPLETED)
        for task in (given, end):
            task.cancel()
        return given.result() if given.done() and not given.cancelled() else None
    finally:
        local_access.withdraw(settings.data)
        for runner in runners:
            await runner.cleanup()


def _app(token: str, gatekeeper: Gatekeeper) -> web.Application:
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"ok": False, "version": __version__, "locked": True})

    async def unlock(request: web.Request) -> web.Response:
        bearer = request.headers.get(hdrs.AUTHORIZATION, "")
        if not hmac.compare_digest(bearer.encode(), f"Bearer {token}".encode()):
            raise ProblemError(UNAUTHENTICATED, "Unlock with 'facegate keys unlock' on FaceGate's machine.")
        return await gatekeeper.take(request)

    async def refuse(_: web.Request) -> web.Response:
        raise ProblemError(LOCKED, "Give the site key's passphrase in the panel, or with 'facegate keys unlock'.")

    app = web.Application(middlewares=[_problems], client_max_size=_LONGEST)
    app.router.add_get(f"{_BASE}/health", health)
    app.router.add_post(f"{_BASE}/keys/unlock", unlock)
    app.router.add_route("*", "/{any:.*}", refuse)
    return app


@web.middleware
async def _problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except ProblemError as error:
        return error.response()
