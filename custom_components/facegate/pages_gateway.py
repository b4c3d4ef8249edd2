"""Hands on what phones send to the recognizer's residents' pages, and what comes back, piece by piece both ways."""

import asyncio
import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, hdrs, web
from yarl import URL

from .const import LOGGER
from .pages_headers import answered, secure, sent, set_cookies

MOST_SENT: Final = 1_000_000
"""Bytes of a body: a picture of an enrolment; the recognizer's own limit (a test compares them)."""
MOST_ANSWERED: Final = 64_000_000
"""Bytes of an answer: the archive of a resident with years of passages is a hundredth of it."""
PATIENCE: Final = ClientTimeout(total=60, connect=5)  # a body by a weak wireless network has 30 s of it
READING: Final = 60
"""Seconds in which a browser has to take an answer: whoever reads slowly holds a place that others wait for."""
CLIENT: Final = "X-FaceGate-Client"
"""The header that tells the recognizer whose request this is; it believes that together with the token."""

_PAGE: Final = re.compile(r"[a-z][a-z-]{0,40}|static/[a-z][a-z-]{0,40}\.(?:css|js|svg)|")
_POST: Final = re.compile(r"[a-z][a-z-]{0,40}")


class RefusedRequestError(Exception):
    """A request that is not handed on, or an answer that is not; ``status`` is what its sender is told."""

    def __init__(self, status: HTTPStatus) -> None:
        """Say with which status it is refused."""
        super().__init__(status.phrase)
        self.status = status


def is_page(method: str, path: str) -> bool:
    """Whether the residents' pages can have this: names without slashes, and files of one folder."""
    return bool((_PAGE if method == hdrs.METH_GET else _POST).fullmatch(path))


class Gateway:
    """The way to one recognizer's pages.

    Args:
        session: keeps no cookies, so that no phone ever gets another's.
        url: of the recognizer's API, which has proved the paired key.
        token: of the pairing.
        path: of the pages at Home Assistant's address, with a slash at its end.
    """

    def __init__(self, session: ClientSession, url: str, token: str, path: str) -> None:
        """Know the way; nothing is asked yet."""
        self._session = session
        self._base = URL(url).origin()
        self._token = token
        self._path = path

    async def hand_on(
        self, request: web.Request, page: str, client: str, origin: str, *, is_secure: bool
    ) -> web.StreamResponse:
        """Hand on a request for a page of this name; raises RefusedRequestError.

        ``client``: the browser's address. ``origin``: of Home Assistant as the browser calls it.
        """
        if (request.content_length or 0) > MOST_SENT:
            raise RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        headers = sent(request)
        headers[hdrs.AUTHORIZATION] = f"Bearer {self._token}"
        headers[CLIENT] = client
        body = _Body(request) if request.method == hdrs.METH_POST else None
        try:
            async with self._session.request(
                request.method,
                self._base / "residents" / page if page else self._base / "residents" / "",
                headers=headers,
                data=body.pieces() if body else None,
                timeout=PATIENCE,
                allow_redirects=False,
            ) as answer:
                return await self._answer(request, answer, origin, is_secure=is_secure)
        except (TimeoutError, ClientError) as error:
            if body is not None and body.too_long:
                raise RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from error
            raise RefusedRequestError(HTTPStatus.SERVICE_UNAVAILABLE) from error

    async def _answer(
        self, request: web.Request, answer: ClientResponse, origin: str, *, is_secure: bool
    ) -> web.StreamResponse:
        kept = answered(answer.headers)
        refused = answer.status == HTTPStatus.UNAUTHORIZED and hdrs.WWW_AUTHENTICATE in answer.headers
        moved = HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST
        # A token that is not taken any more is Home Assistant's affair, and the pages lead nowhere else.
        if kept is None or refused or moved or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RefusedRequestError(HTTPStatus.SERVICE_UNAVAILABLE)
        response = web.StreamResponse(status=answer.status, headers={**kept, **secure(origin + self._path)})
        set_cookies(response, answer.cookies, self._path, is_secure=is_secure)
        await response.prepare(request)
        whole = False
        try:
            async with asyncio.timeout(READING):
                whole = await _pass_on(answer, response)
        except (TimeoutError, ClientError, ConnectionResetError) as error:
            LOGGER.debug("An answer of the residents' pages ended before its end: %r", error)
        if not whole and request.transport is not None:
            # Half of it is sent already: a connection that breaks is the one way left to say so.
            request.transport.abort()
        return response


async def _pass_on(answer: ClientResponse, response: web.StreamResponse) -> bool:
    """Send the content of an answer; return whether that was all of it."""
    passed = 0
    async for piece in answer.content.iter_any():
        passed += len(piece)
        if passed > MOST_ANSWERED:
            return False
        await response.write(piece)
    await response.write_eof()
    return True


class _Body:
    """What a browser sends, no more of it than is allowed."""

    def __init__(self, request: web.Request) -> None:
        self.too_long = False
        self._content = request.content

    async def pieces(self) -> AsyncIterator[bytes]:
        passed = 0
        async for piece in self._content.iter_any():
            passed += len(piece)
            if passed > MOST_SENT:
                self.too_long = True
                raise ClientError("the body is too long")
            yield piece
