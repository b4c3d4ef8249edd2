"""How long several hundred persons and residents take: telling, listing, and the panel's page in a browser.

    scripts/measure persons [--residents 500] [--persons 900]

Over real HTTP on a real store in a temporary folder. About half a minute.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "addon" / "src")]

from facegate.core.models import Gate  # noqa: E402
from tests.parts.browser import OWNER, browser_page  # noqa: E402
from tests.parts.web import LOCAL_TOKEN, Site, running_site  # noqa: E402


class Watch:
    """Prints how long each step took."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def __call__(self, what: str) -> None:
        print(f"{what:52} {1000 * (time.perf_counter() - self._since):6.0f} ms")
        self._since = time.perf_counter()


async def measure(site: Site, residents: int, persons: int) -> None:
    """Print the figures."""
    site.store.set_member(OWNER, "Owner", "owner")
    site.store.add_gate(Gate("main", "Main gate"))
    site.store.add_residents([{"name": f"Resident {n}", "person": f"person.p{n}"} for n in range(residents)])
    told = {"persons": [{"id": f"person.p{n}", "name": f"Resident {n}"} for n in range(persons)]}
    renamed = {"persons": [{**one, "name": f"{one['name']} anew"} for one in told["persons"]]}
    watch = Watch()
    for what, body in (("first", told), ("unchanged", told), ("with all of them renamed", renamed)):
        await site.ask("PUT", "/persons", body, token=LOCAL_TOKEN)
        watch(f"told of {persons} persons, {what}")
    for path in ("/residents", "/persons"):
        await site.ask("GET", path, token=LOCAL_TOKEN)
        watch(f"GET {path}")
    async with browser_page() as page:
        watch("(starting the browser)")
        await page.goto(site.pages + "/residents")
        await page.wait_for_selector("#candidates:not([hidden])")
        watch("the page Residents is complete")
        await page.fill("#candidates input", f"p{persons - 1}")
        await page.wait_for_function("() => document.querySelectorAll('#candidates li').length === 1")
        watch("one person is found")
        await page.click("#candidates li button")
        await page.wait_for_selector("#next:not([hidden])")
        watch("the person is a resident, and the next step is offered")


async def main(residents: int, persons: int) -> None:
    """Measure on a new house."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_site(Path(folder)) as site:
            await measure(site, residents, persons)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=500)
    parser.add_argument("--persons", type=int, default=900)
    wanted = parser.parse_args()
    asyncio.run(main(wanted.residents, wanted.persons))
