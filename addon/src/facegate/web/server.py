"""The three listeners: the API for Home Assistant, the panel behind its ingress, and the residents' own pages."""

import errno
import logging
import ssl
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from facegate.settings import Settings
from facegate.web import routing
from facegate.web.panel import site as panel
from facegate.web.panel.visitors import Reception
from facegate.web.resident_pages import site as resident_pages
from facegate.web.services import Services

SUPERVISOR: Final = frozenset({"172.30.32.2"})
"""Where ingress comes from, and nothing else: Home Assistant's Supervisor has this address on every installation."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
"""For development, when somebody asks for it: then everybody on this machine sees the pages."""

_SHUTDOWN: Final = 5.0  # seconds for requests under way; an opening is decided within that

_LOGGER = logging.getLogger(__name__)


class WebError(Exception):
    """A listener that cannot be started; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """The listeners at work. ``ingress_port`` and ``residents_port`` are ``None`` where no pages are served."""

    api_port: int
    ingress_port: int | None
    residents_port: int | None
    runners: tuple[web.AppRunner, ...]

    async def close(self) -> None:
        """Stop listening; requests under way may end."""
        for runner in self.runners:
            await runner.cleanup()


async def start(
    services: Services, settings: Settings, *, ingress_from: frozenset[str] = SUPERVISOR, by_password: bool = False
) -> Running:
    """Start the listeners and offer a pairing code in the log. Raises WebError.

    ``ingress_from``: the addresses that may see the panel; with none there are no pages at all. ``by_password``:
    whoever sees it logs in here, because there is no Home Assistant that says who they are.
    """
    runners: list[web.AppRunner] = []
    try:
        api = routing.make(services)
        if ingress_from:
            api.add_subapp("/residents/", resident_pages.make_for_home_assistant(services))
        api_port = await listen(runners, api, settings.api_host, settings.api_port, option="api_port")
        ingress_port = residents_port = None
        if ingress_from:
            reception = Reception(services.store, by_password=by_password)
            pages = panel.make(services, ingress_from, reception)
            ingress_port = await listen(
                runners, pages, host_for(ingress_from), settings.ingress_port, option="ingress_port"
            )
            await reception.open()
            residents_port = await listen(
                runners,
                resident_pages.make(services),
                settings.api_host,
                settings.residents_port,
                option="residents_port",
                tls=_tls(settings.residents_certificate, settings.residents_key),
            )
    except BaseException:
        for runner in runners:
            await runner.cleanup()
        raise
    # At every start, so that an owner who has lost Home Assistant, or never had a shell, finds a new one by a restart.
    # A warning, so that it is seen at every log level.
    _LOGGER.warning(
        "Pairing code for Home Assistant, good for 10 minutes and for one use: %s (for a new one: 'facegate pair').",
        services.pairing.make_code(),
    )
    return Running(api_port, ingress_port, residents_port, tuple(runners))


def _tls(certificate: str, key: str) -> ssl.SSLContext | None:
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise WebError(
            f"The certificate {certificate} with the key {key} cannot be used ({error.strerror or error}): correct "
            "'residents_certificate' and 'residents_key', or leave both empty."
        ) from error
    return context


def host_for(peers: frozenset[str]) -> str:
    """Where to listen for these peers."""
    return "127.0.0.1" if peers <= LOOPBACK else "0.0.0.0"  # noqa: S104  # the peer is checked


async def listen(
    runners: list[web.AppRunner],
    app: web.Application,
    host: str,
    port: int,
    *,
    option: str,
    tls: ssl.SSLContext | None = None,
) -> int:
    """Start one listener, note it in ``runners`` and return its port. Raises WebError; ``option`` names the setting."""
    # No access log: it would keep who asked when, and paths hold ids of residents.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN)
    runners.append(runner)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise WebError(
                f"Port {port} is in use by another program: stop that program, or set '{option}' to a free port."
            ) from error
        raise WebError(
            f"Cannot listen on {host} port {port} ({error.strerror or error}): correct 'api_host' or '{option}'."
        ) from error
    bound: int = runner.addresses[0][1]
    _LOGGER.info("listening on %s port %d (%s)", host, bound, option)
    return bound
