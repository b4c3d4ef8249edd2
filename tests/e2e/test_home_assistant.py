"""FaceGate in a real Home Assistant: core, broker, recognizer, camera and gate node are all the real things.

One house for everything, because a core takes long to start. Its chapters are the modules of ``at_home``, read in the
order of ``CHAPTERS``; each leaves the house as the next one needs it: nobody before the cameras, all parts running.

To add a test, write ``def test_…(house: House)`` into the chapter that it belongs to, or into a new module of
``at_home`` and put that into ``CHAPTERS``. ``house`` is tests/parts/house.py. What it measures goes into
``house.seconds`` and is printed at the end.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.at_home import first_gates, forgeries, guards, restarts, sharing, visits
from tests.parts.house import House, running_house

# A first start of a core, a compiled node and clips in real time need more than a unit test.
pytestmark = pytest.mark.timeout(420)

CHAPTERS = (first_gates, visits, forgeries, guards, restarts, sharing)
for chapter in CHAPTERS:
    globals().update({name: test for name, test in vars(chapter).items() if name.startswith("test_")})


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The house in which everything happens."""
    with running_house(tmp_path_factory.mktemp("home")) as house:
        yield house
