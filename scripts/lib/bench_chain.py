"""The whole chain, timed: camera, recognizer, broker and node, each its own process on this machine.

Glass to relay: film of the demo's resident, each frame stamped with its number and the moment it leaves for the
encoder (tests/parts/time_code.py), goes over real RTSP to a recognizer process, whose command goes over Mosquitto to
a native node, one at each gate. An observer of its own reads the stamps from the same stream: an approach begins with
the stamp of the first frame in which the face is as large as the camera asks for, known from the film's making, and
ends with the line in the node's relay log.

The stamps change with each frame. So that they do not keep the recognizer awake, its cameras look at a zone below.
"""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import cv2

from facegate.adapters.camera import CameraError, frames
from facegate.adapters.demo_clip import Programme, Visit
from facegate.cli.bench import Figure
from facegate.cli.console import notes
from tests.parts import time_code
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode
from tests.parts.recognizer import Recognizer, facegate
from tests.parts.rtsp import RtspServer, write_clip

MANY = 4  # cameras, each at a gate of its own
FILM_VISITS = 3  # different visits on the film, which is shown again and again
BEFORE = 96  # frames of nobody before each, 6.4 s: whoever was let in has left, and the recognizer looks away again
ANSWER_SECONDS = 4.0  # after which a visit without an opening has failed; the next is farther away
LIMITS_MS = {1: (550.0, 800.0), MANY: (1200.0, 1200.0)}  # median and 95th percentile
MEMORY_LIMITS_MB = {1: 350.0, MANY: 600.0}
IDLE_LIMIT = 10.0  # % of a core
ZONE = [[0, 0.37], [1, 0.37], [1, 1], [0, 1]]
RATE = "2M"  # bits a second: what most cameras of 1280×720 are set to when they are new


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
                nobody = _nobody(programme)
                for index in [
                    *(nobody[number % len(nobody)] for number in range(BEFORE)),
                    *range(visit.first, visit.end),
                ]:
                    out.write(cv2.cvtColor(programme.picture(index), cv2.COLOR_BGR2YUV_I420).tobytes())
                    film.count += 1
        return film


def _residents(programme: Programme, wanted: int) -> list[Visit]:
    visits = (visit for number in count(1) for visit in programme.visits(number) if visit.resident)
    return [next(visits) for _ in range(wanted)]


def _nobody(programme: Programme) -> range:
    return range(programme.visits(1)[0].first)


def empty_scene(folder: Path, programme: Programme) -> Path:
    """A clip of some seconds in which nobody comes, with a sensor's noise, as a camera would send it."""
    pictures = [programme.picture(index) for index in _nobody(programme)]
    return write_clip(folder / "empty.mp4", pictures, programme.fps, rate=RATE)


class Observer:
    """Watches a stream beside the recognizer, and notes when each approach began."""

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


def chain(folder: Path, programme: Programme, visits: int, cameras: int) -> Iterator[Figure]:
    """From glass to relay at so many gates at once: on the same film, so that all of them come at the same time."""
    folder.mkdir()
    film = Film.make(folder / "film.i420", programme)
    gates = [f"gate{number}" for number in range(1, cameras + 1)]
    _enrol(folder / "data", programme)
    with ExitStack() as parts:
        broker = parts.enter_context(Mosquitto(folder / "broker"))
        camera = parts.enter_context(RtspServer(raw=dict.fromkeys(gates, film.file), size=film.size, fps=film.fps))
        recognizer = parts.enter_context(_recognizer(folder / "data", broker))
        nodes = {}
        for gate in gates:
            _add_gate(recognizer, gate, camera.url(gate), ZONE, nodes)
        program = Path(os.environ["FACEGATE_NODE"])
        running = [
            parts.enter_context(NativeNode(folder / gate, broker, key=key, gate=gate, program=program))
            for gate, key in nodes.items()
        ]
        _wait(recognizer, gates)
        observers = [Observer(camera.url(gate), film) for gate in gates]
        used = _processor_seconds(recognizer.pid), time.monotonic()
        for observer in observers:
            observer.wait_for(visits)
        time.sleep(ANSWER_SECONDS)
        share = (_processor_seconds(recognizer.pid) - used[0]) / (time.monotonic() - used[1])
        for observer in observers:
            observer.close()
        offset = time.monotonic() - time.time()  # relay.log has the wall clock; read now, at its end
        opened = [[pulse.opened_at + offset for pulse in node.relay.pulses()] for node in running]
        memory = _memory_mb(recognizer.pid)
    name = "" if cameras == 1 else f", {cameras} cameras"
    approaches = [
        (begin, gate) for observer, gate in zip(observers, opened, strict=True) for begin in observer.begins[:visits]
    ]
    yield from glass_to_relay(approaches, sum(observer.unread for observer in observers), LIMITS_MS[cameras], name)
    yield Figure.once(f"recognizer: processor{name}", "% core", share * 100)
    yield Figure.once(f"recognizer: memory at the end{name}", "MB", memory["VmRSS"])
    yield Figure.once(f"recognizer: most memory ever{name}", "MB", memory["VmHWM"], (MEMORY_LIMITS_MB[cameras],))


