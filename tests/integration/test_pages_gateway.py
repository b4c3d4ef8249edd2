"""What goes to the recognizer's pages and what comes back, whatever a phone sends and whatever answers there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from custom_components.facegate import pages_gateway
from custom_components.facegate.pages_gateway import Gateway, RefusedRequestError

PATH = "/api/facegate/pages/01234567/"
TOKEN = "fg_the-token"
PAGE = {"Content-Type": "text/html; charset=utf-8"}

pytestmark = pytest.mark.usefixtures("socket_enabled")


@dataclass
class Behind:
    """What answers where the recognizer should be, and what it was asked."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path, dict(request.headers)))
        return await self.answer(request)


@dataclass
class World:
    """A browser, Home Assistant's side, and whatever is behind it."""

    behind: Behind
    client: TestClient[Any, Any]

    def answers(self, **what: Any) -> None:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(**what)

        self.behind.answer = answer


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async def page(_: web.Request) -> web.StreamResponse:
        return web.Response(text="page", headers=PAGE)

    behind, app, front = Behind(page), web.Application(), web.Application()
    app.router.add_route("*", "/{path:.*}", behind.handle)
    async with TestServer(app) as server, ClientSession(cookie_jar=DummyCookieJar()) as session:
        gateway = Gateway(session, str(server.make_url("/")), TOKEN, PATH)

        async def serve(request: web.Request) -> web.StreamResponse:
            try:
                name = request.match_info["page"]
                return await gateway.hand_on(request, name, "203.0.113.7", "https://home.example", is_secure=True)
            except RefusedRequestError as refused:
                return web.Response(status=refused.status)

        front.router.add_route("*", f"{PATH}{{page:.*}}", serve)
        async with TestClient(TestServer(front)) as client:
            yield World(behind, client)


async def test_nothing_of_home_assistants_and_nothing_unnamed_goes_along(world: World) -> None:
    sent = {
        "Authorization": "Bearer of-home-assistant",
        "Cookie": 'ingress_session=secret; facegate_resident=abc-123; facegate_other="a b"; facegate_X=1; other=2',
        "X-FaceGate-Client": "198.51.100.1",
        "X-Forwarded-For": "198.51.100.1",
        "X-Remote-User-Id": "0" * 32,
        "X-Ingress-Path": "/x",
        "Forwarded": "for=198.51.100.1",
        "Connection": "keep-alive, Authorization",
        "Upgrade": "websocket",
        "User-Agent": "A phone",
        "Referer": "https://home.example/lovelace",
        "Origin": "https://home.example",
        "If-None-Match": "x",
        "Range": "bytes=0-1",
        "X-FaceGate-Form": "f00",
        "Sec-Fetch-Site": "same-origin",
        "Accept-Language": "zh-CN",
        "Content-Type": "application/json",
    }
    await world.client.post(f"{PATH}session", data=b"{}", headers=sent)
    [(method, path, headers)] = world.behind.asked
    assert (method, path) == ("POST", "/residents/session")
    assert headers.pop("Authorization") == f"Bearer {TOKEN}"
    assert headers.pop("X-FaceGate-Client") == "203.0.113.7"
    assert headers.pop("Cookie") == "facegate_resident=abc-123"
    kept = {name: sent[name] for name in ("X-FaceGate-Form", "Sec-Fetch-Site", "Accept-Language", "Content-Type")}
    assert {name: headers.pop(name) for name in kept} == kept
    assert headers.keys() <= {"Host", "Accept", "Accept-Encoding", "User-Agent", "Transfer-Encoding"}
    assert "of-home-assistant" not in str(world.behind.asked)
    assert "secret" not in str(world.behind.asked)


async def test_a_query_is_left_behind(world: World) -> None:
    """Messengers add some to links."""
    assert (await world.client.get(f"{PATH}open?fbclid=1")).status == HTTPStatus.OK
    assert world.behind.asked[0][1] == "/residents/open"


@pytest.mark.parametrize("where", ["/", "https://evil.example/", "//evil.example", "open", "/lovelace"])
async def test_no_answer_leads_anywhere(world: World, where: str) -> None:
    for status in (301, 302, 303, 307, 308):
        world.answers(status=status, headers={"Location": where, **PAGE})
        answer = await world.client.get(f"{PATH}open", allow_redirects=False)
        assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert "Location" not in answer.headers
    assert len(world.behind.asked) == 5, "none was followed"


