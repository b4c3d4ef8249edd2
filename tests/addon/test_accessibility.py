"""Nobody is kept out of a page: axe over every page in both languages, light and dark, and what each page weighs."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.parts import axe, tour
from tests.parts.web import Site

MOST_BYTES = 150_000


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with tour.house(tmp_path / "data") as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser
        await browser.close()


@pytest.mark.parametrize(("language", "dark", "width"), [("en", False, tour.DESK), ("zh-CN", True, tour.PHONE)])
async def test_axe_finds_nothing_serious(site: Site, browser: Browser, language: str, dark: bool, width: int) -> None:
    axe.fetch()
    found = {}
    async with tour.visitor(browser, site, width=width, language=language, dark=dark) as (page, _):
        for stop in tour.stops(site):
            await tour.go(page, site, stop)
            if faults := await axe.serious(page):
                found[stop.name] = faults
    assert found == {}


async def test_pages_fit_a_phone_and_are_light(site: Site, browser: Browser) -> None:
    heavy, wide = {}, {}
    async with tour.visitor(browser, site, width=tour.PHONE) as (page, _):
        for stop in tour.stops(site):
            await tour.go(page, site, stop)
            weight = await tour.weight(page)
            assert weight > 5_000, f"{stop.name} was not weighed"
            if weight > MOST_BYTES:
                heavy[stop.name] = weight
            if (across := await page.evaluate("document.documentElement.scrollWidth")) > tour.PHONE:
                wide[stop.name] = across
    assert heavy == {}
    assert wide == {}
