"""The residents' pages at Home Assistant's address: through its real HTTP server to the real recognizer's pages.

One long file, because every section asks the same two running houses through the same phone.
"""

import asyncio
import json
import logging
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from homeassistant.components.http.ban import KEY_BAN_MANAGER, KEY_FAILED_LOGIN_ATTEMPTS, IpBan
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.facegate import pages_gateway, pages_view
from custom_components.facegate.pages_limits import ALL, Limit, Limits
from facegate.adapters.store import Store
from facegate.core.links import LinkKind
from facegate.web import server
from facegate.web.resident_pages.site import MODULES
from facegate.web.resident_pages.site import make as make_pages
from tests.integration.conftest import DOMAIN
from tests.parts.web import RESIDENTS_URL, Site, running_site, settings

HOME = "https://home.example"
SENT = {"X-FaceGate-Form": "", "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}


@dataclass
class Visitor:
    """A phone that asks Home Assistant by its external address."""

    client: TestClient[Any, Any]
    house: str
    cookie: str = ""
    host: str = "home.example"

    async def get(self, page: str = "", **headers: str) -> ClientResponse:
        return await self.client.get(
            URL(f"/api/facegate/pages/{self.house}/{page}", encoded=True),
            headers={"Host": self.host, "Cookie": self.cookie, **{k.replace("_", "-"): v for k, v in headers.items()}},
            allow_redirects=False,
        )

    async def post(self, page: str, data: Any = b"{}", **headers: str) -> ClientResponse:
        sent = SENT | {"Host": self.host, "Cookie": self.cookie} | {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.client.post(f"/api/facegate/pages/{self.house}/{page}", data=data, headers=sent)

    async def open(self, url: str) -> ClientResponse:
        """Open a link as its page does, and keep the cookie as a browser does."""
        answer = await self.post("session", json.dumps({"secret": URL(url).fragment}))
        if answer.status == HTTPStatus.OK:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recognizer's data folder, made once."""
    folder = tmp_path_factory.mktemp("made")
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)  # the plugin writes down every statement
    Store.open(folder).close()
    return folder


@pytest.fixture
async def site(made: Path, tmp_path: Path, socket_enabled: None) -> AsyncIterator[Site]:
    """A running recognizer of each test's own."""
    async with running_site(shutil.copytree(made, tmp_path / "data")) as running:
        yield running


@pytest.fixture
async def entry(hass: HomeAssistant, mqtt_mock: object, site: Site) -> AsyncIterator[MockConfigEntry]:
    """An entry that is paired with the running recognizer, and set up."""
    url = site.base.removesuffix("/api/v1")
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="FaceGate home",
        unique_id=site.store.installation,
        data={
            "url": url,
            "api": url,
            "token": await site.pair("read", "manage", "open", "invite"),
            "event_key": site.services.event_key.hex(),
            "site": "home",
            "persons_told": False,
        },
    )
    entry.add_to_hass(hass)
    await hass.config.async_update(external_url=HOME)
    assert await async_setup_component(hass, "http", {})
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)


