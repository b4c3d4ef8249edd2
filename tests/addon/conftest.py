"""What most tests of the app begin with; a file that needs it otherwise has its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from facegate.adapters.store import Store
from tests.parts.stores import Clock
from tests.parts.web import Site, running_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """The recognizer's pages and API over real HTTP, with nobody in them."""
    async with running_site(tmp_path) as running:
        yield running


@pytest.fixture
async def token(site: Site) -> str:
    """A token with all that pairing yields."""
    return await site.pair()


@pytest.fixture
def clock() -> Clock:
    """The time, as the store is told it."""
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """An empty store under that clock."""
    with Store.open(tmp_path / "data", clock=clock) as store:
        yield store
