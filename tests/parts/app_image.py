"""The app's image at work: built from its Dockerfile without Docker, beside a broker and a Supervisor.

    python -m tests.parts.app_image FOLDER

Prints as JSON what was seen. In a network of its own, where the system allows that: then the image has its own ports
and the Supervisor its own address. Else it is given free ports, and nobody stands at the Supervisor's address.
"""

import asyncio
import fcntl
import json
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from facegate.adapters import local_access
from scripts.lib import image_tree
from tests.fakes import supervisor
from tests.parts.broker import Mosquitto
from tests.parts.quiet_house import own_network
from tests.parts.recognizer import free_port

SUPERVISOR: Final = "172.30.32.2"
_SIOCSIFADDR: Final = 0x8916  # linux/sockios.h
_PASSWORD: Final = "made-by-mosquitto"


async def see(folder: Path) -> dict[str, Any]:
    """Build, start, look from all sides, stop."""
    image = image_tree.build(folder / "image", python=_within_reach(folder))
    own = own_network()
    if own:
        _stand_at(SUPERVISOR)
    ports = {
        name: port if own else free_port()
        for name, port in (("api_port", 8711), ("ingress_port", 8099), ("residents_port", 8712))
    }
    image.health = [word.replace(":8711/", f":{ports['api_port']}/") for word in image.health]
    data = folder / "image" / "data"
    app = yaml.safe_load((image_tree.APP / "config.yaml").read_text(encoding="utf-8"))
    (data / "options.json").write_text(json.dumps(app["options"] | ports))
    users = {"addons": _PASSWORD}
    with Mosquitto(folder / "broker", users=users) as broker, (folder / "app.log").open("wb") as log:
        mqtt = {"host": broker.host, "port": broker.port, "username": "addons", "password": _PASSWORD, "ssl": False}
        async with supervisor.running_supervisor(mqtt=mqtt) as home:
            given = {"SUPERVISOR_TOKEN": supervisor.TOKEN, "FACEGATE_SUPERVISOR": home.url}
            healthy_before = image.is_healthy(given)
            process = image.start(env=given, stdout=log, stderr=log)
            try:
                await _until(lambda: image.is_healthy(given), process)
                await _until(lambda: bool(home.discoveries), process)
                await _until(lambda: bool(_health(data)["broker"]), process)
                seen = {
                    "own": own, "healthy_before": healthy_before, "discoveries": home.discoveries,
                    "health": _health(data), "process": _status(process.pid), "user": image.user,
                    "panel": _page(ports["ingress_port"], SUPERVISOR if own else "127.0.0.1"),
                    "stranger": _page(ports["ingress_port"], "127.0.0.1"),
                    "residents": _page(ports["residents_port"], "127.0.0.1"),
                    "doctor": await _said(image, given, "doctor", "--json"),
                    "backup": await _said(image, given, *app["backup_pre"].split()[1:]),
                    "files": _owners(data), "uses": _uses(process.pid, folder / "image"),
                }  # fmt: skip
            finally:
                process.terminate()
                begun = time.monotonic()
                code = await asyncio.to_thread(process.wait, app["timeout"])
            return seen | {
                "code": code, "seconds": time.monotonic() - begun, "timeout": app["timeout"],
                "ports": sorted([*image.ports, app["ingress_port"]]),
                "left": sorted(path.name for path in (folder / "image").iterdir()),
                "log": (folder / "app.log").read_text(errors="replace"),
            }  # fmt: skip


def _within_reach(folder: Path) -> str:
    """Return a Python that any user may run, a copy of ours if ours lies where only root may enter.

    Whoever is root runs the service as another user, who needs it.
    """
    if os.geteuid() != 0 or _anybody_may_run(sys.executable):
        return sys.executable
    base = Path(sys.base_prefix)
    ours = base.parent if base.name == "usr" else base  # as Debian's packages lay it out, or on its own
    copy = shutil.copytree(ours, folder / "python", symlinks=True)
    python = copy / Path(os.path.realpath(sys.executable)).relative_to(ours)
    if ours != base:
        _point(python, ours, copy)
    assert _anybody_may_run(str(python)), (
        f"{sys.executable} lies where only root may enter, and a copy of it does not run: set FACEGATE_CACHE to a "
        "folder that others may enter, or run the tests as an ordinary user"
    )
    return str(python)


