"""The panel: who sees it, in which language, and what can never get into it."""

import json
import logging
import re
from collections.abc import AsyncIterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from yarl import URL

from facegate import __version__
from facegate.adapters.camera import Fault
from facegate.core.models import Camera, Direction, Gate, LivenessLevel, Mode
from facegate.web import panel, server
from facegate.web.pages import language
from facegate.web.panel.visitors import SESSION
from facegate.web.panel.words import words
from facegate.web.services import CameraHealth, GateHealth, Health
from tests.parts.panel import AUDITOR, GUARD, NOBODY, OWNER, form_of, look, tell
from tests.parts.web import Site, now_ms, running_site

_NEWS = "<script>alert(1)</script>"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.set_member(OWNER, "Owner", "owner")
        running.store.set_member(GUARD, "Guard", "guard")
        running.store.set_member(AUDITOR, "Auditor", "auditor")
        yield running


class Links(HTMLParser):
    """Everything that a browser would load or follow, and every tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"href", "src", "action", "srcset"} and value:
                self.links.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(name)


async def test_only_the_supervisor_sees_pages(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running_site(tmp_path, ingress_from=server.SUPERVISOR) as site:
        site.store.set_member(OWNER, "Owner", "owner")
        for headers in ({}, {"X_Forwarded_For": "172.30.32.2"}):
            caplog.clear()
            with caplog.at_level(logging.WARNING):
                status, _, text = await look(site, **headers)
            assert status == 403
            assert __version__ not in text
            assert site.store.installation not in text
            assert "refused pages to 127.0.0.1" in caplog.text


async def test_a_token_of_the_api_is_no_key_to_the_pages(tmp_path: Path) -> None:
    async with running_site(tmp_path, ingress_from=server.SUPERVISOR) as site:
        token = await site.pair()
        for path in ("/", "/do/api/v1/gates", "/static/page.css"):
            status, _, _ = await look(site, path, Authorization=f"Bearer {token}")
            assert status == 403


async def test_the_api_is_not_among_the_pages_nor_the_pages_on_the_api(site: Site) -> None:
    token = await site.pair()
    for path in ("/api/v1/gates", "/api/v1/health", "/pair"):
        status, _, _ = await look(site, path, Authorization=f"Bearer {token}")
        assert status == 404
    async with site.session.get(f"http://127.0.0.1:{site.running.api_port}/") as response:
        assert response.status == 404
        assert "FaceGate" not in await response.text()


async def test_without_anybody_to_show_them_there_are_no_pages(tmp_path: Path) -> None:
    async with running_site(tmp_path, ingress_from=frozenset()) as site:
        assert site.running.ingress_port is None
        assert (await site.ask("GET", "/health")).status == 200


async def test_the_page_shows_gates_cameras_nodes_and_version(site: Site) -> None:
    site.store.add_gate(Gate("front", "Front gate"))
    site.store.add_gate(Gate("back", "Back gate", mode=Mode.LOCKDOWN))
    source = "rtsp://owner:s3cret@camera.example/1"
    site.store.add_camera(Camera("c1", "front", source, liveness=LivenessLevel.PASSIVE))
    site.store.add_camera(Camera("c2", "front", source, direction=Direction.EXIT))
    site.gate_side.health = Health(
        broker=True,
        gates={"front": GateHealth("ok", "online"), "back": GateHealth("off", "silent", ("node_silent",))},
        cameras={"c1": CameraHealth("ok"), "c2": CameraHealth("off", "credentials")},
    )
    status, headers, html = await look(site)
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for told in (
        f"Version {__version__} · Installation {site.store.installation} · Owner, owner",
        "MQTT broker connected",
        "Front gate Gate node online Camera (way in) works Camera (way out) off It refuses the user name",
        "Back gate lockdown Gate node silent",
        "Camera none yet",
    ):
        assert told in text
    assert "s3cret" not in html
    assert "camera.example" not in html


async def test_the_page_says_alarms_in_words(site: Site) -> None:
    for gate, mode in (("a", Mode.LOCKDOWN), ("b", Mode.FREE), ("c", Mode.NORMAL)):
        site.store.add_gate(Gate(gate, f"Gate {gate}", mode=mode))
    site.gate_side.health = Health(
        gates={
            "a": GateHealth("ok", "offline", waits=True),
            "b": GateHealth("ok", "online", fire="active", tamper=True),
            "c": GateHealth("ok", "online", fire="latched", held=True),
        }
    )
    for name in language.LANGUAGES:
        _, _, html = await look(site, Accept_Language=name)
        shown = unescape(html)
        for told in (
            "mode.lockdown", "mode.free", "alarm.mode.waits", "alarm.fire.active", "alarm.tamper",
            "alarm.fire.latched", "alarm.held",
        ):  # fmt: skip
            assert words(name)[told] in shown, told
    site.gate_side.health = Health(gates={gate: GateHealth("ok", "online") for gate in "abc"})
    calm = unescape((await look(site))[2])
    assert not [key for key, text in words("en").items() if key.startswith("alarm.") and text in calm]


async def test_the_page_says_how_to_pair_until_somebody_is_paired(site: Site) -> None:
    _, _, before = await look(site)
    assert "not paired yet" in before
    code = site.services.pairing.make_code()
    assert code not in (await look(site))[2]
    assert (await site.ask("POST", "/pair", {"code": code, "name": "Home Assistant"})).status == 201
    _, _, after = await look(site)
    assert "not paired yet" not in after


async def test_a_store_that_fails_is_said_on_the_page_too(site: Site) -> None:
    site.store.close()
    status, _, text = await look(site)
    assert (status, text) == (503, "The store is closed: FaceGate is stopping.\n")


async def test_nothing_is_loaded_from_elsewhere_and_every_link_is_relative(site: Site) -> None:
    site.store.add_gate(Gate("front", "Front gate"))
    _, headers, html = await look(site)
    found = Links(html)
    assert not [link for link in found.links if ":" in link or link.startswith("/")]
    assert found.inline == []
    assert found.tags.count("script") == 2  # the panel's and this page's
    assert "http" not in html
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in headers
    status, headers, css = await look(site, "/static/page.css")
    assert (status, headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "url(" not in css
    assert "@import" not in css
    status, headers, icon = await look(site, "/static/icon.svg")
    assert (status, headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert "href" not in icon
    assert "<script" not in icon


async def test_names_and_problems_cannot_become_markup(site: Site) -> None:
    site.store.add_gate(Gate("front", f"{_NEWS}\"'&"))
    site.store.add_camera(Camera("c1", "front", "/clip.mp4"))
    site.gate_side.health = Health(
        gates={"front": GateHealth("off", _NEWS, (_NEWS,))}, cameras={"c1": CameraHealth(_NEWS, _NEWS)}
    )
    _, _, html = await look(site)
    assert Links(html).tags.count("script") == 2  # ours
    assert html.count("&lt;script&gt;") == 5


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "en"),
        ("en", "en"),
        ("de-DE,de", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-Hans-CN", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("en;q=0.5, zh;q=0.8", "zh-Hans"),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=nonsense, en;q=0.1", "en"),
        ("zh;q=7", "en"),
        ("*", "en"),
        (",;,;q=,", "en"),
    ],
)
async def test_the_page_speaks_the_readers_language(site: Site, header: str, chosen: str) -> None:
    _, headers, html = await look(site, Accept_Language=header)
    assert f'<html lang="{chosen}">' in html
    assert headers["Content-Language"] == chosen
    assert headers["Vary"] == "Accept-Language, Cookie"
    assert words(chosen)["gates.none"] in unescape(html)


def test_both_languages_say_the_same_things() -> None:
    english, chinese = (words(name) for name in language.LANGUAGES)
    assert english.keys() == chinese.keys()
    assert all(text.strip() for text in (*english.values(), *chinese.values()))
    same = {key for key in english if english[key] == chinese[key]}
    assert same == {"title", "pairing", "language.en", "language.zh-Hans"}, (
        "names of products stay, everything else is translated"
    )
    assert {f"reason.{fault}" for fault in Fault} <= english.keys()
    assert {f"mode.{mode}" for mode in Mode} <= english.keys()
    assert {f"direction.{direction}" for direction in Direction} <= english.keys()


def test_texts_are_plain_json_that_translators_can_edit() -> None:
    folder = Path(panel.__file__).parent / "texts"
    assert {place.name for place in folder.iterdir()} == set(language.LANGUAGES)
    names = [{file.name for file in place.iterdir()} for place in folder.iterdir()]
    assert names[0] == names[1]
    for file in (*folder.glob("*/*.json"), *(Path(language.__file__).parent / "texts").glob("*.json")):
        assert all(isinstance(text, str) for text in json.loads(file.read_text(encoding="utf-8")).values())


# Who is let in


async def test_whoever_has_no_role_sees_nothing_of_the_house(site: Site) -> None:
    site.store.add_gate(Gate("front", "Front gate"))
    for user in (NOBODY, "", "not an id", "A" * 32, "a" * 33):
        for path in ("/", "/gates", "/members"):
            status, _, html = await look(site, path, user)
            assert status == 403
            assert "Front gate" not in html
            assert site.store.installation not in html
    for role, path, expected in ((GUARD, "/members", 403), (AUDITOR, "/members", 403), (OWNER, "/members", 200)):
        assert (await look(site, path, role))[0] == expected
    assert "Front gate" in (await look(site, "/", GUARD))[2]


async def test_the_first_owner_knows_the_code_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with running_site(tmp_path) as site:
            (code,) = re.findall(r"first owner of the panel.*: (\S+) \(", caplog.text)
            assert "Code from the log" in (await look(site, user=NOBODY))[2]
            assert await tell(site, "POST", "/claim", {"code": "0000-0000-0000"}, NOBODY) == 403
            assert site.store.members() == []
            assert await tell(site, "POST", "/claim", {"code": code}, NOBODY) == 200
            assert [(member.id, member.role) for member in site.store.members()] == [(NOBODY, "owner")]
            assert (await look(site, user=NOBODY))[0] == 200
            assert await tell(site, "POST", "/claim", {"code": code}, OWNER) == 403  # used, and there is an owner
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        async with running_site(tmp_path):
            assert "first owner" not in caplog.text


async def test_a_change_is_made_by_a_page_of_ours_and_by_no_other(site: Site) -> None:
    path, body = f"/do/api/v1/members/{NOBODY}", {"name": "Guest", "role": "guard"}
    form = await form_of(site)
    assert await tell(site, "PUT", path, body) == 403
    assert await tell(site, "PUT", path, body, form="0" * 64) == 403
    assert await tell(site, "PUT", path, body, form=await form_of(site, GUARD)) == 403  # made for somebody else
    assert await tell(site, "PUT", path, body, form=form, Sec_Fetch_Site="cross-site") == 403
    assert site.store.member(NOBODY) is None
    assert await tell(site, "PUT", path, body, form=form, Sec_Fetch_Site="same-origin") == 200
    assert site.store.member(NOBODY).role == "guard"


async def test_roles_reach_as_far_as_they_say(site: Site) -> None:
    site.store.add_gate(Gate("front", "Front gate", trial=True))
    wish = {"direction": "entry", "issued_at": now_ms()}
    for user, path, method, body, expected in (
        (GUARD, "gates", "GET", None, 200),
        (GUARD, "gates/front/open", "POST", wish, 200),
        (GUARD, "gates/front/mode", "PUT", {"mode": "lockdown"}, 403),
        (GUARD, "members", "GET", None, 403),
        (GUARD, "residents", "GET", None, 403),
        (AUDITOR, "gates/front/open", "POST", wish, 403),
        (AUDITOR, "residents", "GET", None, 403),
        (OWNER, "residents", "GET", None, 200),
        (OWNER, "pairing-codes", "POST", None, 201),
        (GUARD, "pairing-codes", "POST", None, 403),
        (AUDITOR, "pairing-codes", "POST", None, 403),
        (NOBODY, "gates", "GET", None, 401),
    ):
        form = await form_of(site, user) if user != NOBODY else ""
        assert await tell(site, method, f"/do/api/v1/{path}", body, user, form=form) == expected, (user, path)


async def test_somebody_is_always_the_owner(site: Site) -> None:
    form, path = await form_of(site), f"/do/api/v1/members/{OWNER}"
    assert await tell(site, "DELETE", path, form=form) == 409
    assert await tell(site, "PUT", path, {"name": "Owner", "role": "guard"}, form=form) == 409
    assert site.store.member(OWNER).role == "owner"


async def test_without_home_assistant_a_password_opens_and_guessing_is_stopped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with running_site(tmp_path, by_password=True) as site:
            (code,) = re.findall(r"first owner of the panel.*: (\S+) \(", caplog.text)
            # What Home Assistant's Supervisor would say counts on its own listener alone.
            assert (await look(site, user=OWNER))[0] == 403
            claim = {"code": code, "login": "owner", "password": "correct horse battery"}
            assert await tell(site, "POST", "/claim", claim | {"password": "short"}, "") == 403
            assert await tell(site, "POST", "/claim", claim, "") == 200
            assert (await look(site, user=""))[0] == 200
            assert await tell(site, "POST", "/logout", form=await form_of(site, ""), user="") == 200
            assert (await look(site, user=""))[0] == 403
            good = {"login": "owner", "password": "correct horse battery"}
            site.session.cookie_jar.update_cookies({SESSION: "fixed-by-somebody-else"}, URL(site.pages))
            assert await tell(site, "POST", "/login", good, "") == 200
            (cookie,) = [cookie for cookie in site.session.cookie_jar if cookie.key == SESSION]
            assert cookie.value != "fixed-by-somebody-else"
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
            for _ in range(5):
                assert await tell(site, "POST", "/login", good | {"password": "wrong password"}, "") == 401
            assert await tell(site, "POST", "/login", good, "") == 429
            assert b"correct horse" not in (tmp_path / "facegate.db").read_bytes()
