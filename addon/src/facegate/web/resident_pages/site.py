"""The residents' pages as a whole: who is let in by which link, what is refused, the layout and the static files.

Nothing here knows Home Assistant or its users: headers of its ingress mean nothing on this listener. Whoever has
opened a link is its resident and sees that resident's things alone; no address and no form ever names a resident.
"""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import Any, Final

from aiohttp import hdrs, web

from facegate import __version__
from facegate.adapters.store import ConsentError, ExistsError, NotFoundError, StoreError
from facegate.core.links import LinkKind
from facegate.web.limits import Failures
from facegate.web.pages.language import LANGUAGES, choose
from facegate.web.pages.rendering import templates
from facegate.web.problems import (
    EXISTS,
    FORBIDDEN,
    MALFORMED,
    NOT_FOUND,
    STORE,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemError,
)
from facegate.web.resident_pages import choices, data, history, invitation, own, pass_page
from facegate.web.resident_pages.front import let_in, peer
from facegate.web.resident_pages.page import COOKIES, SMALL, Module, Page, Post, Visit, is_secure, read_object
from facegate.web.resident_pages.words import words
from facegate.web.services import Services
from facegate.web.tokens import too_many

MODULES: Final[tuple[Module, ...]] = (
    own,
    pass_page,
    history,
    data,
    choices,
    invitation,
)
"""Modules of pages, in the order of the menu."""

LANGUAGE: Final = "facegate_resident_language"
FORM: Final = "X-FaceGate-Form"
"""The header that proves that a page of ours sends something: no other site can make a browser add it."""
PICTURE_BYTES: Final = 8_000_000  # the largest thing that anybody sends here
_BODY_SECONDS: Final = 30.0  # a picture over a weak wireless network
_BAD_LINKS: Final = 10  # that one address may try a minute; a good one opens always
_MINUTE: Final = 60.0
_STATIC: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS: Final = {
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_PERMISSIONS: Final = "Permissions-Policy"
_NO_CAMERA: Final = "camera=(), microphone=(), geolocation=()"
_CAMERA: Final = "camera=(self), microphone=(), geolocation=()"

_LOGGER = logging.getLogger(__name__)

type _Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make(services: Services) -> web.Application:
    """Return the application of the residents' pages, for a listener of its own."""
    return _offer(services, web.Application(middlewares=[_failures], client_max_size=PICTURE_BYTES))


def make_for_home_assistant(services: Services) -> web.Application:
    """Return the same pages for the API's listener, where they answer a paired Home Assistant alone."""
    return _offer(services, web.Application(middlewares=[_failures, let_in(services)]))


def _offer(services: Services, app: web.Application) -> web.Application:
    app.on_response_prepare.append(_add_headers)
    site = _Site(services)
    for page in site.pages:
        app.router.add_get(f"/{page.path}", site.show(page))
    for post in site.posts:
        app.router.add_post(f"/{post.path}", site.take(post))
    for kind in LinkKind:
        app.router.add_get(f"/{kind.path}", site.arrive(kind))
    app.router.add_post("/session", site.redeem)
    app.router.add_post("/leave", site.leave)
    app.router.add_post("/language", site.choose_language)
    app.router.add_get("/robots.txt", _file(b"User-agent: *\nDisallow: /\n", "text/plain"))
    for package in ("facegate.web.pages", "facegate.web.resident_pages"):
        for file in files(package).joinpath("static").iterdir():
            suffix = file.name[file.name.rfind(".") :]
            app.router.add_get(f"/static/{file.name}", _file(file.read_bytes(), _STATIC[suffix]))
    return app


class _Site:
    """Renders pages, takes what they send, and lets people in by their links."""

    def __init__(self, services: Services) -> None:
        self.pages = tuple(page for module in MODULES for page in module.PAGES)
        self.posts = tuple(post for module in MODULES for post in module.POSTS)
        self._services = services
        self._bad = Failures(_BAD_LINKS, _MINUTE, time.monotonic)
        self._templates = templates("facegate.web.resident_pages")

    def show(self, page: Page) -> _Handler:
        """Return what shows a page to whoever holds a link for it, and the door to everybody else."""

        async def show(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request, page.kinds)
            if visit is None:
                return self._render(request, "door", status=403)
            return self._render(request, page.name, visit, page, await page.context(visit))

        return show

    def take(self, post: Post) -> _Handler:
        """Return what takes something that a page sends."""
        sent = Failures(post.a_minute, _MINUTE, time.monotonic)

        async def take(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request, post.kinds)
            if visit is None:
                raise ProblemError(UNAUTHENTICATED, "Open your link again.")
            _require_form(request, visit.session)
            if wait := sent.wait(visit.link.id):
                raise too_many(wait)
            sent.add(visit.link.id)
            answer = await post.act(visit, await _body(request, post.most, json_only=post.json))
            return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)

        return take

    def arrive(self, kind: LinkKind) -> _Handler:
        """Return the page behind a link's address. It knows no secret: its script sends that, from behind the '#'."""

        async def arrive(request: web.Request) -> web.StreamResponse:
            return self._render(request, "arrive", context={"kind": kind})

        return arrive

    async def redeem(self, request: web.Request) -> web.Response:
        """Open a link: always a new session, never one that the browser brings."""
        _require_ours(request)
        given = read_object(await _body(request, SMALL, json_only=True))
        secret, who = given.get("secret"), peer(request)
        opened = None
        if isinstance(secret, str):
            opened = await asyncio.to_thread(self._services.links.redeem, secret)
        if opened is None:
            if wait := self._bad.wait(who):
                raise too_many(wait)
            self._bad.add(who)
            raise ProblemError(FORBIDDEN, "This link was used or revoked, or its time is over: ask for a new one.")
        link, session = opened
        # A session never outlives the one that follows it in the same browser.
        await asyncio.to_thread(self._services.links.leave, request.cookies.get(COOKIES[link.kind], ""))
        answer = web.json_response({"to": "./" if link.kind is LinkKind.PERSONAL else "invitation"})
        answer.set_cookie(
            COOKIES[link.kind],
            session,
            max_age=int(link.kind.session_seconds),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=is_secure(request, self._services),
        )
        return answer

    async def leave(self, request: web.Request) -> web.Response:
        """Forget this browser."""
        _require_ours(request)
        answer = web.json_response({})
        for cookie in COOKIES.values():
            await asyncio.to_thread(self._services.links.leave, request.cookies.get(cookie, ""))
            answer.del_cookie(cookie)
        return answer

    async def choose_language(self, request: web.Request) -> web.Response:
        """Remember the language that somebody has picked, in their own browser."""
        _require_ours(request)
        language = read_object(await _body(request, SMALL, json_only=True)).get("language")
        answer = web.json_response({})
        if language in LANGUAGES:
            answer.set_cookie(LANGUAGE, language, max_age=365 * 86400, httponly=True, samesite="Strict")
        return answer

    async def _visit(self, request: web.Request, kinds: frozenset[LinkKind]) -> Visit | None:
        session, link = "", None
        for kind in sorted(kinds, reverse=True):  # their own page before an invitation
            session = request.cookies.get(COOKIES[kind], "")
            link = await asyncio.to_thread(self._services.links.session, session)
            if link is not None and link.kind is kind:
                break
        else:
            return None
        try:
            resident = await asyncio.to_thread(self._services.store.resident, link.resident)
        except NotFoundError:
            return None
        language = _language(request)
        return Visit(request, self._services, link, resident, language, words(language), _form(session))

    def _render(
        self,
        request: web.Request,
        template: str,
        visit: Visit | None = None,
        page: Page | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
    ) -> web.Response:
        language = _language(request)
        html = self._templates.get_template(f"{template}.html").render(
            language=language,
            languages=LANGUAGES,
            t=words(language),
            visit=visit,
            form=visit.session if visit else "",
            menu=[entry for entry in self.pages if visit and entry.menu and visit.link.kind in entry.kinds],
            version=__version__,
            here=page,
            **(context or {}),
        )
        return web.Response(
            text=html,
            content_type="text/html",
            status=status,
            headers={
                hdrs.CONTENT_LANGUAGE: language,
                hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.COOKIE}",
                _PERMISSIONS: _CAMERA if page and page.camera else _NO_CAMERA,
            },
        )


