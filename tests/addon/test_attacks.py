"""Every attack that FaceGate promises to refuse, and the tests that really try it.

Those that are about one part stand with that part's tests; those that go through the whole of it stand here.
"""

import ast
import asyncio
import re
import sqlite3
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from facegate.core.links import LinkKind
from facegate.core.models import Gate
from facegate.web.operations import OPERATIONS
from facegate.web.panel.site import PAGES
from facegate.web.panel.visitors import USER_ID
from tests.parts.residents import personal_phone
from tests.parts.web import LOCAL_TOKEN, PEOPLE, Site, running_site

TESTS: Final = Path(__file__).parents[1]
SOURCE: Final = TESTS.parent / "addon" / "src" / "facegate"

ATTACKS: Final = {
    "an expired invitation": ["test_resident_links::test_an_invitation_expires_and_a_new_one_replaces_it"],
    "a reused invitation": [
        "test_resident_links::test_an_invitation_opens_once_even_when_two_come_at_once",
        "test_resident_links::test_used_revoked_and_malformed_links_open_nothing",
    ],
    "a guessed invitation": [
        "test_resident_links::test_guesses_are_slowed_down_and_a_good_link_opens_all_the_same",
        "test_resident_links::test_what_is_not_written_as_a_secret_is_none",
    ],
    "a forwarded invitation": [
        "test_resident_links::test_an_invitation_opens_once_even_when_two_come_at_once",
        "test_resident_links::test_an_invitation_shows_no_personal_page",
    ],
    "path traversal": ["test_attacks::test_no_path_leads_out_of_the_pages"],
    "an oversized picture": ["test_attacks::test_an_oversized_picture_is_refused"],
    "a decompression bomb": [
        "test_attacks::test_a_decompression_bomb_is_refused_before_it_is_opened",
        "test_pictures::test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded",
    ],
    "a polyglot": ["test_attacks::test_of_a_polyglot_nothing_is_kept"],
    "cross-site request forgery": [
        "test_panel::test_a_change_is_made_by_a_page_of_ours_and_by_no_other",
        "test_resident_links::test_another_site_cannot_send_what_a_page_of_ours_sends",
        "test_resident_links::test_a_form_is_good_for_its_own_session_alone",
        "test_key_commands::test_a_form_of_another_site_cannot_try_passphrases",
    ],
    "stored cross-site scripting": [
        "test_attacks::test_no_text_that_somebody_has_stored_becomes_a_tag",
        "test_rights::test_every_page_shows_and_no_text_of_a_resident_becomes_a_tag",
        "test_panel::test_names_and_problems_cannot_become_markup",
        "test_importing::test_no_cell_that_is_written_runs_in_a_spreadsheet",
    ],
    "SQL injection": [
        "test_attacks::test_no_text_becomes_a_part_of_a_query",
        "test_attacks::test_no_query_is_put_together_from_text",
        "test_looks::test_filters_are_parameters_and_no_text_gets_into_a_query",
    ],
    "session fixation": [
        "test_panel::test_without_home_assistant_a_password_opens_and_guessing_is_stopped",
        "test_resident_links::test_a_browser_cannot_choose_its_session",
    ],
    "access to another resident": [
        "test_rights::test_nobody_reaches_anything_of_another",
        "test_resident_links::test_nobody_revokes_another_residents_link",
        "test_pass_store::test_one_residents_passes_are_not_anothers_to_revoke",
    ],
    "a guard who reads history": [
        "test_looks::test_a_guard_sees_now_and_no_history",
        "test_activity_page::test_a_guard_sees_the_last_minutes_alone",
        "test_panel::test_roles_reach_as_far_as_they_say",
    ],
    "tampering with the database file": [
        "test_trail_store::test_whoever_changes_the_file_is_found_out_at_the_first_place",
        "test_trail_store::test_a_trail_that_is_written_anew_contradicts_the_checkpoint_that_a_resident_kept",
        "test_audit::test_whoever_changes_an_act_is_found_out",
        "test_crypto::test_a_wrapped_key_cannot_be_moved_to_another_resident_or_purpose",
    ],
    "a replayed QR pass": [
        "test_pass_store::test_a_code_is_good_within_its_time_once_and_never_after_a_later_one",
        "test_pass_store::test_a_used_code_stays_used_when_the_clock_is_set_back_and_after_a_restart",
    ],
    "a photograph of another's rotating code": [
        "test_passes_at_gates::test_a_photograph_of_a_used_code_and_an_old_one_are_refused_and_told_once",
        "test_passes_at_gates::test_a_photograph_that_comes_before_its_owner_opens_only_within_its_time",
    ],
    "one pass at two gates at once": [
        "test_pass_store::test_a_rotating_code_opens_one_of_two_gates_that_read_it_at_once",
        "test_passes_at_gates::test_a_code_at_two_gates_at_once_opens_one",
    ],
    "identity headers at the wrong listener": [
        "test_attacks::test_who_somebody_says_to_be_counts_on_the_ingress_listener_alone",
        "test_resident_links::test_ingress_headers_and_tokens_mean_nothing_here",
        "test_residents_through_ha::test_on_the_pages_own_listener_the_word_of_whoever_comes_counts_nothing",
        "test_residents_through_ha::test_nothing_is_handed_on_without_the_token",
        "test_panel::test_only_the_supervisor_sees_pages",
    ],
    "an old backup against an erasure": [
        "test_leaving::test_an_old_backup_the_box_and_the_site_key_together_open_nothing_of_the_erased",
        "test_keys::test_no_import_wakes_who_is_erased_or_has_withdrawn",
    ],
}
"""The attack, and every test that tries it: module in tests/addon, function."""

