"""Residents' links and the browsers that open them, on the real listener."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from yarl import URL

from facegate.adapters.store import NotFoundError, Store
from facegate.core.links import INVITATION_SECONDS, LinkKind, digest, written
from facegate.core.models import Resident
from facegate.web import server
from tests.parts.residents import Phone, personal_phone, phone
from tests.parts.web import LOCAL_TOKEN, RESIDENTS_URL, Clock, Site, running_site, settings

GUESS = written(bytes(range(32)))


@pytest.fixture
def resident(site: Site) -> Resident:
    return site.store.add_resident("Resident 1")


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def _phone(site: Site, stack: AsyncExitStack) -> Phone:
    new = phone(site)
    await stack.enter_async_context(new.session)
    return new


async def _opened(site: Site, stack: AsyncExitStack, resident: Resident) -> Phone:
    new = await personal_phone(site, resident.id)
    await stack.enter_async_context(new.session)
    return new


# In the store


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Store, Clock, Resident]:
    clock = Clock()
    store = Store.open(tmp_path, clock=clock)
    return store, clock, store.add_resident("Resident 1")


def test_no_secret_is_in_the_database(kept: tuple[Store, Clock, Resident], tmp_path: Path) -> None:
    store, _, resident = kept
    _, secret = store.make_link(resident.id, LinkKind.PERSONAL)
    opened = store.redeem_link(secret)
    assert opened is not None
    store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert secret.encode() not in content
    assert opened[1].encode() not in content
    found = digest(secret)
    assert found is not None
    assert found in content


def test_an_invitation_opens_once_even_when_two_come_at_once(kept: tuple[Store, Clock, Resident]) -> None:
    store, _, resident = kept
    _, secret = store.make_link(resident.id, LinkKind.INVITATION)

    async def race() -> list[object]:
        return await asyncio.gather(*(asyncio.to_thread(store.redeem_link, secret) for _ in range(8)))

    assert [answer is not None for answer in asyncio.run(race())].count(True) == 1
    store.close()


def test_an_invitation_expires_and_a_new_one_replaces_it(kept: tuple[Store, Clock, Resident]) -> None:
    store, clock, resident = kept
    _, first = store.make_link(resident.id, LinkKind.INVITATION)
    _, second = store.make_link(resident.id, LinkKind.INVITATION)
    assert store.redeem_link(first) is None
    clock.now += INVITATION_SECONDS
    assert store.redeem_link(second) is None
    _, third = store.make_link(resident.id, LinkKind.INVITATION)
    clock.now += INVITATION_SECONDS - 1
    assert store.redeem_link(third) is not None
    store.close()


def test_a_personal_link_opens_until_it_is_revoked_and_then_lets_every_browser_go(
    kept: tuple[Store, Clock, Resident],
) -> None:
    store, clock, resident = kept
    link, secret = store.make_link(resident.id, LinkKind.PERSONAL)
    sessions = []
    for _ in range(3):
        opened = store.redeem_link(secret)
        assert opened is not None
        sessions.append(opened[1])
    clock.now += 80 * 86400
    assert all(store.link_session(session) == store.links(resident.id)[0] for session in sessions)
    clock.now += 80 * 86400
    assert all(store.link_session(session) for session in sessions), "whoever comes by is let in longer"
    clock.now += 91 * 86400
    assert not any(store.link_session(session) for session in sessions)
    again = store.redeem_link(secret)
    assert again is not None
    store.revoke_link(resident.id, link.id)
    assert store.link_session(again[1]) is None
    assert store.redeem_link(secret) is None
    store.close()


def test_nobody_revokes_another_residents_link(kept: tuple[Store, Clock, Resident]) -> None:
    store, _, resident = kept
    link, secret = store.make_link(resident.id, LinkKind.PERSONAL)
    with pytest.raises(NotFoundError):
        store.revoke_link(store.add_resident("Resident 2").id, link.id)
    assert store.redeem_link(secret) is not None
    store.close()


def test_erasing_ends_links_and_sessions(kept: tuple[Store, Clock, Resident], tmp_path: Path) -> None:
    store, _, resident = kept
    _, secret = store.make_link(resident.id, LinkKind.PERSONAL)
    opened = store.redeem_link(secret)
    assert opened is not None
    store.erase_resident(resident.id)
    assert store.redeem_link(secret) is None
    assert store.link_session(opened[1]) is None
    store.close()
    with closing(sqlite3.connect(tmp_path / "facegate.db")) as database:
        for table in ("links", "link_sessions"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize("wrong", ["", "x", GUESS[:-1], GUESS + "A", GUESS + "=", GUESS[:-1] + "é", "A" * 42 + "B"])
def test_what_is_not_written_as_a_secret_is_none(wrong: str) -> None:
    assert digest(wrong) is None


# On the listener


async def test_a_link_leads_to_its_page_and_leaves_no_token_in_the_address(
    site: Site, resident: Resident, stack: AsyncExitStack
) -> None:
    made = site.services.links.make(resident.id, LinkKind.PERSONAL)
    assert re.fullmatch(re.escape(RESIDENTS_URL) + r"/open#[\w-]{43}", made.url)
    guest = await _phone(site, stack)
    arrival = await guest.get("open")
    assert arrival.status == 200
    assert "Resident 1" not in arrival.raw.decode()
    assert (await guest.get("")).status == 403
    reply = await guest.open(made.url)
    assert reply.content == {"to": "./"}
    cookie = reply.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie, "the test's listener speaks plain HTTP"
    page = await guest.get("")
    assert page.status == 200
    assert "Resident 1" in page.raw.decode()
    assert URL(made.url).fragment not in page.raw.decode()


async def test_a_browser_cannot_choose_its_session(site: Site, resident: Resident, stack: AsyncExitStack) -> None:
    victim = await _phone(site, stack)
    victim.session.cookie_jar.update_cookies({"facegate_resident": GUESS}, URL(site.residents))
    await victim.open(site.services.links.make(resident.id, LinkKind.PERSONAL).url)
    assert victim.cookie != GUESS
    thief = await _phone(site, stack)
    thief.session.cookie_jar.update_cookies({"facegate_resident": GUESS}, URL(site.residents))
    assert (await thief.get("")).status == 403


async def test_opening_another_link_ends_the_session_before(
    site: Site, resident: Resident, stack: AsyncExitStack
) -> None:
    shared = await _opened(site, stack, resident)
    before = shared.cookie
    other = site.store.add_resident("Resident 2")
    await shared.open(site.services.links.make(other.id, LinkKind.PERSONAL).url)
    assert "Resident 2" in (await shared.get("")).raw.decode()
    assert site.services.links.session(before) is None


async def test_guesses_are_slowed_down_and_a_good_link_opens_all_the_same(
    site: Site, resident: Resident, stack: AsyncExitStack
) -> None:
    guest = await _phone(site, stack)
    problems = [(await guest.open(f"{RESIDENTS_URL}/open#{GUESS}")).problem() for _ in range(12)]
    assert problems == ["forbidden"] * 10 + ["rate_limited"] * 2
    assert (await guest.open(site.services.links.make(resident.id, LinkKind.PERSONAL).url)).status == 200


async def test_used_revoked_and_malformed_links_open_nothing(
    site: Site, resident: Resident, stack: AsyncExitStack
) -> None:
    guest = await _phone(site, stack)
    invitation = site.services.links.make(resident.id, LinkKind.INVITATION)
    assert (await guest.open(invitation.url)).content == {"to": "invitation"}
    assert (await guest.open(invitation.url)).problem() == "forbidden"
    revoked = site.services.links.make(resident.id, LinkKind.PERSONAL)
    site.services.links.revoke(resident.id, revoked.link.id)
    assert (await guest.open(revoked.url)).problem() == "forbidden"
    for wrong in (None, 7, ["x"], {"a": 1}, "x" * 5000):
        assert (await guest.post("session", {"secret": wrong})).problem() == "forbidden"


async def test_an_invitation_shows_no_personal_page(site: Site, resident: Resident, stack: AsyncExitStack) -> None:
    guest = await _phone(site, stack)
    await guest.open(site.services.links.make(resident.id, LinkKind.INVITATION).url)
    assert guest.cookies().keys() == {"facegate_invitation"}
    assert (await guest.get("")).status == 403
    guest.session.cookie_jar.update_cookies(
        {"facegate_resident": guest.cookies()["facegate_invitation"]}, URL(site.residents)
    )
    assert (await guest.get("")).status == 403, "the session of an invitation is none of a personal link"
    assert (await guest.post("revoke")).problem() == "unauthenticated"


async def test_another_site_cannot_send_what_a_page_of_ours_sends(
    site: Site, resident: Resident, stack: AsyncExitStack
) -> None:
    guest = await _opened(site, stack, resident)
    wrong = [{"X-FaceGate-Form": form} for form in ("0" * 64, "")]
    for headers in wrong + [{"Sec-Fetch-Site": site} for site in ("cross-site", "same-site", "none")]:
        assert (await guest.post("revoke", headers=headers)).problem() == "forbidden"
    assert (await guest.get("")).status == 200
    assert (await guest.post("revoke", data=b"a=b", headers={"Content-Type": "text/plain"})).status == 415


async def test_a_form_is_good_for_its_own_session_alone(site: Site, resident: Resident, stack: AsyncExitStack) -> None:
    one, two = await _opened(site, stack, resident), await _opened(site, stack, resident)
    assert one.form != two.form
    assert (await one.post("revoke", headers={"X-FaceGate-Form": two.form})).problem() == "forbidden"


async def test_revoking_lets_the_browser_go(site: Site, resident: Resident, stack: AsyncExitStack) -> None:
    guest = await _opened(site, stack, resident)
    assert (await guest.post("revoke")).status == 200
    assert (await guest.get("")).status == 403


async def test_a_body_that_is_too_large_is_refused(site: Site, resident: Resident, stack: AsyncExitStack) -> None:
    guest = await _opened(site, stack, resident)
    assert (await guest.post("revoke", data=b'"' + b"x" * 20_000 + b'"')).problem() == "too_large"


async def test_one_link_sends_only_so_much_a_minute(site: Site, resident: Resident, stack: AsyncExitStack) -> None:
    guest = await _opened(site, stack, resident)
    statuses = [(await guest.post("revoke", headers={"Content-Type": "text/plain"})).status for _ in range(61)]
    assert set(statuses[:60]) == {415}
    assert statuses[60] == 429


async def test_ingress_headers_and_tokens_mean_nothing_here(site: Site, stack: AsyncExitStack) -> None:
    site.store.set_member("0" * 32, "Owner", "owner")
    guest = await _phone(site, stack)
    headers = {"X-Remote-User-Id": "0" * 32, "X-Ingress-Path": "/x", "Authorization": f"Bearer {LOCAL_TOKEN}"}
    assert (await guest.get("", headers=headers)).status == 403
    for path in ("do/api/v1/residents", "api/v1/residents", "members", "../members", "static/../page.css"):
        assert (await guest.get(path, headers=headers)).status in {403, 404}


async def test_a_residents_cookie_means_nothing_to_panel_and_api(
    site: Site, resident: Resident, stack: AsyncExitStack
) -> None:
    guest = await _opened(site, stack, resident)
    for base in (site.pages, f"http://127.0.0.1:{site.running.api_port}"):
        for path in ("/", "/members", "/do/api/v1/residents", "/api/v1/residents"):
            async with guest.session.get(base + path) as answer:
                assert answer.status in {401, 403, 404}


async def test_every_answer_carries_the_strict_headers(site: Site, resident: Resident, stack: AsyncExitStack) -> None:
    guest = await _opened(site, stack, resident)
    for path in ("", "open", "begin", "static/pages.js", "nothing"):
        headers = (await guest.get(path)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "http" not in headers["Content-Security-Policy"]
        assert headers["Permissions-Policy"].startswith("camera=(),")
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in headers


async def test_pages_speak_the_browsers_language_and_the_one_that_was_picked(
    site: Site, resident: Resident, stack: AsyncExitStack
) -> None:
    guest = await _opened(site, stack, resident)
    assert 'lang="zh-Hans"' in (await guest.get("", headers={"Accept-Language": "zh-CN"})).raw.decode()
    assert (await guest.post("language", {"language": "zh-Hans"})).status == 200
    assert '<html lang="zh-Hans">' in (await guest.get("", headers={"Accept-Language": "en"})).raw.decode()


# Starting


def _certificate(folder: Path) -> tuple[str, str]:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, None)
    )  # fmt: skip
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(files[0]), str(files[1])


async def test_with_a_certificate_the_pages_speak_https_and_cookies_travel_by_nothing_else(
    site: Site, resident: Resident, tmp_path: Path
) -> None:
    certificate, key = _certificate(tmp_path)
    chosen = settings(tmp_path, residents_certificate=certificate, residents_key=key)
    running = await server.start(site.services, chosen, ingress_from=server.LOOPBACK)
    try:
        secret = URL(site.services.links.make(resident.id, LinkKind.PERSONAL).url).fragment
        url, form = f"https://127.0.0.1:{running.residents_port}", {"X-FaceGate-Form": ""}
        async with site.session.post(f"{url}/session", json={"secret": secret}, headers=form, ssl=False) as answer:
            assert answer.status == 200
            assert "Secure" in answer.headers["Set-Cookie"]
    finally:
        await running.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"residents_certificate": "/nowhere.pem", "residents_key": "/nowhere.key"}, "residents_certificate"), ({}, "")],
)
async def test_what_keeps_the_listener_from_starting_is_one_sentence(
    site: Site, tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    taken = {} if changes else {"residents_port": site.running.residents_port}
    with pytest.raises(server.WebError, match=words or "residents_port"):
        await server.start(site.services, settings(tmp_path, **changes, **taken), ingress_from=server.LOOPBACK)


async def test_a_proxy_with_https_before_the_pages_is_believed_by_its_address_alone(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    async with running_site(tmp_path) as site:
        resident = site.store.add_resident("Resident 1")
        site.services.links.url = "https://gate.example"
        guest = await _phone(site, stack)
        for host, secure in (("gate.example", True), ("other.example", False)):
            secret = URL(site.services.links.make(resident.id, LinkKind.PERSONAL).url).fragment
            reply = await guest.post(
                "session", {"secret": secret}, headers={"Host": host, "X-Forwarded-Proto": "https"}
            )
            assert ("Secure" in reply.headers["Set-Cookie"]) is secure


# Over the API


async def test_owners_make_list_and_revoke_links(site: Site, resident: Resident, stack: AsyncExitStack) -> None:
    path = f"/residents/{resident.id}/links"
    made = await site.ask("POST", path, {"kind": "personal"}, token=LOCAL_TOKEN)
    assert made.status == 201
    assert made.content["qr"].startswith("<svg")
    assert made.content["url"].startswith(RESIDENTS_URL)
    listed = await site.ask("GET", path, token=LOCAL_TOKEN)
    assert [link["id"] for link in listed.content] == [made.content["id"]]
    assert "url" not in listed.content[0]
    guest = await _phone(site, stack)
    await guest.open(made.content["url"])
    assert (await site.ask("DELETE", f"{path}/{made.content['id']}", token=LOCAL_TOKEN)).status == 204
    assert (await guest.get("")).status == 403
    assert (await site.ask("GET", path, token=LOCAL_TOKEN)).content[0]["state"] == "revoked"


async def test_home_assistant_makes_no_links(site: Site, resident: Resident) -> None:
    token = await site.pair()
    reply = await site.ask("POST", f"/residents/{resident.id}/links", {"kind": "personal"}, token=token)
    assert reply.problem() == "forbidden"


async def test_nobody_gets_a_link_who_is_not_there(site: Site) -> None:
    reply = await site.ask("POST", "/residents/0000000000000000/links", {"kind": "personal"}, token=LOCAL_TOKEN)
    assert reply.problem() == "not_found"
