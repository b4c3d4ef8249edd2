"""The figures of ``scripts/measure``: identification on stills, recognition and liveness on clips.

The data is looked at where it lies and never copied. Exit code 0 if every measure is met, 1 if not, 2 without data.
"""

import csv
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import liveness_measure
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from facegate.adapters.camera import frames
from facegate.cli.manifest import Row, look_at, read_manifest
from facegate.core.evaluation import ENROL, ENROL_REJECT, NOBODY, NOFACE, PROBE, Report, evaluate
from facegate.core.evaluation import IMPOSTOR as STRANGER
from facegate.core.matching import Gallery
from facegate.core.models import (
    Camera,
    Decision,
    Gate,
    LivenessLevel,
    Resident,
    ResidentState,
    Template,
    Verdict,
)
from facegate.core.recognition import Recognition
from facegate.core.session import Thresholds
from facegate.core.statistics import Rate
from facegate.pipeline import CameraPipeline
from facegate.settings import default_models, make_settings
from facegate.vision import Models, load

WITHOUT_PEOPLE = ("empty", "backs", "doorway_crowd", "walk_in")

notes = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table. ``met`` is ``None`` where nothing is asked of the figure yet."""

    part: str
    name: str
    rate: Rate
    wanted: str = ""
    met: bool | None = None


def main() -> int:
    folder = find_data()
    if folder is None:
        print(
            "There is no test data: put gate-dev and groups-dev into ../shared/data, "
            "or name their parent folder in FACEGATE_DATA.",
            file=sys.stderr,
        )
        return 2
    models = load(make_settings({}, data=Path(os.devnull), models=default_models()))
    measures = list(stills(models, folder / "gate-dev"))
    measures += clips(models, folder / "gate-dev")
    people = Path(os.environ.get("FACEGATE_PEOPLE") or ".cache/people")
    measures += [Measure(*line) for line in liveness_measure.measures(models, folder, people)]
    if (folder / "groups-dev" / "manifest.csv").is_file():
        measures += groups(models, folder / "groups-dev")
    else:
        notes.print("groups-dev is not there: figures by group are left out.", style="yellow")
    (print_markdown if "--markdown" in sys.argv[1:] else print_table)(measures)
    return 0 if all(measure.met is not False for measure in measures) else 1


def find_data() -> Path | None:
    places = [Path(os.environ["FACEGATE_DATA"])] if os.environ.get("FACEGATE_DATA") else [Path("../shared/data")]
    return next((place for place in places if (place / "gate-dev" / "manifest.csv").is_file()), None)


def stills(models: Models, folder: Path) -> Iterator[Measure]:
    """LFW residents and probes; the strangers and the refusals of the whole set."""
    everywhere = (STRANGER, NOFACE, ENROL_REJECT, *NOBODY, "broken_file", "odd_file")
    rows = [
        row
        for row in read_manifest(folder / "manifest.csv")
        if row.role in everywhere or (row.file.startswith("lfw/") and row.role in (ENROL, PROBE))
    ]
    report = judge(models, rows)
    figures = report.overall
    part = f"LFW stills, {report.residents} residents, {report.templates} templates"
    yield Measure(part, "right person first (rank 1)", figures.rank1, "≥ 99.5 %", (figures.rank1.value or 0) >= 0.995)
    for fpir, rate in figures.tpir.items():
        yield Measure(part, f"named rightly at FPIR {fpir}", rate)
    yield Measure(part, "residents not named (FNIR)", figures.fnir, "≤ 1.5 %", (figures.fnir.value or 0) <= 0.015)
    yield Measure(part, "residents named as somebody else", figures.misnamed, "0", figures.misnamed.count == 0)
    yield Measure(part, "strangers named (FPIR)", figures.fpir, "0", figures.fpir.count == 0)
    yield Measure(part, "comparisons that match (FMR)", figures.matches, "≤ 1e-4", (figures.matches.value or 0) <= 1e-4)
    yield Measure(part, "faces found where there is none", report.noface, "0", report.noface.count == 0)
    for role, rate in report.nobody.items():
        yield Measure(part, f"somebody named ({role})", rate, "0", rate.count == 0)
    yield Measure(part, "refused at enrolment, of those to refuse", report.enrol_reject)


def groups(models: Models, folder: Path) -> Iterator[Measure]:
    report = judge(models, read_manifest(folder / "manifest.csv"))
    for group, figures in report.groups.items():
        pairs = report.pairs[group]
        if not pairs.impostor.of:
            continue
        part = f"group {group}"
        if figures.rank1.of:
            yield Measure(part, "right person first (rank 1)", figures.rank1)
            yield Measure(part, "residents not named (FNIR), one frame each", figures.fnir)
            yield Measure(part, "residents named as somebody else", figures.misnamed, "0", figures.misnamed.count == 0)
        else:
            yield Measure(part, "strangers named (FPIR)", figures.fpir, "0", figures.fpir.count == 0)
        hard = "idol" in group  # people who look alike on purpose: the figure is shown, nothing is promised
        low = (pairs.impostor.value or 0) <= 1e-4
        yield Measure(
            part,
            "all pairs of two people that match (FMR)",
            pairs.impostor,
            "" if hard else "≤ 1e-4",
            None if hard else low,
        )


def judge(models: Models, rows: Sequence[Row]) -> Report:
    return evaluate(look_at(models, rows).samples, models.embedder.model, Thresholds())


def clips(models: Models, folder: Path) -> Iterator[Measure]:
    rows = read_manifest(folder / "manifest.csv")
    enrolled = [replace(row, role=ENROL) for row in rows if row.role in (ENROL, "clip_enrol")]
    samples = look_at(models, enrolled).samples
    templates = [Template(s.file, s.identity, models.embedder.model, vector) for s in samples for vector in s.vectors]
    residents = {t.resident: Resident(t.resident, t.resident, state=ResidentState.ENROLLED) for t in templates}
    recognition = Recognition(Gallery(templates), residents, Gate("gate", "Gate"))

    def decide(name: str, level: LivenessLevel) -> list[Decision]:
        camera = Camera("clip", "gate", str(folder / "clips" / f"{name}.mp4"), liveness=level)
        pipeline = CameraPipeline(camera, models, recognition)
        shown = track(frames(camera.source), description=name, console=notes, transient=True)
        return [d for f in shown for d in pipeline.process(replace(f, captured_at=f.clip_time))]

    yield from visits(folder, decide("made_gate", LivenessLevel.OFF))

    def granted(names: Sequence[str], level: LivenessLevel) -> int:
        return sum(any(d.verdict is Verdict.GRANTED for d in decide(name, level)) for name in names)

    opened = Rate(granted(WITHOUT_PEOPLE, LivenessLevel.OFF), len(WITHOUT_PEOPLE))
    yield Measure("clips without anybody enrolled", "clips with a grant", opened, "0", opened.count == 0)
    known = (None, "lin-manuel-miranda", "alex-lacamoire")
    names = [decision.resident for decision in decide("hamilton", LivenessLevel.OFF)]
    wrong = Rate(sum(name not in known for name in names), len(names))
    yield Measure("hamilton.mp4", "decisions with a wrong name", wrong, "0", wrong.count == 0)


def visits(folder: Path, decisions: Sequence[Decision]) -> Iterator[Measure]:
    """Each visit of the made clip against what is known of it."""
    with (folder / "clips" / "made_gate_truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    grants = [d for d in decisions if d.verdict is Verdict.GRANTED]
    expected = [v for v in truth if v["enrolled"] == "1"]
    waits = []
    for visit in expected:
        start, end = float(visit["t_start"]), float(visit["t_end"])
        found = [d.clip_time - start for d in grants if start <= d.clip_time <= end and d.resident == visit["identity"]]
        waits += found[:1]
    right = {
        (d.clip_time, d.resident)
        for d in grants
        for v in expected
        if float(v["t_start"]) <= d.clip_time <= float(v["t_end"]) and d.resident == v["identity"]
    }
    part = "made_gate.mp4"
    yield Measure(part, "enrolled visits granted", Rate(len(waits), len(expected)), "all", len(waits) == len(expected))
    strangers = [v for v in truth if v["enrolled"] == "0"]
    wrong = len(grants) - len(right)
    yield Measure(part, "grants to anybody else", Rate(min(wrong, len(strangers)), len(strangers)), "0", wrong == 0)
    if waits:
        notes.print(
            f"made_gate.mp4: granted {min(waits):.2f} to {max(waits):.2f} s after the visit has begun, "
            "smaller than 48 pixels at first."
        )


def verdict(measure: Measure) -> str:
    return {None: "", True: "met", False: "NOT MET"}[measure.met]


def bounds(rate: Rate) -> str:
    low, high = rate.interval
    return f"{percent(low)} – {percent(high)}"


def percent(value: float) -> str:
    return f"{value:.2%}" if value == 0 or value >= 0.0005 else f"{value:.1e}"


def print_table(measures: Sequence[Measure]) -> None:
    table = Table()
    for column in ("", "Figure", "Value", "Count", "95 % bounds", "Wanted", ""):
        table.add_column(column, overflow="fold")
    before = ""
    for measure in measures:
        if measure.part != before and before:
            table.add_section()
        colour = {None: "", True: "green", False: "bold red"}[measure.met]
        table.add_row(
            escape(measure.part) if measure.part != before else "",
            escape(measure.name),
            percent(measure.rate.value or 0.0),
            f"{measure.rate.count} of {measure.rate.of}",
            bounds(measure.rate),
            measure.wanted,
            f"[{colour}]{verdict(measure)}[/]" if colour else "",
        )
        before = measure.part
    Console().print(table)


def print_markdown(measures: Sequence[Measure]) -> None:
    print("| | Figure | Value | Count | 95 % bounds | Wanted | |\n|---|---|---|---|---|---|---|")
    for m in measures:
        value = percent(m.rate.value or 0.0)
        count = f"{m.rate.count} of {m.rate.of}"
        print(f"| {m.part} | {m.name} | {value} | {count} | {bounds(m.rate)} | {m.wanted} | {verdict(m)} |")


if __name__ == "__main__":
    sys.exit(main())
