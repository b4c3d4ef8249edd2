"""The panel while the site key is locked: one page that asks for its passphrase, and shows nothing of the house."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from facegate.web import before_start
from facegate.web.limits import Failures
from facegate.web.problems import INVALID, RATE_LIMITED, ProblemError

TRIES: Final = 10
WINDOW: Final = 60.0
"""Wrong passphrases from all sides together, and the seconds in which: each costs this machine a quarter of one."""


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
    return before_start.page("locked.html", peers, more=[web.post("/unlock", gatekeeper.take)])
