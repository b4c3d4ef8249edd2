"""axe-core, which looks for what keeps people out of a page: pinned, and fetched by scripts/setup.

python -m tests.parts.axe      fetches it
"""

import os
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page
from playwright.sync_api import Page as SyncPage

from facegate.adapters import packages
from facegate.core.pinned import Npm, PinnedFile, Url

_FILE: Final = PinnedFile(
    "axe.min.js",
    "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
    653_780,
    (
        Npm(
            "axe-core@4.14.1",
            "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745",
            "package/axe.min.js",
        ),
        Url("https://cdn.jsdelivr.net/npm/axe-core@4.14.1/axe.min.js"),
    ),
)
FOLDER: Final = Path(os.environ.get("FACEGATE_AXE") or Path(__file__).parents[2] / ".cache" / "axe")
_SERIOUS: Final = frozenset({"serious", "critical"})
_LOOK: Final = (
    "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map(violation => ({"
    "id: violation.id, impact: violation.impact, help: violation.help,"
    "nodes: violation.nodes.map(node => node.target.flat().join(' '))})))"
)


def fetch() -> None:
    """Fetch it, or see that it is there and intact."""
    packages.fetch(FOLDER, (_FILE,), lambda *_: None)


async def serious(page: Page) -> list[str]:
    """What axe finds serious or critical on a page, each with the elements that it is about."""
    await page.evaluate(_script())
    return _told(await page.evaluate(_LOOK))


def serious_now(page: SyncPage) -> list[str]:
    """The same for a page of playwright's other, blocking kind."""
    page.evaluate(_script())
    return _told(page.evaluate(_LOOK))


def _script() -> str:
    return (FOLDER / _FILE.name).read_text(encoding="utf-8")  # not a script of the page: its CSP holds


def _told(found: list[dict[str, Any]]) -> list[str]:
    return [f"{one['id']}: {one['help']}: {'; '.join(one['nodes'][:5])}" for one in found if one["impact"] in _SERIOUS]


if __name__ == "__main__":
    fetch()
