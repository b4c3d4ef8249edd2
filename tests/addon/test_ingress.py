"""The pages: who sees them, in which language, and what can never get into them."""

import json
import logging
import re
from collections.abc import AsyncIterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from facegate import __version__
from facegate.adapters.camera import Fault
from facegate.core.models import Camera, Direction, Gate, LivenessLevel, Mode
from facegate.web import server
from facegate.web.pages import language
from facegate.web.services import CameraHealth, GateHealth, Health
from tests.parts.web import Site, running_site

_NEWS = "<script>alert(1)</script>"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        yield running


async def look(site: Site, path: str = "/", **headers: str) -> tuple[int, dict[str, str], str]:
    async with site.session.get(
        site.pages + path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    ) as response:
        return response.status, dict(response.headers), await response.text()


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
            if name in {"href", "src", "action", "srcset"}:
                self.links.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(name)


async def test_only_the_supervisor_sees_pages(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running_site(tmp_path, ingress_from=server.SUPERVISOR) as site:
        for headers in ({}, {"X-Forwarded-For": "172.30.32.2", "X-Remote-User-Id": "0" * 32}):
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
        for path in ("/", "/api/v1/gates", "/page.css"):
            status, _, _ = await look(site, path, Authorization=f"Bearer {token}")
            assert status == 403


async def test_the_api_is_not_among_the_pages_nor_the_pages_on_the_api(site: Site) -> None:
    token = await site.pair()
    for path in ("/api/v1/gates", "/api/v1/health", "/pair"):
        status, _, _ = await look(site, path, Authorization=f"Bearer {token}")
        assert status == 404
    async with site.session.get(f"http://127.0.0.1:{site.running.api_port}/") as response:
        assert response.status == 404
        assert "FaceGate</h1>" not in await response.text()


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
    for words in (
        f"Version {__version__}",
        "MQTT broker connected",
        "Front gate Gate node online Camera (way in) works Camera (way out) off It refuses the user name",
        "Back gate lockdown Gate node silent",
        "Camera none yet",
    ):
        assert words in text
    assert "s3cret" not in html
    assert "camera.example" not in html


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
    assert found.links == ["page.css", "icon.svg", "icon.svg", "./"]
    assert found.inline == []
    assert "script" not in found.tags
    assert "http" not in html
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in headers
    status, headers, css = await look(site, "/page.css")
    assert (status, headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "url(" not in css
    assert "@import" not in css
    status, headers, icon = await look(site, "/icon.svg")
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
    assert "script" not in Links(html).tags
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
    assert headers["Vary"] == "Accept-Language"
    assert language.texts(chosen)["gates.none"] in unescape(html)


def test_both_languages_say_the_same_things() -> None:
    english, chinese = (language.texts(name) for name in language.LANGUAGES)
    assert english.keys() == chinese.keys()
    assert all(text.strip() for text in (*english.values(), *chinese.values()))
    same = {key for key in english if english[key] == chinese[key]}
    assert same == {"title", "pairing"}, "names of products stay, everything else is translated"
    assert {f"reason.{fault}" for fault in Fault} <= english.keys()
    assert {f"mode.{mode}" for mode in Mode} <= english.keys()
    assert {f"direction.{direction}" for direction in Direction} <= english.keys()


def test_texts_are_plain_json_that_translators_can_edit() -> None:
    folder = Path(language.__file__).parent / "texts"
    assert {file.stem for file in folder.glob("*.json")} == set(language.LANGUAGES)
    for file in folder.glob("*.json"):
        assert all(isinstance(text, str) for text in json.loads(file.read_text(encoding="utf-8")).values())
