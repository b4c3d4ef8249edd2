"""Cameras and clips: one thread a camera, which keeps the newest frame alone. The only file that knows av."""

import logging
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from facegate.adapters import demo_clip
from facegate.adapters.camera_state import CameraError, CameraState, Condition, Fault, Patience, names_a_host, redact
from facegate.adapters.capture_clock import CaptureClock
from facegate.core.models import Camera, Frame, Image

__all__ = [
    "CameraError",
    "CameraReader",
    "CameraState",
    "Condition",
    "Fault",
    "Patience",
    "frames",
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
_MADE = struct.Struct("<q")  # the wall clock of FFmpeg's AVProducerReferenceTime; the flags behind it say nothing here
_BEHIND = 0.5  # seconds a clip may fall behind real time before it goes on from where it is


class _Shot(NamedTuple):
    image: Image
    captured_at: float
    clip_time: float


class CameraReader:
    """One camera at work. ``latest`` hands out the newest frame; frames in between are gone, there is no queue."""

    def __init__(self, camera: Camera, *, loop: bool = False, patience: Patience | None = None) -> None:
        self._camera = camera
        self._loop = loop
        self._patience = patience or Patience()
        self._stillness = _Stillness()
        self._clock = CaptureClock()
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._newest: Frame | None = None
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

    def latest(self, after: int, timeout: float) -> Frame | None:
        """The newest frame whose number is greater than ``after``; ``None`` when none comes within ``timeout`` s."""
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
                told = (self._stillness, self._clock)
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
            self._newest = Frame(self._camera.id, self._number, *shot)
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


def open_camera(camera: Camera, *, loop: bool = False, patience: Patience | None = None) -> CameraReader:
    """Start reading a camera, a file (in real time, ``loop`` for ever) or the demo's source; never fails by itself."""
    return CameraReader(camera, loop=loop, patience=patience)


def frames(
    source: str, *, camera: str = "clip", transport: str = "tcp", pace: bool = False, loop: bool = False
) -> Iterator[Frame]:
    """Every frame of a source in order: of a file as fast as it decodes, with ``pace`` in real time.

    Raises CameraError where the source cannot be opened or fails on the way.
    """
    what = Camera(id=camera, gate="", source=source, transport=transport)
    patience = Patience()
    shots = _shots(what, patience, (_Stillness(), CaptureClock()), _sleep, pace=pace, loop=loop)
    for number, shot in enumerate(shots, 1):
        yield Frame(camera, number, *shot)


def is_network(source: str) -> bool:
    """Whether a source is a camera on the network, as opposed to a file or the demo's clip."""
    return "://" in source and source.partition("://")[0].lower() not in ("file", demo_clip.SCHEME)


def _sleep(seconds: float) -> bool:
    time.sleep(max(0.0, seconds))
    return False


type _Wait = Callable[[float], bool]
"""Waits so many seconds; true when reading shall stop."""


type _Memory = tuple[_Stillness, CaptureClock]
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
    return _clip(rest if separator else camera.source, wait, pace=pace, loop=loop)


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
        yield _Shot(programme.picture(index), due, index / programme.fps)
        shown = index


def _clip(path: str, wait: _Wait, *, pace: bool, loop: bool) -> Iterator[_Shot]:
    """A file. Capture times are those of a camera that had filmed it from now on."""
    base, started = 0.0, time.monotonic()
    while True:
        reached = base
        with _open(path, {"protocol_whitelist": _FILE_PROTOCOLS}, None) as container:
            stream, image_of = _video(container), _Converter()
            step = 1.0 / float(stream.average_rate or 25)
            first: float | None = None
            for picture in _pictures(container, stream):
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
                yield _Shot(image_of(picture), started + clip_time, clip_time)
        if not loop:
            return
        if reached == base:
            raise CameraError(Fault.NOT_VIDEO)
        base = reached


def _stream(camera: Camera, patience: Patience, memory: _Memory, wait: _Wait) -> Iterator[_Shot]:
    """A camera on the network: frames as they come, each with its time of capture."""
    stillness, clock = memory
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
    with _open(camera.source, options, (patience.connecting, patience.silence)) as container:
        stream, image_of, reports = _video(container), _Converter(), _Reports()
        first = last = float("-inf")
        heard_at = arrival = time.monotonic()
        for picture in _pictures(container, stream, reports):
            before, arrival = arrival, time.monotonic()
            if wait(0):
                return
            if arrival - before > patience.silence:  # the last, old picture, which FFmpeg lets go of when all has ended
                raise CameraError(Fault.FROZEN)
            stamp = last if picture is None else picture.time if picture.pts is not None else arrival
            if picture is None or stamp <= last or stillness.same(_sample(picture)):
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
            yield _Shot(image_of(picture), captured_at, stamp - first)


class _Reports:
    """What the camera has reported of its own clock (RTCP), as FFmpeg hands it on: with packets, in microseconds."""

    def __init__(self) -> None:
        self._epoch: float | None = None

    def read(self, packet: av.Packet[VideoStream]) -> None:
        """Take note of the time at which a packet was made, where it is told."""
        if packet.pts is None or not packet.has_sidedata("prft"):
            return
        (made_us,) = _MADE.unpack_from(bytes(packet.get_sidedata("prft")))
        self._epoch = made_us / 1e6 - float(packet.pts * packet.time_base)

    def sent(self, stream_time: float) -> float | None:
        """The same moment by the camera's clock; ``None`` as long as it has told nothing."""
        return None if self._epoch is None else stream_time + self._epoch


class _Stillness:
    """Whether the camera shows the same picture again and again; outlives a reconnection, as a hung encoder does."""

    def __init__(self) -> None:
        self._sample: NDArray[np.uint8] | None = None
        self.still = False

    def same(self, sample: NDArray[np.uint8]) -> bool:
        self.still = self._sample is not None and np.array_equal(self._sample, sample)
        self._sample = sample
        return self.still


def _sample(picture: av.VideoFrame) -> NDArray[np.uint8]:
    """Every eighth pixel of every eighth row of the first plane: noise and motion show there as everywhere."""
    plane = picture.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[::8, : plane.width : 8].copy()


class _Converter:
    """Decoded picture → BGR array, with one scaler for the whole stream. Raises CameraError."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, picture: av.VideoFrame) -> Image:
        try:
            converted = self._reformatter.reformat(picture, format="bgr24").to_ndarray()
        except (av.error.FFmpegError, ValueError) as error:
            raise CameraError(Fault.CODEC) from error
        return np.ascontiguousarray(converted, np.uint8)


def _open(address: str, options: dict[str, str], limits: tuple[float, float] | None) -> InputContainer:
    """Open a source. FFmpeg's errors quote the address, so none is ever chained to or logged: only its kind counts."""
    fault: Fault
    try:
        return av.open(address, "r", options=options, timeout=limits)
    except av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError:
        fault = Fault.CREDENTIALS
    except av.error.HTTPNotFoundError:
        fault = Fault.NO_STREAM
    except av.error.InvalidDataError:
        fault = Fault.NOT_VIDEO
    except av.error.ProtocolNotFoundError:
        fault = Fault.ADDRESS
    except av.error.FFmpegError, OSError, ValueError:
        fault = Fault.UNREACHABLE if limits else Fault.FILE
    raise CameraError(fault)


def _video(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise CameraError(Fault.NOT_VIDEO)
    stream = container.streams.video[0]
    if stream.codec_context is None:
        raise CameraError(Fault.CODEC)
    stream.thread_type = "SLICE"  # frame threads would hold back a frame each
    return stream


def _pictures(
    container: InputContainer, stream: VideoStream, reports: _Reports | None = None
) -> Iterator[av.VideoFrame | None]:
    """Decoded pictures; ``None`` for each packet that gives none or a damaged one."""
    fault: Fault | None = None
    try:
        for packet in container.demux(stream):
            if reports is not None:
                reports.read(packet)
            try:
                pictures = packet.decode()
            except av.error.InvalidDataError:
                pictures = []
            sound = [picture for picture in pictures if not picture.is_corrupt]
            yield from sound or (None,)
    except av.error.ExitError, av.error.TimeoutError:
        fault = Fault.FROZEN
    except av.error.DecoderNotFoundError, av.error.PatchWelcomeError:
        fault = Fault.CODEC
    except av.error.FFmpegError, OSError:
        fault = Fault.LOST
    if fault is not None:
        raise CameraError(fault)
