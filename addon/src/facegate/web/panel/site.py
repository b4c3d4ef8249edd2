"""The panel as a whole: its listener's application, who is let in, its layout and its static files."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import Any, Final

from aiohttp import hdrs, web

from facegate import __version__
from facegate.adapters.store import NotFoundError, StoreError
from facegate.web import routing
from facegate.web.pages.language import LANGUAGES, choose
from facegate.web.pages.rendering import templates
from facegate.web.panel import (
    activity,
    documents,
    enrol,
    first_steps,
    gate_pages,
    gates,
    health,
    invitations,
    members,
    notices,
    passes,
    privacy,
    residents,
    snapshots,
)
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.visitors import SESSION, SESSION_SECONDS, Reception, Visitor
from facegate.web.panel.words import words
from facegate.web.problems import ProblemError
from facegate.web.services import Services

PAGES: Final = (
    gates.PAGE,
    residents.PAGE,
    enrol.PAGE,
    passes.PAGE,
    activity.PAGE,
    privacy.PAGE,
    documents.PAGE,
    health.PAGE,
    first_steps.PAGE,
    members.PAGE,
    documents.ONE,
    notices.PAGE,
    invitations.PAGE,
    *gate_pages.PAGES,
    snapshots.PAGE,
)
"""In the order of the menu; ``first_steps.front`` says which one stands at the root."""

LANGUAGE: Final = "facegate_language"
HEADERS: Final = {
    hdrs.CACHE_CONTROL: "no-store",
    # Home Assistant shows the pages in a frame of its own origin. Nothing is loaded from anywhere else.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STATIC: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FORM_BYTES: Final = 8_000_000  # the largest thing sent to the panel is a picture to enrol from

_LOGGER = logging.getLogger(__name__)

type _Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make(services: Services, peers: frozenset[str], reception: Reception) -> web.Application:
    """Return the application of the panel, for these peers only; empty ``peers`` means everybody who can log in."""

    @web.middleware
    async def only_peers(request: web.Request, handler: _Handler) -> web.StreamResponse:
        # The peer of the connection, never a header: anybody on the app's network can write headers.
        if peers and request.remote not in peers:
            _LOGGER.warning("refused pages to %s: they are shown through Home Assistant only", request.remote)
            raise web.HTTPForbidden(text="FaceGate shows its pages through Home Assistant only.\n")
        return await handler(request)

    app = web.Application(middlewares=[only_peers, _failures], client_max_size=_FORM_BYTES)
    app.on_response_prepare.append(_add_headers)
    site = _Site(services, reception)
    app.router.add_get("/", site.front)
    for page in PAGES:
        app.router.add_get(f"/{page.path}", site.page(page))
    app.router.add_get("/door", site.door)
    app.router.add_post("/claim", site.claim)
    app.router.add_post("/login", site.log_in)
    app.router.add_post("/logout", site.log_out)
    app.router.add_post("/language", site.choose_language)
    for name, send in static_files().items():
        app.router.add_get(f"/static/{name}", send)
    app.add_subapp("/do", routing.make_for_pages(services, reception.bearer))
    return app


def static_files() -> dict[str, _Handler]:
    """What pages load, by name."""
    return {
        file.name: _file(file.read_bytes(), _STATIC[file.name[file.name.rfind(".") :]])
        for package in ("facegate.web.pages", "facegate.web.panel")
        for file in files(package).joinpath("static").iterdir()
    }


class _Site:
    """Renders pages, and lets people in."""

    def __init__(self, services: Services, reception: Reception) -> None:
        self._services = services
        self._reception = reception
        self._templates = templates("facegate.web.panel")

    def page(self, page: Page) -> _Handler:
        """Return what shows a page to whoever may see it, and the door to everybody else."""

        async def show(request: web.Request) -> web.StreamResponse:
            visitor = await self._reception.visitor(request)
            if visitor is None or visitor.role is None:
                return await self.door(request)
            language = _language(request)
            visit = Visit(request, self._services, self._reception, visitor, language, words(language))
            if not visit.may(page.roles):
                return self._render("no_role.html", request, visitor, status=403)
            return self._render(f"{page.name}.html", request, visitor, page, await page.context(visit))

        return show

    async def front(self, request: web.Request) -> web.StreamResponse:
        """The page that somebody needs first."""
        visitor = await self._reception.visitor(request)
        if visitor is None or visitor.role is None:
            return await self.door(request)
        language = _language(request)
        visit = Visit(request, self._services, self._reception, visitor, language, words(language))
        page, context = await first_steps.front(visit)
        return self._render(f"{page.name}.html", request, visitor, page, context)

    async def door(self, request: web.Request) -> web.StreamResponse:
        """What somebody without a role sees: nothing of the house, only how to get one."""
        visitor = await self._reception.visitor(request)
        if visitor is not None and visitor.role is not None:
            raise web.HTTPSeeOther("./")
        claimed = await self._reception.claimed()
        name = "login.html" if self._reception.by_password and claimed else "no_role.html" if claimed else "claim.html"
        return self._render(name, request, visitor, status=403)

    async def claim(self, request: web.Request) -> web.Response:
        """The first owner's code."""
        given = await _fields(request, "code", "login", "password")
        session = await self._reception.claim(request, *given)
        return _with_session(request, session)

    async def log_in(self, request: web.Request) -> web.Response:
        """A name and a password."""
        session = await self._reception.log_in(request, *await _fields(request, "login", "password"))
        return _with_session(request, session)

    async def log_out(self, request: web.Request) -> web.Response:
        """End the session."""
        visitor = await self._reception.visitor(request)
        if visitor is not None:
            self._reception.require_form(request, visitor)
            self._reception.log_out(request)
        answer = web.json_response({})
        answer.del_cookie(SESSION)
        return answer

    async def choose_language(self, request: web.Request) -> web.Response:
        """Remember the language that somebody has picked, in their own browser."""
        (language,) = await _fields(request, "language")
        answer = web.json_response({})
        if language in LANGUAGES:
            answer.set_cookie(LANGUAGE, language, max_age=365 * 86400, httponly=True, samesite="Strict")
        return answer

    def _render(
        self,
        template: str,
        request: web.Request,
        visitor: Visitor | None,
        page: Page | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
    ) -> web.Response:
        language = _language(request)
        role = visitor.role if visitor else None
        html = self._templates.get_template(template).render(
            language=language,
            languages=LANGUAGES,
            t=words(language),
            version=__version__,
            site=self._services.site if role else "",
            installation=self._services.store.installation if role else "",
            visitor=visitor,
            by_password=self._reception.by_password,
            menu=[entry for entry in PAGES if entry.menu and role in entry.roles],
            here=page,
            **(context or {}),
        )
        return web.Response(
            text=html,
            content_type="text/html",
            status=status,
            headers={hdrs.CONTENT_LANGUAGE: language, hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.COOKIE}"},
        )


