"""The fault suite, short: 100 openings with 20 kills among them while the fuzzers run for a minute, and every scene.

``scripts/soak`` runs the same code at full length and judges the times, too, which a loaded machine must not.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.firmware.faults import scenes
from tests.firmware.faults.campaign import SPOILT, Campaign, Figures
from tests.firmware.faults.soak import Length, Report, take_campaign
from tests.firmware.fuzzing import Fuzzing
from tests.parts.node import build_node

OPENINGS, KILLS = 100, 20
FUZZ_SECONDS = 60
SEED = 4  # the same faults every day; the moments at which they meet the processes differ all the same


@pytest.fixture(scope="module")
def fuzzing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzing]:
    """For a minute, with what the others leave of the processor."""
    with Fuzzing(tmp_path_factory.mktemp("fuzz"), FUZZ_SECONDS) as fuzzing:
        yield fuzzing


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[Figures]]:
    """Mostly waits, so it runs beside the rest."""
    campaign = Campaign(tmp_path_factory.mktemp("campaign"), program=build_node(sanitize=True), seed=SEED)
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(campaign.run, OPENINGS, KILLS)


@pytest.mark.timeout(600)  # fuzzers and the sanitized node are compiled here
def test_the_long_runs_begin(fuzzing: Fuzzing, campaign: Future[Figures]) -> None:
    assert not campaign.done()


@pytest.mark.parametrize(
    ("scene", "count"),
    [
        (scenes.line_to_relay, 5),
        (scenes.way_out, 3),
        (scenes.full_flash, 3),
        (scenes.flood, 10_000),
        (scenes.two_recognizers, 3),
        (scenes.two_at_once, 2),
        (scenes.wrong_clocks, 2),
    ],
    ids=lambda value: value.__name__ if callable(value) else str(value),
)
def test_scene(scene: Callable[[scenes.Place, int], scenes.Result], count: int, tmp_path: Path) -> None:
    with scenes.place(tmp_path, build_node()) as at:
        result = scene(at, count)
    assert result.problems == []
    assert all(times for times in result.times.values())


def test_the_fuzzers_find_nothing(fuzzing: Fuzzing) -> None:
    for result in fuzzing.results():
        assert result.findings == []
        assert result.inputs > 1000


@pytest.mark.timeout(600)
def test_no_fault_opens_and_no_event_is_lost(campaign: Future[Figures]) -> None:
    figures = campaign.result()
    report = Report(Length(OPENINGS, KILLS, seed=SEED), "", "")
    take_campaign(figures, report)
    assert report.broken == [], json.dumps(report.campaign, indent=1)
    # It has been through all of it, and people got in all the same.
    assert figures.node_kills == KILLS
    assert figures.openings >= OPENINGS
    assert set(figures.meddled) == set(SPOILT)
    assert figures.results["opened"] > OPENINGS / 2, figures.results
    assert figures.pulses > figures.results["opened"]
    assert figures.passages > 0
    assert figures.events["delivered"] > figures.events["filled"] > 0
