"""Manifests of pictures: which file shows whom in which role, and what the product makes of each."""

import csv
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from facegate.cli.console import notes
from facegate.core.alignment import AlignmentError
from facegate.core.evaluation import ENROL, ENROL_REJECT, IMPOSTOR, NOBODY, PROBE, USED, Sample
from facegate.core.models import Face, Image, Vector
from facegate.core.quality import GATE, Fault, assess, foremost
from facegate.core.stages import Stages
from facegate.residents.picture import judge_face, judge_image
from facegate.vision import Models, chips
from facegate.vision.errors import PictureError, RuntimeModelError
from facegate.vision.pictures import read_picture

UNREADABLE = "unreadable"
NOT_COMPARABLE = "not_comparable"


class ManifestError(Exception):
    """A manifest that cannot be used; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One picture of a manifest."""

    file: str
    path: Path
    identity: str
    role: str
    group: str = ""


def read_manifest(path: Path) -> list[Row]:
    """Return the rows of a manifest: columns file, identity, role, optionally group. Raises ManifestError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in ("file", "identity", "role") if column not in (reader.fieldnames or ())]
            if missing:
                raise ManifestError(
                    f"{path} has no column '{missing[0]}': its first line must name file,identity,role."
                )
            rows = [_row(path, reader.line_num, line) for line in reader]
    except FileNotFoundError:
        raise ManifestError(
            f"There is no manifest {path}: name a CSV file with the columns file,identity,role."
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path} cannot be read as CSV in UTF-8 ({error}): correct it.") from error
    if not rows:
        raise ManifestError(f"{path} lists no pictures: add a line for each.")
    return rows


def _row(manifest: Path, number: int, line: dict[str, str | None]) -> Row:
    file, identity, role = ((line[column] or "").strip() for column in ("file", "identity", "role"))
    if not file or not role:
        raise ManifestError(f"{manifest}, line {number}: name a file and a role.")
    if role in (ENROL, PROBE) and not identity:
        raise ManifestError(f"{manifest}, line {number}: a picture with the role {role} needs an identity.")
    return Row(file, manifest.parent / file, identity, role, (line.get("group") or "").strip())


@dataclass(slots=True)
class Looks:
    """What the product made of all pictures. ``unreadable``: by file, why."""

    samples: list[Sample] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def ms(self) -> dict[str, dict[str, float]]:
        """Return median and 95th percentile of each stage in milliseconds."""
        return {
            stage: {"median": round(median(taken), 2), "p95": round(float(np.percentile(taken, 95)), 2)}
            for stage, taken in self.times.items()
        }


def look_at(models: Models, rows: Sequence[Row]) -> Looks:
    """Look at each picture as the product does in its role; no picture can end the run."""
    looks = Looks()
    for row in _progress(rows):
        stages = Stages(time.perf_counter)
        if row.role not in USED:
            looks.samples.append(Sample(row.file, row.identity, row.role, row.group))
            continue
        try:
            image = read_picture(row.path)
            looks.samples.append(_look(models, row, image, stages))
        except PictureError as error:
            looks.unreadable[row.file] = str(error)
            looks.samples.append(Sample(row.file, row.identity, row.role, row.group, refused=(UNREADABLE,)))
        except (RuntimeModelError, AlignmentError) as error:
            looks.unreadable[row.file] = str(error)
            looks.samples.append(Sample(row.file, row.identity, row.role, row.group, refused=(NOT_COMPARABLE,)))
        for stage, taken in stages.ms.items():
            looks.times[stage].append(taken)
    return looks


def _look(models: Models, row: Row, image: Image, stages: Stages) -> Sample:
    if row.role == ENROL_REJECT:
        with stages.timed("enrol"):
            judged = judge_image(models, image)
        return Sample(row.file, row.identity, row.role, row.group, refused=judged.refused)
    with stages.timed("detect"):
        faces = models.detector.detect(image, again=row.role != ENROL)  # a gate looks again, enrolment does not
    chosen = _choose(row.role, faces, image)
    if isinstance(chosen, Fault):
        return Sample(row.file, row.identity, row.role, row.group, len(faces), refused=(chosen,))
    vectors: list[Vector] = []
    refused: tuple[str, ...] = ()
    for face in chosen:
        vector, faults = (_enrol if row.role == ENROL else _embed)(models, image, face, stages)
        if vector is not None:
            vectors.append(vector)
        refused += faults
    return Sample(row.file, row.identity, row.role, row.group, len(faces), tuple(vectors), refused)


def _choose(role: str, faces: Sequence[Face], image: Image) -> Sequence[Face] | Fault:
    """The faces that count: the manifest says who the foremost is; where nobody may be named, all do."""
    if role in (ENROL, PROBE, IMPOSTOR):
        face = foremost(faces, image.shape)
        return Fault.NO_FACE if face is None else [face]
    return faces if role in NOBODY else []


def _enrol(models: Models, image: Image, face: Face, stages: Stages) -> tuple[Vector | None, tuple[str, ...]]:
    with stages.timed("enrol"):
        found = judge_face(models, image, face)
    return found.vector, found.refused


def _embed(models: Models, image: Image, face: Face, stages: Stages) -> tuple[Vector | None, tuple[str, ...]]:
    with stages.timed("align"):
        chip = chips.cut(image, face.landmarks)
    with stages.timed("quality"):
        quality = assess(face, chip, image.shape, GATE)
    if not quality.good:
        return None, quality.faults
    with stages.timed("embed"):
        return models.embedder.embed(np.expand_dims(chip, 0))[0], ()


def _progress(rows: Sequence[Row]) -> Iterator[Row]:
    columns = (TextColumn("looking at pictures"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, transient=True) as progress:
        yield from progress.track(rows)
