"""Pictures of every page at the width of a phone and of a desk, in both languages, light and dark, and how fast it is.

    .cache/environments/product/bin/python scripts/lib/screenshots.py FOLDER [--only NAME]

Prints for each page when the first paint came and what it weighs, and exits with 1 where one is over 1 s or 150 kB.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.parts import tour

MOST_MS, MOST_BYTES = 1000, 150_000


async def shoot(folder: Path, only: str) -> int:
    """Take them all."""
    slow = 0
    with tempfile.TemporaryDirectory() as data:
        async with tour.house(Path(data) / "data") as site, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"))
            for width in (tour.PHONE, tour.DESK):
                for language in ("en", "zh-CN"):
                    for dark in (False, True):
                        if dark and language == "zh-CN":
                            continue  # the colours are those of the English page
                        slow += await _round(folder, only, browser, site, width, language, dark)
            await browser.close()
    return int(slow > 0)


async def _round(folder, only, browser, site, width, language, dark) -> int:  # noqa: PLR0917  # the axes of one look
    over = 0
    async with tour.visitor(browser, site, width=width, language=language, dark=dark) as (page, _):
        for stop in tour.stops(site):
            if only not in stop.name:
                continue
            await tour.go(page, site, stop)
            weight = await tour.weight(page)
            paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1")
            await page.wait_for_timeout(300)
            name = f"{stop.name}-{width}-{language}{'-dark' if dark else ''}"
            await page.screenshot(path=folder / f"{name}.png", full_page=True)
            bad = paint > MOST_MS or weight > MOST_BYTES
            over += bad
            print(f"{name:44} first paint {paint:5.0f} ms  {weight / 1000:6.1f} kB{'  OVER' if bad else ''}")
    return over


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="pages whose name holds this")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    sys.exit(asyncio.run(shoot(wanted.folder, wanted.only)))
