"""Identification on stills: LFW residents and strangers, refusals at enrolment, and other groups of people."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from measure_table import Measure, all_of, at_most, none_of, notes, rate_of

from facegate.cli.manifest import Row, look_at, read_manifest
from facegate.core.evaluation import ENROL, ENROL_REJECT, NOBODY, NOFACE, PROBE, Report, evaluate
from facegate.core.evaluation import IMPOSTOR as STRANGER
from facegate.core.session import Thresholds
from facegate.core.statistics import Rate
from facegate.residents.enrolment import Picture, examine
from facegate.vision import Models

BROKEN, ODD = "broken_file", "odd_file"

RIGHT_REASONS = {
    "profile left": {"turned"},
    "profile right": {"turned"},
    "looking down": {"tilted"},
    "looking up": {"tilted"},
    "head tilted": {"rolled"},
    "mask": {"mask"},
    "blurred": {"blurred"},
    "turned 90": {"rolled", "sideways", "upside_down"},
    "upside down": {"rolled", "upside_down"},
    "eyes closed": {"eyes_closed"},
    "cartoon face": {"no_face", "drawing", "cartoon", "not_a_photo"},
    "two faces": {"several_faces"},
    "too dark": {"dark"},
    "face too small": {"small"},
}
"""By the manifest's word for what is wrong: the first reason that says so to whoever enrols."""


def stills(models: Models, data: Path) -> Iterator[Measure]:
    """LFW residents and probes; the strangers of the whole set."""
    everywhere = (STRANGER, NOFACE, *NOBODY)
    rows = [
        row
        for row in read_manifest(data / "gate-dev" / "manifest.csv")
        if row.role in everywhere or (row.file.startswith("lfw/") and row.role in (ENROL, PROBE))
    ]
    report = _judge(models, rows)
    figures = report.overall
    part = f"LFW stills, {report.residents} residents, {report.templates} templates"
    yield Measure(part, "right person first (rank 1)", figures.rank1, "≥ 99.5 %", (figures.rank1.value or 0) >= 0.995)
    for fpir, rate in figures.tpir.items():
        yield Measure(part, f"named rightly at FPIR {fpir}", rate)
    yield at_most(part, "residents not named (FNIR), one frame each", figures.fnir, 0.015, "1.5 %")
    yield none_of(part, "residents named as somebody else", figures.misnamed)
    yield none_of(part, "strangers named (FPIR)", figures.fpir)
    yield at_most(part, "comparisons that match (FMR)", figures.matches, 1e-4, "1e-4")
    yield none_of(part, "faces found where there is none", report.noface)
    for role, rate in report.nobody.items():
        yield none_of(part, f"somebody named ({role})", rate)


def enrolment(models: Models, data: Path) -> Iterator[Measure]:
    """What enrolment says of pictures that it must refuse, and of odd and broken files."""
    folder = data / "gate-dev"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["role"] in (ENROL_REJECT, BROKEN, ODD)]
    said = {row["file"]: _refusals(models, folder / row["file"]) for row in rows}
    part = "pictures given to enrolment"
    reject = [row for row in rows if row["role"] == ENROL_REJECT]
    yield all_of(part, "refused, of those to refuse", rate_of(bool(said[row["file"]]) for row in reject))
    right = {row["file"]: _is_right(_wrong_with(row), said[row["file"]]) for row in reject}
    yield all_of(part, "refused with the right reason", rate_of(right.values()))
    for row in reject:
        if not right[row["file"]]:
            notes.print(f"{row['file']}: {_wrong_with(row)}, but said: {said[row['file']] or 'accepted'}", markup=False)
    broken = [said[row["file"]] == ["unreadable"] for row in rows if row["role"] == BROKEN]
    yield all_of(part, "broken files refused as unreadable", rate_of(broken))
    odd = ["unreadable" not in said[row["file"]] for row in rows if row["role"] == ODD]
    yield all_of(part, "odd files read", rate_of(odd))


def _refusals(models: Models, path: Path) -> list[str]:
    (verdict,) = examine(models, [Picture(path.name, path)], ()).pictures
    return [str(reason) for reason in verdict.refused]


def _wrong_with(row: dict[str, str]) -> str:
    """The manifest's word: ``reason: mask resized from 656x904`` is about a mask."""
    said = row["notes"].removeprefix("reason:").strip()
    return said.split(" resized")[0].removesuffix("(made)").strip()


def _is_right(wrong: str, said: Sequence[str]) -> bool:
    """Whether what is wrong is among the reasons, so that whoever reads them knows what to change."""
    return bool(RIGHT_REASONS[wrong] & set(said))


def groups(models: Models, data: Path) -> Iterator[Measure]:
    """Each group of people against everybody of all groups, and all pairs within it."""
    report = _judge(models, read_manifest(data / "groups-dev" / "manifest.csv"))
    for group, figures in report.groups.items():
        pairs = report.pairs[group]
        if not pairs.impostor.of:
            continue
        part = f"group {group}"
        if figures.rank1.of:
            yield Measure(part, "right person first (rank 1)", figures.rank1)
            yield Measure(part, "residents not named (FNIR), one frame each", figures.fnir)
            yield none_of(part, "residents named as somebody else", figures.misnamed)
        else:
            yield none_of(part, "strangers named (FPIR)", figures.fpir)
        name = "all pairs of two people that match (FMR)"
        if "idol" in group:  # people who look alike on purpose: the figure is shown, nothing is promised
            yield Measure(part, name, pairs.impostor)
        else:
            yield at_most(part, name, pairs.impostor, 1e-4, "1e-4")
    yield _all(report)


def _all(report: Report) -> Measure:
    ordinary = [pairs.impostor for group, pairs in report.pairs.items() if "idol" not in group]
    together = Rate(sum(rate.count for rate in ordinary), sum(rate.of for rate in ordinary))
    return at_most("all groups but the idols", "all pairs of two people that match (FMR)", together, 1e-4, "1e-4")


def _judge(models: Models, rows: Sequence[Row]) -> Report:
    return evaluate(look_at(models, rows).samples, models.embedder.model, Thresholds())
