"""The reports: what they say in both languages, that they ask nobody for anything, and what names cannot do to them."""

import asyncio
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import numpy as np
import pytest
from typer.testing import CliRunner

from facegate.adapters import local_access
from facegate.adapters.store import Store
from facegate.cli import app
from facegate.core.calibration import calibrate
from facegate.core.evaluation import ENROL, IMPOSTOR, PROBE, Report, Sample, evaluate
from facegate.core.evaluation_liveness import LifeSample, evaluate_liveness
from facegate.core.false_opens import Goal
from facegate.core.models import Template
from facegate.core.session import Thresholds
from facegate.core.site_rule import SiteRule
from facegate.reports import calibration, evaluation
from facegate.reports.page import LANGUAGES, texts
from tests.parts.eyes import models_folder, people_folder
from tests.parts.web import LOCAL_TOKEN, running_site

GOAL = Goal(20, 1)
HOSTILE = "<script src=https://evil.example/x.js></script>"


def near(person: int, cosine: float, number: int = 0) -> np.ndarray:
    vector = np.zeros(256, np.float32)
    vector[person], vector[100 + number] = cosine, np.sqrt(1 - cosine**2)
    return vector


def evaluated() -> Report:
    samples = [
        Sample(f"{role}{n}", f"person-{n}", role, "north", 1, (near(n, 0.9 if role is ENROL else 0.6, n + 20 * k),))
        for k, role in enumerate((ENROL, PROBE))
        for n in range(8)
    ]
    samples += [Sample(f"s{n}", f"s{n}", IMPOSTOR, "north", 1, (near(n, 0.3, 60 + n),)) for n in range(12)]
    samples += [Sample("x", "x", ENROL, "north", refused=("dark",))]
    return evaluate(samples, "painted", Thresholds())


LIFE = evaluate_liveness(
    [LifeSample(f"l{n}", "a", "live", "", 0.9) for n in range(4)]
    + [LifeSample(f"p{n}", "a", "spoof", "print_photo", 0.9 if n == 0 else 0.1) for n in range(4)]
)


def evaluation_report(language: str, life=LIFE) -> str:
    return evaluation.report(evaluated(), life, GOAL, residents=50, language=language, made="today")


def calibration_report(language: str, name: str = "Resident 1", rule: SiteRule | None = None) -> str:
    templates = [Template("1", "a", "m", near(0, 0.9, 1)), Template("2", "a", "m", near(0, 0.8, 2)),
                 Template("3", "b", "m", near(0, 0.7, 3)), Template("4", "c", "m", near(5, 1.0, 4))]  # fmt: skip
    return calibration.report(calibrate(templates, {"a": name}, rule or SiteRule()), GOAL, language, "today")


