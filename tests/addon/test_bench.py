"""What the bench says about a machine: the command, and how its figures come about."""

import json

import pytest
from typer.testing import CliRunner

from facegate.cli import app
from facegate.cli.bench import Figure
from scripts.lib.bench import BEGIN, END, write_down
from scripts.lib.bench_chain import glass_to_relay
from tests.parts.eyes import models_folder, people_folder


@pytest.fixture(autouse=True)
def pictures(monkeypatch):
    monkeypatch.setenv("FACEGATE_PEOPLE", str(people_folder()))


def run(*arguments: object):
    return CliRunner().invoke(app, ["bench", *map(str, arguments)])


def test_every_stage_of_one_visit_has_its_time(tmp_path):
    done = run("--rounds", 1, "--models", models_folder(), "--json", tmp_path / "figures.json")
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / "figures.json").read_text())
    figures = {figure["name"]: figure for figure in content["figures"]}
    whole = figures["one frame, all stages"]
    assert figures["stage detect"]["count"] == whole["count"] > figures["stage embed"]["count"] > 0
    assert {"stage track", "stage align", "stage quality", "stage liveness", "stage match", "stage session"} <= set(
        figures
    )
    assert all(figure["median"] > 0 for name, figure in figures.items() if "stranger" not in name)
    assert figures["stage detect"]["median"] <= whole["median"] <= whole["p95"]
    assert figures["frames judged in a second"]["count"] == whole["count"]
    assert figures["matching 10000 templates"]["at_most"] == [1.0]
    assert figures["matching 100000 templates"]["at_most"] == [15.0]
    assert figures["matching 100 templates"]["count"] > 0
    assert figures["one frame, processor time"]["median"] > 0
    assert figures["one frame, without proof of life"]["count"] == whole["count"]
    named = figures["pictures in which the resident is named"]
    assert 0.5 * named["count"] < named["median"] < named["count"], "there is nobody in the first second"
    assert figures["pictures in which a stranger is named"]["median"] == 0
    assert content["machine"]["cores"] >= 1
    for name, figure in figures.items():
        assert name in done.stdout
        assert figure["met"] is (figure["median"] <= figure["at_most"][0] if figure["at_most"] else None)


def test_without_models_it_says_what_to_do(tmp_path):
    done = run("--models", tmp_path)
    assert done.exit_code == 1
    assert "facegate models fetch" in done.stderr
    assert "Traceback" not in done.output


def test_without_pictures_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEGATE_PEOPLE", str(tmp_path))
    done = run("--models", models_folder())
    assert done.exit_code == 1
    assert "people fetch" in done.stderr
    assert "Traceback" not in done.output


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    done = run("--rounds", 1, "--models", models_folder(), "--json", tmp_path / "missing" / "figures.json")
    assert done.exit_code == 1
    assert "figures.json cannot be written" in done.stderr.replace("\n", "")


@pytest.mark.parametrize(
    ("at_most", "met"),
    [
        ((), None),
        ((50.0,), True),
        ((49.0,), False),
        ((50.0, 95.0), True),
        ((50.0, 94.0), False),
        ((49.0, 95.0), False),
    ],
)
def test_a_figure_is_held_to_its_limits(at_most, met):
    figure = Figure.of("f", "ms", range(101), at_most)
    assert (figure.count, figure.median, figure.p95) == (101, 50.0, 95.0)
    assert figure.met is met


@pytest.mark.parametrize(("times", "met"), [(1.5, True), (2.0, True), (2.1, False)])
def test_a_figure_is_held_to_what_opencv_does_beside_it(times, met):
    assert Figure("f", "1/s", 1, 50.0, 50.0, opencv=25.0, times_opencv=times).met is met


def test_the_page_gets_the_table_and_keeps_its_words(tmp_path):
    page = tmp_path / "speed.md"
    page.write_text(f"# Speed\n\n{BEGIN}\nold\n{END}\n\nWords.\n")
    figures = [
        Figure("glass to relay", "ms", 16, 431.4, 512.0, (550, 800)),
        Figure("frames", "1/s", 3, 50.0, 50.0, opencv=49.0, times_opencv=1.5),
    ]
    for _ in range(2):  # once more changes nothing
        write_down(figures, {"processor": "abacus", "cores": 2, "busy": 0.1}, page)
    text = page.read_text()
    assert text.startswith("# Speed\n")
    assert text.endswith("\n\nWords.\n")
    assert "old" not in text
    assert text.count("| glass to relay | 16 | 431 | 512 |  | ms | ≤ 550 / 800 | met |") == 1
    assert text.count("| frames | 3 | 50 | 50 | 49 | 1/s | ≥ 1.5 × OpenCV | **not met** |") == 1
    page.write_text("# No place")
    with pytest.raises(SystemExit, match="no place for the table"):
        write_down(figures, {"processor": "abacus", "cores": 2, "busy": 0.1}, page)


def approaches(*, begins: list[float], opened: list[float]) -> dict[str, Figure]:
    return {figure.name: figure for figure in glass_to_relay([(begin, opened) for begin in begins], 0, (550, 800))}


def test_glass_to_relay_is_from_each_approach_to_its_opening():
    figures = approaches(begins=[10.0, 20.0, 30.0], opened=[3.0, 10.4, 20.5, 30.9])
    assert figures["glass to relay"].count == 3
    assert figures["glass to relay"].median == pytest.approx(500)
    assert figures["visits not opened exactly once"].met is True


@pytest.mark.parametrize(
    ("opened", "timed", "wrong"),
    [
        ([20.5], 1, 1),  # nothing at the first
        ([10.4, 11.0, 20.5], 1, 1),  # twice at the first
        ([10.4, 26.0], 1, 1),  # too late at the second
        ([9.9, 20.5], 1, 1),  # before the face was large enough
        ([], 0, 2),
    ],
)
def test_an_approach_without_exactly_one_opening_is_wrong_and_in_no_time(opened, timed, wrong):
    figures = approaches(begins=[10.0, 20.0], opened=opened)
    assert ("glass to relay" in figures) == (timed > 0)
    assert timed == 0 or figures["glass to relay"].count == timed
    assert figures["visits not opened exactly once"].median == wrong
    assert figures["visits not opened exactly once"].met is False
