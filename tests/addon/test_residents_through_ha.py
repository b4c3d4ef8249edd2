"""The residents' pages as Home Assistant hands them on: by its token alone, its word counts there and nowhere else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from facegate.core.links import LinkKind
from facegate.core.models import Resident
from facegate.residents.links import Links
from facegate.web.resident_pages.front import CLIENT
from tests.parts.web import RESIDENTS_URL, Reply, Site, running_site

TOLD = "https://home.example/api/facegate/pages/01234567"
FORM = {"X-FaceGate-Form": "", "Content-Type": "application/json"}
PHONE, OTHER = "203.0.113.7", "203.0.113.8"
TOO_MANY = 10


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        yield running


@pytest.fixture
def resident(site: Site) -> Resident:
    return site.store.add_resident("Resident 1")


@pytest.fixture
async def token(site: Site) -> str:
    return await site.pair("read", "manage")


async def hand_on(site: Site, token: str, method: str, path: str, client: str = PHONE, **more: Any) -> Reply:
    """What Home Assistant does for a phone."""
    headers = {"Authorization": f"Bearer {token}", CLIENT: client} | more.pop("headers", {})
    url = f"{site.base.removesuffix('/api/v1')}/residents/{path}"
    async with site.session.request(method, url, headers=headers, allow_redirects=False, **more) as response:
        raw = await response.read()
        content = await response.json(content_type=None) if response.content_type.endswith("json") else None
        return Reply(response.status, response.content_type, dict(response.headers), raw, content)


async def guess(site: Site, token: str, client: str) -> int:
    reply = await hand_on(site, token, "POST", "session", client, json={"secret": "x" * 43}, headers=FORM)
    return reply.status


async def test_a_link_is_opened_and_its_session_is_for_https(site: Site, token: str, resident: Resident) -> None:
    secret = URL(site.services.links.make(resident.id, LinkKind.PERSONAL).url).fragment
    assert (await hand_on(site, token, "GET", "open")).status == 200
    opened = await hand_on(site, token, "POST", "session", json={"secret": secret}, headers=FORM)
    assert opened.status == 200
    cookie = opened.headers["Set-Cookie"]
    assert all(word in cookie for word in ("facegate_resident=", "HttpOnly", "Secure", "SameSite=Strict"))
    page = await hand_on(site, token, "GET", "", headers={"Cookie": cookie.split(";")[0]})
    assert page.status == 200
    assert b"Resident 1" in page.raw
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


async def test_nothing_is_handed_on_without_the_token(site: Site) -> None:
    weak = await site.pair("read", "open", "invite")
    for path in ("", "open", "static/pages.js", "invitation"):
        for token in ("", "fg_guessed"):
            assert (await hand_on(site, token, "GET", path)).problem() == "unauthenticated"
        assert (await hand_on(site, weak, "GET", path)).problem() == "forbidden"


async def test_attempts_are_counted_by_phone_and_not_by_home_assistant(site: Site, token: str) -> None:
    assert [await guess(site, token, PHONE) for _ in range(TOO_MANY + 1)] == [403] * TOO_MANY + [429]
    assert await guess(site, token, OTHER) == 403


async def test_a_whole_network_of_the_new_kind_is_one_phone(site: Site, token: str) -> None:
    """Whoever has one such address has as many as they like."""
    statuses = [await guess(site, token, f"2001:db8:1:2::{number}") for number in range(1, TOO_MANY + 2)]
    assert statuses == [403] * TOO_MANY + [429]
    assert await guess(site, token, "2001:db8:1:3::1") == 403


async def test_on_the_pages_own_listener_the_word_of_whoever_comes_counts_nothing(site: Site, token: str) -> None:
    statuses, cookies = [], []
    for number in range(TOO_MANY + 1):
        headers = {**FORM, CLIENT: f"203.0.113.{number}", "Authorization": f"Bearer {token}"}
        body = {"secret": "x" * 43}
        async with site.session.post(f"{site.residents}/session", json=body, headers=headers) as response:
            statuses.append(response.status)
    assert statuses == [403] * TOO_MANY + [429]
    resident = site.store.add_resident("Resident 2")
    secret = URL(site.services.links.make(resident.id, LinkKind.PERSONAL).url).fragment
    async with site.session.post(
        f"{site.residents}/session", json={"secret": secret}, headers={**FORM, CLIENT: PHONE}
    ) as response:
        cookies = response.headers.getall("Set-Cookie")
    assert cookies
    assert not any("Secure" in cookie for cookie in cookies), "it came by plain HTTP, whatever it says"


async def test_whose_request_it_is_must_be_said_in_one_address(site: Site, token: str) -> None:
    for client in ("", "nobody", "203.0.113.7, 203.0.113.8", "203.0.113.7/24"):
        assert (await hand_on(site, token, "GET", "open", client)).problem() == "malformed"


async def test_links_carry_the_address_until_it_is_taken_back(site: Site, token: str, resident: Resident) -> None:
    def link() -> str:
        return site.services.links.make(resident.id, LinkKind.PERSONAL).url.partition("#")[0]

    assert link() == f"{RESIDENTS_URL}/open"
    told = await site.ask("PUT", "/residents-address", {"url": TOLD}, token=token)
    assert told.content == {"url": TOLD, "fixed": False}
    assert link() == f"{TOLD}/open"
    later = await site.pair("read", "manage")
    elsewhere = TOLD.replace("home", "second")
    await site.ask("PUT", "/residents-address", {"url": elsewhere}, token=later)
    assert link() == f"{elsewhere}/open", "the last one that told is believed"
    await site.ask("DELETE", "/residents-address", token=token)
    assert link() == f"{elsewhere}/open", "nobody takes back what another has told"
    await site.ask("DELETE", "/residents-address", token=later)
    assert link() == f"{RESIDENTS_URL}/open"
    assert (await site.ask("GET", "/residents-address", token=later)).content["url"] == RESIDENTS_URL
    reasons = [act.reason for act in site.store.acts() if act.act == "settings_changed"]
    assert len(reasons) == 3
    assert any(TOLD in reason for reason in reasons)


async def test_the_address_ends_with_the_token(site: Site, token: str, resident: Resident) -> None:
    await site.ask("PUT", "/residents-address", {"url": TOLD}, token=token)
    await site.ask("DELETE", "/token", token=token)
    assert site.services.links.address() == RESIDENTS_URL


async def test_the_owners_own_address_stands(site: Site, token: str, resident: Resident) -> None:
    own = Links(site.store, "https://gate.example", fixed=True)
    services = replace(site.services, links=own)
    services.links.tell(site.store.tokens()[0].id, TOLD, "Home Assistant")
    assert own.make(resident.id, LinkKind.PERSONAL).url.startswith("https://gate.example/open#")


NO_ADDRESSES = (
    "http://home.example/api/facegate/pages/01234567",
    "https://user@home.example/",
    "https://home.example/pages?x=1",
    "https://home.example/pages#x",
    "https://home.example/../x",
    "https://home.example/a\nb",
    f"https://{'a' * 200}.example",
    "javascript:alert(1)",
)


async def test_no_other_address_gets_into_a_link(site: Site, token: str) -> None:
    for url in NO_ADDRESSES:
        assert (await site.ask("PUT", "/residents-address", {"url": url}, token=token)).problem() == "invalid", url


async def test_only_whoever_may_change_things_tells_the_address(site: Site) -> None:
    reader = await site.pair("read", "open", "invite")
    assert (await site.ask("PUT", "/residents-address", {"url": TOLD}, token=reader)).problem() == "forbidden"
    assert (await site.ask("DELETE", "/residents-address", token=reader)).problem() == "forbidden"