async def switch(hass: HomeAssistant, entry: MockConfigEntry, *, on: bool) -> dict[str, Any]:
    """Go through the menu as an owner does."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    form = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "pages"})
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "pages")
    result = await hass.config_entries.options.async_configure(form["flow_id"], {"residents_pages": on})
    await hass.async_block_till_done()
    return dict(result)


type NewVisitor = Callable[[], Awaitable[Visitor]]


@pytest.fixture
async def phone(hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: Any) -> NewVisitor:
    """Make phones, once the pages are on."""
    assert (await switch(hass, entry, on=True))["type"] is FlowResultType.CREATE_ENTRY

    async def make() -> Visitor:
        return Visitor(await hass_client_no_auth(), str(entry.unique_id)[:8])

    return make


def link(site: Site, resident: str, kind: LinkKind = LinkKind.PERSONAL) -> str:
    return site.services.links.make(resident, kind).url


# What they are for


async def test_a_link_leads_through_home_assistant_to_its_residents_page(site: Site, phone: NewVisitor) -> None:
    resident = site.store.add_resident("Resident 1")
    url = link(site, resident.id)
    one, other = await phone(), await phone()
    assert url.startswith(f"{HOME}/api/facegate/pages/{one.house}/open#")
    arrival = await one.get("open")
    assert arrival.status == HTTPStatus.OK
    opened = await one.open(url)
    cookie = opened.headers["Set-Cookie"]
    parts = ("facegate_resident=", "HttpOnly", "Secure", "SameSite=Strict", f"Path=/api/facegate/pages/{one.house}/")
    assert all(part in cookie for part in parts), cookie
    assert "Resident 1" in await (await one.get()).text()
    assert (await one.get("static/pages.js")).content_type == "text/javascript"
    form = re.search(r'name="facegate-form" content="([0-9a-f]+)"', await (await one.get("data")).text())
    assert form is not None
    archive = await one.post("export", X_FaceGate_Form=form[1])
    assert (archive.status, archive.content_type) == (HTTPStatus.OK, "application/zip")
    assert (await archive.read())[:2] == b"PK"
    left = await one.post("leave")
    assert "Max-Age=0" in left.headers["Set-Cookie"]
    assert f"Path=/api/facegate/pages/{one.house}/" in left.headers["Set-Cookie"]
    door = await other.get()
    assert door.status == HTTPStatus.FORBIDDEN, "no phone gets another's session"
    assert "Resident 1" not in await door.text()


async def test_a_page_may_run_its_own_scripts_and_ask_its_own_folder_alone(phone: NewVisitor) -> None:
    one = await phone()
    headers = (await one.get("open")).headers
    base = f"{HOME}/api/facegate/pages/{one.house}/"
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == f"{base}static/"
    assert policy["connect-src"] == base
    assert policy["default-src"] == policy["frame-ancestors"] == policy["worker-src"] == "'none'"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Permissions-Policy"] == "camera=(), microphone=(), geolocation=()"
    assert headers["Server"] == ""


def test_every_page_and_every_file_of_the_recognizer_can_pass(site: Site) -> None:
    for resource in make_pages(site.services).router.resources():
        path = resource.canonical.removeprefix("/")
        for route in resource:
            if route.method in {"GET", "POST"} and path != "robots.txt":
                assert pages_gateway.is_page(route.method, path), path
    assert max(post.most for module in MODULES for post in module.POSTS) == pages_gateway.MOST_SENT


async def test_attempts_are_counted_by_phone(site: Site, phone: NewVisitor) -> None:
    """Home Assistant tells whose they are; the recognizer's own limit of ten a minute then stops them."""
    one = await phone()
    statuses = [(await one.open(f"x#{'x' * 43}")).status for _ in range(11)]
    assert statuses == [403] * 10 + [429]
    resident = site.store.add_resident("Resident 1")
    assert (await one.open(link(site, resident.id))).status == HTTPStatus.OK, "a good link opens always"


# Off, away, gone


async def test_before_they_are_on_and_after_they_are_off_there_is_nothing(
    hass: HomeAssistant, site: Site, entry: MockConfigEntry, hass_client_no_auth: Any
) -> None:
    one = Visitor(await hass_client_no_auth(), str(entry.unique_id)[:8])
    assert (await one.get("open")).status == HTTPStatus.NOT_FOUND
    assert site.services.links.address() == RESIDENTS_URL
    await switch(hass, entry, on=True)
    one = Visitor(await hass_client_no_auth(), one.house)
    assert (await one.get("open")).status == HTTPStatus.OK
    await switch(hass, entry, on=False)
    for answer in (await one.get("open"), await one.post("session")):
        assert (answer.status, await answer.read()) == (HTTPStatus.NOT_FOUND, b"")
    assert site.services.links.address() == RESIDENTS_URL