OWNER = "a" * 32
MARK = "x-planted"
MARKUP = f"\"'><{MARK} onload=alert(1)>{{{{7*7}}}}</script>"
INJECTIONS = (
    "' OR '1'='1",
    "x'; DROP TABLE residents; --",
    '" UNION SELECT profile FROM residents --',
    "%27%20OR%201=1",
)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path / "data") as running:
        running.store.set_member(OWNER, "Owner", "owner")
        yield running


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_is_tried_by_a_test_that_is_there(attack: str) -> None:
    assert ATTACKS[attack]
    for named in ATTACKS[attack]:
        module, function = named.split("::")
        tree = ast.parse((TESTS / "addon" / f"{module}.py").read_text(encoding="utf-8"))
        there = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
        assert function in there, named


# Out of the pages


async def _raw(url: str, target: str) -> bytes:
    """The answer to a path as it is written: a client would put it right before it asks."""
    port = int(url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{USER_ID}: {OWNER}\r\nConnection: close\r\n\r\n".encode()
    )
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "target",
    [
        "/static/../../../keys/site.key",
        "/static/..%2f..%2f..%2fkeys%2fsite.key",
        "/static/%2e%2e/%2e%2e/keys/site.key",
        "/static/....//....//keys/site.key",
        "/static/..\\..\\keys\\site.key",
        "/static/%252e%252e%252fkeys%252fsite.key",
        "//etc/passwd",
        "/static//etc/passwd",
        "/static/page.css%00.html",
        "/do/api/v1/../../static/panel.js",
    ],
)
async def test_no_path_leads_out_of_the_pages(site: Site, target: str) -> None:
    secret = (site.store.data / "keys" / "site.key").read_bytes()
    for listener in (site.pages, site.residents, site.base.removesuffix("/api/v1")):
        answer = await _raw(listener, target)
        assert answer.split(b" ", 2)[1] in {b"400", b"403", b"404"}, answer[:200]
        assert secret not in answer
        assert b"root:" not in answer


# Pictures


def _png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def _enrol(site: Site, picture: Path) -> dict[str, object]:
    wish = {"name": "Resident 1", "pictures": [str(picture)], "language": "en", "channel": "given on paper"}
    reply = await site.ask("POST", "/enrolments", wish, token=LOCAL_TOKEN)
    assert reply.status == 200, reply.raw
    answer: dict[str, object] = reply.content
    return answer


async def test_a_decompression_bomb_is_refused_before_it_is_opened(site: Site, tmp_path: Path) -> None:
    # 30,000 × 30,000 pixels in three megabytes of zeros, deflated: 2.7 GB once it is opened.
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(_png(30_000, 30_000, zlib.compress(bytes(3_000_000), 9)))
    assert bomb.stat().st_size < 10_000
    answer = await _enrol(site, bomb)
    assert answer["accepted"] == 0
    assert site.store.residents() == []