@web.middleware
async def _failures(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ProblemError as error:
        return error.response()
    except NotFoundError as error:
        raise web.HTTPNotFound(text=f"{error}\n") from error
    except StoreError as error:
        raise web.HTTPServiceUnavailable(text=f"{error}\n") from error


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.popall(hdrs.SERVER, None)


def _language(request: web.Request) -> str:
    chosen = request.cookies.get(LANGUAGE, "")
    return chosen if chosen in LANGUAGES else choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))


async def _fields(request: web.Request, *names: str) -> list[str]:
    """Texts out of a small JSON object; what is missing is empty."""
    if request.content_type != "application/json" or (request.content_length or 0) > 4096:
        raise web.HTTPUnsupportedMediaType
    try:
        content = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest from error
    if not isinstance(content, dict):
        raise web.HTTPBadRequest
    return [content[name] if isinstance(content.get(name), str) else "" for name in names]


def _with_session(request: web.Request, session: str | None) -> web.Response:
    answer = web.json_response({})
    if session is not None:
        answer.set_cookie(
            SESSION, session, max_age=int(SESSION_SECONDS), httponly=True, samesite="Strict", secure=request.secure
        )
    return answer


def _file(content: bytes, content_type: str) -> _Handler:
    async def send(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type=content_type, charset="utf-8")

    return send
