"""Cameras and clips: one thread a camera, which keeps the newest frame alone."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from facegate.adapters import demo_clip
from facegate.adapters.camera_state import CameraError, CameraState, Condition, Fault, Patience, names_a_host, redact
from facegate.adapters.capture_clock import CaptureClock
from facegate.adapters.decoding import (
    SOFTWARE,
    Converter,
    Decoder,
    Reports,
    luma_of,
    open_source,
    pictures_of,
    video_of,
)
from facegate.adapters.glance import Glance, Stillness, step
from facegate.core.models import Camera, Frame, Image, Luma

__all__ = [
    "CameraError",
    "CameraReader",
    "CameraState",
    "Condition",
    "Fault",
    "Glance",
    "Patience",
    "frames",
    "glances",
    "is_network",
    "open_camera",
    "redact",
]

_LOG = logging.getLogger(__name__)

NETWORK = ("rtsp", "rtsps", "http", "https")
TRANSPORTS = ("tcp", "udp")
# What FFmpeg may open on behalf of a source: no address can make it read local files, no clip can make it call out.
_NETWORK_PROTOCOLS = "rtp,udp,tcp,tls,http,https,httpproxy,crypto"
_FILE_PROTOCOLS = "file"
_BEHIND = 0.5  # seconds a clip may fall behind real time before it goes on from where it is


class _Shot(NamedTuple):
    luma: Luma
    captured_at: float
    clip_time: float
    image: Callable[[], Image]


class CameraReader:
    """One camera at work. ``latest`` hands out the newest frame; frames in between are gone, there is no queue."""

    def __init__(
        self, camera: Camera, *, loop: bool = False, patience: Patience | None = None, decoding: str = SOFTWARE
    ) -> None:
        self._camera = camera
        self._loop = loop
        self._patience = patience or Patience()
        self._stillness = Stillness()
        self._clock = CaptureClock()
        self._decoder = Decoder(decoding)
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._newest: Glance | None = None
        self._number = 0
        self._published_at = 0.0
        self._fault: Fault | None = Fault.CONNECTING
        self._thread = threading.Thread(target=self._run, name=f"camera {camera.id}", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"CameraReader({self._camera.id!r}, {redact(self._camera.source)!r}, {self.state.condition})"

    @property
    def state(self) -> CameraState:
        """How the camera is, also while its thread hangs in a read."""
        with self._changed:
            fault, published_at = self._fault, self._published_at
        if fault is None and is_network(self._camera.source):
            silent_for = time.monotonic() - published_at
            if silent_for > (self._patience.stillness if self._stillness.still else self._patience.silence):
                fault = Fault.FROZEN
        return CameraState.of(fault)

    @property
    def decodes_as_asked(self) -> bool:
        """False where hardware was asked for and does not decode: software does."""
        return self._decoder.as_asked

    def latest(self, after: int, timeout: float) -> Frame | None:
        """The newest frame whose number is greater than ``after``; ``None`` when none comes within ``timeout`` s.

        Raises CameraError where the picture cannot be converted.
        """
        glance = self.glance(after, timeout)
        return None if glance is None else glance.frame()

    def glance(self, after: int, timeout: float) -> Glance | None:
        """The same, not yet converted: whoever need not look at a picture spares itself a fifth of its cost."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > after or self._stopped.is_set(), timeout)
            return self._newest if self._number > after else None

    def close(self) -> None:
        """Stop reading; returns once the thread has ended or its read is bound to time out by itself."""
        self._stopped.set()
        with self._changed:
            self._fault = Fault.CLOSED
            self._newest = None
            self._number = -1
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(self._patience.silence + self._patience.connecting)

    def _run(self) -> None:
        attempt = 0
        while not self._stopped.is_set():
            before = self._number
            try:
                told = (self._stillness, self._clock, self._decoder)
                shots = _shots(self._camera, self._patience, told, self._stopped.wait, pace=True, loop=self._loop)
                for shot in shots:
                    self._publish(shot)
                fault = Fault.LOST if is_network(self._camera.source) else Fault.ENDED
            except CameraError as error:
                fault = error.fault
                if fault is Fault.LATE:
                    self._clock.late()
            attempt = 0 if self._number > before else attempt + 1
            if not self._note(fault) or not is_network(self._camera.source):
                return
            self._stopped.wait(self._patience.wait(max(attempt - 1, 0), fault))

    def _publish(self, shot: _Shot) -> None:
        with self._changed:
            if self._stopped.is_set():
                return
            self._number += 1
            self._newest = Glance(self._camera.id, self._number, *shot)
            self._published_at = time.monotonic()
            recovered, self._fault = self._fault is not None, None
            self._changed.notify_all()
        if recovered:
            _LOG.info("camera %s works: %s", self._camera.id, redact(self._camera.source))

    def _note(self, fault: Fault) -> bool:
        """Keep the reason; false when the reader was closed meanwhile."""
        with self._changed:
            if self._stopped.is_set():
                return False
            changed, self._fault = self._fault is not fault, fault
        if changed:
            level = logging.INFO if fault is Fault.ENDED else logging.WARNING
            shown = redact(self._camera.source)
            _LOG.log(level, "camera %s (%s): %s", self._camera.id, shown, CameraState.of(fault).text)
        return True


