"""What light, weather and things worn do to recognition, and which normalisation helps: docs/measurements/light.md.

    python scripts/lib/light_measure.py FOLDER [--every N] [--only light|detections] [--write]

FOLDER has gate-dev and groups-dev; the pictures are looked at where they lie. Residents are enrolled from the pictures
as they are; each probe and each stranger is then shown to the gate's own way (detect, quality, embed, match) under
each degradation. ``--every`` takes every Nth probe and stranger alone. ``--write`` puts the tables into the page.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from degradations import DEGRADATIONS
from generated import replace_block
from measure_table import percent
from rich.progress import track

from facegate.cli.manifest import Row, read_manifest
from facegate.core.alignment import AlignmentError
from facegate.core.matching import Gallery
from facegate.core.models import Box, Face, Image, Template, Vector
from facegate.core.quality import GATE, assess, foremost
from facegate.core.session import Thresholds
from facegate.core.statistics import Rate
from facegate.residents.picture import judge_face
from facegate.settings import default_models, make_settings
from facegate.vision import Models, load
from facegate.vision.chips import cut
from facegate.vision.errors import PictureError, RuntimeModelError
from facegate.vision.occlusion import is_masked
from facegate.vision.pictures import read_picture

PAGE = Path("docs/measurements/light.md")
GROUPS = ("casia", "nuaa")
"""Groups taken by a camera as a gate has one; the others are pictures from the web."""
NO_FACE = "no_face"


@dataclass(frozen=True, slots=True)
class Person:
    """One picture to degrade: who it is, empty for a stranger, and where the face is in good light."""

    image: Image
    face: Face
    identity: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate makes of one picture: the resident named, or why none is."""

    named: str | None
    refused: tuple[str, ...] = ()
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """One aligned face on the way to the embedder."""

    chip: Image
    identity: str


def main() -> int:
    """Print the tables, or put them into the page."""
    parser = argparse.ArgumentParser(prog="light_measure.py", description="Light, weather and things worn.")
    parser.add_argument("folder", type=Path, help="the parent folder of gate-dev and groups-dev")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth picture alone")
    parser.add_argument("--only", choices=("light", "detections"), help="measure this part alone")
    parser.add_argument("--write", action="store_true", help=f"replace the tables of {PAGE}")
    wanted = parser.parse_args()
    if not (wanted.folder / "gate-dev" / "manifest.csv").is_file():
        print(f"There is no gate-dev/manifest.csv in {wanted.folder}: name the folder that has it.", file=sys.stderr)
        return 2
    models = load(make_settings({}, data=Path(os.devnull), models=default_models()))
    rows = [row for row in read_manifest(wanted.folder / "gate-dev" / "manifest.csv") if row.file.startswith("lfw/")]
    camera = read_manifest(wanted.folder / "groups-dev" / "manifest.csv")
    rows += [row for row in camera if row.group in GROUPS]
    templates = enrol(models, [row for row in rows if row.role == "enrol"])
    gallery = Gallery(templates)
    people = list(find(models, [row for row in rows if row.role == "probe"][:: wanted.every]))
    strangers = list(find(models, [row for row in rows if row.role == "impostor"][:: wanted.every], stranger=True))
    empty = [row for row in read_manifest(wanted.folder / "gate-dev" / "manifest.csv") if row.role == "noface"]
    tables: dict[str, list[str]] = {}
    if wanted.only in (None, "light"):
        tables["degradations"], chips = degraded(models, gallery, people, strangers)
        tables["normalisations"] = normalised(models, gallery, templates, chips)
    if wanted.only in (None, "detections"):
        pictures = [read_picture(row.path) for row in empty]
        tables["detections"] = detected(models, gallery, (*people, *strangers), pictures)
    for name, lines in tables.items():
        print(f"\n{name}\n\n" + "\n".join(lines))
        if wanted.write:
            replace_block(PAGE, name, lines)
    return 0


def enrol(models: Models, rows: Sequence[Row]) -> list[Template]:
    """Return the templates of everybody whose pictures are good enough."""
    templates = []
    for row in rows:
        person = _find(models, row, row.identity)
        found = judge_face(models, person.image, person.face) if person else None
        if found is not None and found.vector is not None:
            templates.append(Template(row.file, row.identity, models.embedder.model, found.vector))
    return templates


def find(models: Models, rows: Sequence[Row], *, stranger: bool = False) -> list[Person]:
    """Return the pictures whose face is found in good light."""
    found = (_find(models, row, "" if stranger else row.identity) for row in rows)
    return [person for person in found if person is not None]


def _find(models: Models, row: Row, identity: str) -> Person | None:
    try:
        image = read_picture(row.path)
    except PictureError:
        return None
    face = foremost(models.detector.detect(image), image.shape)
    return Person(image, face, identity) if face is not None else None


