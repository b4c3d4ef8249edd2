"""One camera at work: what it looks at, what it says of itself, and that several share one set of models."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facegate.adapters.camera import CameraReader, open_camera
from facegate.adapters.camera_state import CameraError, Fault, Patience
from facegate.adapters.glance import Glance
from facegate.core.models import Camera, Face, Image, LivenessLevel
from facegate.pipeline import CameraPipeline
from facegate.turns import Turns
from facegate.watch import CameraWatch
from tests.fakes.sight import Eyes, Person, Scene, face, recognition
from tests.parts.rtsp import write_clip
from tests.parts.waiting import wait_for

CAMERA = Camera(id="cam", gate="gate", source="", liveness=LivenessLevel.OFF)
QUICK = Patience(silence=1.0)


class Models(Eyes):
    """A detector that counts, and takes its time; ``crowd``: how many faces it finds."""

    def __init__(self, takes: float = 0.0, crowd: int = 0) -> None:
        super().__init__(Scene())
        self.takes, self.crowd = takes, crowd

    def detect(self, image: Image, **_where: object) -> list[Face]:
        self.calls["detect"] += 1
        time.sleep(self.takes)
        return [face(Person("S", x=60 + 110 * number, size=40)) for number in range(self.crowd)]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of an empty scene, with a sensor's noise."""
    draw = np.random.default_rng(3)
    wall = np.repeat(np.linspace(60, 160, 640), 3).reshape(1, 640, 3)
    pictures = [np.clip(wall + draw.normal(0, 4, (360, 640, 1)), 0, 255).astype(np.uint8) for _ in range(25)]
    return write_clip(tmp_path_factory.mktemp("empty") / "empty.mp4", pictures)


@pytest.fixture
def watch() -> Iterator[Callable[..., CameraWatch]]:
    """Begins to watch, and ends it after the test."""
    watches: list[CameraWatch] = []

    def begin(models: Models, reader: CameraReader, *, turns: Turns | None = None, name: str = "cam") -> CameraWatch:
        camera = replace(CAMERA, id=name)
        pipeline = CameraPipeline(camera, models, recognition("A"))
        watches.append(CameraWatch(camera, reader, pipeline, lambda decision: None, turns=turns))
        watches[-1].start()
        return watches[-1]

    yield begin
    for one in watches:
        one.stop()


def reader_of(clip: Path, *, decoding: str = "software", name: str = "cam") -> CameraReader:
    return open_camera(replace(CAMERA, id=name, source=str(clip)), loop=True, patience=QUICK, decoding=decoding)


def test_an_empty_scene_is_mostly_not_looked_at(empty: Path, watch: Callable[..., CameraWatch]) -> None:
    reader, models = reader_of(empty), Models()
    watch(models, reader)
    wait_for(lambda: (glance := reader.glance(0, 0)) is not None and glance.number > 60)
    before, began = models.calls["detect"], reader.glance(0, 1)
    wait_for(lambda: (glance := reader.glance(0, 0)) is not None and glance.number > began.number + 75)
    shown = reader.glance(0, 1).number - began.number
    looked = models.calls["detect"] - before
    assert 0.4 * 2 * shown / 25 <= looked <= 1.5 * 2 * shown / 25 + 2  # twice a second


def test_a_face_is_looked_at_in_every_picture(empty: Path, watch: Callable[..., CameraWatch]) -> None:
    reader, models = reader_of(empty), Models(crowd=1)
    watch(models, reader)
    wait_for(lambda: models.calls["detect"] > 5)
    before, began = models.calls["detect"], reader.glance(0, 1)
    wait_for(lambda: (glance := reader.glance(0, 0)) is not None and glance.number > began.number + 40)
    assert models.calls["detect"] - before >= 25  # some may be missed where the machine is busy


def test_a_box_that_does_not_keep_up_says_so(empty: Path, watch: Callable[..., CameraWatch]) -> None:
    slow = watch(Models(takes=0.15, crowd=1), reader_of(empty))
    assert slow.health().notes == ()
    wait_for(lambda: slow.health().notes == ("overloaded",))
    assert (slow.health().condition, slow.health().problem) == ("ok", "")


def test_a_camera_with_a_crowd_does_not_starve_another(empty: Path, watch: Callable[..., CameraWatch]) -> None:
    turns = Turns(1)
    crowded, quiet = Models(takes=0.1, crowd=5), Models(takes=0.005, crowd=1)
    watch(crowded, reader_of(empty, name="crowded"), turns=turns, name="crowded")
    wait_for(lambda: crowded.calls["detect"] > 2)
    watch(quiet, reader_of(empty, name="quiet"), turns=turns, name="quiet")
    wait_for(lambda: quiet.calls["detect"] > 2)
    before = crowded.calls["detect"], quiet.calls["detect"]
    wait_for(lambda: crowded.calls["detect"] - before[0] >= 12)
    assert quiet.calls["detect"] - before[1] >= 10, "turn and turn about"


class _Unreadable:
    """A camera whose pictures cannot be converted as long as ``broken`` is set; no real one does so on command."""

    decodes_as_asked = True

    def __init__(self, reader: CameraReader) -> None:
        self._reader = reader
        self.broken = threading.Event()

    @property
    def state(self) -> object:
        return self._reader.state

    def glance(self, after: int, timeout: float) -> Glance | None:
        glance = self._reader.glance(after, timeout)
        return glance and replace(glance, image=self._fail if self.broken.is_set() else glance.image)

    def _fail(self) -> Image:
        raise CameraError(Fault.CODEC)

    def close(self) -> None:
        self._reader.close()


def test_a_picture_that_cannot_be_converted_is_told_and_ends_nothing(
    empty: Path, watch: Callable[..., CameraWatch]
) -> None:
    reader, models = _Unreadable(reader_of(empty)), Models(crowd=1)
    running = watch(models, reader)
    wait_for(lambda: models.calls["detect"] > 0)
    reader.broken.set()
    wait_for(lambda: (running.health().condition, running.health().reason) == ("off", "codec"))
    reader.broken.clear()
    wait_for(lambda: (running.health().condition, running.health().reason) == ("ok", ""))
