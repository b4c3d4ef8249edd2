"""Real RTSP cameras on loopback for tests, and the clips they show."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import cv2
import numpy as np

SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that has GStreamer's bindings
START_LIMIT = 30.0  # seconds; GStreamer scans its plug-ins at the first start


def people() -> Path:
    """The folder of the public-domain pictures that scripts/setup fetches."""
    return Path(os.environ.get("FACEGATE_PEOPLE") or Path(__file__).parents[2] / ".cache" / "people")


def write_clip(path: Path, images: list[np.ndarray], fps: int = 25, *, rate: str = "") -> Path:
    """Encode BGR pictures of one size as H.264 without B-frames, one key frame a second.

    ``rate``: bits a second, as a camera is set to, such as ``2M``; without it the quality is good and constant.
    """
    height, width = images[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        # One slice a picture: the server repeats the parameter sets before each slice of a key frame, and a decoder
        # would take the second slice for another picture.
        stream.codec_context.thread_count = 1
        quality = {"b": rate, "maxrate": rate, "bufsize": rate} if rate else {"crf": "20"}
        stream.codec_context.options = {"preset": "veryfast", "tune": "zerolatency", "g": str(fps), **quality}
        stream.codec_context.time_base = Fraction(1, fps)
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def passing_by(path: Path, picture: str = "obama.jpg", *, seconds: float = 2.0, fps: int = 25) -> Path:
    """A clip of one person's picture that sways a little, with a white block that tells the frame's number."""
    still = cv2.imread(str(people() / picture))
    assert still is not None, f"{picture} is missing: run scripts/setup"
    still = cv2.resize(still, (480, 640))
    images = []
    for number in range(round(seconds * fps)):
        image = np.full((720, 640, 3), 96, np.uint8)
        image[60:700, 60 + number % 8 : 540 + number % 8] = still
        image[0:40, 16 * (number % 32) : 16 * (number % 32) + 16] = 255
        images.append(image)
    return write_clip(path, images, fps)


class RtspServer:
    """An RTSP server in a process of its own, on a port that the system chose; it keeps that port when restarted."""

    def __init__(
        self,
        clips: Mapping[str, Path] | None = None,
        *,
        raw: Mapping[str, Path] | None = None,
        user: str | None = None,
        password: str | None = None,
        size: tuple[int, int] = (1280, 720),
        fps: int = 25,
    ) -> None:
        self._arguments = [f"--clip={name}={path}" for name, path in (clips or {}).items()]
        self._arguments += [f"--raw={name}={path}" for name, path in (raw or {}).items()]
        self._arguments += [f"--size={size[0]}x{size[1]}", f"--fps={fps}"]
        if user is not None:
            self._arguments += [f"--user={user}", f"--password={password}"]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> Self:
        """Start serving, on the same port as before where there was one."""
        # the project's own environment must not reach the system's Python
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(SERVER), f"--port={self.port}", *self._arguments],
            stdout=subprocess.PIPE,
            stderr=sys.stderr.fileno() if _has_fileno(sys.stderr) else None,
            text=True,
            env=environment,
        )
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], START_LIMIT)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self.stop()
            message = "the RTSP server did not start: scripts/setup test installs GStreamer's RTSP server"
            raise RuntimeError(message)
        self.port = json.loads(line)["port"]
        return self

    def url(self, name: str, credentials: str = "") -> str:
        """Where a clip is served; ``credentials`` as ``user:password``."""
        return f"rtsp://{credentials}{'@' if credentials else ''}127.0.0.1:{self.port}/{name}"

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def hang(self) -> None:
        """Stop the whole process: connections stay open, nothing comes any more."""
        self._signal(signal.SIGSTOP)

    def unhang(self) -> None:
        """Let a hung server go on."""
        self._signal(signal.SIGCONT)

    def freeze_picture(self) -> None:
        """Send the same picture again and again, with running time stamps."""
        self._signal(signal.SIGUSR1)

    def unfreeze_picture(self) -> None:
        """Show the clip again."""
        self._signal(signal.SIGUSR2)

    def stop(self) -> None:
        """End it, whatever state it is in."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def _has_fileno(stream: object) -> bool:
    try:
        stream.fileno()  # type: ignore[attr-defined]  # captured streams of pytest have none
    except OSError, ValueError, AttributeError:
        return False
    return True
