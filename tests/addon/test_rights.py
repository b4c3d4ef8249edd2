"""What residents see, take along, decide and open on their own page, and nobody else's."""

import io
import json
import secrets
import sqlite3
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import LargeBinary

from facegate.adapters.store import Intent, Store, personal, schema
from facegate.adapters.store.rights import WITHHELD
from facegate.core.audit import Act
from facegate.core.certificate import Certificate
from facegate.core.credentials import Credential, CredentialKind
from facegate.core.links import LinkKind
from facegate.core.models import Direction, Gate, Method, Mode, PrivacyLevel, Reason, Resident, ResidentState
from facegate.residents.notices import FACE
from tests.parts.residents import Phone, personal_phone
from tests.parts.web import RESIDENTS_URL, Site, now_ms, running_site

NAME = "Resident <script>alert(1)</script> \"'&"
FLAT = "<img src=x onerror=alert(2)>"
PAGES = ("", "history", "data", "choices")
REASON = "The parcel that was left at the gate on Monday"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.add_gate(Gate("front", "Front gate", phone=True, trial=True))
        running.store.add_gate(Gate("yard", "Yard gate"))
        yield running


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


def enrolled(store: Store, name: str = NAME) -> Resident:
    """A resident with something in every store."""
    resident = store.add_resident(name, person="person.somebody")
    store.update_resident(replace(resident, flat=FLAT, groups=frozenset({"family"})))
    consent = store.add_consent(resident.id, notice=FACE["en"].hash, language="en", channel="command_line")
    vector = np.zeros(128, np.float32)
    vector[len(store.residents())] = 1
    store.add_templates(resident.id, "sface", [vector], consent.id)
    store.add_pin(Credential("", resident.id, CredentialKind.PIN, 0.0))
    now = time.time()
    for number in range(3):
        opening = secrets.token_hex(8)
        store.begin_opening(
            Intent(opening, "front", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, now - number, resident.id)
        )
        store.finish_opening(opening, "opened", "-", now)
    denied = {"gate": "front", "direction": Direction.EXIT, "method": Method.PIN, "reason": Reason.OUTSIDE_HOURS}
    store.record_denial(**denied, at=now, resident=resident.id)
    store.stays(resident.id, now)
    store.record_act("Auditor 1", Act.LOOKED, resident=resident.id, reason=REASON, span=(now - 3600, now))
    return store.resident(resident.id)


@pytest.fixture
def resident(site: Site) -> Resident:
    return enrolled(site.store)


@pytest.fixture
async def own(site: Site, resident: Resident, stack: AsyncExitStack) -> Phone:
    opened = await personal_phone(site, resident.id)
    await stack.enter_async_context(opened.session)
    return opened


async def _other(site: Site, stack: AsyncExitStack) -> tuple[Resident, Phone]:
    other = enrolled(site.store, "Resident 2")
    opened = await personal_phone(site, other.id)
    await stack.enter_async_context(opened.session)
    return other, opened


def _tap(**changes: Any) -> dict[str, Any]:
    return {"gate": "front", "direction": "entry", "issued_at": now_ms(), "key": "0" * 32} | changes


# To know


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
async def test_every_page_shows_and_no_text_of_a_resident_becomes_a_tag(own: Phone, language: str) -> None:
    for path in PAGES:
        page = await own.get(path, headers={"Accept-Language": language})
        html = page.raw.decode()
        assert page.status == 200, (path, html)
        assert f'<html lang="{language}">' in html
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    assert "&lt;img src=x" in (await own.get("")).raw.decode()


async def test_history_tells_passages_refusals_and_who_has_looked_and_why(own: Phone) -> None:
    html = (await own.get("history", headers={"Accept-Language": "en"})).raw.decode()
    assert html.count("Front gate") == 4
    assert "Auditor 1" in html
    assert REASON in html


async def test_the_archive_has_every_row_of_every_table(site: Site, own: Phone, resident: Resident) -> None:
    answer = await own.post("export")
    assert (answer.status, answer.content_type) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.raw)) as archive:
        assert sorted(archive.namelist()) == [
            "checkpoints.json",
            "data.json",
            "read-me.en.html",
            "read-me.zh-Hans.html",
        ]
        content = json.loads(archive.read("data.json"))
        pages = [archive.read(f"read-me.{language}.html").decode() for language in ("en", "zh-Hans")]
    tables = [table for table in schema.metadata.sorted_tables if "resident" in table.c]
    assert content["about"].keys() == {"residents", *(table.name for table in tables)}
    with closing(sqlite3.connect(f"file:{site.store.data}/facegate.db?mode=ro", uri=True)) as database:
        for table in tables:
            [count] = database.execute(
                f"SELECT count(*) FROM {table.name} WHERE resident = ?", (resident.id,)
            ).fetchone()
            assert len(content["about"][table.name]) == count, table.name
            for row in content["about"][table.name]:
                if table.name not in {"access", "acts", "consents"}:  # those are opened, with fields of their own
                    assert set(row) >= set(table.c.keys()), table.name
    assert {"access", "acts", "consents", "templates", "credentials", "links", "presence"} <= {
        name for name, rows in content["about"].items() if rows
    }
    assert content["about"]["residents"][0]["flat"] == FLAT
    assert content["about"]["templates"][0]["sealed"]["dimensions"] == 128
    assert content["about"]["acts"][0]["act"] == Act.EXPORTED
    assert any(act["reason"] == REASON for act in content["about"]["acts"])
    assert all("<script>alert" not in page and "<img src=x" not in page for page in pages)
    assert site.store.acts(1, resident=resident.id)[0].act is Act.EXPORTED


