"""The page Health: everything that is stood on, and every problem in words that say what to do."""

import ast
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from facegate.core import problems
from facegate.core.models import Camera, Gate
from facegate.housekeeping import Round
from facegate.web.machine import Machine
from facegate.web.panel.troubles import EVERY, text
from facegate.web.panel.words import words
from facegate.web.services import CameraHealth, GateHealth, Health
from tests.parts.panel import AUDITOR, GUARD, NOBODY, OWNER, form_of, look, tell
from tests.parts.web import Site, running_site

SOURCE = Path(__file__).parents[2] / "addon/src/facegate"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        for user, name, role in ((OWNER, "Owner", "owner"), (GUARD, "Guard", "guard"), (AUDITOR, "Auditor", "auditor")):
            running.store.set_member(user, name, role)
        running.store.add_gate(Gate("front", "Front <gate>"))
        running.store.add_camera(Camera("c1", "front", "rtsp://owner:s3cret@camera.example/1", on_press=True))
        yield running


async def shown(site: Site, language: str = "en", user: str = OWNER) -> str:
    status, _, html = await look(site, "/health", user, Accept_Language=language)
    assert status == 200
    assert "<gate>" not in html
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def test_a_well_house_says_so(site: Site) -> None:
    site.gate_side.machine = Machine(
        {"detector": "yunet"}, free=3 * 10**9, database=2_500_000, round=Round(1.7e9, 4, 9, nameless=2)
    )
    site.gate_side.health = Health(
        broker=True,
        gates={"front": GateHealth("ok", "online", heard_at=1.7e9, list_version=12, lost=3, prompt="come_closer")},
        cameras={"c1": CameraHealth("ok", ms={"detect": 12.34, "embed": 20.0}, rate=14.6)},
    )
    told = await shown(site)
    for words_of in (
        "Nothing is wrong with the box", "3.0 GB", "2.5 MB", "4 passages erased, 2 lost their names",
        "2023-11-14 22:13:20 UTC", "12", "finding faces 12.3 ms", "Pictures a second 15", "Come closer.",
    ):  # fmt: skip
        assert words_of in told, words_of
    assert "s3cret" not in told


async def test_what_is_wrong_is_said_with_what_to_do(site: Site) -> None:
    site.gate_side.machine = Machine(free=1, doubts_clock=True, liveness=False, fallback="no OpenVINO")
    site.gate_side.health = Health(
        clock="clock_jumped",
        gates={"front": GateHealth("off", "silent", ("node_key", "camera_frozen"), fire="active", tamper=True)},
        cameras={"c1": CameraHealth("silent", "frozen", "detect_failed", ("overloaded",))},
    )
    for language in ("en", "zh-Hans"):
        told = await shown(site, language)
        for problem in ("clock_jumped", "disk_full", "clock_doubted", "liveness_missing", "inference_cpu", "node_key"):
            assert words(language)[f"problem.{problem}"] in told, problem
        for key in ("reason.frozen", "problem.failed", "stage.detect", "alarm.fire.active", "alarm.tamper"):
            assert words(language)[key] in told, key


async def test_everybody_with_a_role_sees_it_and_owners_alone_vouch_for_the_clock(site: Site) -> None:
    site.gate_side.machine = replace(site.gate_side.machine, doubts_clock=True)
    for user in (OWNER, GUARD, AUDITOR):
        assert ("The clock is right" in await shown(site, user=user)) == (user == OWNER)
        form = await form_of(site, user)
        answer = await tell(site, "POST", "/do/api/v1/clock/confirmation", None, user, form=form)
        assert (answer == 403) == (user != OWNER)
    assert (await look(site, "/health", NOBODY))[0] == 403


# Every problem has words


def test_every_problem_has_a_text_in_both_languages_that_says_what_to_do() -> None:
    for language, ends in (("en", (".", ")")), ("zh-Hans", ("。", ")"))):
        known = words(language)
        for problem in EVERY:
            said = text(known, problem)
            assert problem not in said, (language, problem)
            assert said.endswith(ends), (language, problem)
    assert len(EVERY) == len(set(EVERY))


def literals(file: Path) -> set[str]:
    """Every text in a module that could be a word for a problem."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_the_list_of_stages_is_that_of_the_pipeline() -> None:
    tree = ast.parse((SOURCE / "pipeline.py").read_text(encoding="utf-8"))
    named = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"run", "fault", "timed"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    assert named == set(problems.STAGES)


def test_whatever_a_part_can_report_is_in_the_list() -> None:
    listed = set(problems.GATE)
    assert {"overloaded", "decoding_software", "watch_ended"} <= literals(SOURCE / "watch.py") & listed
    for file, more in (
        ("building.py", {"templates_outdated", "calibration_stale", "ways_missing", "inference_cpu", "gate_key"}),
        ("credentials/lists.py", {name for name in problems.LISTS if not name.startswith("clock_")}),
        ("adapters/node_voice.py", {"node_key", "node_boot"}),
    ):
        assert more <= literals(SOURCE / file), file
    # What looks like a word for a problem in these parts, and is none, would have to be named here.
    looks_like = re.compile(r"(list|node|clock|camera|ways|templates|calibration|assessment|cards|not)_[a-z_]+")
    for file in ("building.py", "credentials/lists.py", "watch.py", "app.py"):
        found = {word for word in literals(SOURCE / file) if looks_like.fullmatch(word)}
        assert found - listed - {"node_silent", "node_refused", "camera_"} == set(), file


def test_home_assistant_would_find_each_word_too() -> None:
    for language in ("en", "zh-Hans"):
        content = json.loads((SOURCE / f"web/pages/texts/{language}.json").read_text(encoding="utf-8"))
        assert {f"problem.{problem}" for problem in problems.GATE} <= content.keys()
