"""An invitation on a real phone's browser: from the link to a face that the gates know."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from facegate.core.links import LinkKind
from facegate.core.models import PrivacyLevel, ResidentState
from tests.parts import fake_camera
from tests.parts.web import RESIDENTS_URL, Site

SHOTS = os.environ.get("FACEGATE_SCREENSHOTS", "")
"""A folder for pictures of the pages, for whoever wants to look at them."""


@asynccontextmanager
async def phone(film: Path, *, width: int = 390, language: str = "en") -> AsyncIterator[Page]:
    faults: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=fake_camera.arguments(film)
        )
        context = await browser.new_context(viewport={"width": width, "height": 844}, locale=language)
        await context.grant_permissions(["camera"])
        page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        await browser.close()
    assert faults == []


def link(site: Site, resident: str) -> str:
    made = site.services.links.make(resident, LinkKind.INVITATION)
    return made.url.replace(RESIDENTS_URL, site.residents)


async def shoot(page: Page, name: str) -> None:
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert page.viewport_size is not None
    assert wide <= page.viewport_size["width"], f"{name} is {wide} pixels wide"
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}-{wide}.png", full_page=True)


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("zh-CN", 1280)])
async def test_from_scanning_to_a_working_face(site: Site, tmp_path: Path, language: str, width: int) -> None:
    resident = site.store.add_resident("Resident 1")
    async with phone(fake_camera.film(tmp_path / "film.mjpeg"), language=language, width=width) as page:
        await page.goto(link(site, resident.id))
        taps = ["#begin", "[data-level=standard]", "#agreeing button:not([data-back])"]
        await page.click(taps[0])
        await page.wait_for_selector(taps[1])
        await shoot(page, f"invitation-choice-{language}")
        await page.click(taps[1])
        await shoot(page, f"invitation-notice-{language}")
        await page.click(taps[2])
        await page.wait_for_selector("[data-view=left].got")
        await shoot(page, f"invitation-look-{language}")
        await page.wait_for_selector("#done:not([hidden])")
        await shoot(page, f"invitation-done-{language}")
        assert await page.locator("#own-link").get_attribute("href") is not None
        assert len(taps) == 3, "no typing, and three taps: most of the minute is left for reading"
    assert site.store.resident(resident.id).state is ResidentState.ENROLLED
    assert len({template.id for template in site.store.templates()}) >= 3
    (consent,) = site.store.consents(resident.id)
    assert consent.channel == "phone"
    assert consent.language == ("en" if language == "en" else "zh-Hans")
    assert [link.kind for link in site.services.links.of(resident.id) if link.revoked_at is None] == ["personal"]


async def test_the_three_choices_are_equally_prominent(site: Site, tmp_path: Path) -> None:
    film, firsts = fake_camera.film(tmp_path / "film.mjpeg", ["obama.jpg"]), set()
    async with phone(film, width=1280) as page:
        for number in range(12):
            resident = site.store.add_resident(f"Resident {number}")
            await page.goto("about:blank")
            await page.goto(link(site, resident.id))
            await page.click("#begin")
            await page.wait_for_selector("[data-level]")
            buttons = [await button.bounding_box() for button in await page.locator("[data-level]").all()]
            looks = await page.evaluate(
                "[...document.querySelectorAll('[data-level]')].map((one) => { const style = getComputedStyle(one);"
                " return [style.color, style.backgroundColor, style.fontSize, style.fontWeight, style.border].join() })"
            )
            assert len({(round(box["width"]), round(box["height"])) for box in buttons if box}) == 1
            assert len(set(looks)) == 1
            firsts.add(await page.locator("[data-level]").first.get_attribute("data-level"))
            if len(firsts) == 3:
                break
    assert firsts == set(map(str, PrivacyLevel)), "each choice stands first for somebody"


async def test_without_a_face_nothing_is_asked(site: Site, tmp_path: Path) -> None:
    resident = site.store.add_resident("Resident 1")
    async with phone(fake_camera.film(tmp_path / "film.mjpeg", ["obama.jpg"])) as page:
        await page.goto(link(site, resident.id))
        await page.click("#begin")
        await page.click("[data-level=no_face]")
        await page.wait_for_selector("#done:not([hidden])")
        await shoot(page, "invitation-no-face")
    assert site.store.resident(resident.id).level is PrivacyLevel.NO_FACE
    assert site.store.consents(resident.id) == []
    assert site.store.templates() == []
