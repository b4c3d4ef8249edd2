"""The figures of ``scripts/bench``: those of ``facegate bench``, then decoding, and the whole chain on real parts.

Glass to relay: film of the demo's resident, each frame stamped with its number and the moment it leaves for the
encoder (tests/parts/time_code.py), goes over real RTSP to a recognizer process, whose command goes over Mosquitto to
the native node. An observer of its own reads the stamps from the same stream: an approach begins with the stamp of the
first frame in which the face is as large as the camera asks for, known from the film's making, and ends with the line
in the node's relay log. Exit code 0 if every measure is met, 1 if not.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from statistics import median

import cv2

from facegate.adapters.camera import CameraError, frames
from facegate.adapters.demo_clip import Programme, Visit
from facegate.cli import bench
from facegate.cli.bench import Figure
from facegate.cli.console import notes
from facegate.cli.people import default_people
from facegate.settings import default_data, default_models, make_settings
from facegate.vision import load
from scripts.lib.opencv_path import OpenCvPath
from tests.parts import time_code
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode
from tests.parts.recognizer import Recognizer, facegate
from tests.parts.rtsp import RtspServer, write_clip

FILM_VISITS = 3  # different visits on the film, which is shown again and again
BEFORE = 39  # frames of nobody before each, 2.6 s: whoever was let in must have left before the next visit
ANSWER_SECONDS = 4.0  # after which a visit without an opening has failed; the next is farther away
MEDIAN_LIMIT_MS, P95_LIMIT_MS = 600.0, 1000.0
MEMORY_LIMIT_MB = 350.0


@dataclass
class Film:
    """I420 frames in a file. ``large``: by visit, the first frame in which the face is large enough."""

    file: Path
    fps: int
    size: tuple[int, int]
    large: list[int] = field(default_factory=list)
    count: int = 0

    @classmethod
    def make(cls, file: Path, programme: Programme) -> Film:
        """Write some of the resident's visits."""
        film = cls(file, programme.fps, (1280, 720))
        with file.open("wb") as out:
            for visit in _residents(programme, FILM_VISITS):
                film.large.append(film.count + BEFORE + visit.gate_size - visit.first)
                for index in range(visit.first - BEFORE, visit.end):
                    out.write(cv2.cvtColor(programme.picture(index), cv2.COLOR_BGR2YUV_I420).tobytes())
                    film.count += 1
        return film


def _residents(programme: Programme, wanted: int) -> list[Visit]:
    visits = (visit for number in count(1) for visit in programme.visits(number) if visit.resident)
    return [next(visits) for _ in range(wanted)]


class Observer:
    """Watches the stream beside the recognizer, and notes when each approach began."""

    def __init__(self, url: str, film: Film) -> None:
        self.begins: list[float] = []  # seconds of the monotonic clock
        self.unread = 0
        self._film = film
        self._url = url
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="observer", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stopped.is_set():
            # On a machine that is busy otherwise the film may come late; the observer then connects anew, as a camera's
            # reader does, and whichever visits it has not seen begin are not counted.
            with suppress(CameraError):
                self._read()

    def _read(self) -> None:
        for frame in frames(self._url, camera="observer"):
            if self._stopped.is_set():
                return
            code = time_code.read(frame.image)
            if code is None:
                self.unread += 1
            elif code[0] in self._film.large:
                self.begins.append(code[1] / 1000)

    def wait_for(self, visits: int) -> None:
        """Return once so many approaches have begun."""
        period = self._film.count / self._film.fps / len(self._film.large)
        end = time.monotonic() + 30 + 2 * visits * period
        while len(self.begins) < visits:
            if time.monotonic() > end:
                raise SystemExit("The film did not come over RTSP in time: end what else keeps this machine busy.")
            time.sleep(0.1)

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(10)


def main() -> int:
    given = _arguments()
    before = bench.machine()
    figures = list(bench.measure(default_models(), 3))
    notes.print("OpenCV's own way over the same frames …", style="dim")
    figures = beside_opencv(figures)
    with tempfile.TemporaryDirectory(prefix="facegate-bench-") as folder:
        programme = bench.film(default_people())
        notes.print("decoding …", style="dim")
        figures += decoding(Path(folder), programme)
        notes.print(f"glass to relay, {given.visits} visits …", style="dim")
        figures += chain(Path(folder), programme, given.visits)
    bench.report(figures, given.json, before)
    return 0 if all(figure.met is not False for figure in figures) else 1


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="scripts/bench", description="Speed and memory on this machine.")
    arguments.add_argument("--visits", type=int, default=24, help="how many visits to measure from glass to relay")
    arguments.add_argument("--json", type=Path, help="write the figures as JSON, too")
    return arguments.parse_args()


def beside_opencv(figures: Sequence[Figure]) -> list[Figure]:
    """The figures with those of OpenCV's sample beside them, each frame in its full size as the sample takes it."""
    programme = bench.film(default_people())
    path = OpenCvPath([programme.people / picture for picture in programme.enrolled])
    shown = list(bench.one_visit(programme))
    path.run(shown[: bench.MODEL_WARM_UP])
    taken = path.run(shown)
    own = {bench.WHOLE_FRAME: median(taken), bench.FRAME_RATE: 1000 * len(taken) / sum(taken)}
    return [replace(figure, opencv=own.get(figure.name)) for figure in figures]


