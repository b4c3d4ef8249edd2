"""A real browser before the panel, as a member of it; what the page complains of fails the test."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright

OWNER = "a" * 32


@asynccontextmanager
async def browser_page(user: str = OWNER, *, width: int = 1280, language: str = "en") -> AsyncIterator[Page]:
    """One page in Debian's Chromium, as this user of Home Assistant."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"))
        context = await browser.new_context(
            viewport={"width": width, "height": 900}, locale=language, extra_http_headers={"X-Remote-User-Id": user}
        )
        page = await context.new_page()
        page.set_default_timeout(40_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        await browser.close()
    assert complaints == []
