"""Enrol, Notices and Invitations in a real browser, as an owner uses them, in both languages and widths."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page

from facegate.core.consent import Purpose
from facegate.core.models import Camera, Gate, Resident, ResidentState
from tests.parts.browser import OWNER, browser_page
from tests.parts.fake_camera import LOOKS, seen
from tests.parts.web import PEOPLE, Site, running_site

SHOTS = os.environ.get("FACEGATE_SCREENSHOTS", "")
"""A folder for pictures of the pages, for whoever wants to look at them."""
LOOKED = [("en", 1280), ("zh-CN", 390)]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.set_member(OWNER, "Owner", "owner")
        running.store.add_gate(Gate("front", "Front gate", trial=True))
        running.store.add_camera(Camera("c1", "front", "rtsp://camera.example/1"))
        yield running


async def shown(site: Site, name: str) -> None:
    site.scenes["c1"] = await asyncio.to_thread(seen, name)


async def somebody_turns(site: Site, page: Page) -> None:
    """Before the camera stands one man who turns his head once the page has what it saw, and no sooner."""
    for got, name in enumerate(LOOKS[1:], start=1):
        await page.wait_for_function("(count) => document.querySelectorAll('[data-view].got').length >= count", arg=got)
        await shown(site, name)


async def shoot(page: Page, name: str) -> None:
    assert page.viewport_size is not None
    width = page.viewport_size["width"]
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is too wide"
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)


async def agree(page: Page, resident: Resident) -> None:
    await page.wait_for_selector(f"#resident option[value='{resident.id}']", state="attached")
    await page.select_option("#resident", resident.id)
    await page.check("[name=agreed]")


@pytest.mark.parametrize(("language", "width"), LOOKED)
async def test_at_the_gates_camera(site: Site, language: str, width: int) -> None:
    resident = site.store.add_resident("Resident 1")
    await shown(site, LOOKS[0])
    async with browser_page(width=width, language=language) as page:
        page.set_default_timeout(60_000)
        await page.goto(f"{site.pages}/enrol")
        await agree(page, resident)
        await shoot(page, f"enrol-{language}")
        await page.click("#enrol button:not([type])")
        await page.wait_for_selector("[data-view=front].got")
        await page.wait_for_selector("#picture[src^='data:image/jpeg']")
        await shoot(page, f"enrol-live-{language}")
        await somebody_turns(site, page)
        await page.wait_for_selector("#result:not([hidden])")
        await shoot(page, f"enrol-done-{language}")
        assert await page.locator("#picture[src]").count() == 0, "the picture goes with the session"
    assert site.store.resident(resident.id).state is ResidentState.ENROLLED
    assert [consent.channel for consent in site.store.consents(resident.id)] == ["panel"]


async def test_the_only_person_of_home_assistant_becomes_a_resident_by_being_enrolled(site: Site) -> None:
    site.services.persons.hear({"person.owner": "Owner"})
    await shown(site, LOOKS[0])
    async with browser_page() as page:
        await page.goto(f"{site.pages}/enrol")
        await page.wait_for_selector("#resident option[value='person.owner']", state="attached")
        await page.check("[name=agreed]")
        assert site.store.residents() == []  # nobody is one by having been looked at
        await page.click("#enrol button:not([type])")
        await page.wait_for_selector("#live:not([hidden])")
        await page.click("#cancel")
        await page.wait_for_selector("#before:not([hidden])")
    [resident] = site.store.residents()
    assert (resident.name, resident.person) == ("Owner", "person.owner")


async def test_cancelling_keeps_nothing(site: Site) -> None:
    resident = site.store.add_resident("Resident 1")
    await shown(site, LOOKS[0])
    async with browser_page() as page:
        await page.goto(f"{site.pages}/enrol")
        await agree(page, resident)
        await page.click("#enrol button:not([type])")
        await page.wait_for_selector("[data-view=front].got")
        await page.click("#cancel")
        await page.wait_for_selector("#before:not([hidden])")
    assert site.store.templates() == []
    assert site.store.consents(resident.id) == []


async def test_from_pictures_that_were_handed_in(site: Site) -> None:
    [child] = site.store.add_residents([{"name": "Resident 1", "minor": True}])
    async with browser_page(width=390) as page:
        await page.goto(f"{site.pages}/enrol")
        await agree(page, child)
        await page.select_option("#way", "pictures")
        await page.fill("input[name=guardian]", "Guardian")
        await page.fill("input[name=remark]", "seen at the office")
        await page.set_input_files(
            "[name=pictures]", [PEOPLE / "obama.jpg", PEOPLE / "biden.jpg", PEOPLE / "obama2.jpg"]
        )
        await page.click("#enrol button:not([type])")
        await page.wait_for_selector("#result:not([hidden])")
        await shoot(page, "enrol-pictures-en")
        assert await page.locator("#result-list li").count() == 3
    (consent,) = site.store.consents(child.id)
    assert consent.guardian is not None
    assert (consent.guardian.name, consent.remark, consent.channel) == ("Guardian", "seen at the office", "paper")
    assert len(site.store.templates()) == 2


@pytest.mark.parametrize(("language", "width"), LOOKED)
async def test_notices_are_changed_and_consents_withdrawn(site: Site, language: str, width: int) -> None:
    resident = site.store.add_resident("<b>Resident 1</b>")
    async with browser_page(width=width, language=language) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto(f"{site.pages}/notices")
        record = page.locator(f"button[data-send='POST do/api/v1/residents/{resident.id}/consents']")
        async with page.expect_navigation():
            await record.click()
        await shoot(page, f"notices-{language}")
        form = page.locator(f"form[data-send='PUT do/api/v1/notices/{Purpose.PRESENCE_IN_HOME_ASSISTANT}']")
        await form.locator("textarea[name=en]").fill("<script>alert(1)</script>\nOther words.")
        await form.locator("textarea[name=zh-Hans]").fill("别的话。")
        await form.locator("[name=new_meaning]").check()
        async with page.expect_navigation():
            await form.locator("button").click()
        outdated = site.services.consents.by_resident()[resident.id][1]
        assert outdated.state == "outdated"
        async with page.expect_navigation():
            await page.click("button.danger")
        assert site.services.consents.by_resident()[resident.id][1].state == "withdrawn"
        assert await page.locator("b").count() == 0


@pytest.mark.parametrize(("language", "width"), LOOKED)
async def test_invitations_are_printed_on_a_sheet_for_each_flat(site: Site, language: str, width: int) -> None:
    flats = ["1-101", "1-101", "1-102", "", ""]
    site.store.add_residents([{"name": f"Resident {n}", "flat": flat} for n, flat in enumerate(flats, 1)])
    async with browser_page(width=width, language=language) as page:
        await page.goto(f"{site.pages}/invitations")
        await page.wait_for_selector("#list input")
        await page.click("#who button:not([type])")
        await page.wait_for_selector(".one img[src^='data:image/svg']")
        assert await page.locator(".sheet").count() == 4, "whoever has no flat reads nobody else's"
        assert await page.locator(".one").count() == 5
        assert await page.locator(".said[lang=en]").count() == await page.locator(".said[lang=zh-Hans]").count() == 5
        await shoot(page, f"invitations-{language}")
        if SHOTS and width == 1280:
            await page.pdf(path=f"{SHOTS}/invitations.pdf", format="A4")
