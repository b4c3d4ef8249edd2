"""The figures, on samples whose answer can be counted by hand, and the command on real pictures."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from facegate.cli import app
from facegate.core.evaluation import ENROL, IMPOSTOR, NOFACE, PROBE, Sample, evaluate
from facegate.core.session import Thresholds
from tests.parts.eyes import models_folder, people_folder

RULES = Thresholds(score=0.5, margin=0.05)


def leaning(towards: int, cosine: float, noise: int = 31) -> np.ndarray:
    """A unit vector with that cosine to one axis, and the rest in a direction of its own."""
    vector = np.zeros(64, np.float32)
    vector[towards], vector[noise] = cosine, np.sqrt(1 - cosine**2)
    return vector


def sample(role: str, identity: str, vector: np.ndarray | None = None, group: str = "", **more) -> Sample:
    return Sample(
        f"{identity}-{role}",
        identity,
        role,
        group,
        int(vector is not None),
        () if vector is None else (vector,),
        **more,
    )


ENROLLED = [sample(ENROL, str(number), leaning(number, 1.0)) for number in range(10)]


def test_figures_counted_by_hand():
    samples = [
        *ENROLLED,
        sample(PROBE, "0", leaning(0, 0.9)),
        sample(PROBE, "1", leaning(1, 0.45)),  # right, but below the threshold
        sample(PROBE, "2", leaning(3, 0.8)),  # somebody else
        sample(PROBE, "3", None, refused=("no_face",)),
        sample(IMPOSTOR, "x", leaning(4, 0.6)),  # let in
        *[sample(IMPOSTOR, f"s{number}", leaning(5, 0.2)) for number in range(9)],
        sample(NOFACE, "", None),
        Sample("dog", "", NOFACE, faces=1),
        sample("clip", "somebody"),
    ]
    report = evaluate(samples, "painted", RULES)
    figures = report.overall
    assert (figures.rank1.count, figures.rank1.of) == (2, 4)
    assert (figures.fnir.count, figures.fnir.of) == (3, 4)
    assert (figures.misnamed.count, figures.misnamed.of) == (1, 4)
    assert (figures.fpir.count, figures.fpir.of) == (1, 10)
    assert figures.matches.count == 2  # probe 2 with resident 3, the stranger with resident 4
    assert figures.matches.of == 3 * 9 + 10 * 10
    assert figures.tpir[0.01].count == 1  # above the highest stranger, 0.6, only probe 0 is right
    assert (report.noface.count, report.noface.of) == (1, 2)
    assert (report.residents, report.templates, report.not_used) == (10, 10, {"clip": 1})


@pytest.mark.parametrize(
    ("strangers", "fpir", "right"),
    [(9, 0.01, 1), (100, 0.01, 2), (999, 0.001, 1), (1000, 0.001, 2)],
    ids=["none of 9", "one of 100", "none of 999", "one of 1000"],
)
def test_the_rate_of_right_answers_at_a_rate_of_false_alarms(strangers, fpir, right):
    """One lucky stranger at 0.7: a probe at 0.65 is above the limit only where one stranger may pass."""
    samples = [
        *ENROLLED,
        sample(PROBE, "0", leaning(0, 0.9)),
        sample(PROBE, "1", leaning(1, 0.65)),
        sample(IMPOSTOR, "lucky", leaning(2, 0.7)),
        *[sample(IMPOSTOR, f"s{number}", leaning(5, 0.2)) for number in range(strangers - 1)],
    ]
    assert evaluate(samples, "painted", RULES).overall.tpir[fpir].count == right


def test_whoever_could_not_be_enrolled_is_missed_and_named():
    samples = [*ENROLLED, sample(ENROL, "late", None, refused=("dark",)), sample(PROBE, "late", leaning(20, 1.0))]
    report = evaluate(samples, "painted", RULES)
    assert report.not_enrolled == ("late",)
    assert report.overall.fnir.count == 1
    assert report.refusals == {"enrol": {"dark": 1}}


def test_the_margin_counts_and_twins_are_not_named():
    twins = [sample(ENROL, "a", leaning(0, 1.0)), sample(ENROL, "b", leaning(0, 0.98))]
    report = evaluate([*twins, sample(PROBE, "a", leaning(0, 0.97))], "painted", RULES)
    assert (report.overall.rank1.count, report.overall.fnir.count, report.overall.misnamed.count) == (0, 1, 0)


def test_groups_have_figures_of_their_own_against_everybody():
    samples = [
        *ENROLLED,
        sample(PROBE, "0", leaning(0, 0.9), group="north"),
        sample(PROBE, "1", leaning(1, 0.2), group="south"),
        sample(IMPOSTOR, "x", leaning(2, 0.9), group="south"),
        sample(IMPOSTOR, "y", leaning(2, 0.9), group="south"),
    ]
    report = evaluate(samples, "painted", RULES)
    assert (report.groups["north"].fnir.count, report.groups["north"].fpir.value) == (0, None)
    assert (report.groups["south"].fnir.count, report.groups["south"].fpir.count) == (1, 2)
    assert (report.pairs["south"].impostor.count, report.pairs["south"].impostor.of) == (1, 3)


def test_nothing_to_measure_gives_no_rates():
    figures = evaluate([sample("clip", "a")], "painted", RULES).overall
    assert figures.rank1.value is figures.fpir.value is figures.tpir[0.01].value is None


@given(st.lists(st.tuples(st.sampled_from([PROBE, IMPOSTOR]), st.integers(0, 12), st.floats(0, 1)), max_size=40))
def test_counts_hold_together(made):
    samples = [*ENROLLED, *(sample(role, str(who), leaning(min(who, 20), cosine)) for role, who, cosine in made)]
    figures = evaluate(samples, "painted", RULES).overall
    probes = sum(role == PROBE for role, _, _ in made)
    assert figures.rank1.of == figures.fnir.of == probes
    assert figures.misnamed.count <= figures.fnir.count
    assert figures.tpir[0.001].count <= figures.tpir[0.01].count <= figures.rank1.count


# The command


def manifest(folder: Path, *rows: tuple[str, str, str], header: str = "file,identity,role,group") -> Path:
    path = folder / "manifest.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(header + "\n")
        csv.writer(file).writerows(rows)
    return path


def run(*arguments: object):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments), "--models", str(models_folder())])


def test_the_command_on_real_people(tmp_path):
    people = people_folder()
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "torn.jpg").write_bytes((people / "biden.jpg").read_bytes()[:600])
    path = manifest(
        tmp_path,
        (people / "obama.jpg", "resident-1", "enrol", "g"),
        (people / "obama2.jpg", "resident-1", "enrol", "g"),
        (people / "obama3.jpg", "resident-1", "probe", "g"),
        (people / "biden.jpg", "x", "impostor", "g"),
        (people / "astronaut.png", "y", "impostor", "g"),
        ("empty.jpg", "", "broken_file", ""),
        ("torn.jpg", "", "broken_file", ""),
        ("nowhere.jpg", "resident-1", "probe", "g"),
        ("clip.mp4", "resident-1", "clip", ""),
    )
    done = run(path, "--json")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["rank1"] == content["fnir"] == 0.5  # one of the two probes cannot be read
    assert content["fpir"] == 0.0
    assert content["misnamed"] == 0.0
    assert content["tpir"] == {"0.01": 0.5, "0.001": 0.5}
    assert content["false_detections"] == 0
    assert set(content["counts"]["unreadable"]) == {"empty.jpg", "torn.jpg", "nowhere.jpg"}
    assert content["counts"]["not_used"] == {"clip": 1}
    assert content["counts"]["templates"] == 2
    low, high = content["intervals"]["fpir"]
    assert (low, high) == (0.0, pytest.approx(1 - 0.05**0.5))
    assert set(content["ms"]) >= {"detect", "align", "quality", "embed"}
    assert content["groups"]["g"]["counts"]["probes"] == 2
    assert "cannot prove" in content["liveness"]
    assert "cannot prove" in done.stderr
    readable = run(path)
    assert readable.exit_code == 0
    assert "rank 1" in readable.stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no manifest"),
        ("", "no column 'file'"),
        ("file,role\na.jpg,enrol\n", "no column 'identity'"),
        ("file,identity,role\n", "lists no pictures"),
        ("file,identity,role\na.jpg,x\n", "line 2"),
        ("file,identity,role\na.jpg,,probe\n", "needs an identity"),
        (b"\xff\xfe\x00file", "UTF-8"),
    ],
    ids=["absent", "empty", "a column missing", "no rows", "a short row", "nobody's probe", "no text"],
)
def test_a_manifest_that_cannot_be_used_is_one_sentence(tmp_path, content, says):
    path = tmp_path / "manifest.csv"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.write_text(content, encoding="utf-8")
    done = run(path)
    assert done.exit_code == 1
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.output


def test_missing_models_are_one_sentence(tmp_path):
    path = manifest(tmp_path, ("a.jpg", "x", "enrol", ""))
    done = CliRunner().invoke(app, ["evaluate", str(path), "--models", str(tmp_path)])
    assert done.exit_code == 1
    assert "facegate models" in " ".join(done.stderr.split())


def test_measuring_without_data_says_so(tmp_path):
    script = Path(__file__).parents[2] / "scripts" / "lib" / "measure.py"
    done = subprocess.run(
        [sys.executable, script], env={"FACEGATE_DATA": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "There is no test data" in done.stderr
    assert done.stdout == ""
