"""What answers while the Supervisor has not yet told which broker to use: that FaceGate waits, and for what.

After a power cut everything starts at once, and the Supervisor or the broker's app may be late. Whoever gave up then
would leave all gates without a recognizer until somebody comes.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterator
from typing import Final

from facegate.adapters import supervisor
from facegate.adapters.supervisor import SupervisorError
from facegate.settings import Settings
from facegate.web import before_start, server
from facegate.web.problems import WAITING, ProblemError

FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 30.0
"""Between two tries: twice as long each time, and never so long that somebody who waits doubts it."""

_LOGGER = logging.getLogger(__name__)


async def complete(
    settings: Settings,
    stopped: asyncio.Event,
    *,
    ingress_from: frozenset[str] = server.SUPERVISOR,
    url: str = supervisor.URL,
) -> Settings | None:
    """Return the settings with what the Supervisor knows, once it tells; ``None`` once ``stopped``.

    Raises WebError where a port cannot be had.
    """
    trying = asyncio.create_task(_until_told(settings, ingress_from, url))
    end = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({trying, end}, return_when=asyncio.FIRST_COMPLETED)
        return trying.result() if trying.done() else None
    finally:
        trying.cancel()
        end.cancel()
        await asyncio.gather(trying, end, return_exceptions=True)  # so that the ports are free again


def pauses() -> Iterator[float]:
    """Yield the seconds to wait before each further try, without end."""
    seconds = FIRST_SECONDS
    while True:
        yield seconds
        seconds = min(2 * seconds, LONGEST_SECONDS)


async def _until_told(settings: Settings, ingress_from: frozenset[str], url: str) -> Settings:
    try:
        return await supervisor.complete(settings, url=url)
    except SupervisorError as error:
        known = error
    api = before_start.api(lambda: {"waiting": str(known.lack)}, lambda: ProblemError(WAITING, str(known)))
    page = before_start.page("waiting.html", ingress_from, lambda: {"lack": str(known.lack)})
    token = secrets.token_urlsafe(32)
    async with before_start.answering(settings, api, page, token=token, ingress_from=ingress_from):
        said = ""
        for pause in pauses():
            if str(known) != said:
                said = str(known)
                _LOGGER.warning("%s FaceGate waits and tries again by itself.", said)
            await asyncio.sleep(pause)
            try:
                settings = await supervisor.complete(settings, url=url)
            except SupervisorError as error:
                known = error
            else:
                break
    _LOGGER.warning("Home Assistant has told what was missing: FaceGate starts.")
    return settings
