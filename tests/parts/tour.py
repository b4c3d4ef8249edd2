"""Every page of the panel and of the residents, of a house in which something has happened."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page

from facegate.adapters.store import Intent
from facegate.core.audit import Act
from facegate.core.links import LinkKind
from facegate.core.models import Camera, Direction, Gate, Method, Reason
from facegate.web.panel.site import PAGES
from facegate.web.panel.visitors import USER_ID
from facegate.web.resident_pages.site import MODULES
from tests.parts.web import RESIDENTS_URL, Site, running_site

OWNER = "a" * 32
PHONE, DESK = 390, 1280
"""Widths at which pages are looked at."""


@dataclass(frozen=True)
class Stop:
    """One page: its name for people and files, and its address below its site's."""

    name: str
    path: str
    of_residents: bool = False


def stops(site: Site) -> list[Stop]:
    """All of them, with what they are about in the address."""
    about = {
        "gate": "id=front",
        "walk": "id=front",
        "sheet": "id=front",
        "snapshots": "id=front",
        "document": "name=notice",
    }
    panel = [Stop(page.name, f"{page.path}?{about[page.path]}" if page.path in about else page.path) for page in PAGES]
    pages = [page for module in MODULES for page in module.PAGES]
    return panel + [Stop(f"resident-{page.path or 'own'}", page.path, of_residents=True) for page in pages]


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[Site]:
    """A site with gates, a camera, residents, a guest, looks and passages."""
    async with running_site(folder) as site:
        store, now = site.store, time.time()
        store.set_member(OWNER, "Owner", "owner")
        store.set_member("b" * 32, "Guard", "guard")
        store.add_gate(Gate("front", "Front gate", trial=True, phone=True))
        store.add_gate(Gate("garage", "Garage"))
        store.add_camera(Camera("door", "front", "rtsp://camera.example/1"))
        for number, flat in enumerate(("1A", "1B", "12C"), 1):
            resident = store.add_resident(f"Resident {number}")
            store.update_resident(replace(resident, flat=flat))
            opening = f"{number:016x}"
            intent = Intent(opening, "front", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, now - 60 * number)
            store.begin_opening(replace(intent, resident=resident.id))
            store.finish_opening(opening, "opened", "-", now - 60 * number + 0.3)
        store.record_act("Owner", Act.LOOKED, resident=resident.id, reason="a bicycle was stolen", span=(now - 9, now))
        store.make_link(resident.id, LinkKind.INVITATION)
        yield site


@asynccontextmanager
async def visitor(
    browser: Browser, site: Site, *, width: int = DESK, language: str = "en", dark: bool = False
) -> AsyncIterator[tuple[Page, BrowserContext]]:
    """A browser that is the owner in the panel and a resident on the residents' pages."""
    context = await browser.new_context(
        viewport={"width": width, "height": 844 if width == PHONE else 900},
        locale=language,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        extra_http_headers={USER_ID: OWNER},
    )
    page = await context.new_page()
    page.set_default_timeout(15_000)
    resident = site.store.residents()[0]
    link = site.services.links.make(resident.id, LinkKind.PERSONAL).url.replace(RESIDENTS_URL, site.residents)
    await page.goto(link)
    await page.wait_for_url(f"{site.residents}/")
    yield page, context
    await context.close()


async def go(page: Page, site: Site, stop: Stop) -> None:
    """Go to a page and wait until it has loaded; some keep a connection open, so silence is not waited for."""
    await page.goto(f"{site.residents if stop.of_residents else site.pages}/{stop.path}", wait_until="load")
    await page.wait_for_timeout(150)  # what its script does first


async def weight(page: Page) -> int:
    """Bytes of a page with everything it has loaded, cached or not, but for what it asks while it is looked at."""
    counted: int = await page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".filter(entry => !entry.name.includes('/do/')).reduce((sum, entry) => sum + entry.decodedBodySize, 0)"
    )
    return counted
