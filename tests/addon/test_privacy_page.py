"""The page Privacy: the register holds all that the schema has, and everything that was done stands there in words."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from facegate.adapters.crypto import Kind
from facegate.adapters.store import Store, schema
from facegate.core.audit import HOUSEKEEPING, RESIDENT, Act
from facegate.core.consent import Purpose
from facegate.core.leaving import Cause
from facegate.core.models import Gate
from facegate.core.register import REGISTER, About, Kept, Place, tables
from facegate.core.trail import Broken
from facegate.residents.privacy import Privacy
from facegate.web.panel import privacy
from facegate.web.panel.visitors import USER_ID
from facegate.web.panel.words import words
from tests.parts.panel import AUDITOR, GUARD, NOBODY, OWNER
from tests.parts.web import LOCAL_TOKEN, Site, running_site

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.set_member(OWNER, f"Owner {MARKUP}", "owner")
        running.store.set_member(GUARD, "Guard 1", "guard")
        running.store.set_member(AUDITOR, "Auditor 1", "auditor")
        running.store.add_gate(Gate("main", "Main gate"))
        yield running


async def look(site: Site, user: str = OWNER, language: str = "en") -> tuple[int, str]:
    headers = {USER_ID: user, "Accept-Language": language}
    async with site.session.get(f"{site.pages}/privacy", headers=headers) as response:
        return response.status, await response.text()


def test_the_register_holds_every_table_and_column_of_the_schema() -> None:
    present = {table.name: frozenset(column.name for column in table.c) for table in schema.metadata.sorted_tables}
    found = tables()
    assert present.keys() - found.keys() == set(), "say in core/register.py what the new table is for"
    for name, columns in present.items():
        assert columns ^ found[name] == set(), f"say in core/register.py what the columns of '{name}' are for"
    assert found.keys() - present.keys() == set(), "the table is gone, so it leaves core/register.py"
    assert {entry.name for entry in REGISTER if entry.place is Place.KEYS} == {"site_key", *Kind}


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_there_are_words_for_all_of_it(language: str) -> None:
    known = words(language)
    keys = [f"place.{place}" for place in Place] + [f"of.{about}" for about in About]
    keys += [f"kept.{kept}" for kept in Kept] + [f"store.{entry.place}.{entry.name}" for entry in REGISTER]
    keys += (
        [f"act.{act}" for act in Act] + [f"broken.{what}" for what in Broken] + [f"cause.{cause}" for cause in Cause]
    )
    keys += [f"actor.{HOUSEKEEPING}", f"actor.{RESIDENT}"]
    assert [key for key in keys if not known.get(f"privacy.{key}")] == []
    fields = [(entry.name, field) for entry in REGISTER for field in entry.fields]
    assert [
        field
        for name, field in fields
        if not (known.get(f"privacy.field.{name}.{field}") or known.get(f"privacy.field.{field}"))
    ] == []


def test_it_counts_what_there_is(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data") as store:
        for number in range(3):
            store.add_resident(f"Resident {number}")
        (store.data / "facegate-before-migration-from-0001.db").write_bytes(b"x" * 2048)
        register = Privacy(store).register()
        many = {(stock.entry.place, stock.entry.name): stock.many for stock in register.stocks}
        assert many[Place.DATABASE, "residents"] == 3
        assert many[Place.KEYS, "residents"] == 3
        assert many[Place.FILES, "copies"] == 1
        assert many[Place.MEMORY, "frames"] is None
        assert register.copies_bytes == 2048
        assert register.database_bytes > 4096


async def test_who_looked_and_what_was_done_stand_there_in_words(site: Site) -> None:
    person = site.store.add_resident(f"Resident {MARKUP}")
    site.store.record_looks("Auditor 1", [person.id], f"Because {MARKUP}", (1.0, 2.0))
    site.store.record_act(HOUSEKEEPING, Act.PSEUDONYMISED, many=17)
    site.store.record_act(f"Owner {MARKUP}", Act.SETTINGS_CHANGED, reason=MARKUP)
    site.store.checkpoint()
    for language in ("en", "zh-Hans"):
        status, html = await look(site, AUDITOR, language)
        assert status == 200
        assert MARKUP not in html
        text = unescape(re.sub(r"\s+", " ", html))
        known = words(language)
        looked = text.partition('aria-labelledby="looks"')[2].partition("</section>")[0]
        assert f"Resident {MARKUP}" in looked
        assert f"Because {MARKUP}" in looked
        done = text.partition('aria-labelledby="retention"')[2].partition("</section>")[0]
        assert f"{known['privacy.act.pseudonymised']} (17)" in done
        assert known["privacy.act.settings_changed"] in text.partition('aria-labelledby="acts"')[2]
        (checkpoint,) = site.store.checkpoints()
        assert f"{checkpoint.statement.decode()} {checkpoint.signature.hex()}" in text


async def test_whoever_is_erased_is_nobody_in_the_looks(site: Site) -> None:
    person = site.store.add_resident("Resident 1")
    site.store.record_looks("Auditor 1", [person.id], "A parcel is missing", (1.0, 2.0))
    site.store.erase_resident(person.id)
    _, html = await look(site)
    looked = html.partition('aria-labelledby="looks"')[2].partition("</section>")[0]
    assert words("en")["privacy.nobody"] in looked
    assert "parcel" not in looked
    assert "Resident 1" not in html
    certificates = html.partition('aria-labelledby="certificates"')[2].partition("</section>")[0]
    assert person.id in certificates


async def test_consents_are_counted_by_purpose_and_state(site: Site) -> None:
    _, html = await look(site)
    assert words("en")["privacy.consents_none"] in html
    people = [site.store.add_resident(f"Resident {number}").id for number in range(3)]
    holds = site.services.consents.notice(Purpose.FACE_AT_GATES, "en").hash
    for person, notice in zip(people, (holds, holds, "0" * 64), strict=True):
        site.store.add_consent(person, notice=notice, language="en", channel="panel")
    site.store.withdraw_consent(site.store.consents(people[1])[0].id)
    _, html = await look(site)
    shown = html.partition('aria-labelledby="consents"')[2].partition("</section>")[0]
    assert '<span class="many">1</span>' in shown
    assert words("en")["privacy.consents_else"].format(outdated=1, withdrawn=1) in shown


async def test_it_is_for_owners_and_auditors(site: Site) -> None:
    assert [(await look(site, user))[0] for user in (OWNER, AUDITOR, GUARD, NOBODY)] == [200, 200, 403, 403]


async def test_a_clock_that_is_doubted_is_confirmed_by_an_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_site(tmp_path) as site:
        for user, role in ((OWNER, "owner"), (AUDITOR, "auditor")):
            site.store.set_member(user, role, role)
        assert 'id="clock"' not in (await look(site))[1]
        doubting = replace(site.services, privacy=replace(site.services.privacy, doubts_clock=lambda: True))
        shown = privacy._read(doubting, words("en"))
        assert shown["doubted"] is True
        assert (await site.ask("POST", "/clock/confirmation", token=LOCAL_TOKEN)).content == {"doubted": False}
        assert [deed.act for deed in site.store.acts()] == [Act.CLOCK_CONFIRMED]