class Asked(HTMLParser):
    """Collects everything that a browser would fetch, and every tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.fetched: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.fetched += [f"{tag} {key}={value}" for key, value in attrs if key in {"src", "href", "xlink:href", "data"}]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make", [evaluation_report, calibration_report])
def test_a_report_is_one_file_that_asks_nobody(make, language):
    page = make(language)
    asked = Asked(page)
    assert asked.fetched == []
    assert asked.tags.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert not re.search(r"https?://|@import|url\(", page)
    assert "default-src 'none'" in page
    assert f'<html lang="{language}">' in page
    assert "prefers-color-scheme: dark" in page


def test_names_cannot_break_out_of_the_page():
    page = calibration_report("en", HOSTILE)
    assert "script" not in Asked(page).tags
    assert "&lt;script" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plots_are_sound_drawings(language):
    plots = re.findall(r"<svg.*?</svg>", evaluation_report(language), re.DOTALL)
    assert len(plots) == 3
    for plot in plots:
        root = ET.fromstring(plot)  # made by ourselves a moment ago
        assert root.get("aria-label")
        places = [float(n) for e in root.iter() for n in re.findall(r"-?\d+\.\d", e.get("points", ""))]
        assert places, "nothing is drawn"
        assert min(places) >= 0
        assert max(places) <= 640


def test_the_evaluation_says_the_figures_it_was_given():
    page = evaluation_report("en")
    assert "0 of 12" in page  # strangers
    assert "22.09%" in page  # and how sure that is: 1 - 0.05 ** (1 / 12)
    assert "FPIR ≈ N × FMR = 50 ×" in page
    assert "attack print_photo: APCER, single pictures" in page
    assert "25.00%" in page  # one of the four prints
    assert "north: " in page
    assert "at the threshold that your goal asks for" in page  # what raising it would cost
    assert "Not measured" in evaluation_report("en", [])


def test_the_calibration_says_who_looks_alike_and_what_to_do():
    page = calibration_report("en")
    assert "Resident 1 and b" in page
    assert "1 of 3 pairs reach the threshold" in page
    assert "0.72" in page  # the first resident's own two pictures: 0.9 times 0.8
    assert "The record says" not in page
    assert "The record says: A guard" in calibration_report("en", rule=SiteRule(0.45, None, "A guard stands there."))


@pytest.mark.parametrize(
    ("threshold", "says"), [(0.49, "Raise the threshold from 0.49"), (0.75, "so 0.75 will do")]
)  # fmt: skip
def test_the_advice_follows_the_goal(threshold, says):
    assert says in calibration_report("en", rule=SiteRule(threshold))


def test_both_languages_have_every_text_with_the_same_values():
    english, chinese = texts("en"), texts("zh-Hans")
    assert english.keys() == chinese.keys()

    def values(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for key, text in english.items():
        assert values(text) == values(chinese[key]), key
        assert chinese[key] == "–" or re.search(r"[\u4e00-\u9fff]", chinese[key].replace("{value}", "至")), key


def test_every_text_is_used():
    source = "".join(path.read_text(encoding="utf-8") for path in Path(calibration.__file__).parent.glob("*.py"))
    assert [key for key in texts("en") if f'"{key}"' not in source and f"'{key}'" not in source] == []


# The commands


def run(*arguments: object):
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_calibrate_reads_the_store_and_writes_the_report(tmp_path):
    data, file = tmp_path / "data", tmp_path / "report.html"
    with Store.open(data) as store:
        for number in range(2):
            resident = store.add_resident(f"Resident {number}")
            consent = store.add_consent(resident.id, notice="0" * 64, language="en", channel="test")
            store.add_templates(
                resident.id, "m", [near(number, 0.9, number), near(number, 0.8, 10 + number)], consent.id
            )
    done = run("calibrate", "--data", data, "--report", file, "--language", "zh-Hans", "--json")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert (content["residents"], content["templates"]) == (2, 4)
    assert content["people"][0]["lowest"] == pytest.approx(0.72, abs=1e-6)
    assert content["expected"]["low"] < content["expected"]["value"] < content["expected"]["high"]
    assert "校准" in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    assert "Resident 0" in run("calibrate", "--data", data).stdout


async def test_calibrate_asks_the_service_that_has_the_store(tmp_path):
    async with running_site(tmp_path) as site:
        url = f"http://127.0.0.1:{site.running.api_port}"
        local_access.offer(tmp_path, local_access.LocalAccess(url, LOCAL_TOKEN))
        resident = site.store.add_resident("Resident 1")
        consent = site.store.add_consent(resident.id, notice="0" * 64, language="en", channel="test")
        site.store.add_templates(resident.id, "m", [near(1, 0.9, 1), near(1, 0.8, 2)], consent.id)
        site.store.set_site_rule(SiteRule(0.6, GOAL), 1, "test")
        done = await asyncio.to_thread(run, "calibrate", "--data", tmp_path, "--json")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["rule"]["threshold"] == 0.6
    assert content["goal"] == {"strangers_per_day": 20, "false_opens_per_year": 1}
    assert [(person["name"], person["templates"]) for person in content["people"]] == [("Resident 1", 2)]


async def test_more_residents_make_a_calibration_stale_for_all_to_see(tmp_path):
    """In the API, in the report's figures, and in what the doctor says."""
    async with running_site(tmp_path) as site:
        url = f"http://127.0.0.1:{site.running.api_port}"
        local_access.offer(tmp_path, local_access.LocalAccess(url, LOCAL_TOKEN))
        site.store.set_site_rule(SiteRule(SiteRule(goal=GOAL).least(1), GOAL), 1, "test")
        for number in range(20):
            resident = site.store.add_resident(f"Resident {number}")
            consent = site.store.add_consent(resident.id, notice="0" * 64, language="en", channel="test")
            site.store.add_templates(resident.id, "m", [near(number, 0.9, number)], consent.id)
            if number in (0, 19):
                shown = (await site.ask("GET", "/recognition", token=LOCAL_TOKEN)).content
                assert shown["stale"] is (number == 19)
        content = json.loads((await asyncio.to_thread(run, "calibrate", "--data", tmp_path, "--json")).stdout)
        said = (await asyncio.to_thread(run, "calibrate", "--data", tmp_path)).stderr
        doctor = json.loads((await asyncio.to_thread(run, "doctor", "--data", tmp_path, "--json")).stdout)
    assert content["stale"] is True
    assert f"it must be {SiteRule(goal=GOAL).least(20):.2f} now" in " ".join(said.split())
    (finding,) = [finding for finding in doctor if finding["what"] == "threshold"]
    assert finding["advice"].startswith(f"Raise it to {SiteRule(goal=GOAL).least(20):.2f} ")


