"""Liveness: attacks and living people, by kind, as frames, as sequences and on clips."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import numpy as np
from clips_measure import recognition_of
from measure_table import Measure, none_of, notes

from facegate.adapters.camera import frames
from facegate.cli.life import look_for_life
from facegate.cli.manifest import read_manifest
from facegate.core.evaluation_liveness import evaluate_liveness
from facegate.core.liveness import CHANGED_AT
from facegate.core.models import Camera, Decision, Image, LivenessLevel, Verdict
from facegate.core.recognition import Recognition
from facegate.core.statistics import Rate
from facegate.pipeline import CameraPipeline
from facegate.vision import Models, chips, motion
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


def measures(models: Models, data: Path) -> Iterator[Measure]:
    """Every figure, and at the end what one face costs."""
    for source in ("gate-dev", "groups-dev"):
        yield from _stills(models, data / source, source)
    yield from _clips(models, data / "gate-dev")
    people = people_folder()
    yield from _made(models, people)
    notes.print(cost(models, people), highlight=False)


def people_folder() -> Path:
    """The public-domain portraits that setup fetches."""
    return Path(os.environ.get("FACEGATE_PEOPLE") or ".cache/people")


def _stills(models: Models, folder: Path, source: str) -> Iterator[Measure]:
    for figures in evaluate_liveness(look_for_life(models, read_manifest(folder / "manifest.csv"))):
        part = f"{source}: {figures.role}{f', {figures.kind}' if figures.kind else ''}, {figures.people} people"
        rate = "APCER" if figures.attack else "BPCER"
        yield Measure(part, f"{rate}, single frames", figures.frames)
        if figures.sequences.of:
            asked = none_of if figures.attack and not figures.role.endswith("_crop") else Measure
            yield asked(part, f"{rate}, sequences (median)", figures.sequences)
            yield asked(part, f"{rate}, sequences (at any moment)", figures.moment)
        yield Measure(part, "pictures without an answer", figures.silent)


def _clips(models: Models, folder: Path) -> Iterator[Measure]:
    recognition = recognition_of(models, folder, ("clip_enrol",))
    for every in RATES:
        granted = {}
        for name in (*LIVE_CLIPS, *ATTACK_CLIPS):
            decisions, cost = _decide(models, recognition, folder / "clips" / f"{name}.mp4", every)
            granted[name] = any(decision.verdict is Verdict.GRANTED for decision in decisions)
            said = "; ".join(f"{d.clip_time:.2f} s {d.reason} {_parts(d)}" for d in decisions)
            notes.print(f"{name}.mp4, 1 frame of {every}: {said} ({cost})", highlight=False)
        part = f"clips, 1 frame of {every}"
        refused = Rate(sum(not granted[name] for name in LIVE_CLIPS), len(LIVE_CLIPS))
        fooled = Rate(sum(granted[name] for name in ATTACK_CLIPS), len(ATTACK_CLIPS))
        yield none_of(part, "BPCER, live clips refused", refused)
        yield none_of(part, "APCER, replay clips let in", fooled)


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


def _made(models: Models, people: Path) -> Iterator[Measure]:
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
        yield Measure(part, f"prints {name} that change like a face", Rate(passed, len(PORTRAITS) * len(WIDTHS)))


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