async def test_an_oversized_picture_is_refused(site: Site, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    with large.open("wb") as stream:
        stream.write((PEOPLE / "obama.jpg").read_bytes())
        stream.truncate(200_000_000)
    assert (await _enrol(site, large))["accepted"] == 0
    for path in ("/residents", "/pair"):
        reply = await site.ask("POST", path, data=b'{"name": "' + b"x" * 100_000 + b'"}', token=LOCAL_TOKEN)
        assert reply.problem() == "too_large"


async def test_of_a_polyglot_nothing_is_kept(site: Site, tmp_path: Path) -> None:
    planted = b"PK\x03\x04<script>planted-code()</script>"
    picture = tmp_path / "polyglot.jpg"
    picture.write_bytes((PEOPLE / "obama.jpg").read_bytes() + planted)
    assert (await _enrol(site, picture))["accepted"] in {0, 1}
    for path in site.store.data.rglob("*"):
        assert path.is_dir() or b"planted-code" not in path.read_bytes(), path
    page = tmp_path / "page.jpg"
    page.write_bytes(b"<html>" + planted)
    assert (await _enrol(site, page))["accepted"] == 0


# Texts


class Tags(HTMLParser):
    """Every element of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs), attrs


async def _plant(site: Site) -> int:
    """Store the markup wherever a text can be stored; how many places took it."""
    resident = site.store.add_resident("Resident 1")
    site.store.add_gate(Gate("front", "Front gate", trial=True))
    wishes: list[tuple[str, str, dict[str, object]]] = [
        ("POST", "/gates", {"name": MARKUP, "trial": True}),
        ("PATCH", "/gates/front", {"name": MARKUP}),
        ("POST", "/gates/front/cameras", {"source": f"rtsp://camera.example/{MARKUP}"}),
        ("POST", "/residents", {"name": MARKUP}),
        ("PATCH", f"/residents/{resident.id}", {"name": MARKUP}),
        ("PATCH", f"/residents/{resident.id}", {"flat": MARKUP}),
        ("PATCH", f"/residents/{resident.id}", {"groups": [MARKUP]}),
        ("PUT", f"/members/{'b' * 32}", {"name": MARKUP, "role": "guard"}),
        ("POST", "/passes", {"label": MARKUP, "uses": 1, "valid_until": 2_000_000_000}),
        ("POST", "/pair", {"code": site.services.pairing.make_code(), "name": MARKUP}),
        (
            "PATCH",
            "/recognition",
            {"threshold": 0.4, "reason": MARKUP, "strangers_per_day": 1, "false_opens_per_year": 9},
        ),
    ]
    taken = 0
    for method, path, body in wishes:
        reply = await site.ask(method, path, body, token=LOCAL_TOKEN)
        assert reply.status < 500, (path, reply.raw)
        taken += reply.status < 300
        assert reply.content_type in {"application/json", "application/problem+json", "application/octet-stream"}
    return taken


async def test_no_text_that_somebody_has_stored_becomes_a_tag(site: Site) -> None:
    assert await _plant(site) >= 6
    pages = [page.path for page in PAGES if "{" not in page.path]
    seen = 0
    for path in ("", *pages, "gate?gate=front", f"residents?find={MARKUP}", f"activity?gate={MARKUP}"):
        for language in ("en", "zh-CN"):
            headers = {USER_ID: OWNER, "Accept-Language": language}
            async with site.session.get(f"{site.pages}/{path}", headers=headers) as answer:
                html = await answer.text()
                assert answer.status < 500, path
                if answer.content_type == "text/html":
                    assert MARK not in Tags(html).found, path
                    assert "alert(1)&gt;49" not in html, "a template was made of it"
                    seen += MARK in html
                    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert seen, "the planted text was shown nowhere, so nothing was tried"
    resident = site.store.residents()[0]
    phone = await personal_phone(site, resident.id)
    async with phone.session, phone.session.get(f"{site.residents}/") as answer:
        assert MARK not in Tags(await answer.text()).found


async def test_no_text_becomes_a_part_of_a_query(site: Site) -> None:
    resident = site.store.add_resident("Resident 1")
    site.store.make_link(resident.id, LinkKind.PERSONAL)
    for injection in INJECTIONS:
        for operation in OPERATIONS:
            path = re.sub(r"\{\w+\}", injection.replace("/", "").replace(" ", "%20").replace("#", ""), operation.path)
            query = "&".join(f"{name}={injection}" for name in operation.query)
            body = {"name": injection} if operation.body is not None else None
            headers = dict.fromkeys(operation.headers, "0" * 32)
            reply = await site.ask(
                operation.method, f"{path}?{query}" if query else path, body, token=LOCAL_TOKEN, headers=headers
            )
            assert reply.status < 500, (operation.name, injection, reply.raw)
    with closing(sqlite3.connect(site.store.data / "facegate.db")) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"residents", "access", "trail", "links"} <= tables
    assert resident.id in {one.id for one in site.store.residents()}


def test_no_query_is_put_together_from_text() -> None:
    asked = 0
    for path in (SOURCE / "adapters" / "store").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            if getattr(node.func, "attr", getattr(node.func, "id", "")) not in {
                "execute",
                "executescript",
                "exec_driver_sql",
                "text",
            }:
                continue
            asked += 1
            made = ast.unparse(node.args[0])
            # A pragma takes no parameters; its words stand in the source.
            together = isinstance(node.args[0], ast.JoinedStr | ast.BinOp) or ".format(" in made
            assert not together or made.startswith("f'PRAGMA "), f"{path.name}: {made}"
    assert asked > 50


# Who somebody says to be


async def test_who_somebody_says_to_be_counts_on_the_ingress_listener_alone(site: Site) -> None:
    said = {USER_ID: OWNER, "X-Remote-User-Name": "owner", "X-Ingress-Path": "/api/hassio_ingress/x"}
    for path in ("/residents", "/members", "/gates"):
        assert (await site.ask("GET", path, headers=said)).problem() == "unauthenticated"
    for path in ("/", "/residents", "/members", "/activity", "/do/api/v1/residents"):
        async with site.session.get(site.residents + path, headers=said, allow_redirects=False) as answer:
            assert answer.status in {303, 401, 403, 404}, path
            assert site.store.installation not in await answer.text()
