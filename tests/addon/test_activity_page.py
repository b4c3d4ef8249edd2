"""The page Activity: names for a reason only, nothing but the last minutes for guards, and no text becomes markup."""

import json
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from playwright.async_api import expect

from facegate.adapters.store import Intent
from facegate.adapters.store.access import KINDS
from facegate.core.activity import EVENTS, RESULTS, SEEN
from facegate.core.audit import Act
from facegate.core.models import Direction, Gate, Method, Reason
from facegate.web.panel.visitors import USER_ID
from facegate.web.panel.words import words
from tests.parts.browser import browser_page
from tests.parts.panel import AUDITOR, GUARD, NOBODY, OWNER
from tests.parts.web import Site, running_site

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.set_member(OWNER, "Owner 1", "owner")
        running.store.set_member(GUARD, "Guard 1", "guard")
        running.store.set_member(AUDITOR, "Auditor 1", "auditor")
        running.store.add_gate(Gate("main", f"Main {MARKUP}"))
        yield running


async def look(site: Site, user: str = OWNER, query: str = "", language: str = "en") -> tuple[int, str]:
    headers = {USER_ID: user, "Accept-Language": language}
    async with site.session.get(f"{site.pages}/activity{query}", headers=headers) as response:
        return response.status, await response.text()


def visit(site: Site, number: int, at: float, resident: str | None = None, actor: str | None = None) -> None:
    name = f"{number:016x}"
    site.store.begin_opening(
        Intent(name, "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, at, resident, actor, MARKUP)
    )
    site.store.finish_opening(name, "opened", "", at)


def records(html: str) -> list[str]:
    return [unescape(what) for what in re.findall(r'class="what">([^<]*)<', html)]


async def test_an_owner_and_an_auditor_see_what_was_and_no_name(site: Site) -> None:
    person = site.store.add_resident("Resident 1")
    visit(site, 1, time.time() - 86400, person.id, MARKUP)
    visit(site, 2, time.time() - 86400, None, MARKUP)
    for user in (OWNER, AUDITOR):
        status, html = await look(site, user)
        assert status == 200
        assert records(html) == ["Opened · face recognised"] * 2
        listed = html.partition('id="live"')[2].partition('id="track"')[0]
        assert "Resident 1" not in listed
        assert person.id not in listed
        assert MARKUP not in html
    assert site.store.acts() == []


async def test_a_guard_sees_the_last_minutes_alone(site: Site) -> None:
    person = site.store.add_resident("Resident 1")
    visit(site, 1, time.time() - 3600, person.id)
    visit(site, 2, time.time(), person.id)
    for query in ("", "?day=2020-01-01", "?before=1"):
        status, html = await look(site, GUARD, query)
        assert status == 200
        assert len(records(html)) == 1
        assert person.id not in html
        assert "Resident 1" not in html
        assert 'id="track"' not in html
    assert (await look(site, NOBODY))[0] == 403


async def test_the_list_is_chosen_by_day_gate_and_kind(site: Site) -> None:
    today = (datetime.now().astimezone() - timedelta(days=40)).date()
    noon = time.mktime((today.year, today.month, today.day, 12, 0, 0, 0, 0, -1))
    visit(site, 1, noon)
    site.store.record_denial(
        gate="main", direction=Direction.EXIT, method=Method.FACE, reason=Reason.UNKNOWN_FACE, at=noon
    )
    visit(site, 2, noon + 86400)
    assert len(records((await look(site, query=f"?day={today}"))[1])) == 2
    assert records((await look(site, query=f"?day={today}&kind=denial"))[1]) == ["Refused · face not known here"]
    assert records((await look(site, query="?gate=side"))[1]) == []
    chart = (await look(site, query=f"?day={today}"))[1]
    assert f"<title>{time.localtime(noon).tm_hour}:00 · 1</title>" in chart


@pytest.mark.parametrize(
    "query", ["?day=x&gate='--&kind=%3Cb%3E&before=-1", "?before=99999999999999999999", "?day=9999-12-31"]
)
async def test_no_question_breaks_the_page_or_gets_into_it(site: Site, query: str) -> None:
    visit(site, 1, time.time())
    status, html = await look(site, query=query)
    assert status == 200
    assert "<b>" not in html


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_there_are_words_for_whatever_can_be_recorded(language: str) -> None:
    known = words(language)
    keys = [f"why.{reason}" for reason in Reason]
    keys += [f"seen.{seen}" for seen in SEEN] + [f"result.{result}" for result in RESULTS]
    keys += [f"event.{event}" for event in EVENTS] + [f"kind.{kind}" for kind in KINDS]
    keys += [f"method.{method}" for method in Method if method is not Method.NONE]
    keys += ["opened", "under_way", "interrupted", "not_opened", "refused", "other"]
    assert [key for key in keys if not known.get(f"activity.{key}")] == []


def test_both_languages_say_the_same() -> None:
    folder = Path(__file__).parents[2] / "addon/src/facegate/web/panel/texts"
    english, chinese = (json.loads((folder / name / "activity.json").read_text()) for name in ("en", "zh-Hans"))
    assert english.keys() == chinese.keys()
    assert [key for key in english if english[key].count("{") != chinese[key].count("{")] == []


async def test_names_come_for_a_reason_and_as_text_and_the_list_follows_by_itself(site: Site) -> None:
    person = site.store.add_resident(f"Resident {MARKUP}")
    visit(site, 1, time.time(), person.id)
    async with browser_page(OWNER) as page:
        await page.goto(f"{site.pages}/activity")
        visit(site, 2, time.time())
        await expect(page.locator("#live li")).to_have_count(2, timeout=20_000)  # without a reload
        await page.click("#ask")
        await page.fill("#why textarea", "short")
        await page.click("#why-form button:not(.plain)")
        assert site.store.acts() == []  # the browser itself does not send it
        await page.fill("#why textarea", f"Because of {MARKUP}")
        await page.click("#why-form button:not(.plain)")
        await expect(page.locator("#live li .who").last).to_have_text(f"Resident {MARKUP} · {MARKUP}")
        await page.select_option("#track select", person.id)
        await page.fill("#track textarea", "A parcel is missing")
        await page.click("#track button")
        await expect(page.locator("#track-records li")).to_have_count(1)
        await expect(page.locator("#track-records .where")).to_contain_text(f"Main {MARKUP}")
        assert await page.locator("main script").count() == 0
    assert [(deed.resident, deed.reason) for deed in site.store.acts(of={Act.LOOKED})] == [
        (person.id, "A parcel is missing"),
        (person.id, f"Because of {MARKUP}"),
    ]
