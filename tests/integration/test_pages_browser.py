"""A resident's phone, really: Chromium opens an invitation at Home Assistant's address and enrols with its camera."""

import shutil
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from facegate.core.links import LinkKind
from facegate.core.models import ResidentState
from tests.integration.test_pages import HOME, NewVisitor, entry, made, phone, site
from tests.parts import fake_camera
from tests.parts.web import Site

__all__ = ["entry", "made", "phone", "site"]
PHONE: Any = {"width": 390, "height": 844}


async def test_from_the_link_to_a_working_face(site: Site, phone: NewVisitor, tmp_path: Path) -> None:
    one, resident = await phone(), site.store.add_resident("Resident 1")
    here = str(one.client.make_url("")).rstrip("/")
    base = f"{here}/api/facegate/pages/{one.house}/"
    link = site.services.links.make(resident.id, LinkKind.INVITATION).url.replace(HOME, here)
    faults: list[str] = []
    asked: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=fake_camera.arguments(fake_camera.film(tmp_path / "film.mjpeg")),
        )
        context = await browser.new_context(viewport=PHONE, locale="en")
        await context.grant_permissions(["camera"])
        page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(link)
        await page.click("#begin")
        await page.click("[data-level=standard]")
        await page.click("#agreeing button:not([data-back])")
        await page.wait_for_selector("#done:not([hidden])")
        own = await page.locator("#own-link").get_attribute("href")
        assert own is not None
        assert own.startswith(HOME), "the way to one's own page leads through Home Assistant, too"
        await page.goto(own.replace(HOME, here))
        await page.wait_for_url(base)
        await page.wait_for_selector("nav")
        for name in ("pass", "history", "data", "choices"):
            await page.click(f"nav a[href={name}]")
            await page.wait_for_url(f"{base}{name}")
        assert faults == []
        # What a script at this address could reach without the policy: everything that Home Assistant serves.
        reached = await page.evaluate("fetch('/api/').then(() => 'reached', () => 'refused')")
        assert reached == "refused"
        kept = {cookie["name"]: cookie for cookie in await context.cookies()}
        await browser.close()
    assert {cookie["path"] for cookie in kept.values()} == {f"/api/facegate/pages/{one.house}/"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in kept.values())
    assert site.store.resident(resident.id).state is ResidentState.ENROLLED
    assert all(url.startswith((base, "blob:", "data:")) for url in asked)
