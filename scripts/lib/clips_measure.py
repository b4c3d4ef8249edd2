"""Recognition on clips, through the product's whole pipeline; they are made of stills, so nothing is asked of life."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from measure_table import Measure, all_of, none_of, notes, rate_of
from rich.progress import track

from facegate.adapters.camera import glances
from facegate.cli.manifest import look_at, read_manifest
from facegate.core.evaluation import ENROL
from facegate.core.matching import Gallery
from facegate.core.models import (
    Camera,
    Decision,
    Face,
    Gate,
    Image,
    LivenessLevel,
    Reason,
    Resident,
    ResidentState,
    Template,
    Verdict,
)
from facegate.core.recognition import Recognition
from facegate.core.statistics import Rate
from facegate.pipeline import CameraPipeline
from facegate.vision import Models

if TYPE_CHECKING:
    from facegate.vision.detector import Detector

NOBODY_ENROLLED = ("empty", "backs", "doorway_crowd", "walk_in")
ON_THE_STAGE = ("lin-manuel-miranda", "alex-lacamoire")
SOON = 1.0
"""Seconds of clip time from the minimum size to the grant."""

_FRAME = 1 / 30  # of a clip: a visit's first and last picture may be one off what is written of it


@dataclass(slots=True)
class _Sizes:
    """The product's detector, and how large the largest face was in each picture it was asked about."""

    detector: object
    largest: list[float] = field(default_factory=list)

    def detect(self, image: Image, **given: object) -> list[Face]:
        """Detect, and note the size."""
        faces: list[Face] = self.detector.detect(image, **given)  # type: ignore[attr-defined]
        self.largest.append(max((face.size for face in faces), default=0.0))
        return faces


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pipeline decided about a clip, and by time, how large the largest face was."""

    decisions: list[Decision]
    sizes: list[tuple[float, float]]


def recognition_of(models: Models, folder: Path, roles: Sequence[str]) -> Recognition:
    """Everybody whose pictures have one of ``roles``, enrolled."""
    rows = [replace(row, role=ENROL) for row in read_manifest(folder / "manifest.csv") if row.role in roles]
    samples = look_at(models, rows).samples
    templates = [Template(s.file, s.identity, models.embedder.model, vector) for s in samples for vector in s.vectors]
    residents = {t.resident: Resident(t.resident, t.resident, state=ResidentState.ENROLLED) for t in templates}
    return Recognition(Gallery(templates), residents, Gate("gate", "Gate", faces=True))


def show(models: Models, recognition: Recognition, clip: Path, level: LivenessLevel) -> Shown:
    """Play a clip to a gate."""
    sizes = _Sizes(models.detector)
    camera = Camera("clip", "gate", str(clip), liveness=level)
    pipeline = CameraPipeline(camera, replace(models, detector=cast("Detector", sizes)), recognition)
    decisions, largest = [], []
    for glance in track(glances(camera.source), description=clip.stem, console=notes, transient=True):
        asked = len(sizes.largest)
        frame = replace(glance.frame(), captured_at=glance.clip_time)
        if pipeline.attends(glance.luma, frame.captured_at):
            decisions += pipeline.process(frame)
        else:  # a gate does not look at this one; how large anybody was whom it overlooks counts all the same
            sizes.detect(frame.image)
        largest.append((frame.clip_time, max(sizes.largest[asked:], default=0.0)))
    return Shown(decisions, largest)


def measures(models: Models, data: Path) -> Iterator[Measure]:
    """The visits of the made clip, a stage with two residents on it, and scenes in which nobody is enrolled."""
    folder = data / "gate-dev"
    recognition = recognition_of(models, folder, (ENROL, "clip_enrol"))

    def play(name: str) -> Shown:
        return show(models, recognition, folder / "clips" / f"{name}.mp4", LivenessLevel.OFF)

    yield from _visits(folder, play("made_gate"))
    for name in NOBODY_ENROLLED:
        grants = [d for d in play(name).decisions if d.verdict is Verdict.GRANTED]
        yield none_of("clips without anybody enrolled", f"{name}.mp4 with a grant", rate_of([bool(grants)]))
    said = play("hamilton").decisions
    wrong = Rate(sum(d.resident not in (None, *ON_THE_STAGE) for d in said), len(said))
    yield none_of("hamilton.mp4", "decisions with a wrong name", wrong)


def _visits(folder: Path, shown: Shown) -> Iterator[Measure]:
    """Each visit of the made clip against what is known of it."""
    with (folder / "clips" / "made_gate_truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    part = "made_gate.mp4"
    residents = [visit for visit in truth if visit["enrolled"] == "1"]
    waits = {visit["identity"]: _wait(visit, shown) for visit in residents}
    found = [wait for wait in waits.values() if wait is not None]
    yield all_of(part, "enrolled visits granted", Rate(len(found), len(residents)))
    soon = rate_of(wait is not None and wait <= SOON for wait in waits.values())
    yield all_of(part, f"granted within {SOON:.1f} s of clip time after the face has reached 48 pixels", soon)
    if found:
        said = f"{part}: granted {min(found):.2f} to {max(found):.2f} s after a face has reached 48 pixels."
        notes.print(said, highlight=False)
    grants = [d for d in shown.decisions if d.verdict is Verdict.GRANTED]
    yield none_of(part, "grants to anybody else", rate_of(not _is_expected(d, residents) for d in grants))
    strangers = [visit for visit in truth if visit["enrolled"] == "0" and visit["kind"] != "pair"]
    let_in = rate_of(any(_during(d, visit) for d in grants) for visit in strangers)
    yield none_of(part, "visits of strangers alone with a grant", let_in)
    pairs = sorted({visit["t_start"] for visit in truth if visit["kind"] == "pair"})
    apart = rate_of(_is_told_apart([v for v in truth if v["t_start"] == start], shown) for start in pairs)
    yield all_of(part, "visits of two decided for each person", apart)


def _during(decision: Decision, visit: dict[str, str]) -> bool:
    return float(visit["t_start"]) - _FRAME <= decision.clip_time <= float(visit["t_end"]) + _FRAME


def _is_expected(decision: Decision, residents: Sequence[dict[str, str]]) -> bool:
    return any(_during(decision, visit) and decision.resident == visit["identity"] for visit in residents)


def _wait(visit: dict[str, str], shown: Shown) -> float | None:
    """Seconds from the first picture in which any face is large enough to the grant; ``None`` without one."""
    start, end = float(visit["t_start"]), float(visit["t_end"])
    large = (at for at, size in shown.sizes if start - _FRAME <= at <= end and size >= Camera("", "", "").min_face)
    begin = next(large, start)
    grants = [d.clip_time for d in shown.decisions if d.verdict is Verdict.GRANTED and _is_expected(d, [visit])]
    return min(grants) - begin if grants else None


def _is_told_apart(visits: Sequence[dict[str, str]], shown: Shown) -> bool:
    """One is let in by name, the other refused as unknown on another track, and the event says that two stood there."""
    said = [d for d in shown.decisions if _during(d, visits[0])]
    granted = [d for d in said if d.verdict is Verdict.GRANTED]
    refused = [d for d in said if d.reason is Reason.UNKNOWN_FACE]
    (resident,) = (visit["identity"] for visit in visits if visit["enrolled"] == "1")
    names = {d.resident for d in granted}
    apart = {d.track for d in granted}.isdisjoint({d.track for d in refused})
    return names == {resident} and bool(refused) and apart and all(d.faces == len(visits) for d in granted)
