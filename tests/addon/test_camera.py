"""Cameras over real RTSP, and clips: what comes, when it was captured, what is said when nothing comes.

One long file, because its cameras take seconds to start and every section looks through the same ones.
"""

import http.server
import itertools
import logging
import threading
import time
import wave
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.codec.hwaccel import hwdevices_available

from facegate.adapters.camera import CameraReader, frames, open_camera
from facegate.adapters.camera_state import SENTENCES, CameraError, CameraState, Condition, Fault, Patience, redact
from facegate.adapters.decoding import luma_of
from facegate.core.models import Camera, Frame
from tests.parts import time_code, waiting
from tests.parts.line import Line
from tests.parts.rtsp import RtspServer, passing_by, write_clip

USER, PASSWORD = "porter", "gEheim-55"
QUICK = Patience(connecting=5, silence=1.0, stillness=1.0, lag=5.0, first_wait=0.1, longest_wait=0.4)
CODED = (1024, 64)  # the smallest picture that holds a time code


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a fifth of a person who sways, 30 pictures."""
    return passing_by(tmp_path_factory.mktemp("clip") / "door.mp4", seconds=1.2)


@pytest.fixture(scope="module")
def server(clip: Path) -> Iterator[RtspServer]:
    """A camera that asks for credentials."""
    with RtspServer({"door": clip}, user=USER, password=PASSWORD) as running:
        yield running


@pytest.fixture
def mortal(clip: Path) -> Iterator[RtspServer]:
    """A camera without credentials that a test may kill, hang and freeze."""
    with RtspServer({"door": clip}) as running:
        yield running


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspServer]:
    """A camera whose pictures tell the moment at which each was taken."""
    width, height = CODED
    folder = tmp_path_factory.mktemp("coded")
    (folder / "coded.i420").write_bytes(bytes((110,)) * (25 * width * height * 3 // 2))
    with RtspServer(raw={"door": folder / "coded.i420"}, size=CODED) as running:
        yield running


@pytest.fixture
def watch() -> Iterator[Callable[..., CameraReader]]:
    """Opens cameras, and closes them after the test."""
    readers: list[CameraReader] = []

    def open_one(
        source: str, *, transport: str = "tcp", loop: bool = False, patience: Patience = QUICK
    ) -> CameraReader:
        readers.append(
            open_camera(
                Camera(id="door", gate="main", source=source, transport=transport), loop=loop, patience=patience
            )
        )
        return readers[-1]

    yield open_one
    for reader in readers:
        reader.close()


def newest(reader: CameraReader, after: int = 0, timeout: float = waiting.PATIENCE) -> Frame:
    frame = reader.latest(after, timeout)
    assert frame is not None, f"no picture: {reader.state.text}"
    return frame


def wait_for(reader: CameraReader, *states: CameraState, limit: float = waiting.PATIENCE) -> CameraState:
    return waiting.wait_for(
        lambda: state if (state := reader.state) in states else None,
        limit,
        shows=lambda: f"{reader.state} and none of {states}",
    )


def address(server: RtspServer, port: int | None = None, password: str = PASSWORD) -> str:
    return f"rtsp://{USER}:{password}@127.0.0.1:{port or server.port}/door"


# What comes


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_frames_come_over_rtsp_with_credentials(
    server: RtspServer, watch: Callable[..., CameraReader], transport: str
) -> None:
    reader = watch(address(server), transport=transport)
    assert reader.state.condition is Condition.OFF
    first = newest(reader)
    second = newest(reader, first.number)
    assert reader.state == CameraState(Condition.OK)
    assert (first.camera, first.image.shape, first.image.dtype) == ("door", (720, 640, 3), np.uint8)
    assert second.number > first.number >= 1
    assert second.captured_at > first.captured_at
    assert second.clip_time > first.clip_time
    assert not np.array_equal(first.image, second.image)


def test_a_slow_consumer_gets_the_newest_frame_and_no_queue(
    server: RtspServer, watch: Callable[..., CameraReader]
) -> None:
    reader = watch(address(server))
    seen = newest(reader)
    for _ in range(3):
        time.sleep(0.6)  # 15 frames
        frame = newest(reader, seen.number)
        assert frame.number - seen.number > 4
        assert time.monotonic() - frame.captured_at < 1.0  # a queue would be 1.8 s behind in the end
        seen = frame


def test_latest_waits_no_longer_than_told(watch: Callable[..., CameraReader], clip: Path) -> None:
    reader = watch(str(clip), loop=True)
    assert newest(reader).number >= 1
    assert reader.latest(10**9, 0.05) is None


def test_a_closed_reader_gives_nothing_more(server: RtspServer, watch: Callable[..., CameraReader]) -> None:
    reader = watch(address(server))
    newest(reader)
    reader.close()
    assert reader.state == CameraState(Condition.OFF, Fault.CLOSED)
    assert reader.latest(0, 0.2) is None
    reader.close()  # closing twice is no error


def test_a_picture_is_converted_when_somebody_wants_it(watch: Callable[..., CameraReader], clip: Path) -> None:
    reader = watch(str(clip), loop=True)
    glance = reader.glance(0, waiting.PATIENCE)
    assert glance is not None
    reader.close()  # it can still be looked at
    frame = glance.frame()
    assert (frame.number, frame.captured_at, frame.image.shape) == (glance.number, glance.captured_at, (720, 640, 3))
    grey = cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY)[::4, ::4].astype(float)
    assert glance.luma.shape == grey.shape
    assert np.corrcoef(glance.luma.ravel(), grey.ravel())[0, 1] > 0.99


@pytest.mark.parametrize(
    "pixels", ["yuv420p", "yuvj422p", "nv12", "gray", "rgb24", "bgr0", "yuyv422", "yuv420p10le", "gbrp"]
)
def test_the_sample_of_brightness_is_of_the_whole_picture(pixels: str) -> None:
    image = np.full((90, 1280, 3), 40, np.uint8)
    image[:, 640:] = 200
    luma = luma_of(av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format=pixels))
    assert luma.shape == (12, 160)
    assert luma[:, :79].max() < 70
    assert luma[:, 81:].min() > 170


_DEVICES = {"vaapi": Path("/dev/dri"), "cuda": Path("/dev/nvidia0")}


@pytest.mark.parametrize("decoding", ["vaapi", "cuda", "auto", "software"])
def test_hardware_that_is_not_there_leaves_decoding_to_software(clip: Path, decoding: str) -> None:
    """Where there is such hardware, it may decode instead; the pictures come either way."""
    reader = CameraReader(Camera(id="door", gate="main", source=str(clip)), patience=QUICK, decoding=decoding)
    try:
        assert newest(reader).image.shape == (720, 640, 3)
        usable = decoding in hwdevices_available() and _DEVICES[decoding].exists()
        assert reader.decodes_as_asked is (decoding in ("auto", "software")) or usable
    finally:
        reader.close()


# What is said when nothing comes


def test_wrong_credentials_are_told_and_not_tried_again_and_again(
    server: RtspServer, watch: Callable[..., CameraReader]
) -> None:
    with Line(server.port) as line:
        reader = watch(address(server, line.port, "wrong"))
        wait_for(reader, CameraState(Condition.OFF, Fault.CREDENTIALS))
        assert "user name or password" in reader.state.text
    # Cameras lock accounts: after this refusal the longest wait of all begins at once.
    assert Patience().wait(0, Fault.CREDENTIALS) == Patience().longest_wait >= 30
    patient = Patience(first_wait=0.05, longest_wait=30)
    with Line(server.port) as line:
        reader = watch(address(server, line.port, "wrong"), patience=patient)
        wait_for(reader, CameraState(Condition.OFF, Fault.CREDENTIALS))
        time.sleep(1)
        assert line.calls == 1


def test_a_camera_that_was_cut_off_is_connected_again(mortal: RtspServer, watch: Callable[..., CameraReader]) -> None:
    with Line(mortal.port) as line:
        reader = watch(f"rtsp://127.0.0.1:{line.port}/door")
        before = newest(reader).number
        mortal.kill()
        wait_for(
            reader, *(CameraState(Condition.OFF, fault) for fault in (Fault.LOST, Fault.UNREACHABLE, Fault.NOT_VIDEO))
        )
        calls = line.calls
        time.sleep(1.5)
        assert 1 <= line.calls - calls <= 10  # it goes on trying, with waits
        last = reader.latest(before, 0)
        mortal.start()
        again = newest(reader, last.number if last else before)
        assert again.number > before
        wait_for(reader, CameraState(Condition.OK))


def test_waits_double_up_to_a_limit() -> None:
    patience = Patience(first_wait=0.5, longest_wait=30)
    waits = [patience.wait(attempt, Fault.UNREACHABLE) for attempt in range(9)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert patience.wait(10**6, Fault.LOST) == 30


def test_a_camera_that_hangs_is_silent(mortal: RtspServer, watch: Callable[..., CameraReader]) -> None:
    reader = watch(mortal.url("door"))
    newest(reader)
    mortal.hang()
    wait_for(reader, CameraState(Condition.SILENT, Fault.FROZEN))
    number = reader.latest(0, 0)
    assert number is not None
    assert reader.latest(number.number, 0.3) is None
    mortal.unhang()
    newest(reader, number.number)
    wait_for(reader, CameraState(Condition.OK))


def test_a_picture_that_never_changes_is_silence(mortal: RtspServer, watch: Callable[..., CameraReader]) -> None:
    reader = watch(mortal.url("door"))
    newest(reader)
    mortal.freeze_picture()
    wait_for(reader, CameraState(Condition.SILENT, Fault.FROZEN))
    last = reader.latest(0, 0)
    assert last is not None
    assert reader.latest(last.number + 1, 2.5) is None  # also not after the reconnection: one picture at the most
    mortal.unfreeze_picture()
    newest(reader, last.number + 1)
    wait_for(reader, CameraState(Condition.OK))


def test_pictures_that_arrive_too_late_are_not_shown(coded: RtspServer, watch: Callable[..., CameraReader]) -> None:
    with Line(coded.port) as line:
        reader = watch(
            f"rtsp://127.0.0.1:{line.port}/door",
            patience=Patience(connecting=5, silence=5, lag=0.4, first_wait=5, longest_wait=5),
        )
        seen = newest(reader)
        for _ in range(10):
            seen = newest(reader, seen.number)
        line.hold()
        time.sleep(1.5)
        line.release()
        wait_for(reader, CameraState(Condition.SILENT, Fault.LATE))


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("rtsp://127.0.0.1:1/door", Fault.UNREACHABLE),
        ("rtsp://camera.invalid/door", Fault.UNREACHABLE),
        ("http://127.0.0.1:1/", Fault.UNREACHABLE),
        ("rtsp://", Fault.ADDRESS),
        ("rtsp:///door", Fault.ADDRESS),
        ("rtsp://127.0.0.1:99999/door", Fault.ADDRESS),
        ("rtsp://[::1/door", Fault.ADDRESS),
        ("rtsp://the camera/door", Fault.ADDRESS),
        ("gopher://127.0.0.1/door", Fault.ADDRESS),
        ("", Fault.FILE),
        ("concat:/etc/passwd", Fault.FILE),
    ],
)
def test_an_address_of_no_use_is_one_clear_sentence(
    source: str, fault: Fault, watch: Callable[..., CameraReader]
) -> None:
    with pytest.raises(CameraError) as refused:
        next(frames(source))
    assert refused.value.fault is fault
    assert str(refused.value) == SENTENCES[fault]
    reader = watch(source)
    wait_for(reader, CameraState(Condition.OFF, fault))
    assert reader.state.text == SENTENCES[fault]
    assert reader.latest(0, 0) is None


def test_a_path_that_the_camera_does_not_have(server: RtspServer) -> None:
    with pytest.raises(CameraError) as refused:
        next(frames(address(server) + "-back"))
    assert refused.value.fault is Fault.NO_STREAM


def test_an_unknown_transport_is_refused(server: RtspServer) -> None:
    with pytest.raises(CameraError) as refused:
        next(frames(address(server), transport="pigeon"))
    assert refused.value.fault is Fault.ADDRESS


def test_what_is_no_video(tmp_path: Path, clip: Path) -> None:
    content = clip.read_bytes()
    files = {
        "missing.mp4": (None, Fault.FILE),
        "folder": (None, Fault.FILE),
        "empty.mp4": (b"", Fault.NOT_VIDEO),
        "text.mp4": (b"no video\n" * 500, Fault.NOT_VIDEO),
        "half.mp4": (content[: len(content) // 2], Fault.NOT_VIDEO),
        "unsupported.mp4": (content.replace(b"avc1", b"zzz1").replace(b"avcC", b"zzzC"), Fault.CODEC),
    }
    (tmp_path / "folder").mkdir()
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    found = {"sound.wav": Fault.NOT_VIDEO}
    for name, (bytes_, fault) in files.items():
        found[name] = fault
        if bytes_ is not None:
            (tmp_path / name).write_bytes(bytes_)
    for name, fault in found.items():
        for prefix in ("", "file://"):
            with pytest.raises(CameraError) as refused:
                list(frames(f"{prefix}{tmp_path / name}"))
            assert (name, refused.value.fault) == (name, fault)


def test_every_fault_has_one_sentence() -> None:
    assert set(SENTENCES) == set(Fault)
    for sentence in SENTENCES.values():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert ". " not in sentence


# Clips


def test_a_clip_gives_every_picture_in_order(clip: Path) -> None:
    shown = list(frames(str(clip)))
    assert [frame.number for frame in shown] == list(range(1, 31))
    assert [frame.clip_time for frame in shown] == pytest.approx([number / 25 for number in range(30)], abs=1e-3)


def test_a_clip_runs_in_real_time_as_a_camera_does(clip: Path, watch: Callable[..., CameraReader]) -> None:
    began = time.monotonic()
    reader = watch(str(clip))
    seen = newest(reader)
    taken = [seen]
    while (frame := reader.latest(taken[-1].number, 0.5)) is not None:
        taken.append(frame)
        assert frame.captured_at <= time.monotonic()
    wait_for(reader, CameraState(Condition.OFF, Fault.ENDED))
    assert taken[-1].number == 30
    assert taken[-1].captured_at - began >= 29 / 25
    for one, other in itertools.pairwise(taken):
        assert other.captured_at - one.captured_at >= other.clip_time - one.clip_time - 1e-6


def test_a_clip_begins_anew_in_a_loop(tmp_path: Path, watch: Callable[..., CameraReader]) -> None:
    small = [np.full((64, 64, 3), 8 * number, np.uint8) for number in range(10)]
    path = write_clip(tmp_path / "small.mp4", small, fps=25)
    reader = watch(str(path), loop=True)
    frame = newest(reader)
    while frame.clip_time < 1.0:
        later = newest(reader, frame.number)
        assert later.clip_time > frame.clip_time
        frame = later
    assert reader.state == CameraState(Condition.OK)
    looped = frames(str(path), loop=True)
    assert [next(looped).clip_time for _ in range(25)] == pytest.approx([number / 25 for number in range(25)], abs=1e-3)


def test_a_clip_cannot_make_the_recognizer_call_out(server: RtspServer, tmp_path: Path) -> None:
    with Line(server.port) as line:
        (tmp_path / "list.m3u8").write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{line.port}/a.ts\n#EXT-X-ENDLIST\n"
        )
        with pytest.raises(CameraError):
            list(frames(str(tmp_path / "list.m3u8")))
        assert line.calls == 0


# When it was captured


def code_of(frame: Frame) -> float:
    """The moment burnt into the picture, seconds on the monotonic clock, which all processes share."""
    found = time_code.read(frame.image)
    assert found is not None, "the time code cannot be read"
    return found[1] / 1000


def test_frames_know_when_they_were_captured(coded: RtspServer) -> None:
    with Line(coded.port) as line:
        stream = frames(f"rtsp://127.0.0.1:{line.port}/door")  # every frame in its turn, unlike a reader
        errors = [frame.captured_at - code_of(frame) for frame in islice(stream, 25)]
        # Encoding and delivery come between the camera's stamp and the first moment at which we can know of it.
        assert min(errors) >= -0.02
        assert max(errors) <= 0.25
        # What the network or a slow decoder holds up keeps its age, however late it comes.
        line.hold()
        time.sleep(1.0)
        line.release()
        ages = []
        for frame in islice(stream, 20):
            ages.append(time.monotonic() - code_of(frame))
            assert -0.02 <= frame.captured_at - code_of(frame) <= 0.25
        assert max(ages) > 0.5


def test_a_connection_that_is_late_as_a_whole_is_known_by_the_cameras_clock(
    coded: RtspServer, watch: Callable[..., CameraReader]
) -> None:
    with Line(coded.port) as line:
        patience = Patience(connecting=5, silence=5, lag=0.8, first_wait=0.1, longest_wait=0.1)
        reader = watch(f"rtsp://127.0.0.1:{line.port}/door", patience=patience)
        seen = newest(reader)
        ends = time.monotonic() + 4  # the camera reports its clock every few seconds
        while time.monotonic() < ends:
            seen = newest(reader, seen.number)
        line.late = 2.0
        line.cut()
        wait_for(reader, CameraState(Condition.SILENT, Fault.LATE))  # its stream alone looks quite in time
        before = reader.latest(0, 0)
        assert reader.latest(before.number if before else 0, 3.0) is None  # connected anew, and again, and never shown
        line.late = 0.0
        line.cut()
        seen = newest(reader, before.number if before else 0)
        assert seen.captured_at - code_of(seen) <= 0.25
        wait_for(reader, CameraState(Condition.OK))


# Credentials


def test_no_credentials_in_logs_errors_states_and_texts(
    server: RtspServer,
    watch: Callable[..., CameraReader],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for source in (
        address(server),
        address(server) + f"?password={PASSWORD}",
        address(server).replace("/door", f"/{PASSWORD}"),
        address(server).replace(f":{server.port}", ":1"),
        address(server).replace(f":{server.port}", ":99999"),
        address(server).replace("rtsp://", "rtsp:/"),
        address(server).replace("rtsp://", "http://"),
        address(server).replace(f"{USER}:", f"{PASSWORD}:wrong"),
    ):
        reader = watch(source)
        end = time.monotonic() + waiting.PATIENCE
        while reader.state == CameraState(Condition.OFF, Fault.CONNECTING) and time.monotonic() < end:
            time.sleep(0.02)
        said += [repr(reader), str(reader), repr(reader.state), reader.state.text]
        said += [repr(Camera(id="door", gate="main", source=source)), redact(source)]
        reader.close()
        try:
            next(frames(source))
        except CameraError as error:
            said += [repr(error), str(error), repr(error.__cause__), repr(error.__context__)]
    printed = capfd.readouterr()
    everything = "\n".join([*said, caplog.text, printed.out, printed.err])
    assert "camera door" in everything
    assert PASSWORD not in everything
    assert USER not in everything


# Cameras that speak HTTP


class _Motion(http.server.BaseHTTPRequestHandler):
    """Motion JPEG, as simple cameras serve it, at /video; text everywhere else."""

    pictures: tuple[bytes, ...] = ()

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path != "/video":
            page = b"<html>log in</html>" * 100
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
            return
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        for number in range(1000):
            picture = self.pictures[number % len(self.pictures)]
            head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + picture + b"\r\n")
            except OSError:
                return
            time.sleep(0.04)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_motion_jpeg_over_http(clip: Path, watch: Callable[..., CameraReader]) -> None:
    _Motion.pictures = tuple(cv2.imencode(".jpg", frame.image)[1].tobytes() for frame in frames(str(clip)))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Motion)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        reader = watch(f"http://127.0.0.1:{server.server_port}/video")
        first = newest(reader)
        second = newest(reader, first.number)
        assert second.captured_at > first.captured_at
        assert time.monotonic() - second.captured_at < 2
        with pytest.raises(CameraError) as refused:
            next(frames(f"http://127.0.0.1:{server.server_port}/"))
        assert refused.value.fault is Fault.NOT_VIDEO
    finally:
        server.shutdown()
        server.server_close()
