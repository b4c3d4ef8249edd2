"""What answers while the site key is locked: whether it works (no), and where the passphrase may be given.

Nobody is recognised and no command is signed without keys. Cards and PINs on the nodes' own lists, exit buttons and
the fire release go on: they need no recognizer. Home Assistant shows the recognizer as gone, by its last will.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from facegate.settings import Settings
from facegate.web import before_start, locked_page, server
from facegate.web.locked_page import Gatekeeper
from facegate.web.problems import LOCKED, UNAUTHENTICATED, ProblemError

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
    page = locked_page.make(gatekeeper, ingress_from)
    async with before_start.answering(settings, _api(token, gatekeeper), page, token=token, ingress_from=ingress_from):
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


def _api(token: str, gatekeeper: Gatekeeper) -> web.Application:
    async def unlock(request: web.Request) -> web.Response:
        bearer = request.headers.get(hdrs.AUTHORIZATION, "")
        if not hmac.compare_digest(bearer.encode(), f"Bearer {token}".encode()):
            raise ProblemError(UNAUTHENTICATED, "Unlock with 'facegate keys unlock' on FaceGate's machine.")
        return await gatekeeper.take(request)

    return before_start.api(
        lambda: {"locked": True},
        lambda: ProblemError(LOCKED, "Give the site key's passphrase in the panel, or with 'facegate keys unlock'."),
        [web.post(f"{before_start.BASE}/keys/unlock", unlock)],
    )
