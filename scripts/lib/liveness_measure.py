"""The liveness figures of ``scripts/measure``: attacks and living people, by kind, as frames, sequences and clips.

    python scripts/lib/liveness_measure.py [--markdown]

looks at the same data as scripts/measure and prints these figures alone.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import numpy as np

from facegate.adapters.camera import frames
from facegate.cli.life import look_for_life
from facegate.cli.manifest import look_at, read_manifest
from facegate.core.evaluation import ENROL
from facegate.core.evaluation_liveness import evaluate_liveness
from facegate.core.liveness import CHANGED_AT
from facegate.core.matching import Gallery
from facegate.core.models import (
    Camera,
    Decision,
    Gate,
    Image,
    LivenessLevel,
    Resident,
    ResidentState,
    Template,
    Verdict,
)
from facegate.core.recognition import Recognition
from facegate.core.statistics import Rate
from facegate.pipeline import CameraPipeline
from facegate.settings import default_models, make_settings
from facegate.vision import Models, chips, load, motion
from facegate.vision.pictures import read_picture

LIVE_CLIPS = ("live_A", "grid_1", "grid_2", "grid_3", "grid_4", "arrive", "leave")
ATTACK_CLIPS = ("replay_A",)
RATES = (1, 2, 4)
"""Every frame of a clip, every second, every fourth: a gate's camera has 8 to 30 a second."""

PORTRAITS = ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg", "astronaut.png")
WIDTHS = (60, 120, 200)
_SECONDS = 2.0
_FPS = 8
_NOISE = 2.0  # grey levels, standard deviation

type Line = tuple[str, str, Rate, str, bool | None]
"""Part, figure, rate, what is wanted, whether it is met (``None``: nothing is asked)."""


def measures(models: Models, data: Path, people: Path) -> Iterator[Line]:
    """Every figure, the quickest last."""
    for source in ("gate-dev", "groups-dev"):
        if (data / source / "manifest.csv").is_file():
            yield from _stills(models, data / source, source)
    yield from _clips(models, data / "gate-dev")
    if all((people / name).is_file() for name in PORTRAITS):
        yield from _made(models, people)


def _stills(models: Models, folder: Path, source: str) -> Iterator[Line]:
    for figures in evaluate_liveness(look_for_life(models, read_manifest(folder / "manifest.csv"))):
        part = f"{source}: {figures.role}{f', {figures.kind}' if figures.kind else ''}, {figures.people} people"
        rate = "APCER" if figures.attack else "BPCER"
        asked = figures.attack and not figures.role.endswith("_crop")
        yield part, f"{rate}, single frames", figures.frames, "", None
        if figures.sequences.of:
            yield part, f"{rate}, sequences (median)", figures.sequences, *_none(figures.sequences, asked)
            yield part, f"{rate}, sequences (at any moment)", figures.moment, *_none(figures.moment, asked)
        yield part, "pictures without an answer", figures.silent, "", None


def _none(rate: Rate, asked: bool) -> tuple[str, bool | None]:
    return ("0", rate.count == 0) if asked else ("", None)


def _clips(models: Models, folder: Path) -> Iterator[Line]:
    rows = [row for row in read_manifest(folder / "manifest.csv") if row.role == "clip_enrol"]
    samples = look_at(models, [replace(row, role=ENROL) for row in rows]).samples
    templates = [Template(s.file, s.identity, models.embedder.model, vector) for s in samples for vector in s.vectors]
    residents = {t.resident: Resident(t.resident, t.resident, state=ResidentState.ENROLLED) for t in templates}
    recognition = Recognition(Gallery(templates), residents, Gate("gate", "Gate"))
    for every in RATES:
        granted = {}
        for name in (*LIVE_CLIPS, *ATTACK_CLIPS):
            decisions, cost = _decide(models, recognition, folder / "clips" / f"{name}.mp4", every)
            granted[name] = any(decision.verdict is Verdict.GRANTED for decision in decisions)
            said = "; ".join(f"{d.clip_time:.2f} s {d.reason} {_parts(d)}" for d in decisions)
            print(f"{name}.mp4, 1 frame of {every}: {said} ({cost})", file=sys.stderr)
        part = f"clips, 1 frame of {every}"
        refused = Rate(sum(not granted[name] for name in LIVE_CLIPS), len(LIVE_CLIPS))
        fooled = Rate(sum(granted[name] for name in ATTACK_CLIPS), len(ATTACK_CLIPS))
        yield part, "BPCER, live clips refused", refused, "0", refused.count == 0
        yield part, "APCER, replay clips let in", fooled, "0", fooled.count == 0