async def test_unloaded_disabled_or_removed_there_is_nothing(
    hass: HomeAssistant, site: Site, entry: MockConfigEntry, phone: NewVisitor
) -> None:
    one = await phone()
    await hass.config_entries.async_unload(entry.entry_id)
    assert (await one.get("open")).status == HTTPStatus.NOT_FOUND
    await hass.config_entries.async_setup(entry.entry_id)
    assert (await one.get("open")).status == HTTPStatus.OK
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert (await one.get("open")).status == HTTPStatus.NOT_FOUND
    assert site.services.links.address() != RESIDENTS_URL
    await hass.config_entries.async_remove(entry.entry_id)
    assert (await one.get("open")).status == HTTPStatus.NOT_FOUND
    assert site.services.links.address() == RESIDENTS_URL, "new links lead to what is there"


async def test_while_the_recognizer_is_away_a_page_says_so_in_both_languages(
    hass: HomeAssistant, site: Site, entry: MockConfigEntry, phone: NewVisitor
) -> None:
    one = await phone()
    await site.running.close()
    for language, words in (("en-GB,en;q=0.9", "cannot be reached"), ("fr, zh-CN;q=0.8", "暂时无法连接")):
        answer = await one.get("open", Accept_Language=language)
        assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert words in await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    asked = await one.post("session")
    assert (await asked.json())["type"] == "urn:facegate:problem:unreachable"
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert (await one.get("open")).status == HTTPStatus.SERVICE_UNAVAILABLE, "they will come again"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_token_that_is_taken_back_shows_nothing_of_itself(
    site: Site, entry: MockConfigEntry, phone: NewVisitor
) -> None:
    one = await phone()
    for token in site.store.tokens():
        site.store.revoke_token(token.id)
    answer = await one.get("open")
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "WWW-Authenticate" not in answer.headers
    assert "token" not in await answer.text()


# What is refused


NO_PAGES = (
    "../../v1/gates",
    "..%2f..%2fapi%2fv1%2fgates",
    "%2e%2e/api/v1/gates",
    "static/..%2f..%2fpages.py",
    "static/../open",
    "static/./pages.js",
    "static//pages.js",
    "/open",
    "//192.0.2.1/open",
    "open/",
    "open%00",
    "%6fpen",
    "open%3fx",
    "open;x",
    "open\\x",
    "Open",
    "api/v1/gates",
    "residents/open",
    "static/pages.js.map",
    "static/",
    "robots.txt",
    "http://192.0.2.1/open",
    "@192.0.2.1/open",
    "o" * 60,
)


async def test_what_is_no_page_is_not_found(phone: NewVisitor) -> None:
    """Sent as it is: no client mends these before they are sent."""
    one = await phone()
    for page in NO_PAGES:
        status, body = await raw(one, f"GET /api/facegate/pages/{one.house}/{page} HTTP/1.1\r\nHost: home.example\r\n")
        # Home Assistant's own filter refuses some of it before us.
        assert status in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}, page
        assert "FaceGate" not in body, page


async def test_no_request_hides_in_another(phone: NewVisitor) -> None:
    one, hidden = await phone(), "GET /api/facegate/pages/x/open HTTP/1.1\r\nHost: x\r\n\r\n"
    line = f"POST /api/facegate/pages/{one.house}/session HTTP/1.1\r\nHost: home.example\r\n"
    for head in (
        f"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        f"Content-Length: 0\r\nContent-Length: {len(hidden)}\r\n\r\n{hidden}",
        f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}",
        f"X-FaceGate-Form: a\nAuthorization: b\r\nContent-Length: +0\r\n\r\n{hidden}",
    ):
        status, body = await raw(one, line + head, ended=True)
        assert status == HTTPStatus.BAD_REQUEST, head
        assert body.count("HTTP/1.1") <= 1, "one answer and no second one"