def test_no_sealed_column_about_residents_is_unknown_to_the_archive() -> None:
    sealed = {
        (table.name, column.name)
        for table in personal.tables()
        for column in table.c
        if isinstance(column.type, LargeBinary)
    }
    opened = {
        ("templates", "sealed"),
        ("consents", "details"),
        ("acts", "details"),
        ("access", "note"),
        ("passes", "sealed"),
    }
    assert sealed <= opened | WITHHELD, "open it in RightsStore, or say in WITHHELD that it is not to be shown"


async def test_the_archive_opens_no_gate_and_no_page(own: Phone, site: Site, resident: Resident) -> None:
    _, pin = site.store.add_pin(Credential("", resident.id, CredentialKind.PIN, 0.0))
    answer = await own.post("export")
    with zipfile.ZipFile(io.BytesIO(answer.raw)) as archive:
        content = archive.read("data.json").decode()
    assert f'"{pin}"' not in content
    assert own.cookie not in content


async def test_passages_that_have_lost_their_names_are_still_found_by_their_resident(
    site: Site, own: Phone, resident: Resident
) -> None:
    assert site.store.pseudonymise_access(time.time() + 60) == 4
    assert len(site.store.about(resident.id)["access"]) == 4
    assert (await own.get("history", headers={"Accept-Language": "en"})).raw.decode().count("Front gate") == 4


# Only one's own


async def test_nobody_reaches_anything_of_another(
    site: Site, own: Phone, resident: Resident, stack: AsyncExitStack
) -> None:
    other, _ = await _other(site, stack)
    theirs = site.services.links.make(other.id, LinkKind.PERSONAL).link.id
    before = site.store.about(other.id)
    named = {"resident": other.id, "id": other.id}
    assert (await own.post("revoke-link", {"link": theirs} | named)).problem() == "not_found"
    assert (await own.post("withdraw", {"purpose": "face_at_gates"} | named)).status == 200
    assert (await own.post("level", {"level": "no_face"} | named)).status == 200
    assert (await own.post("export", named)).status == 200
    for path in PAGES:
        page = await own.get(f"{path}?resident={other.id}", headers={"X-Resident": other.id})
        assert other.id not in page.raw.decode()
        assert "Resident 2" not in page.raw.decode()
    assert (await own.post("erase", {"confirm": "erase"} | named)).content["resident"] == resident.id
    assert site.store.about(other.id) == before


async def test_nothing_is_done_for_whoever_has_no_link(site: Site, own: Phone, resident: Resident) -> None:
    for cookies in ({}, {"facegate_resident": "x" * 43}, {"facegate_invitation": own.cookie}):
        own.session.cookie_jar.clear()
        own.session.cookie_jar.update_cookies(cookies)
        for path in ("export", "withdraw", "level", "revoke-link", "erase", "open-gate", "revoke"):
            assert (await own.post(path, {"confirm": "erase"})).problem() == "unauthenticated"
    assert site.store.resident(resident.id) == resident


async def test_what_makes_no_sense_does_nothing(site: Site, own: Phone, resident: Resident) -> None:
    for path, body in (
        ("withdraw", {"purpose": 7}),
        ("withdraw", {"purpose": "to_be_sold"}),
        ("level", {"level": "naked"}),
        ("level", {"level": ["strict"]}),
        ("erase", {}),
        ("erase", {"confirm": True}),
        ("open-gate", {}),
        ("open-gate", _tap(direction="up")),
        ("open-gate", _tap(key="short")),
        ("open-gate", _tap(issued_at="now")),
        ("open-gate", _tap(issued_at=True)),
    ):
        assert (await own.post(path, body)).problem() == "invalid", (path, body)
    assert site.store.resident(resident.id) == resident
    assert site.gate_side.asked == []


# To decide


async def test_withdrawing_takes_one_tap_and_leaves_the_other_ways(site: Site, own: Phone, resident: Resident) -> None:
    assert (await own.post("withdraw", {"purpose": "face_at_gates"})).content == {"ended": 1}
    assert site.store.templates() == []
    assert site.gate_side.changes == 1
    assert site.store.resident(resident.id).state is ResidentState.WITHDRAWN
    assert len(site.store.credentials(resident.id)) == 1
    assert site.store.acts(1, resident=resident.id)[0].act is Act.WITHDREW
    assert (await own.post("open-gate", _tap())).status == 200


