"""Home Assistant's Supervisor, as far as FaceGate asks it; its real one runs on whole installations only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "supervisor-token"


@dataclass
class FakeSupervisor:
    """Answers as the Supervisor's API does: ``{"result": "ok", "data": …}`` or an error with a message."""

    mqtt: dict[str, Any] | None = None
    url: str = ""
    discoveries: list[dict[str, Any]] = field(default_factory=list)
    answer: web.Response | None = None

    async def _handle(self, request: web.Request) -> web.Response:
        if self.answer is not None:
            return self.answer
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error(403, "invalid token")
        match request.method, request.path:
            case "GET", "/services/mqtt":
                return _ok(self.mqtt) if self.mqtt else _error(400, "Service not enabled")
            case "GET", "/addons/self/info":
                return _ok({"slug": "a0b1c2d3_facegate", "hostname": "a0b1c2d3-facegate", "ip_address": "172.30.33.5"})
            case "POST", "/discovery":
                self.discoveries.append(await request.json())
                return _ok({"uuid": f"uuid-{len(self.discoveries)}"})
            case "DELETE", path if path.startswith("/discovery/uuid-"):
                return _ok({})
        return _error(404, "not found")


def _ok(data: dict[str, Any]) -> web.Response:
    return web.json_response({"result": "ok", "data": data})


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"result": "error", "message": message}, status=status)


@asynccontextmanager
async def running_supervisor(*, port: int = 0, **known: Any) -> AsyncIterator[FakeSupervisor]:
    """Serve a Supervisor on loopback; ``port`` is one that somebody has begun to ask before."""
    supervisor = FakeSupervisor(**known)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", supervisor._handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    supervisor.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield supervisor
    finally:
        await runner.cleanup()