async def raw(one: Visitor, request: str, *, ended: bool = False) -> tuple[int, str]:
    """Send something byte for byte and return what comes back, until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", one.client.port)
    writer.write((request if ended else f"{request}Connection: close\r\n\r\n").encode())
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(" ", 2)[1]), answer


async def test_no_other_house_no_other_method_and_no_frame(phone: NewVisitor) -> None:
    one = await phone()
    for house in ("00000000", one.house[:7], one.house.upper() + "x", "x" * 32):
        assert (await Visitor(one.client, house).get("open")).status == HTTPStatus.NOT_FOUND
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"):
        answer = await one.client.request(method, f"/api/facegate/pages/{one.house}/open", headers={"Host": one.host})
        assert answer.status in {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.FORBIDDEN}, method
    assert (await one.get("open", Sec_Fetch_Dest="iframe")).status == HTTPStatus.NOT_FOUND
    assert (await one.get("static/pages.js", Service_Worker="script")).status == HTTPStatus.NOT_FOUND
    assert (await one.get("open", Host="home.example/x")).status in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}


async def test_by_plain_http_no_face_and_no_link_travels(phone: NewVisitor) -> None:
    one = await phone()
    one.host = "192.168.1.5:8123"
    answer = await one.get("open", Accept_Language="en")
    assert answer.status == HTTPStatus.FORBIDDEN
    assert "https://" in await answer.text()
    assert (await one.post("session")).status == HTTPStatus.FORBIDDEN


async def test_a_page_of_another_site_sends_nothing(site: Site, phone: NewVisitor) -> None:
    one, resident = await phone(), site.store.add_resident("Resident 1")
    url = link(site, resident.id)
    answer = await one.post("session", json.dumps({"secret": URL(url).fragment}), Sec_Fetch_Site="cross-site")
    assert (await answer.json())["type"] == "urn:facegate:problem:forbidden"


async def test_a_picture_passes_up_to_the_recognizers_limit(site: Site, phone: NewVisitor) -> None:
    one, resident = await phone(), site.store.add_resident("Resident 1")
    await one.open(link(site, resident.id, LinkKind.INVITATION))
    page = await (await one.get("invitation")).text()
    form = re.search(r'name="facegate-form" content="([0-9a-f]+)"', page)
    assert form is not None
    assert 'data-secure="yes"' in page

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 10_000):
            yield b"x" * 10_000

    for body, status in (
        (b"x" * 1_000_000, HTTPStatus.CONFLICT),  # it has arrived: nobody has agreed to pictures yet
        (pieces(1_000_000), HTTPStatus.CONFLICT),
        (b"x" * 1_000_001, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (pieces(1_500_000), HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    ):
        answer = await one.post("invitation-picture", body, Content_Type="image/jpeg", X_FaceGate_Form=form[1])
        assert answer.status == status, await answer.text()


@pytest.fixture
def three_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as somebody has in one go."""
    monkeypatch.setattr(pages_view, "Limits", lambda: Limits(Limit(at_once=16, burst=3, a_minute=1), ALL))