def open_camera(
    camera: Camera, *, loop: bool = False, patience: Patience | None = None, decoding: str = SOFTWARE
) -> CameraReader:
    """Start reading a camera, a file (in real time, ``loop`` for ever) or the demo's source; never fails by itself.

    ``decoding``: one of the settings' words; where that hardware is not there, software decodes.
    """
    return CameraReader(camera, loop=loop, patience=patience, decoding=decoding)


def frames(
    source: str, *, camera: str = "clip", transport: str = "tcp", pace: bool = False, loop: bool = False
) -> Iterator[Frame]:
    """Every frame of a source in order: of a file as fast as it decodes, with ``pace`` in real time.

    Raises CameraError where the source cannot be opened or fails on the way.
    """
    for glance in glances(source, camera=camera, transport=transport, pace=pace, loop=loop):
        yield glance.frame()


def glances(
    source: str, *, camera: str = "clip", transport: str = "tcp", pace: bool = False, loop: bool = False
) -> Iterator[Glance]:
    """The same, not yet converted."""
    what = Camera(id=camera, gate="", source=source, transport=transport)
    patience = Patience()
    memory = (Stillness(), CaptureClock(), Decoder(SOFTWARE))
    for number, shot in enumerate(_shots(what, patience, memory, _sleep, pace=pace, loop=loop), 1):
        yield Glance(camera, number, *shot)


def is_network(source: str) -> bool:
    """Whether a source is a camera on the network, as opposed to a file or the demo's clip."""
    return "://" in source and source.partition("://")[0].lower() not in ("file", demo_clip.SCHEME)


def _sleep(seconds: float) -> bool:
    time.sleep(max(0.0, seconds))
    return False


type _Wait = Callable[[float], bool]
"""Waits so many seconds; true when reading shall stop."""


type _Memory = tuple[Stillness, CaptureClock, Decoder]
"""What is known of a camera beyond one connection."""


def _shots(
    camera: Camera, patience: Patience, memory: _Memory, wait: _Wait, *, pace: bool, loop: bool
) -> Iterator[_Shot]:
    kind, separator, rest = camera.source.partition("://")
    if separator and kind.lower() == demo_clip.SCHEME:
        return _demo(camera.source, wait)
    if separator and kind.lower() != "file":
        if kind.lower() not in NETWORK or camera.transport not in TRANSPORTS or not names_a_host(camera.source):
            raise CameraError(Fault.ADDRESS)
        return _stream(camera, patience, memory, wait)
    return _clip(rest if separator else camera.source, memory[-1], wait, pace=pace, loop=loop)


