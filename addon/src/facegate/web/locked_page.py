"""The panel while the site key is locked: one page that asks for its passphrase, and shows nothing of the house."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from facegate import __version__
from facegate.web.limits import Failures
from facegate.web.pages.language import LANGUAGES, choose
from facegate.web.pages.rendering import templates
from facegate.web.panel.site import HEADERS, LANGUAGE, static_files
from facegate.web.panel.words import words
from facegate.web.problems import INVALID, RATE_LIMITED, ProblemError

TRIES: Final = 10
WINDOW: Final = 60.0
"""Wrong passphrases from all sides together, and the seconds in which: each costs this machine a quarter of one."""
_LONGEST: Final = 8192  # bytes of a request; a passphrase has at most a thousand characters


class Gatekeeper:
    """Takes passphrases, from the page and from the command line, and counts the wrong ones."""

    def __init__(self, opens: Callable[[str], Awaitable[bool]]) -> None:
        self._opens = opens
        self._failures = Failures(TRIES, WINDOW, time.monotonic)
        self._given: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def passphrase(self) -> str:
        """Return the right one, once somebody has given it."""
        return await asyncio.shield(self._given)

    async def take(self, request: web.Request) -> web.Response:
        """Answer to somebody who gives one."""
        if self._failures.wait("everybody") > 0:
            raise ProblemError(RATE_LIMITED, "Too many wrong passphrases: wait a minute.")
        if request.content_type != "application/json":
            raise ProblemError(INVALID, "Send the passphrase as JSON.")  # which no form of another site can
        try:
            content = await request.json()
            given = content["passphrase"]
        except (ValueError, KeyError, TypeError) as error:
            raise ProblemError(INVALID, 'Send {"passphrase": "…"}.') from error
        if not isinstance(given, str) or not await self._opens(given):
            self._failures.add("everybody")
            raise ProblemError(INVALID, "That is not the passphrase of the site key: try again.")
        if not self._given.done():
            self._given.set_result(given)
        return web.json_response({})


def make(gatekeeper: Gatekeeper, peers: frozenset[str]) -> web.Application:
    """Return the application of the one page, for these peers only."""
    environment = templates("facegate.web.panel")

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.remote not in peers:
            raise web.HTTPForbidden(text="FaceGate shows its pages through Home Assistant only.\n")
        try:
            return await handler(request)
        except ProblemError as error:
            return error.response()

    async def page(request: web.Request) -> web.Response:
        chosen = request.cookies.get(LANGUAGE, "")
        language = chosen if chosen in LANGUAGES else choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        html = environment.get_template("locked.html").render(
            language=language,
            languages=[],  # there is no store to choose one in; the browser's own is taken
            t=words(language),
            version=__version__,
            site="",
            installation="",
            visitor=None,
            by_password=False,
            menu=[],
            here=None,
        )
        return web.Response(text=html, content_type="text/html", status=503, headers={hdrs.CONTENT_LANGUAGE: language})

    app = web.Application(middlewares=[guard], client_max_size=_LONGEST)
    app.on_response_prepare.append(_add_headers)
    app.router.add_get("/", page)
    app.router.add_post("/unlock", gatekeeper.take)
    for name, send in static_files().items():
        app.router.add_get(f"/static/{name}", send)
    app.router.add_get("/{any:.*}", page)
    return app


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.popall(hdrs.SERVER, None)
