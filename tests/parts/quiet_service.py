"""The whole service in a process of its own that writes down every connection it makes, and what it has of faces.

    python -m tests.parts.quiet_service DATA MQTT_PORT REPORT

On each line of its input it does one thing and answers with one line of JSON: ``hour`` lives an hour of simulated time,
``faces`` tells what is kept of faces, ``leak`` and ``plant`` do what nothing in it should, ``end`` stops it.
"""

import json
import sys
from typing import Any

CONNECTIONS: list[list[str]] = []
_WATCHED = (
    "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "socket.getnameinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
)  # fmt: skip


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _WATCHED:
        CONNECTIONS.append([event, *(repr(each) for each in arguments if type(each).__name__ != "socket")])


sys.addaudithook(_watch)  # before anything else is imported, and nothing can take it off again

import asyncio  # noqa: E402
import logging  # noqa: E402
import socket  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

from facegate.app import Service  # noqa: E402
from facegate.settings import default_models, make_settings  # noqa: E402
from facegate.vision.embedder import Embedder  # noqa: E402

LOOKS: list[np.ndarray] = []
"""Every crop and embedding that the service has made, kept here so that they can be searched for."""


def record_faces() -> None:
    """Note what is made of faces, without changing it."""
    embed = Embedder.embed

    def noting(self: Embedder, given: np.ndarray, **how: Any) -> np.ndarray:
        made = embed(self, given, **how)
        LOOKS.extend((given.copy(), made.copy()))
        return made

    Embedder.embed = noting  # type: ignore[method-assign]


def arrays(start: Any) -> tuple[list[np.ndarray], list[Any]]:
    """Every array and every decoded picture that can be reached from an object, through attributes and containers."""
    seen: set[int] = set()
    found: list[np.ndarray] = []
    decoded: list[Any] = []
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (str, bytes, int, float, type)):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            found.append(one)
        elif type(one).__module__.startswith("av."):
            decoded.append(one)
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)) or type(one).__name__ == "deque":
            waiting += list(one)
        elif type(one).__module__.startswith(("facegate", "asyncio", "functools", "builtins")):
            waiting += list(getattr(one, "__dict__", {}).values())
            for base in type(one).__mro__:
                waiting += [
                    getattr(one, name, None) for name in getattr(base, "__slots__", ()) if name != "__weakref__"
                ]
            if type(one).__name__ == "method":
                waiting.append(one.__self__)
            if type(one).__name__ == "partial":
                waiting += [one.func, one.args, one.keywords]
            waiting += [cell.cell_contents for cell in getattr(one, "__closure__", None) or ()]
    return found, decoded


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def plant(service: Service, data: Path) -> dict[str, Any]:
    """What must be noticed: a crop in a file, and a template that something holds on to."""
    (data / "planted").write_bytes(b"before" + LOOKS[-2].tobytes() + b"after")
    service._planted = LOOKS[-1].copy()  # type: ignore[attr-defined]
    return {}


def faces(service: Service, data: Path) -> dict[str, Any]:
    """What is kept of faces: in the process's own stores, and in every file that it has, open or not."""
    held, decoded = arrays(service)
    made = [look.reshape(-1, 128) for look in LOOKS if look.dtype == np.float32 and look.shape[-1] == 128]
    vectors = [one.reshape(-1, 128) for one in held if one.dtype.kind == "f" and one.shape[-1:] == (128,) and one.size]
    near = [float((unit(one) @ unit(np.concatenate(made)).T).max()) for one in vectors if made]
    contents = {str(path): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    for path in Path("/proc/self/fd").iterdir():
        target = str(path.readlink()) if path.is_symlink() else ""
        if target.startswith("/") and not target.startswith(("/dev/", "/proc/", "/sys/")) and "(deleted)" in target:
            contents[f"open {target}"] = path.read_bytes()
    on_disk = []
    for name, content in contents.items():
        if b"\xff\xd8\xff" in content[:16] or b"\x89PNG" in content[:16]:
            on_disk.append([name, "a picture"])
        for look in LOOKS:
            raw = np.ascontiguousarray(look).tobytes()
            # Any 16 bytes out of the middle of a face, or four numbers of a template.
            if any(raw[at : at + 16] in content for at in range(0, len(raw) - 16, max(16, len(raw) // 8))):
                on_disk.append([name, f"of {look.shape}"])
    return {
        "looks": len(LOOKS), "pictures": [list(one.shape) for one in held if one.dtype == np.uint8 and one.ndim > 2],
        "decoded": len(decoded), "near": near, "searched": sorted(contents), "on_disk": on_disk,
    }  # fmt: skip


def hour(service: Service) -> dict[str, Any]:
    """Let the housekeeping live an hour, minute by minute, and its round at the end."""
    assert service._parts is not None
    keeping = service._parts.housekeeping
    began, rounds, simulated = time.time(), 0, [0.0]
    keeping._wall = lambda: began + simulated[0]
    start = time.monotonic()
    keeping._monotonic = lambda: start + simulated[0]
    before = keeping.last
    for _ in range(61):
        keeping.look()
        rounds += keeping.last is not before
        before = keeping.last
        simulated[0] += 60
    return {"rounds": rounds}


def leak() -> dict[str, Any]:
    """What must be noticed: a connection from Python to an address that documentation keeps free (RFC 5737)."""
    with socket.socket() as elsewhere:
        elsewhere.settimeout(0.2)
        try:
            elsewhere.connect(("192.0.2.1", 80))
        except OSError as error:
            return {"error": str(error)}
    return {"error": ""}


async def run(data: Path, mqtt_port: int) -> None:
    """Serve until told to end."""
    options = {
        "mqtt_host": "127.0.0.1", "mqtt_port": mqtt_port, "api_host": "127.0.0.1", "api_port": 0, "ingress_port": 0,
        "residents_port": 0, "api_url": "http://127.0.0.1:1", "residents_url": "http://127.0.0.1:1",
    }  # fmt: skip
    service = Service(make_settings(options, data=data, models=default_models()), local_pages=True)
    await service.start()
    say({"started": True})
    while (line := await asyncio.to_thread(sys.stdin.readline)) and (word := line.strip()) != "end":
        match word:
            case "hour":
                say(await asyncio.to_thread(hour, service))
            case "faces":
                say(await asyncio.to_thread(faces, service, data))
            case "leak":
                say(leak())
            case "plant":
                say(plant(service, data))
            case "forget":  # those of an enrolment, so that what follows is about who walks by
                LOOKS.clear()
                say({})
            case "connections":
                say({"connections": CONNECTIONS})
    await service.stop()
    say({"connections": CONNECTIONS})


def say(answer: dict[str, Any]) -> None:
    """One line."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    record_faces()
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))
