"""Gates over the API, as tests ask for them."""

from typing import Any

from tests.parts.web import Site, now_ms

KEY = "0123456789abcdef"
CAMERA = {"source": "rtsp://owner:s3cret@camera.example:554/stream1?pwd=s3cret"}


async def make_gate(site: Site, token: str, name: str = "Front gate", **more: Any) -> dict[str, Any]:
    """A trial gate unless told, so that nobody has to commission it before it opens."""
    reply = await site.ask("POST", "/gates", {"name": name, "trial": True, **more}, token=token)
    assert reply.status == 201, reply.raw
    return dict(reply.content)


def wish(**more: Any) -> dict[str, Any]:
    return {"direction": "entry", "issued_at": now_ms(), **more}


async def ask_open(site: Site, token: str, gate: str, body: Any, key: str | None = KEY) -> Any:
    return await site.ask(
        "POST", f"/gates/{gate}/open", body, token=token, headers={"Idempotency-Key": key} if key else {}
    )
