"""A resident's phone, really: Chromium at the width of a phone, in both languages, from the link to the certificate."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from facegate.core.links import LinkKind
from facegate.core.models import Gate
from tests.addon.test_rights import enrolled
from tests.parts.web import RESIDENTS_URL, Site, running_site

SHOTS = os.environ.get("FACEGATE_SCREENSHOTS", "")
"""A folder for pictures of the pages, for whoever wants to look at them."""
PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.add_gate(Gate("front", "Front gate", phone=True, trial=True))
        yield running


async def _shoot(page: Page, name: str) -> None:
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], f"{name} is {width} pixels wide"
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_from_the_link_to_the_certificate(site: Site, language: str) -> None:
    resident = enrolled(site.store, "Resident 1")
    url = site.services.links.make(resident.id, LinkKind.PERSONAL).url.replace(RESIDENTS_URL, site.residents)
    faults: list[str] = []
    asked: set[str] = set()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"))
        context = await browser.new_context(viewport=PHONE, locale=language, color_scheme="light")
        page = await context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.add(request.url))
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto(url)
        await page.wait_for_selector("[data-gate]")
        assert page.url == f"{site.residents}/", "no token stands in the address"
        await _shoot(page, f"own-{language}")
        await page.click("[data-gate=front][data-direction=entry]")
        await page.wait_for_selector("#news:not(:empty)")
        assert not await page.locator("#news.wrong").count()
        assert len(site.gate_side.asked) == 1
        await page.click("main a[href=pass]")
        await page.wait_for_url("**/pass")
        await _shoot(page, f"pass-{language}")
        for name in ("history", "data", "choices"):
            await page.click(f"nav a[href={name}]")
            await page.wait_for_url(f"**/{name}")
            await _shoot(page, f"{name}-{language}")
        await page.goto(f"{site.residents}/data")
        async with page.expect_download() as download:
            await page.click("#export")
        assert (await (await download.value).path()).stat().st_size > 1000
        await page.goto(f"{site.residents}/choices")
        await page.click("[data-send=withdraw]")
        await page.wait_for_selector("[data-send=withdraw]", state="detached")
        assert site.store.templates() == []
        await page.check("#erase input")
        await page.click("#erase button")
        await page.wait_for_selector("#certificate:not([hidden])")
        await _shoot(page, f"certificate-{language}")
        assert site.store.residents() == []
        await page.goto(f"{site.residents}/")
        await _shoot(page, f"door-{language}")
        await browser.close()
    assert [fault for fault in faults if "403" not in fault] == []
    assert all(url.startswith((site.residents, "blob:")) for url in asked), asked
    assert not any("#" in url or len(url) > 60 for url in asked if not url.startswith("blob:") and "open#" not in url)