def decoding(folder: Path, programme: Programme) -> Iterator[Figure]:
    """One camera as fast as it goes: H.264 at 1280×720 decoded, then judged."""
    pictures = [frame.image for frame in bench.one_visit(programme)]
    clip = write_clip(folder / "visit.mp4", pictures, programme.fps)
    list(frames(str(clip)))  # the first run also reads the file and fills caches
    began = time.perf_counter()
    decoded = list(frames(str(clip)))
    each = (time.perf_counter() - began) / len(decoded) * 1000
    yield Figure.once("decoding H.264 1280×720", "ms", each, count=len(decoded))
    del decoded
    models = load(make_settings({}, data=default_data(), models=default_models()))
    known = bench.whom_to_know(models, programme)
    bench.judge(models, known, list(bench.one_visit(programme)))
    seconds, shown = 0.0, 0
    for _ in range(3):
        began = time.perf_counter()
        bench.judge(models, known, frames(str(clip)))
        seconds += time.perf_counter() - began
        shown += len(pictures)
    yield Figure.once("frames decoded and judged", "1/s", shown / seconds, count=shown)


def chain(folder: Path, programme: Programme, visits: int) -> Iterator[Figure]:
    """Camera, recognizer, broker and node, each its own process."""
    film = Film.make(folder / "film.i420", programme)
    data = folder / "data"
    pictures = [str(programme.people / picture) for picture in programme.enrolled]
    enrolled = facegate(
        "enroll", "Resident 1", *pictures, "--yes", "--consent", "bench: public-domain pictures", "--data", str(data)
    )
    if enrolled.returncode:
        raise SystemExit(f"The resident could not be enrolled: {enrolled.stderr.strip()}")
    with (
        Mosquitto(folder / "broker") as broker,
        RtspServer(raw={"door": film.file}, size=film.size, fps=film.fps) as camera,
    ):
        recognizer = Recognizer(data, broker.port)
        recognizer.start()
        try:
            recognizer.pair()
            gate = recognizer.api("POST", "/gates", {"id": "main", "name": "Main gate"})
            recognizer.api(
                "POST", "/gates/main/cameras",
                {"source": camera.url("door"), "liveness": "off", "accept_recognition_only": True},
            )  # fmt: skip
            program, key = Path(os.environ["FACEGATE_NODE"]), bytes.fromhex(gate["key"])
            with NativeNode(folder / "node", broker, key=key, program=program) as node:
                _wait(recognizer)
                observer = Observer(camera.url("door"), film)
                used = _processor_seconds(recognizer.pid), time.monotonic()
                observer.wait_for(visits)
                time.sleep(ANSWER_SECONDS)
                share = (_processor_seconds(recognizer.pid) - used[0]) / (time.monotonic() - used[1])
                observer.close()
                offset = time.monotonic() - time.time()  # relay.log has the wall clock; read now, at its end
                opened = [pulse.opened_at + offset for pulse in node.relay.pulses()]
            memory = _memory_mb(recognizer.pid)
        finally:
            recognizer.stop()
    yield from glass_to_relay(observer.begins[:visits], opened, observer.unread)
    yield Figure.once("recognizer: processor", "% core", share * 100)
    yield Figure.once("recognizer: memory at the end", "MB", memory["VmRSS"])
    yield Figure.once("recognizer: most memory ever", "MB", memory["VmHWM"], (MEMORY_LIMIT_MB,))


def glass_to_relay(begins: Sequence[float], opened: Sequence[float], unread: int) -> Iterator[Figure]:
    """Each approach with the one opening that answers it; none, or more than one, is wrong and in no time."""
    taken = []
    for number, begin in enumerate(begins, 1):
        answers = [(at - begin) * 1000 for at in opened if begin <= at < begin + ANSWER_SECONDS]
        if len(answers) == 1:
            taken += answers
        else:
            after = ", ".join(f"{ms:.0f} ms" for ms in answers)
            notes.print(f"visit {number}: {f'opened after {after}' if answers else 'not opened'}", style="yellow")
    if taken:
        yield Figure.of("glass to relay", "ms", taken, (MEDIAN_LIMIT_MS, P95_LIMIT_MS))
    yield Figure.once("visits not opened exactly once", "", len(begins) - len(taken), (0,), len(begins))
    if unread:
        notes.print(f"{unread} frames had no readable time code; none of them is in a figure.", style="yellow")


def _wait(recognizer: Recognizer) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        gate = recognizer.api("GET", "/gates/main")
        if (gate["camera"], gate["node"]) == ("ok", "online"):
            return
        time.sleep(0.1)
    raise SystemExit(f"The chain did not come up: {gate}. The recognizer says: {recognizer.log()[-1000:]}")


def _memory_mb(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) / 1000 * 1.024 for name in ("VmRSS", "VmHWM")}


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main())