def _demo(source: str, wait: _Wait) -> Iterator[_Shot]:
    """The demo's clip: the frame that is due now; those that were missed are gone, as with any camera."""
    try:
        programme = demo_clip.Programme.from_source(source)
    except demo_clip.DemoClipError as error:
        _LOG.warning("%s", error)
        raise CameraError(Fault.FILE) from error
    shown = -1
    while True:
        index = max(programme.index_at(time.monotonic()), shown + 1)
        due = programme.time_of(index)
        if wait(max(0.0, due - time.monotonic())):
            return
        image = programme.picture(index)
        every = step(image.shape[1])
        yield _Shot(image[::every, ::every, 1].copy(), due, index / programme.fps, partial(_as_it_is, image))
        shown = index


def _as_it_is(image: Image) -> Image:
    return image


def _clip(path: str, decoder: Decoder, wait: _Wait, *, pace: bool, loop: bool) -> Iterator[_Shot]:
    """A file. Capture times are those of a camera that had filmed it from now on."""
    base, started = 0.0, time.monotonic()
    while True:
        reached = base
        with open_source(path, {"protocol_whitelist": _FILE_PROTOCOLS}, None, decoder) as container:
            stream, image_of = video_of(container), Converter()
            step = 1.0 / float(stream.average_rate or 25)
            first: float | None = None
            for picture in pictures_of(container, stream, decoder):
                if picture is None:
                    continue
                stamp = picture.time if picture.pts is not None else reached - base + step
                first = stamp if first is None else first
                clip_time = base + max(0.0, stamp - first)
                reached = clip_time + step
                due = started + clip_time
                if pace and wait(max(0.0, due - time.monotonic())):
                    return
                if pace and time.monotonic() - due > _BEHIND:
                    started += time.monotonic() - due
                yield _Shot(luma_of(picture), started + clip_time, clip_time, image_of(picture))
        if not loop:
            return
        if reached == base:
            raise CameraError(Fault.NOT_VIDEO)
        base = reached


def _stream(camera: Camera, patience: Patience, memory: _Memory, wait: _Wait) -> Iterator[_Shot]:
    """A camera on the network: frames as they come, each with its time of capture."""
    stillness, clock, decoder = memory
    clock.connect()
    options = {
        "protocol_whitelist": _NETWORK_PROTOCOLS,
        "fflags": "nobuffer",
        "flags": "low_delay",
        "max_delay": "100000",  # µs that UDP packets out of order may hold up the rest
        "probesize": "500000",
        "analyzeduration": "1000000",
        "fpsprobesize": "0",  # else it watches for a second to guess the frame rate, which nobody asks for
        "timeout": str(round(patience.silence * 1e6)),  # µs of the socket; PyAV's own time limits stand behind it
    }
    if camera.source.lower().startswith("rtsp"):
        options |= {"rtsp_transport": camera.transport, "allowed_media_types": "video"}
    else:
        options["use_wallclock_as_timestamps"] = "1"  # MJPEG over HTTP carries no time of its own
    with open_source(camera.source, options, (patience.connecting, patience.silence), decoder) as container:
        stream, image_of, reports = video_of(container), Converter(), Reports()
        first = last = float("-inf")
        heard_at = arrival = time.monotonic()
        for picture in pictures_of(container, stream, decoder, reports):
            before, arrival = arrival, time.monotonic()
            if wait(0):
                return
            if arrival - before > patience.silence:  # the last, old picture, which FFmpeg lets go of when all has ended
                raise CameraError(Fault.FROZEN)
            stamp = last if picture is None else picture.time if picture.pts is not None else arrival
            luma = None if picture is None or stamp <= last else luma_of(picture)
            if picture is None or luma is None or stillness.same(luma):
                if arrival - heard_at > (patience.stillness if stillness.still else patience.silence):
                    raise CameraError(Fault.FROZEN)
                continue
            captured_at = clock.captured_at(stamp, arrival, reports.sent(stamp))
            if arrival - captured_at > patience.lag:
                raise CameraError(Fault.LATE)
            first = stamp if first == float("-inf") else first
            last = stamp
            if not clock.live:
                continue
            heard_at = arrival
            yield _Shot(luma, captured_at, stamp - first, image_of(picture))
