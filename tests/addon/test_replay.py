"""A clip before a gate that knows some people, from the command line."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from facegate.cli import app
from tests.parts.eyes import models_folder, people_folder, scene

FPS = 10


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two seconds each of nobody, a resident, nobody, a stranger."""
    path = tmp_path_factory.mktemp("clip") / "gate.mp4"
    nobody = np.full((540, 960, 3), 96, np.uint8)
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (960, 540))
    for shown in (None, "obama3.jpg", None, "biden.jpg"):
        for number in range(2 * FPS):
            out.write(nobody if shown is None else scene(shown, size=(960, 540), height=520, left=150 + number, top=10))
    out.release()
    return path


@pytest.fixture
def manifest(tmp_path) -> Path:
    path = tmp_path / "manifest.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "identity", "role"])
        rows.writerows([[people_folder() / name, "resident-1", "enrol"] for name in ("obama.jpg", "obama2.jpg")])
    return path


def run(*arguments: object):
    return CliRunner().invoke(app, ["replay", *map(str, arguments), "--models", str(models_folder())])


@pytest.mark.parametrize(
    "fast", [pytest.param(["--fast"], id="fast"), pytest.param([], id="real time", marks=pytest.mark.real_time)]
)
def test_decisions_as_lines_of_json(clip, manifest, fast):
    done = run(clip, "--enrol", manifest, "--json", *fast)
    assert done.exit_code == 0, done.output
    granted, denied = map(json.loads, done.stdout.splitlines())
    assert (granted["type"], granted["resident"], granted["reason"]) == ("access_granted", "resident-1", "recognised")
    assert (denied["type"], denied["resident"], denied["reason"]) == ("access_denied", None, "unknown_face")
    assert 2.0 <= granted["clip_time"] < 4.0
    assert 6.0 <= denied["clip_time"] < 8.0
    assert granted["ms"]["detect"] > 0
    assert "LIVENESS IS OFF" in done.stderr


def test_fast_says_the_same_each_time(clip, manifest):
    def lines() -> list[dict]:
        decided = map(json.loads, run(clip, "--enrol", manifest, "--json", "--fast").stdout.splitlines())
        return [{k: v for k, v in line.items() if k != "ms"} for line in decided]

    assert lines() == lines()


def test_decisions_for_people_to_read(clip, manifest):
    done = run(clip, "--enrol", manifest, "--fast")
    assert "resident-1 is let in" in done.stdout
    assert "somebody is refused: unknown_face" in done.stdout


def test_proof_of_life_is_measured_where_it_is_asked_for(clip, manifest):
    done = run(clip, "--enrol", manifest, "--json", "--fast", "--liveness", "passive")
    assert "LIVENESS IS OFF" not in done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert any("liveness" in line["ms"] for line in said)
    seen = said[0]["liveness"]
    assert seen["level"] == "passive"
    assert seen["frames"] >= 3
    assert 0 <= seen["live"] <= 1
    assert (seen["refused"] is None) is (said[0]["type"] == "access_granted")


def test_what_cannot_be_replayed_is_one_sentence(clip, manifest, tmp_path):
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(b"this is no video")
    junk = tmp_path / "junk.png"
    junk.write_bytes(b"\x00\x01\x02\x03")
    only_probes = tmp_path / "probes.csv"
    only_probes.write_text("file,identity,role\nx.jpg,a,probe\n", encoding="utf-8")
    for arguments, says in [
        ((tmp_path / "nowhere.mp4", "--enrol", manifest), "There is no clip"),
        ((torn, "--enrol", manifest, "--fast"), "not a video"),
        ((torn, "--enrol", manifest), "not a video"),
        ((junk, "--enrol", manifest, "--fast"), "no picture that can be read"),
        ((clip, "--enrol", tmp_path / "nowhere.csv"), "There is no manifest"),
        ((clip, "--enrol", only_probes), "No picture of the manifest could be enrolled"),
    ]:
        done = run(*arguments)
        assert done.exit_code == 1
        assert says in " ".join(done.stderr.split())
        assert "Traceback" not in done.output
