"""Passes over the API and on the panel's page: who may make them, and what each of the roles learns."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from facegate.core.audit import Act
from facegate.core.models import Direction, Gate
from facegate.core.passes import read
from tests.parts.web import LOCAL_TOKEN, Site, running_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path / "data") as site:
        site.store.add_gate(Gate("main", "Main gate"))
        yield site


def tomorrow() -> float:
    return time.time() + 86_400


async def guest(site: Site, **more: object) -> dict:
    body = {"label": "Plumber", "valid_until": tomorrow(), "uses": 2, **more}
    reply = await site.ask("POST", "/passes", body, token=LOCAL_TOKEN)
    assert reply.status == 201, reply.raw
    return reply.content


async def test_a_guests_pass_is_made_shown_once_used_up_and_revoked(site: Site) -> None:
    made = await guest(site, gates=["main"])
    assert made["qr"].startswith("<svg")
    code = read(made["text"])
    assert site.store.use_pass(code, "main", Direction.ENTRY).granted
    [known] = (await site.ask("GET", "/passes", token=LOCAL_TOKEN)).content
    assert (known["label"], known["uses"], known["state"], known["gates"]) == ("Plumber", 1, "good", ["main"])
    assert "text" not in known
    assert (await site.ask("DELETE", f"/passes/{known['id']}", token=LOCAL_TOKEN)).status == 204
    assert (await site.ask("GET", "/passes", token=LOCAL_TOKEN)).content[0]["state"] == "revoked"
    assert site.store.use_pass(code, "main", Direction.ENTRY).reason == "pass_revoked"
    assert [deed.act for deed in site.store.acts()][:2] == [Act.PASS_REVOKED, Act.PASS_MADE]


async def test_a_residents_passes_are_theirs(site: Site) -> None:
    one, other = (site.store.add_resident(f"Resident {n}") for n in (1, 2))
    made = (await site.ask("POST", f"/residents/{one.id}/passes", {"passback": 60}, token=LOCAL_TOKEN)).content
    assert (made["resident"], made["guest"]) == (one.id, False)
    await guest(site, resident=one.id)
    assert len((await site.ask("GET", f"/residents/{one.id}/passes", token=LOCAL_TOKEN)).content) == 2
    assert (await site.ask("GET", f"/residents/{other.id}/passes", token=LOCAL_TOKEN)).content == []
    path = f"/residents/{other.id}/passes/{made['id']}"
    assert (await site.ask("DELETE", path, token=LOCAL_TOKEN)).problem() == "not_found"
    assert (await site.ask("DELETE", f"/residents/{one.id}/passes/{made['id']}", token=LOCAL_TOKEN)).status == 204
    assert {deed.resident for deed in site.store.acts(of=[Act.PASS_MADE, Act.PASS_REVOKED])} == {one.id}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"label": "x"}, "invalid"),
        ({"valid_until": 1_000}, "invalid"),
        ({"valid_until": 4e9, "uses": 0}, "invalid"),
        ({"valid_until": 4e9, "label": "<b>\n"}, "invalid"),
        ({"valid_until": 4e9, "gates": ["nowhere"]}, "not_found"),
        ({"valid_until": 4e9, "resident": "nobody"}, "not_found"),
    ],
)
async def test_what_makes_no_pass(site: Site, body: dict, problem: str) -> None:
    assert (await site.ask("POST", "/passes", body, token=LOCAL_TOKEN)).problem() == problem
    assert site.store.passes() == []


async def test_a_guard_learns_whether_a_pass_is_good_and_nothing_else(site: Site) -> None:
    token = await site.pair("open", "read")
    made = await guest(site, uses=1)
    for method, path, body in (
        ("GET", "/passes", None),
        ("POST", "/passes", {"valid_until": tomorrow()}),
        ("DELETE", f"/passes/{made['id']}", None),
    ):
        assert (await site.ask(method, path, body, token=token)).problem() == "forbidden"
    for _ in range(2):  # looked at, and not used by that
        reply = await site.ask("POST", "/passes/checks", {"text": made["text"], "gate": "main"}, token=token)
        assert reply.content == {"good": True, "reason": "pass_good"}
    forged = made["text"][:8] + "AAAA" + made["text"][12:]
    for text in (forged, "https://example.org"):
        reply = await site.ask("POST", "/passes/checks", {"text": text, "gate": "main"}, token=token)
        assert reply.content == {"good": False, "reason": "pass_unknown"}