def test_a_language_without_texts_is_one_sentence(tmp_path):
    done = run("calibrate", "--data", tmp_path, "--language", "fr")
    assert done.exit_code == 1
    assert "choose one of en, zh-Hans" in " ".join(done.stderr.split())


def test_chinese_has_one_name_and_a_short_one(tmp_path):
    for number, name in enumerate(("zh", "zh-Hans")):
        file = tmp_path / f"{number}.html"
        assert run("calibrate", "--data", tmp_path, "--report", file, "--language", name).exit_code == 0
        assert 'lang="zh-Hans"' in file.read_text(encoding="utf-8")


def test_evaluate_asks_the_site_for_its_threshold(tmp_path):
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"file,identity,role\n{people_folder() / 'obama.jpg'},r1,enrol\n")

    def figures(*given) -> dict:
        done = run("evaluate", manifest, "--json", "--data", tmp_path, "--models", models_folder(), *given)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert figures()["threshold"] == Thresholds().score
    assert not (tmp_path / "facegate.db").exists(), "looking leaves nothing behind"
    with Store.open(tmp_path) as store:
        store.set_site_rule(SiteRule(0.6, GOAL), 1, "test")
    content = figures()
    assert (content["threshold"], content["site"]["strangers_per_day"]) == (0.6, GOAL.strangers_per_day)
    assert figures("--threshold", 0.55)["threshold"] == 0.55


def test_evaluate_takes_another_model_when_it_is_there(tmp_path):
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"file,identity,role\n{people_folder() / 'obama.jpg'},r1,enrol\n")
    done = run("evaluate", manifest, "--data", tmp_path, "--models", models_folder(), "--embedder", "auraface")
    assert done.exit_code == 1
    assert "auraface" in done.stderr
    assert run("evaluate", manifest, "--data", tmp_path, "--embedder", "yunet").exit_code == 1


def test_evaluate_writes_the_report_of_real_people(tmp_path):
    people = people_folder()
    manifest, file = tmp_path / "manifest.csv", tmp_path / "report.html"
    rows = [("obama.jpg", "r1", "enrol"), ("obama2.jpg", "r1", "probe"), ("biden.jpg", "x", "impostor"),
            ("obama3.jpg", "r1", "live")]  # fmt: skip
    manifest.write_text("file,identity,role\n" + "".join(f"{people / f},{i},{r}\n" for f, i, r in rows))
    done = run("evaluate", manifest, "--json", "--report", file, "--residents", 40, "--models", models_folder())
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["site"]["residents"] == 40
    assert content["site"]["fpir"]["value"] == pytest.approx(40 * content["site"]["fmr"]["value"], rel=0.01)
    assert content["verification"]["genuine"] == 1
    assert content["verification"]["by_group"] == {}
    assert [figures["role"] for figures in content["life"]] == ["live"]
    assert "FPIR ≈ N × FMR = 40 ×" in file.read_text(encoding="utf-8")