async def test_of_an_answer_the_named_headers_pass_and_ours_stand_over_them(world: World) -> None:
    world.answers(
        text="page",
        headers={
            **PAGE,
            "Content-Security-Policy": "default-src *",
            "Access-Control-Allow-Origin": "*",
            "Service-Worker-Allowed": "/",
            "Clear-Site-Data": '"*"',
            "Refresh": "0; url=https://evil.example",
            "Link": "</x>; rel=preload",
            "WWW-Authenticate": "Basic",
            "Strict-Transport-Security": "max-age=0",
            "Cache-Control": "public, max-age=9999",
            "Permissions-Policy": "camera=*, microphone=*",
            "Content-Language": "en",
            "X-Frame-Options": "ALLOWALL",
        },
    )
    headers = (await world.client.get(f"{PATH}open")).headers
    base = f"https://home.example{PATH}"
    assert f"script-src {base}static/;" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Language"] == "en"
    passed = {"Content-Type", "Content-Length", "Content-Language", "Content-Security-Policy", "Date"}
    ours = {"Cache-Control", "Referrer-Policy", "Server", "X-Content-Type-Options", "X-Frame-Options", "X-Robots-Tag"}
    ours |= {"Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"}
    assert set(headers) == passed | ours


async def test_cookies_are_ours_alone_and_for_the_pages_alone(world: World) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        response = web.Response(text="{}", content_type="application/json")
        for cookie in (
            "facegate_resident=abc; Path=/; Domain=home.example; Max-Age=60",
            "facegate_invitation=; Path=/; Max-Age=0",
            "ingress_session=stolen; Path=/",
            "facegate_X=1; Path=/",
        ):
            response.headers.add("Set-Cookie", cookie)
        return response

    world.behind.answer = answer
    given = (await world.client.post(f"{PATH}session", data=b"{}")).headers.getall("Set-Cookie")
    assert len(given) == 2
    for cookie in given:
        assert f"Path={PATH};" in cookie + ";"
        assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Secure"))
        assert "Domain" not in cookie
    assert "facegate_resident=abc" in given[0]
    assert "Max-Age=60" in given[0]
    assert "Max-Age=0" in given[1]


@pytest.mark.parametrize(
    "what",
    [
        {"text": "x", "content_type": "application/x-shockwave-flash"},
        {"text": "x", "headers": {"Content-Type": "text/html; charset=utf-7"}},
        {"body": b"x", "headers": {"Content-Type": "text/html", "Content-Encoding": "br"}},
        {"text": "inside", "status": 500, "headers": PAGE},
        {"text": "x", "status": 401, "headers": {**PAGE, "WWW-Authenticate": "Bearer"}},
    ],
)
async def test_what_no_page_of_ours_says_is_not_passed_on(world: World, what: dict[str, Any]) -> None:
    world.answers(**what)
    answer = await world.client.get(f"{PATH}open")
    assert (answer.status, await answer.read()) == (HTTPStatus.SERVICE_UNAVAILABLE, b"")


async def test_an_answer_passes_piece_by_piece(world: World) -> None:
    """The first piece is with the browser before the second one is sent."""
    seen = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=PAGE)
        await response.prepare(request)
        await response.write(b"first")
        await asyncio.wait_for(seen.wait(), 10)
        await response.write(b"second")
        return response

    world.behind.answer = answer
    async with world.client.get(f"{PATH}data") as got:
        assert await got.content.readexactly(5) == b"first"
        seen.set()
        assert await got.content.read() == b"second"


async def test_a_body_passes_piece_by_piece_too(world: World) -> None:
    arrived = asyncio.Event()

    async def read(request: web.Request) -> web.StreamResponse:
        assert await request.content.readexactly(5) == b"first"
        arrived.set()
        assert await request.content.read() == b"second"
        return web.json_response({})

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.wait_for(arrived.wait(), 10)
        yield b"second"

    world.behind.answer = read
    assert (await world.client.post(f"{PATH}session", data=body())).status == HTTPStatus.OK


async def test_an_answer_without_end_is_cut(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_gateway, "MOST_ANSWERED", 100_000)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=PAGE)
        await response.prepare(request)
        while True:
            await response.write(b"x" * 10_000)

    world.behind.answer = answer
    got = await world.client.get(f"{PATH}data")
    with pytest.raises(Exception, match=r"(?i)payload|disconnected|reset|closed"):
        await got.read()


async def test_whoever_does_not_read_holds_no_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_gateway, "READING", 0.2)
    gone = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=PAGE)
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 100_000)
        finally:
            gone.set()

    world.behind.answer = answer
    _, writer = await asyncio.open_connection("127.0.0.1", world.client.port)
    writer.write(f"GET {PATH}data HTTP/1.1\r\nHost: home.example\r\n\r\n".encode())
    await asyncio.wait_for(gone.wait(), 20)
    writer.close()


async def test_an_answer_that_breaks_off_is_no_whole_one(world: World) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={**PAGE, "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    world.behind.answer = answer
    got = await world.client.get(f"{PATH}data")
    with pytest.raises(Exception, match=r"(?i)payload|disconnected|reset|closed"):
        await got.read()