def degraded(
    models: Models, gallery: Gallery, people: Sequence[Person], strangers: Sequence[Person]
) -> tuple[list[str], dict[str, list[Chip]]]:
    """Return the table, and by degradation the chips that came through, for the normalisations."""
    lines = [
        "| Light | strength | named | refused with a reason | not named | named as somebody else | strangers named |",
        "|---|---|---|---|---|---|---|",
    ]
    chips: dict[str, list[Chip]] = {}
    for name, (degrade, strengths) in DEGRADATIONS.items():
        for said, strength in track(strengths.items(), description=name, disable=not sys.stderr.isatty()):
            kept: list[Chip] = []
            answers = [
                (person, show(models, gallery, degrade(person.image, person.face, strength), person, kept))
                for person in (*people, *strangers)
            ]
            chips[f"{name}, {said}" if said else name] = kept
            lines.append(_line(name, said, answers))
    return lines, chips


def show(models: Models, gallery: Gallery, image: Image, person: Person, kept: list[Chip]) -> Answer:
    """Return what the gate makes of the face that stands where ``person`` does."""
    near = [face for face in models.detector.detect(image, again=True) if _overlaps(face, person.face)]
    face = foremost(near, image.shape)
    if face is None:
        return Answer(None, (NO_FACE,))
    try:
        chip = cut(image, face.landmarks)
        quality = assess(face, chip, image.shape, GATE)
        if not quality.good:
            return Answer(None, tuple(map(str, quality.faults)))
        kept.append(Chip(chip, person.identity))
        (vector,) = models.embedder.embed(chip[None])
        named = Thresholds().names(gallery.match(vector))
        masked = named is None and is_masked(models.embedder, chip, vector)
        return Answer(named, ("mask",) if masked else (), masked)
    except (AlignmentError, RuntimeModelError) as error:
        return Answer(None, (type(error).__name__,))


def _overlaps(face: Face, known: Face) -> bool:
    x, y = face.box.centre
    return known.box.left <= x <= known.box.right and known.box.top <= y <= known.box.bottom


def _line(name: str, said: str, answers: Sequence[tuple[Person, Answer]]) -> str:
    residents = [(person, answer) for person, answer in answers if person.identity]
    strangers = [answer for person, answer in answers if not person.identity]
    of = len(residents)
    right = sum(answer.named == person.identity for person, answer in residents)
    wrong = sum(answer.named not in (None, person.identity) for person, answer in residents)
    refused = [answer for _, answer in residents if answer.refused]
    reasons = Counter(reason for answer in refused for reason in answer.refused)
    why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(3))
    return (
        f"| {name} | {said} | {_share(right, of)} | {len(refused)}{f' ({why})' if why else ''} "
        f"| {of - right - wrong - len(refused)} | {_share(wrong, of)} "
        f"| {_share(sum(answer.named is not None for answer in strangers), len(strangers))} |"
    )


# What might make up for it


def _as_it_is(chip: Image) -> Image:
    return chip


def _gamma(chip: Image) -> Image:
    """Towards a mean grey of 120."""
    mean = min(max(float(chip.mean()), 5.0), 250.0)
    gamma = min(max(np.log(120 / 255) / np.log(mean / 255), 0.4), 2.0)
    table = 255 * (np.arange(256) / 255) ** gamma
    return np.asarray(np.round(table).astype(np.uint8)[chip])


def _stretch(chip: Image) -> Image:
    low, high = np.percentile(chip, (1, 99))
    return np.asarray(np.clip((chip - low) * (255 / max(high - low, 1.0)), 0, 255).astype(np.uint8))


def _equalise(chip: Image) -> Image:
    lab = cv2.cvtColor(chip, cv2.COLOR_BGR2LAB)
    lab[:, :, 0] = cv2.createCLAHE(2.0, (4, 4)).apply(lab[:, :, 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), np.uint8)


def _median(chip: Image) -> Image:
    return np.asarray(cv2.medianBlur(chip, 3), np.uint8)


def _means(chip: Image) -> Image:
    return np.asarray(cv2.fastNlMeansDenoisingColored(chip, None, 6, 6, 5, 13), np.uint8)


def _sharpen(chip: Image) -> Image:
    return np.asarray(cv2.addWeighted(chip, 1.8, cv2.GaussianBlur(chip, (0, 0), 1.5), -0.8, 0), np.uint8)


def _uncoloured(chip: Image) -> Image:
    return np.repeat(cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2)


NORMALISATIONS: Final[Mapping[str, Callable[[Image], Image]]] = {
    "none": _as_it_is,
    "gamma towards a mean of 120": _gamma,
    "contrast stretched": _stretch,
    "CLAHE on lightness": _equalise,
    "median of 3": _median,
    "non-local means": _means,
    "sharpened": _sharpen,
    "colour removed": _uncoloured,
}
MIRRORED = "mean with the mirror image"

MEANT: Final = (
    "as it is", "like infrared, strong", "backlight, medium", "side light, strong", "low light, 30", "low light, 15",
    "motion blur, 19 %", "haze, strong", "glare, strong",
)  # fmt: skip
"""The degradations that a normalisation is tried on: those where residents are lost."""


