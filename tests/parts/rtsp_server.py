"""A camera for tests: serves H.264 clips, endlessly, over real RTSP on loopback, with GStreamer's own RTSP server.

Runs under the system's Python, which carries GStreamer's bindings:

    /usr/bin/python3 rtsp_server.py --clip door=door.mp4 [--user NAME --password WORD] [--port 0]
    /usr/bin/python3 rtsp_server.py --raw door=door.i420 --size 1280x720 --fps 25

A clip must be H.264 in MP4 without B-frames: its access units are sent as they are, so serving costs next to nothing.
A raw file holds I420 frames; each is stamped with a time code as it is sent (see time_code.py), then encoded.
The first line on standard output is ``{"port": N}``. SIGUSR1 freezes the picture (the same frame again and again,
with running time stamps, as a hung encoder does), SIGUSR2 lets it move on. SIGSTOP is the dead camera.
"""

import argparse
import json
import mmap
import signal
import sys
import time
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402  # versions are chosen before the import

sys.path.insert(0, str(Path(__file__).resolve().parent))
import time_code  # noqa: E402  # a sibling, found without installing anything into the system's Python

FROZEN = {"now": False}


class Clip:
    """The access units of one encoded file, in order."""

    launch = "h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1"

    def __init__(self, path: str) -> None:
        pipeline = Gst.parse_launch(
            f'filesrc location="{path}" ! qtdemux ! h264parse config-interval=-1 '
            "! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=sink sync=false"
        )
        sink = pipeline.get_by_name("sink")
        pipeline.set_state(Gst.State.PLAYING)
        self.units: list[bytes] = []
        self.caps = None
        while (sample := sink.emit("pull-sample")) is not None:
            self.caps = sample.get_caps()
            buffer = sample.get_buffer()
            self.units.append(buffer.extract_dup(0, buffer.get_size()))
        pipeline.set_state(Gst.State.NULL)
        if self.caps is None:
            sys.exit(f"{path} holds no H.264")
        known, numerator, denominator = self.caps.get_structure(0).get_fraction("framerate")
        self.fps = numerator / denominator if known and numerator else 25.0

    def frame(self, number: int) -> bytes:
        """The access unit to send as the ``number``-th; a frozen picture is the first one, which stands alone."""
        return self.units[0 if FROZEN["now"] else number % len(self.units)]


class Raw:
    """Raw frames, each stamped with its number in the file and the moment it is sent."""

    def __init__(self, path: str, width: int, height: int, fps: float) -> None:
        with open(path, "rb") as file:  # noqa: PTH123  # mmap wants a descriptor
            self.content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.width, self.height, self.fps = width, height, fps
        self.size = width * height * 3 // 2
        self.count = len(self.content) // self.size
        self.caps = Gst.Caps.from_string(
            f"video/x-raw,format=I420,width={width},height={height},framerate={int(fps)}/1"
        )
        self.launch = (
            f"x264enc tune=zerolatency speed-preset=ultrafast threads=1 bitrate=6000 key-int-max={int(fps)} "
            "! video/x-h264,profile=baseline ! rtph264pay name=pay0 pt=96 config-interval=-1"
        )

    def frame(self, number: int) -> bytes:
        """The ``number``-th frame, stamped with the present moment."""
        index = number % self.count
        frame = bytearray(self.content[index * self.size : (index + 1) * self.size])
        time_code.stamp(frame, self.width, index, time.monotonic_ns() // 1_000_000)
        return bytes(frame)


class Camera(GstRtspServer.RTSPMediaFactory):
    """One stream, shared by all who watch it, running in real time from the first viewer on."""

    def __init__(self, film) -> None:
        super().__init__()
        self.film = film
        self.set_shared(True)
        self.set_latency(0)
        self.set_launch(
            f"( appsrc name=film is-live=true format=time do-timestamp=true max-bytes=8000000 ! {film.launch} )"
        )
        self.connect("media-configure", self.begin)

    def begin(self, _factory, media) -> None:
        """Feed the new medium until nobody watches it any more."""
        source = media.get_element().get_child_by_name("film")
        source.set_property("caps", self.film.caps)
        running = {"on": True, "number": 0, "started": time.monotonic()}

        def feed() -> bool:
            if not running["on"]:
                return False
            due = int((time.monotonic() - running["started"]) * self.film.fps)
            if due - running["number"] > self.film.fps:  # slept (SIGSTOP): go on from here, no burst of old frames
                running["started"] += (due - running["number"]) / self.film.fps
                due = running["number"]
            while running["number"] <= due:
                source.emit("push-buffer", Gst.Buffer.new_wrapped(self.film.frame(running["number"])))
                running["number"] += 1
            return True

        GLib.timeout_add(5, feed)
        media.connect("unprepared", lambda _media: running.update(on=False))


def main() -> None:
    """Serve until killed."""
    arguments = argparse.ArgumentParser(description="RTSP on loopback")
    arguments.add_argument("--port", default="0")
    arguments.add_argument("--clip", action="append", default=[])
    arguments.add_argument("--raw", action="append", default=[])
    arguments.add_argument("--size", default="1280x720")
    arguments.add_argument("--fps", type=float, default=25)
    arguments.add_argument("--user")
    arguments.add_argument("--password")
    given = arguments.parse_args()
    Gst.init(None)

    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(given.port)
    if given.user:
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)  # as most cameras do
        auth.add_digest(given.user, given.password, token)
        server.set_auth(auth)

    width, height = map(int, given.size.split("x"))
    films = {name: Clip(path) for name, path in (clip.split("=", 1) for clip in given.clip)}
    films |= {name: Raw(path, width, height, given.fps) for name, path in (raw.split("=", 1) for raw in given.raw)}
    for name, film in films.items():
        camera = Camera(film)
        if given.user:
            camera.add_role_from_structure(
                Gst.Structure.new_from_string("viewer,media.factory.access=true,media.factory.construct=true")
            )
        server.get_mount_points().add_factory(f"/{name}", camera)

    loop = GLib.MainLoop()
    for number, frozen in ((signal.SIGUSR1, True), (signal.SIGUSR2, False)):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, lambda state: FROZEN.update(now=state) or True, frozen)
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    if server.attach(None) == 0:
        sys.exit(f"port {given.port} is in use")
    print(json.dumps({"port": server.get_bound_port()}), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
