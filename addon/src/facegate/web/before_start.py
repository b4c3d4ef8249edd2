"""What answers while the service cannot start yet: that it does not work, and one page that says why."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import hdrs, web

from facegate import __version__
from facegate.adapters import local_access
from facegate.settings import Settings
from facegate.web import server
from facegate.web.pages.language import LANGUAGES, choose
from facegate.web.pages.rendering import templates
from facegate.web.panel.site import HEADERS, LANGUAGE, static_files
from facegate.web.panel.words import words
from facegate.web.problems import ProblemError

BASE: Final = "/api/v1"
_LONGEST: Final = 8192  # bytes of a request; a passphrase has at most a thousand characters


@asynccontextmanager
async def answering(
    settings: Settings, api: web.Application, page: web.Application, *, token: str, ingress_from: frozenset[str]
) -> AsyncIterator[None]:
    """Answer where the service will, so that health checks, the panel and commands find somebody. Raises WebError."""
    runners: list[web.AppRunner] = []
    try:
        port = await server.listen(runners, api, settings.api_host, settings.api_port, option="api_port")
        host = server.host_for(ingress_from)
        await server.listen(runners, page, host, settings.ingress_port, option="ingress_port")
        access = local_access.LocalAccess(f"http://127.0.0.1:{port}", token)
        try:
            await asyncio.to_thread(local_access.offer, settings.data, access)
        except OSError as error:
            raise server.WebError(
                f"{settings.data} cannot be written ({error.strerror or error}): let FaceGate's user write there, or "
                "name another folder."
            ) from error
        yield
    finally:
        local_access.withdraw(settings.data)
        for runner in runners:
            await runner.cleanup()


def api(
    health: Callable[[], Mapping[str, Any]],
    refusal: Callable[[], ProblemError],
    more: Iterable[web.RouteDef] = (),
) -> web.Application:
    """Return an API that tells ``health``, has ``more`` routes, and refuses everything else.

    It is well enough for health checks, which would else end it: a new start changes nothing.
    """

    async def tell(_: web.Request) -> web.Response:
        return web.json_response({"ok": False, "version": __version__, **health()})

    async def refuse(_: web.Request) -> web.Response:
        raise refusal()

    app = web.Application(middlewares=[_problems], client_max_size=_LONGEST)
    app.router.add_get(f"{BASE}/health", tell)
    app.router.add_routes(more)
    app.router.add_route("*", "/{any:.*}", refuse)
    return app


def page(
    template: str,
    peers: frozenset[str],
    context: Callable[[], Mapping[str, Any]] = dict,
    more: Iterable[web.RouteDef] = (),
) -> web.Application:
    """Return the application of one page, and ``more`` routes, for these peers only."""
    environment = templates("facegate.web.panel")

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.remote not in peers:
            raise web.HTTPForbidden(text="FaceGate shows its pages through Home Assistant only.\n")
        return await handler(request)

    async def show(request: web.Request) -> web.Response:
        chosen = request.cookies.get(LANGUAGE, "")
        language = chosen if chosen in LANGUAGES else choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        html = environment.get_template(template).render(
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
            **context(),
        )
        return web.Response(text=html, content_type="text/html", status=503, headers={hdrs.CONTENT_LANGUAGE: language})

    app = web.Application(middlewares=[guard, _problems], client_max_size=_LONGEST)
    app.on_response_prepare.append(_add_headers)
    app.router.add_get("/", show)
    app.router.add_routes(more)
    for name, send in static_files().items():
        app.router.add_get(f"/static/{name}", send)
    app.router.add_get("/{any:.*}", show)
    return app


@web.middleware
async def _problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except ProblemError as error:
        return error.response()


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.popall(hdrs.SERVER, None)
