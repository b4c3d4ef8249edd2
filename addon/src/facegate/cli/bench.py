"""``facegate bench``: how fast the way of a frame is on this machine.

``scripts/bench`` adds what needs more than the product: decoding, and the time from glass to relay over real parts.
"""

import json
import os
import platform
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import typer

from facegate.cli.console import notes, stop, stops_at
from facegate.cli.people import default_people
from facegate.settings import SettingsError, default_data, default_models, make_settings

if TYPE_CHECKING:
    from facegate.adapters.demo_clip import Programme
    from facegate.core.models import Frame
    from facegate.core.recognition import Recognition
    from facegate.vision import Models

SEED: Final = 2  # of the clip and the templates: the same work on every machine
GALLERIES: Final = {100: (), 1_000: (), 10_000: (1.0,), 100_000: (15.0,)}
"""Templates, and the milliseconds that matching one face against them may take: four of each resident."""
PER_RESIDENT: Final = 4
MATCHES: Final = 500
WHOLE_FRAME: Final = "one frame, all stages"
FRAME_RATE: Final = "frames judged in a second"
NAMED: Final = "pictures in which the resident is named"
STRANGER_NAMED: Final = "pictures in which a stranger is named"
MODEL_WARM_UP: Final = 3  # frames; the first inferences make the runtime's plans
_WIDTH: Final = 120  # columns of the table in a file or a pipe, where there is no window to fit
_RESIDENT: Final = "resident-1"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table, in ``unit``.

    ``at_most``: what the median, and p95 where there are two, may be. ``opencv``: the median of OpenCV's own way over
    the same frames, where that was measured beside it; ``times_opencv``: how many times that it must reach.
    """

    name: str
    unit: str
    count: int
    median: float
    p95: float
    at_most: tuple[float, ...] = ()
    opencv: float | None = None
    times_opencv: float | None = None

    @classmethod
    def of(cls, name: str, unit: str, values: Sequence[float], at_most: tuple[float, ...] = ()) -> Figure:
        """The figure of some measured values, at least one."""
        return cls(name, unit, len(values), float(np.median(values)), float(np.percentile(values, 95)), at_most)

    @classmethod
    def once(cls, name: str, unit: str, value: float, at_most: tuple[float, ...] = (), count: int = 1) -> Figure:
        """The figure of something that has one value, however much it was taken from."""
        return cls(name, unit, count, value, value, at_most)

    @property
    def wanted(self) -> str:
        """What is asked of it, empty for nothing."""
        if self.times_opencv is not None:
            return f"≥ {self.times_opencv:g} × OpenCV"
        return "≤ " + " / ".join(f"{limit:g}" for limit in self.at_most) if self.at_most else ""

    @property
    def met(self) -> bool | None:
        """Whether it is as asked; ``None`` where nothing is asked."""
        if self.times_opencv is not None and self.opencv is not None:
            return self.median >= self.times_opencv * self.opencv
        if not self.at_most:
            return None
        return all(value <= most for value, most in zip((self.median, self.p95), self.at_most, strict=False))


def bench(
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="How often one visit of the demo's clip is judged.")] = 3,
    save_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON, too.")
    ] = None,
    models: Annotated[Path | None, typer.Option(help="Where models lie; FACEGATE_MODELS by default.")] = None,
) -> None:
    """Measure the stages of a frame at 1280×720, frames a second, and matching against 10,000 templates.

    scripts/bench measures the whole chain as well: camera, broker and gate node.
    """
    from facegate.adapters.demo_clip import DemoClipError
    from facegate.vision.errors import VisionError

    with stops_at(SettingsError, VisionError, DemoClipError):
        figures = list(measure(models or default_models(), rounds))
    report(figures, save_json)


def measure(models: Path, rounds: int) -> Iterator[Figure]:
    """Measure what the product can measure by itself."""
    from facegate.vision import load

    loaded = load(make_settings({}, data=default_data(), models=models))
    programme = film(default_people())
    notes.print("the way of a frame …", style="dim")
    frames = list(one_visit(programme))
    known = whom_to_know(loaded, programme)
    shown = [frame for _ in range(rounds) for frame in frames]
    began = time.process_time()
    times, whole = judge(loaded, known, shown)
    used = time.process_time() - began
    yield from (Figure.of(f"stage {stage}", "ms", taken) for stage, taken in times.items())
    yield Figure.of(WHOLE_FRAME, "ms", whole)
    yield Figure.once("one frame, processor time", "ms", 1000 * used / len(shown), count=len(shown))
    yield Figure.once(FRAME_RATE, "1/s", 1000 * len(whole) / sum(whole), count=len(whole))
    yield Figure.of("one frame, without proof of life", "ms", judge(loaded, known, shown, life=False)[1])
    yield named(loaded, known, frames, NAMED)
    yield named(loaded, known, list(one_visit(programme, resident=False)), STRANGER_NAMED)
    notes.print("matching …", style="dim")
    yield from map(matching, GALLERIES)


def film(people: Path) -> Programme:
    """The demo's clip, always the same one. Raises DemoClipError."""
    from facegate.adapters.demo_clip import Programme

    programme = Programme(people, SEED, 0.0)
    programme.prepare()
    return programme


def one_visit(programme: Programme, *, resident: bool = True) -> Iterator[Frame]:
    """The frames of the resident's first visit, or of a stranger's, a second of nobody before it."""
    from facegate.core.models import Frame

    visit = next(visit for visit in programme.visits(1) if visit.resident is resident)
    for number, index in enumerate(range(visit.first - programme.fps, visit.end)):
        yield Frame("bench", number, programme.picture(index), index / programme.fps, index / programme.fps)