def _anybody_may_run(python: str) -> bool:
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return subprocess.run([*nobody, python, "-c", "import ssl"], check=False, capture_output=True).returncode == 0


def _point(python: Path, before: Path, after: Path) -> None:
    """Let an interpreter find the C library that came with it where both lie now."""
    patchelf = shutil.which("patchelf", path=os.pathsep.join((str(before / ".patchelf/bin"), os.environ["PATH"])))
    assert patchelf is not None, "patchelf is missing: run scripts/setup"
    for what in ("interpreter", "rpath"):
        told = subprocess.run([patchelf, f"--print-{what}", python], check=True, capture_output=True, text=True)
        there = told.stdout.strip().replace(str(before), str(after))
        force = ["--force-rpath"] if what == "rpath" else []
        subprocess.run([patchelf, *force, f"--set-{what}", there, python], check=True)


async def _said(image: image_tree.Image, given: dict[str, str], *words: str) -> dict[str, Any]:
    """As ``docker exec`` with the start script, which is how Supervisor runs commands in an app."""
    process = image.start(*words, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, errors = await asyncio.to_thread(process.communicate)
    return {"code": process.returncode, "out": out.decode(), "errors": errors.decode()}


async def _until(holds: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        assert process.poll() is None, "the app has ended"
        assert time.monotonic() < end, "it does not come to that"
        await asyncio.sleep(0.1)


def _health(data: Path) -> dict[str, Any]:
    access = local_access.find(data)
    assert access is not None
    asked = urllib.request.Request(f"{access.url}/api/v1/health", headers={"Authorization": f"Bearer {access.token}"})
    with urllib.request.urlopen(asked, timeout=10) as response:
        health: dict[str, Any] = json.load(response)
    return health


def _page(port: int, source: str) -> dict[str, Any]:
    """What somebody at ``source`` is shown, as Home Assistant's ingress would ask for an administrator."""
    with socket.create_connection(("127.0.0.1" if source == "127.0.0.1" else source, port), 10, (source, 0)) as line:
        line.sendall(
            f"GET / HTTP/1.1\r\nHost: app\r\nX-Remote-User-Id: {'a' * 32}\r\nX-Ingress-Path: /api/x\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        answer = b""
        while part := line.recv(65_536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return {"status": int(head.split()[1]), "body": body.decode()}


def _status(pid: int) -> dict[str, str]:
    """What the kernel says about the process: who it is, and what it may."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: " ".join(value.split()) for name, _, value in (line.partition(":") for line in lines)}


def _uses(pid: int, root: Path) -> list[list[str]]:
    """Files that the process has mapped (``m``) or open (``r`` or ``rw``), by the paths that they have in the image.

    Python itself lies under /usr/local there.
    """
    maps = (line.split(maxsplit=5) for line in Path(f"/proc/{pid}/maps").read_text().splitlines())
    found = {(parts[5], "m" if "x" in parts[1] else "r") for parts in maps if len(parts) == 6 and parts[5][0] == "/"}
    for number in Path(f"/proc/{pid}/fd").iterdir():
        target = str(number.readlink())
        mode = int(Path(f"/proc/{pid}/fdinfo/{number.name}").read_text().split("flags:")[1].split()[0], 8)
        if target.startswith("/") and not target.startswith(("/dev/pts", str(root.parent / "app.log"))):
            found.add((target, "r" if mode & 3 == os.O_RDONLY else "rw"))
    base = str(Path(sys.base_prefix).resolve())
    return sorted([path.replace(str(root), "", 1).replace(base, "/usr/local", 1), right] for path, right in found)


def _owners(data: Path) -> dict[str, list[int]]:
    """Owner and permissions of everything in the data folder."""
    found = {}
    for path in [data, *data.rglob("*")]:
        about = path.lstat()
        found[str(path.relative_to(data))] = [about.st_uid, stat.S_IMODE(about.st_mode)]
    return found


def _stand_at(address: str) -> None:
    """Give the loopback of one's own network one more address."""
    request = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(address))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFADDR, request)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    try:
        print(json.dumps(asyncio.run(see(place))))
    finally:
        shutil.rmtree(place / "image", ignore_errors=True)
