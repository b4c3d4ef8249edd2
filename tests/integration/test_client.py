"""What only real HTTP can show: the token follows nobody."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from custom_components.facegate.client import FaceGateClient
from custom_components.facegate.errors import UnexpectedAnswerError, UnreachableError

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_token_does_not_follow_a_redirect(session: ClientSession) -> None:
    visitors: list[web.Request] = []

    async def lure(request: web.Request) -> web.Response:
        visitors.append(request)
        return web.json_response([])

    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"/elsewhere/{request.headers['Authorization'].partition(' ')[2]}")

    app = web.Application()
    app.router.add_get("/api/v1/gates", redirect)
    app.router.add_get("/elsewhere/{token}", lure)
    async with TestServer(app) as server:
        with pytest.raises(UnexpectedAnswerError):
            await FaceGateClient(session, str(server.make_url("/").origin()), "fg_token").gates()
    assert visitors == []


async def test_endless_answer_is_cut_off(session: ClientSession) -> None:
    sent = 0

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"[" * 65_536)
            sent += 65_536

    app = web.Application()
    app.router.add_get("/api/v1/gates", pour)
    async with TestServer(app) as server:
        with pytest.raises(UnexpectedAnswerError):
            await FaceGateClient(session, str(server.make_url("/").origin()), "fg_token").gates()
    assert sent < 64 * 1_048_576


async def test_nobody_at_the_address(session: ClientSession) -> None:
    async with TestServer(web.Application()) as server:
        address = str(server.make_url("/").origin())
    with pytest.raises(UnreachableError):
        await FaceGateClient(session, address, "fg_token").gates()