def whom_to_know(models: Models, programme: Programme) -> Recognition:
    """The demo's resident, enrolled as the demo does it."""
    import cv2

    from facegate.core.matching import Gallery
    from facegate.core.models import Gate, Resident, ResidentState, Template
    from facegate.core.recognition import Recognition
    from facegate.vision import chips

    templates = []
    for picture in programme.enrolled:
        image = np.asarray(cv2.imread(str(programme.people / picture)), np.uint8)
        face = max(models.detector.detect(image), key=lambda found: found.size)
        vector = models.embedder.embed(chips.cut(image, face.landmarks)[np.newaxis])[0]
        templates.append(Template(picture, _RESIDENT, models.embedder.model, vector))
    resident = Resident(_RESIDENT, "Resident 1", state=ResidentState.ENROLLED)
    return Recognition(Gallery(templates), {_RESIDENT: resident}, Gate("bench", "Bench", faces=True))


def judge(
    models: Models, known: Recognition, frames: Iterable[Frame], *, life: bool = True
) -> tuple[dict[str, list[float]], list[float]]:
    """Run frames through one camera's pipeline, with proof of life asked for as at a gate; ms by stage, ms by frame.

    Where the numbers of the frames start again, the visit does, too: it gets a pipeline of its own.
    """
    from facegate.core.models import Camera, LivenessLevel
    from facegate.pipeline import CameraPipeline

    camera = Camera("bench", "bench", "", liveness=LivenessLevel.PASSIVE if life else LivenessLevel.OFF)
    pipeline = CameraPipeline(camera, models, known)
    times: dict[str, list[float]] = {}
    whole: list[float] = []
    last = -1
    for count, frame in enumerate(frames):
        if frame.number <= last:
            pipeline = CameraPipeline(camera, models, known)
        last = frame.number
        began = time.perf_counter()
        pipeline.process(frame)
        taken = (time.perf_counter() - began) * 1000
        if pipeline.health.failing:
            stop(f"The bench cannot go on, because {pipeline.health.problem}: {pipeline.health.detail}.")
        if count < MODEL_WARM_UP:
            continue
        whole.append(taken)
        for stage, ms in pipeline.health.ms.items():
            if stage != "frame":  # it holds all the others
                times.setdefault(stage, []).append(ms)
    return times, whole


def named(models: Models, known: Recognition, frames: Sequence[Frame], name: str) -> Figure:
    """In how many of the frames a face is found and named, each by itself, as OpenCV's sample takes them."""
    from facegate.core.models import Camera
    from facegate.core.search import search
    from facegate.vision import chips

    count = 0
    for frame in frames:
        where = search(frame.image.shape, (), Camera("bench", "bench", "").min_face)
        faces = models.detector.detect(frame.image, longest_side=where.longest_side, region=where.region)
        if faces:
            aligned = np.stack([chips.cut(frame.image, face.landmarks) for face in faces])
            matches = [known.gallery.match(vector) for vector in models.embedder.embed(aligned)]
            count += any(known.thresholds.names(match) is not None for match in matches)
    return Figure.once(name, "", count, count=len(frames))


def matching(templates: int) -> Figure:
    """Time of one face against so many templates of people who never were."""
    from facegate.core.matching import Gallery
    from facegate.core.models import Template

    draw = np.random.default_rng(SEED)
    vectors = draw.standard_normal((templates, 128), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    gallery = Gallery([Template(str(i), str(i // PER_RESIDENT), "drawn", vector) for i, vector in enumerate(vectors)])
    probes = vectors[draw.integers(templates, size=MATCHES)]
    taken = []
    for probe in probes:
        began = time.perf_counter()
        gallery.match(probe)
        taken.append((time.perf_counter() - began) * 1000)
    return Figure.of(f"matching {templates} templates", "ms", taken, GALLERIES[templates])


def machine() -> dict[str, Any]:
    """What was measured on. ``busy``: how many processors others kept busy in the minute before."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "busy": round(os.getloadavg()[0], 1),
    }


def report(figures: Sequence[Figure], save_json: Path | None, before: dict[str, Any] | None = None) -> None:
    """Print the table, and write the same as JSON if wanted. ``before``: the machine as it was before the measuring."""
    from rich.console import Console
    from rich.table import Table

    where = before or machine()
    table = Table(caption=f"{where['processor']}, {where['cores']} cores, load {where['busy']} before")
    beside = ("OpenCV",) if any(figure.opencv is not None for figure in figures) else ()
    for column in ("", "count", "median", "p95", *beside, "unit", "wanted", ""):
        numbers = column in ("count", "median", "p95", *beside)
        table.add_column(column, justify="right" if numbers else "left", no_wrap=True)
    for figure in figures:
        verdict = {None: "", True: "[green]met[/]", False: "[red]NOT MET[/]"}[figure.met]
        table.add_row(
            figure.name,
            str(figure.count),
            digits(figure.median),
            digits(figure.p95),
            *("" if figure.opencv is None else digits(figure.opencv) for _ in beside),
            figure.unit,
            figure.wanted,
            verdict,
        )
    window = Console()
    (window if window.is_terminal else Console(width=_WIDTH)).print(table)
    if save_json is not None:
        content = {"machine": where, "figures": [asdict(figure) | {"met": figure.met} for figure in figures]}
        try:
            save_json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            stop(f"{save_json} cannot be written ({error.strerror or error}): name another file.")


def digits(value: float) -> str:
    """Three digits, as far as they say anything."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