@web.middleware
async def _failures(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ProblemError as error:
        return error.response()
    except NotFoundError as error:
        return ProblemError(NOT_FOUND, str(error)).response()
    except (ExistsError, ConsentError) as error:
        return ProblemError(EXISTS, str(error)).response()
    except StoreError as error:
        _LOGGER.warning("%s", error)
        return ProblemError(STORE, "FaceGate's store does not work: tell the office.").response()


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers.setdefault(_PERMISSIONS, _NO_CAMERA)
    response.headers.popall(hdrs.SERVER, None)


def _language(request: web.Request) -> str:
    chosen = request.cookies.get(LANGUAGE, "")
    return chosen if chosen in LANGUAGES else choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))


def _form(session: str) -> str:
    """What pages made for this session send along. It follows from the cookie, which no script can read."""
    return hmac.new(session.encode(), b"facegate/1 form", hashlib.sha256).hexdigest()


def _require_ours(request: web.Request) -> None:
    """Raise ProblemError for what another site makes a browser send."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin" or FORM not in request.headers:
        raise ProblemError(FORBIDDEN, "This page is out of date: reload it and try again.")


def _require_form(request: web.Request, form: str) -> None:
    _require_ours(request)
    if not hmac.compare_digest(request.headers[FORM].encode(), form.encode()):
        raise ProblemError(FORBIDDEN, "This page is out of date: reload it and try again.")


async def _body(request: web.Request, most: int, *, json_only: bool) -> bytes:
    """What was sent, read into memory and never into a file."""
    if json_only and request.content_type != "application/json":
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, "Send the body as 'Content-Type: application/json'.")
    content = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.content.iter_any():
                content += part
                if len(content) > most:
                    raise ProblemError(TOO_LARGE, f"Send at most {most} bytes.")
    except TimeoutError as error:
        raise ProblemError(MALFORMED, "The body did not arrive in time: try again.") from error
    return bytes(content)


def _file(content: bytes, content_type: str) -> _Handler:
    async def send(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type=content_type, charset="utf-8")

    return send
