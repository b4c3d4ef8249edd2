"""A house for an hour: broker, camera and service, in a network of its own where the system allows that.

    python -m tests.parts.quiet_house FOLDER

Prints what the service did: every connection of its Python, how many packets of anything found no way out, and what is
left of the faces that it saw. At the end it is made to do what must be seen in all of that.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.parts.waiting import wait_for

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1  # linux/sockios.h, linux/if.h


def own_network() -> bool:
    """Move this process into a network with nothing but a loopback; whether the system allows it."""
    user, group = os.getuid(), os.getgid()
    try:
        os.unshare(os.CLONE_NEWNET | (0 if user == 0 else os.CLONE_NEWUSER))
    except OSError:
        return False
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))
    return True


def lost() -> int:
    """How many packets found no way out of this network so far, of whichever library."""
    rows = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Ip:")]
    four = int(dict(zip(*rows, strict=True))["OutNoRoutes"])
    six = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    return four + int(six["Ip6OutNoRoutes"])


class Told:
    """The service at work, and what it is told to do."""

    def __init__(self, data: Path, mqtt_port: int, folder: Path) -> None:
        temporary = folder / "tmp"
        temporary.mkdir()
        environment = os.environ | {"TMPDIR": str(temporary)}
        environment.pop("SUPERVISOR_TOKEN", None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.parts.quiet_service", str(data), str(mqtt_port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        self.pid = self._process.pid
        self.hear()

    def ask(self, word: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the service has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> dict[str, Any]:
        answer = self.ask("end")
        self._process.wait(20)
        return answer

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def call(data: Path, method: str, path: str, body: Any = None) -> Any:
    """Ask the service as a command on the same machine does."""
    access = json.loads((data / "run" / "local.json").read_text())
    request = urllib.request.Request(
        f"{access['url']}/api/v1{path}", method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {access['token']}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as answer:
        content = answer.read()
    return json.loads(content) if content else None


def walk(path: Path) -> Path:
    """A clip of a stranger who comes, stands at the door, and leaves; then nobody for a long while."""
    from tests.parts.rtsp import people, write_clip  # noqa: PLC0415  # OpenCV's threads would forbid a network of one's own

    still = cv2.resize(cv2.imread(str(people() / "biden.jpg")), (480, 640))
    frames = []
    for number in range(660):
        frame = np.full((720, 640, 3), 96, np.uint8)
        frame[:40, 16 * (number % 32) :][:, :16] = 255  # a picture that stands still is a camera that hangs
        if 15 <= number < 60:
            frame[60:700, 80 + number % 8 : 560 + number % 8] = still
        frames.append(frame)
    return write_clip(path, frames, 15)


def live(folder: Path) -> dict[str, Any]:
    """Start, enrol, let a stranger walk by, live an hour, erase; then do what must be noticed; stop."""
    own = own_network()
    from tests.parts.broker import Mosquitto  # noqa: PLC0415  # what they start has to be in that network
    from tests.parts.rtsp import RtspServer, people  # noqa: PLC0415

    data = folder / "data"
    with Mosquitto(folder / "broker") as broker, RtspServer({"door": walk(folder / "stranger.mp4")}, fps=15) as camera:
        service = Told(data, broker.port, folder)
        try:
            before = lost()
            call(data, "POST", "/gates", {"id": "main", "name": "Main gate", "trial": True})
            call(data, "POST", "/enrolments", {
                "name": "Resident 1", "pictures": [str(people() / "obama.jpg"), str(people() / "obama2.jpg")],
                "language": "en", "channel": "given on paper",
            })  # fmt: skip
            enrolled = service.ask("faces")
            service.ask("forget")
            door = {"source": camera.url("door"), "liveness": "off", "accept_recognition_only": True}
            made = call(data, "POST", "/gates/main/cameras", door)
            call(data, "PUT", "/gates/main/face-reader", {"on": True})
            wait_for(lambda: service.ask("faces")["looks"] >= 4)
            time.sleep(8)  # they have left after three, and longer than five nothing about who has left is kept
            walked = service.ask("faces")
            rounds = service.ask("hour")["rounds"]
            [resident] = [one["id"] for one in call(data, "GET", "/residents")]
            call(data, "DELETE", f"/residents/{resident}")
            call(data, "DELETE", f"/gates/main/cameras/{made['id']}")
            connections, found_no_way = service.ask("connections")["connections"], lost() - before
            service.ask("plant")
            planted = service.ask("faces")
            service.ask("leak")
            leaked, leaked_no_way = service.end()["connections"], lost() - before
        except BaseException:
            service.kill()
            raise
        return {
            "own_network": own, "lost": found_no_way, "connections": connections, "rounds": rounds,
            "broker": broker.port, "camera": camera.port, "enrolled": enrolled, "walked": walked, "planted": planted,
            "leaked": leaked[len(connections) :], "leaked_lost": leaked_no_way,
            "temporary": [str(path) for path in (folder / "tmp").rglob("*")],
        }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(live(Path(sys.argv[1]))))