def glass_to_relay(
    approaches: Sequence[tuple[float, Sequence[float]]], unread: int, limits: tuple[float, float], name: str = ""
) -> Iterator[Figure]:
    """Each approach with the one opening of its gate that answers it; none, or more, is wrong and in no time."""
    taken = []
    for number, (begin, opened) in enumerate(approaches, 1):
        answers = [(at - begin) * 1000 for at in opened if begin <= at < begin + ANSWER_SECONDS]
        if len(answers) == 1:
            taken += answers
        else:
            after = ", ".join(f"{ms:.0f} ms" for ms in answers)
            notes.print(f"visit {number}: {f'opened after {after}' if answers else 'not opened'}", style="yellow")
    if taken:
        yield Figure.of(f"glass to relay{name}", "ms", taken, limits)
    yield Figure.once(f"visits not opened exactly once{name}", "", len(approaches) - len(taken), (0,), len(approaches))
    if unread:
        notes.print(f"{unread} frames had no readable time code; none of them is in a figure.", style="yellow")


def idle(folder: Path, empty: Path, seconds: float) -> Iterator[Figure]:
    """The processor's share of a whole recognizer with one camera before which nobody stands."""
    folder.mkdir()
    with ExitStack() as parts:
        broker = parts.enter_context(Mosquitto(folder / "broker"))
        camera = parts.enter_context(RtspServer({"door": empty}))
        recognizer = parts.enter_context(_recognizer(folder / "data", broker))
        _add_gate(recognizer, "door", camera.url("door"), [], {})
        _wait(recognizer, ["door"], node="offline")
        time.sleep(0.4 * seconds)  # it has only just started
        used, began = _processor_seconds(recognizer.pid), time.monotonic()
        time.sleep(seconds)
        share = (_processor_seconds(recognizer.pid) - used) / (time.monotonic() - began)
    yield Figure.once("recognizer: processor, one idle camera", "% core", share * 100, (IDLE_LIMIT,))


@contextmanager
def _recognizer(data: Path, broker: Mosquitto) -> Iterator[Recognizer]:
    recognizer = Recognizer(data, broker.port)
    recognizer.start()
    try:
        recognizer.pair()
        yield recognizer
    finally:
        recognizer.stop()


def _enrol(data: Path, programme: Programme) -> None:
    pictures = [str(programme.people / picture) for picture in programme.enrolled]
    enrolled = facegate(
        "enroll", "Resident 1", *pictures, "--yes", "--consent", "bench: public-domain pictures", "--data", str(data)
    )
    if enrolled.returncode:
        raise SystemExit(f"The resident could not be enrolled: {enrolled.stderr.strip()}")


def _add_gate(
    recognizer: Recognizer, gate: str, source: str, zone: Sequence[Sequence[float]], keys: dict[str, bytes]
) -> None:
    keys[gate] = bytes.fromhex(recognizer.api("POST", "/gates", {"id": gate, "name": gate, "trial": True})["key"])
    camera = {"source": source, "liveness": "off", "accept_recognition_only": True, "zone": zone}
    recognizer.api("POST", f"/gates/{gate}/cameras", camera)


def _wait(recognizer: Recognizer, gates: Sequence[str], node: str = "online") -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        states = [recognizer.api("GET", f"/gates/{gate}") for gate in gates]
        if all((state["camera"], state["node"]) == ("ok", node) for state in states):
            return
        time.sleep(0.1)
    raise SystemExit(f"The chain did not come up: {states}. The recognizer says: {recognizer.log()[-1000:]}")


def _memory_mb(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) / 1000 * 1.024 for name in ("VmRSS", "VmHWM")}


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
