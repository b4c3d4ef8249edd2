"""The figures of ``scripts/bench``: those of ``facegate bench``, then OpenCV, decoding, and the chain on real parts.

Exit code 0 if every measure is met, 1 if not.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from facegate.adapters.camera import glances
from facegate.adapters.demo_clip import Programme
from facegate.cli import bench
from facegate.cli.bench import Figure
from facegate.cli.console import notes
from facegate.cli.people import default_people
from facegate.core.attention import PERIOD, Motion
from facegate.core.session import Thresholds
from facegate.settings import default_data, default_models, make_settings
from facegate.vision import Models, load
from scripts.lib import bench_chain
from scripts.lib.opencv_path import OpenCvPath
from tests.parts.rtsp import write_clip

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "measurements" / "speed.md"
BEGIN, END = "<!-- written by scripts/bench --write -->", "<!-- end -->"
FPS = 15  # what a camera is counted with
TIMES_OPENCV = 1.5


def main() -> int:
    given = _arguments()
    before = bench.machine()
    figures = list(bench.measure(default_models(), 3))
    notes.print("OpenCV's own way over the same frames …", style="dim")
    figures = beside_opencv(figures)
    with tempfile.TemporaryDirectory(prefix="facegate-bench-") as folder:
        programme = bench.film(default_people())
        notes.print("decoding …", style="dim")
        empty = bench_chain.empty_scene(Path(folder), programme)
        figures += decoding(Path(folder), programme, empty)
        notes.print("a camera before which nobody stands …", style="dim")
        figures += bench_chain.idle(Path(folder) / "idle", empty, given.idle)
        for cameras in given.cameras:
            visits = given.visits if cameras == 1 else -(-given.visits // 2)
            notes.print(f"glass to relay, cameras: {cameras}, visits of each: {visits} …", style="dim")
            figures += bench_chain.chain(Path(folder) / f"chain{cameras}", programme, visits, cameras)
    bench.report(figures, given.json, before)
    if given.write:
        write_down(figures, before)
    return 0 if all(figure.met is not False for figure in figures) else 1


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="scripts/bench", description="Speed and memory on this machine.")
    arguments.add_argument(
        "--visits", type=int, default=16, help="how many visits to measure from glass to relay; half with four cameras"
    )
    arguments.add_argument(
        "--cameras", type=int, nargs="+", choices=bench_chain.LIMITS_MS, default=list(bench_chain.LIMITS_MS),
        help="with how many cameras",
    )  # fmt: skip
    arguments.add_argument("--idle", type=float, default=20, help="for how many seconds to watch an empty scene")
    arguments.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(ROOT)}, too")
    arguments.add_argument("--json", type=Path, help="write the figures as JSON, too")
    return arguments.parse_args()


def beside_opencv(figures: Sequence[Figure]) -> list[Figure]:
    """The figures with those of OpenCV's sample beside them, each frame in its full size as the sample takes it.

    Its cosines are held to our threshold: its models are ours.
    """
    programme = bench.film(default_people())
    path = OpenCvPath([programme.people / picture for picture in programme.enrolled])
    shown = list(bench.one_visit(programme))
    path.run(shown[: bench.MODEL_WARM_UP])
    taken, cosines = path.run(shown)
    _, strangers = path.run(bench.one_visit(programme, resident=False))
    own = {
        bench.WHOLE_FRAME: median(taken),
        bench.FRAME_RATE: 1000 * len(taken) / sum(taken),
        bench.NAMED: sum(cosine >= Thresholds().score for cosine in cosines),
        bench.STRANGER_NAMED: sum(cosine >= Thresholds().score for cosine in strangers),
    }
    wanted = {bench.FRAME_RATE: TIMES_OPENCV, bench.NAMED: 1.0}
    beside = [replace(f, opencv=own.get(f.name), times_opencv=wanted.get(f.name)) for f in figures]
    return [replace(f, at_most=(f.opencv or 0.0,)) if f.name == bench.STRANGER_NAMED else f for f in beside]


def decoding(folder: Path, programme: Programme, empty: Path) -> Iterator[Figure]:
    """What the pictures of one camera of 1280×720 cost, in processor time, which other work on the machine spares."""
    pictures = [frame.image for frame in bench.one_visit(programme)]
    visit = write_clip(folder / "visit.mp4", pictures, programme.fps, rate=bench_chain.RATE)
    list(glances(str(visit)))  # the first run also reads the file and fills caches
    motion = Motion()
    works: dict[str, Callable[[Any], object]] = {
        "decoding H.264 1280×720": lambda glance: None,
        "… and the motion gate": lambda glance: motion.saw(glance.luma, glance.clip_time),
        "… and conversion": lambda glance: glance.frame(),
    }
    for name, work in works.items():
        yield Figure.once(name, "ms", 1000 * min(_each(glances(str(empty)), work) for _ in range(3)))
    models = load(make_settings({}, data=default_data(), models=default_models()))
    known = bench.whom_to_know(models, programme)
    bench.judge(models, known, list(bench.one_visit(programme)))
    busy = min(_judged(models, known, visit) for _ in range(3))
    yield Figure.once("frame decoded and judged", "ms", 1000 * busy)
    yield Figure.once(f"cameras a core can judge at {FPS}/s", "", 1 / (FPS * busy))
    idle = min(_judged(models, known, empty, every=round(PERIOD * programme.fps)) for _ in range(3))
    yield Figure.once(f"cameras a core can watch at {FPS}/s", "", 1 / (FPS * idle))


def _each(source: Iterable[Any], work: Callable[[Any], object]) -> float:
    """Processor seconds a picture, of all threads."""
    began, count = time.process_time(), 0
    for glance in source:
        work(glance)
        count += 1
    return (time.process_time() - began) / count


def _judged(models: Models, known: Any, clip: Path, every: int = 1) -> float:
    """The same, of which one in ``every`` is looked at, the others as far as the motion gate."""
    motion, began = Motion(), time.process_time()
    shown = list(glances(str(clip)))
    seen = [
        glance.frame() for glance in shown if motion.saw(glance.luma, glance.clip_time) or not glance.number % every
    ]
    bench.judge(models, known, seen)
    return (time.process_time() - began) / len(shown)


def write_down(figures: Sequence[Figure], machine: dict[str, Any], page: Path = PAGE) -> None:
    """Exchange the table on the page for this one."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{page} has no place for the table: put the lines {BEGIN} and {END} there.")
    table = "\n".join(_lines(figures, machine))
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def _lines(figures: Sequence[Figure], machine: dict[str, Any]) -> Iterator[str]:
    day = datetime.now(UTC).date().isoformat()
    yield (
        f"\nMeasured on {day}: {machine['processor']}, {machine['cores']} cores, onnxruntime on the CPU; load of the "
        f"machine before the run: {machine['busy']}.\n"
    )
    yield "| | count | median | p95 | OpenCV | unit | wanted | |"
    yield "|---|--:|--:|--:|--:|---|---|---|"
    for figure in figures:
        opencv = "" if figure.opencv is None else bench.digits(figure.opencv)
        met = {None: "", True: "met", False: "**not met**"}[figure.met]
        cells = (figure.name, figure.count, bench.digits(figure.median), bench.digits(figure.p95), opencv, figure.unit)
        yield "| " + " | ".join(map(str, (*cells, figure.wanted, met))) + " |"
    yield ""


if __name__ == "__main__":
    raise SystemExit(main())
