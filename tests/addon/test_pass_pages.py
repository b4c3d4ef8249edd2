"""Pages about passes in a real browser: what it shows is read back from its own screen as a camera would read it."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.async_api import BrowserContext, Page, async_playwright

from facegate.core.links import LinkKind
from facegate.core.models import Direction, Gate
from facegate.core.passes import Kind, read, step_at
from facegate.vision.codes import read_codes
from facegate.web.resident_pages.pass_page import AHEAD
from tests.parts.residents import personal_phone, phone
from tests.parts.web import Site, running_site

OWNER = {"X-Remote-User-Id": "a" * 32, "X-Remote-User-Display-Name": "Owner"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path / "data") as site:
        site.store.add_gate(Gate("main", "Main gate", trial=True))
        site.store.set_member("a" * 32, "Owner", "owner")
        yield site


@pytest.fixture
async def browser() -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await started.new_context(viewport={"width": 390, "height": 844}, locale="en")
        yield context
        await started.close()


async def on_screen(page: Page) -> list[str]:
    """The codes that a camera would read from this screen."""
    picture = cv2.imdecode(np.frombuffer(await page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    return [seen.text for seen in read_codes(picture)]


async def test_a_phone_shows_its_pass_and_goes_on_without_a_network(site: Site, browser: BrowserContext) -> None:
    resident = site.store.add_resident("Resident 1")
    link = site.services.links.make(resident.id, LinkKind.PERSONAL)
    page = await browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    address = link.url.replace("http://house.example:8712", site.residents)
    await page.goto(address)
    await page.wait_for_url(f"{site.residents}/")
    await page.goto(f"{site.residents}/pass")
    await page.click("#make")
    await page.wait_for_selector("#code svg")
    code = read((await on_screen(page))[0])
    assert code is not None
    assert site.store.use_pass(code, "main", Direction.ENTRY).resident == resident.id
    assert await page.inner_text("#minutes") in {str(AHEAD // 4 - 1), str(AHEAD // 4)}
    await browser.set_offline(True)
    # The page's own clocks, half a minute on, as if the phone had been in a pocket meanwhile.
    await page.evaluate("const at = Date.now; Date.now = () => at() + 30000;")
    await page.wait_for_timeout(600)  # two of its own steps
    assert await page.locator("#code.over").count() == 0
    later = read((await on_screen(page))[0])
    assert later is not None
    assert later != code
    known = dict(site.store.pass_codes(later.id, resident.id, 5))
    assert later.text in {known[step] for step in known if step >= step_at(time.time()) + 1}
    await page.evaluate(f"const then = Date.now; Date.now = () => then() + {AHEAD * 15_000};")
    await page.wait_for_selector("#state:has-text('run out')")
    assert await on_screen(page) == []
    assert wrong == []


async def test_a_phone_is_given_codes_and_never_the_secret_and_only_its_own(site: Site) -> None:
    one, other = (site.store.add_resident(f"Resident {n}") for n in (1, 2))
    mine, theirs = [await personal_phone(site, resident.id) for resident in (one, other)]
    try:
        first, again, another = [
            (await phone_.post("pass-codes", body)).content
            for phone_, body in ((mine, {}), (mine, {"resident": other.id}), (theirs, {}))
        ]
        assert set(first) == {"pass", "now", "seconds", "codes"}
        assert len(first["codes"]) == AHEAD
        assert first["pass"] == again["pass"] != another["pass"]
        anew = (await mine.post("pass-codes", {"anew": True})).content
        assert anew["pass"] != first["pass"]
        assert [known.revoked_at is None for known in site.store.passes(one.id)] == [True, False]
        stranger = phone(site)
        assert (await stranger.post("pass-codes", {})).status == 401
        await stranger.session.close()
        assert len((await mine.get("pass")).raw) < 20_000
    finally:
        await mine.session.close()
        await theirs.session.close()


async def test_an_owner_makes_a_guests_pass_and_revokes_it(site: Site, browser: BrowserContext) -> None:
    await browser.set_extra_http_headers(OWNER)
    page = await browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto(f"{site.pages}/passes")
    await page.fill('[name="label"]', "<b>Plumber</b>")
    await page.fill('[name="uses"]', "2")
    await page.check('[name="gate"]')
    await page.click("#make button")
    await page.wait_for_selector("#made img[src]")
    await page.wait_for_timeout(300)
    [text] = await on_screen(page)
    code = read(text)
    assert code is not None
    assert code.kind is Kind.FIXED
    assert site.store.use_pass(code, "main", Direction.ENTRY).granted
    assert "<b>Plumber</b>" in await page.inner_text("#list")
    await page.click("#done")
    assert await page.get_attribute("#made img", "src") is None
    await page.click("#list .danger")
    await page.wait_for_selector("#news:has-text('revoked')")
    assert site.store.use_pass(code, "main", Direction.ENTRY).reason == "pass_revoked"
    assert wrong == []