def normalised(
    models: Models, gallery: Gallery, templates: Sequence[Template], chips: Mapping[str, Sequence[Chip]]
) -> list[str]:
    """Return the table of residents named and of others' templates matched, by normalisation.

    A normalisation moves the scores of strangers as well: it helps only where more residents are named and no more of
    the comparisons with others' templates match.
    """
    lines = [
        "| Normalisation | " + " | ".join(MEANT) + " | all | others' templates matched |",
        "|---|" + "---|" * (len(MEANT) + 2),
    ]
    normalisations: dict[str, tuple[Callable[[Image], Image], bool]] = {
        n: (f, False) for n, f in NORMALISATIONS.items()
    }
    normalisations[MIRRORED] = (_as_it_is, True)
    known = np.stack([template.vector for template in templates])
    owners = np.array([template.resident for template in templates])
    for name, (normalise, mirrored) in normalisations.items():
        cells, hits, residents, matched, compared = [], 0, 0, 0, 0
        for kind in MEANT:
            right = of = 0
            for chip in chips[kind]:
                vector = _embed(models, normalise(chip.chip), mirrored=mirrored)
                scores = known @ vector
                others = scores[owners != chip.identity]
                matched += int((others >= Thresholds().score).sum())
                compared += len(others)
                if chip.identity:
                    of += 1
                    right += Thresholds().names(gallery.match(vector)) == chip.identity
            cells.append(f"{right} of {of}")
            hits, residents = hits + right, residents + of
        rate = Rate(matched, compared)
        lines.append(
            f"| {name} | {' | '.join(cells)} | {_share(hits, residents)} "
            f"| {matched} of {compared} (≤ {percent(rate.interval[1])}) |"
        )
    return lines


# What might find a face that was not found

type Detect = Callable[[Models, Image], Sequence[Face]]


def _once_more(change: Callable[[Image], Image], scale: float) -> Detect:
    """Detect in a changed picture; ``scale`` is its size in proportion to the picture."""

    def detect(models: Models, image: Image) -> list[Face]:
        found = models.detector.detect(change(image))
        return [
            Face(
                Box(*(side / scale for side in (face.box.left, face.box.top, face.box.right, face.box.bottom))),
                (face.landmarks / np.float32(scale)).astype(np.float32),
                face.score,
            )
            for face in found
        ]

    return detect


def _resized(scale: float) -> Callable[[Image], Image]:
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return lambda image: np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=way), np.uint8)


def _blurred(image: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.2), np.uint8)


DETECTIONS: Final[Mapping[str, Detect]] = {
    "once, at 0.88": lambda models, image: models.detector.detect(image),
    "at 0.8": lambda models, image: models.detector.detect(image, least_score=0.8),
    "at 0.7": lambda models, image: models.detector.detect(image, least_score=0.7),
    "again at half the size": _once_more(_resized(0.5), 0.5),
    "again at 1.5 times the size": _once_more(_resized(1.5), 1.5),
    "again after a blur": _once_more(_blurred, 1.0),
    "again after CLAHE": _once_more(_equalise, 1.0),
    "again after gamma": _once_more(_gamma, 1.0),
}


def detected(models: Models, gallery: Gallery, people: Sequence[Person], empty: Sequence[Image]) -> list[str]:
    """Return the table of faces found, residents named and strangers named, by what is tried where none was found."""
    lines = [
        "| Where no face was found | faces found | residents named | strangers named | false faces where none is |",
        "|---|---|---|---|---|",
    ]
    found, named, strangers = Counter[str](), Counter[str](), Counter[str]()
    kinds = [
        (DEGRADATIONS[name][0], DEGRADATIONS[name][1][said]) for name, _, said in (k.partition(", ") for k in MEANT)
    ]
    for person in track(people, description="detections", disable=not sys.stderr.isatty()):
        for degrade, strength in kinds:
            image = degrade(person.image, person.face, strength)
            first = [face for face in models.detector.detect(image) if _overlaps(face, person.face)]
            for name, again in DETECTIONS.items():
                face = foremost(first or [f for f in again(models, image) if _overlaps(f, person.face)], image.shape)
                if face is None:
                    continue
                found[name] += 1
                answer = _name(models, gallery, image, face)
                named[name] += bool(person.identity) and answer == person.identity
                strangers[name] += not person.identity and answer is not None
    of = len(people) * len(kinds)
    residents = sum(bool(person.identity) for person in people) * len(kinds)
    for name, again in DETECTIONS.items():
        false = sum(bool(again(models, image)) for image in empty)
        lines.append(
            f"| {name} | {_share(found[name], of)} | {_share(named[name], residents)} "
            f"| {strangers[name]} of {of - residents} | {false} of {len(empty)} |"
        )
    return lines


def _name(models: Models, gallery: Gallery, image: Image, face: Face) -> str | None:
    chip = cut(image, face.landmarks)
    if not assess(face, chip, image.shape, GATE).good:
        return None
    return Thresholds().names(gallery.match(_embed(models, chip, mirrored=False)))


def _embed(models: Models, chip: Image, *, mirrored: bool) -> Vector:
    (vector,) = models.embedder.embed(chip[None], mirrored=mirrored)
    return np.asarray(vector, np.float32)


def _share(count: int, of: int) -> str:
    if not of:
        return "–"
    low, high = Rate(count, of).interval
    return f"{count} of {of} ({percent(low)} – {percent(high)})"


if __name__ == "__main__":
    sys.exit(main())