async def test_no_face_holds_at_once(site: Site, own: Phone, resident: Resident) -> None:
    assert (await own.post("level", {"level": "no_face"})).content == {}
    assert site.store.templates() == []
    assert site.store.resident(resident.id).level is PrivacyLevel.NO_FACE
    assert site.gate_side.changes == 1


async def test_another_way_of_keeping_the_face_leads_to_a_new_enrolment(
    site: Site, own: Phone, resident: Resident
) -> None:
    to = (await own.post("level", {"level": "strict"})).content["to"]
    assert site.store.templates() == []
    assert to.startswith("begin#")
    reply = await own.open(f"{RESIDENTS_URL}/{to}")
    assert reply.content == {"to": "invitation"}
    assert (await own.get("")).status == 200, "one's own page stays open beside the enrolment"


async def test_whoever_wishes_it_is_erased_and_given_a_certificate(site: Site, own: Phone, resident: Resident) -> None:
    answer = await own.post("erase", {"confirm": "erase"})
    assert answer.status == 200
    certificate = Certificate.read(answer.content)
    assert (certificate.resident, str(certificate.cause)) == (resident.id, "resident")
    assert site.store.is_genuine(certificate)
    assert site.store.residents() == []
    assert site.gate_side.changes == 1
    for path in PAGES:
        assert (await own.get(path)).status == 403


async def test_links_of_ones_own_are_revoked_on_the_page(site: Site, own: Phone, resident: Resident) -> None:
    other = site.services.links.make(resident.id, LinkKind.PERSONAL)
    assert (await own.post("revoke-link", {"link": other.link.id})).status == 200
    assert site.services.links.redeem(other.url.partition("#")[2]) is None
    assert (await own.get("choices")).status == 200


# To open


async def test_a_tap_opens_once_and_stands_in_the_record(site: Site, own: Phone, resident: Resident) -> None:
    tap = _tap()
    assert (await own.post("open-gate", tap)).content == {"opened": True}
    assert (await own.post("open-gate", tap)).content == {"opened": True}
    assert len(site.gate_side.asked) == 1
    record = site.store.access_log(1)[0]
    assert (record.gate, record.method, record.resident, record.result) == ("front", "phone", resident.id, "opened")
    assert site.gate_side.until[0] - time.monotonic() < 5.1


async def test_a_tap_that_is_not_fresh_opens_nothing(site: Site, own: Phone) -> None:
    for late in (-5_500, 5_500, -86_400_000):
        assert (await own.post("open-gate", _tap(issued_at=now_ms() + late))).problem() == "open_expired"
    assert site.gate_side.asked == []


async def test_taps_are_rate_limited(site: Site, own: Phone) -> None:
    statuses = [(await own.post("open-gate", _tap(key=f"{n:032x}"))).status for n in range(7)]
    assert statuses == [200] * 6 + [429]


async def test_a_phone_opens_what_its_resident_may_open_and_nothing_else(
    site: Site, own: Phone, resident: Resident
) -> None:
    cases: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("yard", {}, "not_this_gate"),
        ("front", {"gates": frozenset({"yard"})}, "not_this_gate"),
        ("front", {"state": ResidentState.SUSPENDED}, "suspended"),
        ("front", {"valid_until": 1.0}, "expired"),
        ("front", {"valid_from": 4e9}, "outside_hours"),
    )
    for gate, changes, reason in cases:
        site.store.update_resident(replace(resident, **changes))
        answer = await own.post("open-gate", _tap(gate=gate))
        assert answer.problem() == "not_opened"
        assert answer.content["reason"] == f"refused.{reason}"
        record = site.store.access_log(1)[0]
        assert (record.kind, record.method, record.reason, record.resident) == ("denial", "phone", reason, resident.id)
    assert site.gate_side.asked == []


async def test_a_lockdown_and_a_gate_that_is_not_there_stay_closed(site: Site, own: Phone) -> None:
    site.store.set_gate_mode("front", Mode.LOCKDOWN)
    assert (await own.post("open-gate", _tap())).content["reason"] == "refused.lockdown"
    assert (await own.post("open-gate", _tap(gate="nowhere", key="1" * 32))).problem() == "not_found"
    assert site.gate_side.asked == []
    assert "Front gate" in (await own.get("")).raw.decode(), "the button stays, and says why"


async def test_only_gates_that_phones_may_open_have_a_button(site: Site, own: Phone, resident: Resident) -> None:
    html = (await own.get("")).raw.decode()
    assert 'data-gate="front"' in html
    assert 'data-gate="yard"' not in html
    site.store.update_resident(replace(resident, state=ResidentState.SUSPENDED))
    assert "data-gate" not in (await own.get("")).raw.decode()