def _decide(models: Models, recognition: Recognition, clip: Path, every: int) -> tuple[list[Decision], str]:
    camera = Camera("clip", "gate", str(clip), liveness=LivenessLevel.PASSIVE)
    pipeline = CameraPipeline(camera, models, recognition)
    decisions: list[Decision] = []
    taken: dict[str, list[float]] = {"liveness": [], "motion": []}
    for number, frame in enumerate(frames(camera.source)):
        if number % every:
            continue
        decisions += pipeline.process(replace(frame, captured_at=frame.clip_time))
        for stage, ms in taken.items():
            if stage in pipeline.health.ms:
                ms.append(pipeline.health.ms[stage])
    return decisions, ", ".join(f"{stage} {median(ms):.1f} ms" for stage, ms in taken.items() if ms)


def _parts(decision: Decision) -> str:
    seen = decision.liveness
    if seen is None or seen.live is None or seen.change is None:
        return "without evidence of life"
    return f"live {seen.live:.3f}, change {seen.change:.3f} of {seen.frames} frames"


def _made(models: Models, people: Path) -> Iterator[Line]:
    """Portraits filmed as if they stood before the camera, or were moved in the hand: what ``change`` makes of them."""
    rng = np.random.default_rng(1)
    for name, tilt in (("standing still", 0.0), ("moved and tilted by up to 3 degrees", 0.05)):
        passed = 0
        for portrait in PORTRAITS:
            image = read_picture(people / portrait)
            face = max(models.detector.detect(image), key=lambda found: found.size)
            for width in WIDTHS:
                scale = width / face.box.width
                small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                passed += _passes(models, _film(np.asarray(small, np.uint8), tilt, rng))
        part = f"made clips of {len(PORTRAITS)} portraits, {', '.join(map(str, WIDTHS))} pixels wide, {_SECONDS:.0f} s"
        yield part, f"prints {name} that change like a face", Rate(passed, len(PORTRAITS) * len(WIDTHS)), "", None


def _film(image: Image, tilt: float, rng: np.random.Generator) -> Iterator[Image]:
    height, width = image.shape[:2]
    lens = np.array([[2 * width, 0, width / 2], [0, 2 * width, height / 2], [0, 0, 1.0]])
    phase, speed = rng.uniform(0, 6, 6), rng.uniform(0.3, 1.2, 6)
    for number in range(round(_SECONDS * _FPS)):
        wave = tilt * np.sin(2 * np.pi * speed * number / _FPS + phase)
        turn = cv2.Rodrigues(np.array([wave[0], wave[1], 0.4 * wave[2]]))[0]
        shift = np.outer(np.array([0.3, 0.3, 0.5]) * wave[3:], [0, 0, 1])
        plane = lens @ (turn + shift) @ np.linalg.inv(lens)
        moved = cv2.warpPerspective(image, plane, (width, height), borderMode=cv2.BORDER_REPLICATE)
        noisy = np.clip(moved + rng.normal(0, _NOISE, moved.shape), 0, 255).astype(np.uint8)
        yield np.asarray(cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], 1), np.uint8)


def _passes(models: Models, film: Iterator[Image]) -> bool:
    """Whether any frame has changed since the first as no flat picture does."""
    first: Image | None = None
    for image in film:
        faces = models.detector.detect(image)
        if not faces:
            continue
        chip = chips.cut(image, max(faces, key=lambda found: found.size).landmarks)
        change = None if first is None else motion.change(first, chip)
        if change is not None and change >= CHANGED_AT:
            return True
        if change is None:
            first = chip
    return False


def cost(models: Models, people: Path) -> str:
    """What one face costs, in milliseconds."""
    assert models.antispoof is not None
    image = read_picture(people / PORTRAITS[0])
    face = max(models.detector.detect(image), key=lambda found: found.size)
    chip = chips.cut(image, face.landmarks)

    def took(call: object, *arguments: object) -> float:
        times = []
        for _ in range(40):
            began = perf_counter()
            call(*arguments)  # type: ignore[operator]
            times.append((perf_counter() - began) * 1000)
        return median(times)

    model = took(models.antispoof.live_probability, image, face.box)
    moved = took(motion.change, chip, np.ascontiguousarray(np.roll(chip, 1, axis=1)))
    return f"model {model:.1f} ms per face and frame, change {moved:.1f} ms per face and frame until one was seen"


def main() -> int:
    """Print the figures; exit code 0 if every measure is met, 1 if not, 2 without data."""
    from accuracy import Measure, find_data, print_markdown, print_table  # noqa: PLC0415  # that file imports this one

    data = find_data()
    if data is None:
        print("There is no test data: see scripts/measure.", file=sys.stderr)
        return 2
    models = load(make_settings({}, data=Path(os.devnull), models=default_models()))
    people = Path(os.environ.get("FACEGATE_PEOPLE") or ".cache/people")
    lines = [Measure(*line) for line in measures(models, data, people)]
    (print_markdown if "--markdown" in sys.argv[1:] else print_table)(lines)
    print(cost(models, people), file=sys.stderr)
    return 0 if all(line.met is not False for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