async def test_too_many_wait_and_home_assistant_bans_nobody(
    three_visits: None, hass: HomeAssistant, phone: NewVisitor
) -> None:
    one = await phone()
    answers = [await one.get("", Authorization="Bearer stale") for _ in range(4)]
    assert [answer.status for answer in answers] == [403, 403, 403, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert "Too many visits" in await answers[-1].text()
    assert (await (await one.post("session")).json())["type"] == "urn:facegate:problem:rate_limited"
    assert not hass.http.app[KEY_FAILED_LOGIN_ATTEMPTS]


async def test_whoever_home_assistant_has_banned_stays_out(hass: HomeAssistant, phone: NewVisitor) -> None:
    one = await phone()
    manager = hass.http.app[KEY_BAN_MANAGER]
    ban = IpBan("127.0.0.1")
    manager.ip_bans_lookup[ban.ip_address] = ban
    answer = await one.get("open")
    assert answer.status == HTTPStatus.FORBIDDEN
    assert "FaceGate" not in await answer.text()


# Where links lead


async def test_without_an_external_address_the_form_says_what_is_missing(
    hass: HomeAssistant, site: Site, entry: MockConfigEntry
) -> None:
    for address in (None, "http://home.example:8123", "https://192.0.2.1"):
        await hass.config.async_update(external_url=address)
        result = await switch(hass, entry, on=True)
        assert result["errors"] == {"base": "no_external_address"}
        hass.config_entries.options.async_abort(result["flow_id"])
    assert site.services.links.address() == RESIDENTS_URL
    await hass.config.async_update(external_url=HOME)
    await site.running.close()
    assert (await switch(hass, entry, on=True))["errors"] == {"base": "cannot_connect"}


async def test_links_follow_the_address_and_an_issue_says_when_there_is_none(
    hass: HomeAssistant, site: Site, entry: MockConfigEntry, phone: NewVisitor
) -> None:
    issues, issue = ir.async_get(hass), f"pages_without_address_{entry.entry_id}"
    await hass.config.async_update(external_url="https://second.example:8443")
    await hass.async_block_till_done()
    assert site.services.links.address().startswith("https://second.example:8443/api/facegate/pages/")
    await hass.config.async_update(external_url=None)
    await hass.async_block_till_done()
    assert site.services.links.address() == RESIDENTS_URL
    assert issues.async_get_issue(DOMAIN, issue) is not None
    await hass.config.async_update(external_url=HOME)
    await hass.async_block_till_done()
    assert site.services.links.address().startswith(HOME)
    assert issues.async_get_issue(DOMAIN, issue) is None


async def start_again(site: Site, folder: Path) -> None:
    """Let the recognizer answer where it did before."""
    port = site.running.api_port
    site.running = await server.start(site.services, settings(folder, api_port=port), ingress_from=server.LOOPBACK)


async def test_switched_off_while_the_recognizer_is_away_it_is_told_later(
    hass: HomeAssistant, site: Site, entry: MockConfigEntry, phone: NewVisitor, tmp_path: Path
) -> None:
    one = await phone()
    await site.running.close()
    await switch(hass, entry, on=False)
    assert (await one.get("open")).status == HTTPStatus.NOT_FOUND, "off is off at once"
    assert site.services.links.address().startswith(HOME)
    await start_again(site, tmp_path)
    await hass.config_entries.async_reload(entry.entry_id)
    assert site.services.links.address() == RESIDENTS_URL


async def test_what_could_not_be_told_is_told_as_soon_as_it_can_be(
    hass: HomeAssistant, site: Site, entry: MockConfigEntry, phone: NewVisitor, tmp_path: Path
) -> None:
    await site.running.close()
    for address in ("https://second.example", None, "https://third.example"):
        await hass.config.async_update(external_url=address)
        await hass.async_block_till_done()
    assert site.services.links.address().startswith(HOME)
    await start_again(site, tmp_path)
    entry.runtime_data.async_update_listeners()
    await hass.async_block_till_done()
    assert site.services.links.address().startswith("https://third.example/")


async def test_an_entry_goes_even_if_the_recognizer_cannot_be_told(
    hass: HomeAssistant, site: Site, entry: MockConfigEntry, phone: NewVisitor, caplog: pytest.LogCaptureFixture
) -> None:
    await site.running.close()
    await hass.config_entries.async_remove(entry.entry_id)
    assert not hass.config_entries.async_entries(DOMAIN)
    assert "revoke its token" in caplog.text


async def test_where_the_owner_has_named_an_address_the_form_says_so(
    hass: HomeAssistant, site: Site, entry: MockConfigEntry
) -> None:
    site.services.links.fixed = True
    result = await switch(hass, entry, on=True)
    assert result["step_id"] == "pages_elsewhere"
    assert result["description_placeholders"] == {"url": RESIDENTS_URL}
    done = await hass.config_entries.options.async_configure(result["flow_id"], {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.options["residents_pages"] is True
