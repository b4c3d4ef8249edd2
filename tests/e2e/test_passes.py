"""A guest's pass from the API to the relay: recognizer process, a camera that sees the code, Mosquitto and the node."""

import signal
import time
from pathlib import Path

import cv2
import numpy as np

from facegate.adapters import local_access
from tests.parts.broker import Mosquitto
from tests.parts.codes import Held, hold
from tests.parts.node import NativeNode
from tests.parts.recognizer import Recognizer
from tests.parts.waiting import wait_for

FPS = 10
WALL = np.full((480, 640, 3), 96, np.uint8)


def clip(path: Path, text: str) -> str:
    """A code held before a wall for a few seconds, as a file that a camera can be."""
    held = hold(WALL, text, (320.0, 240.0), Held(side=140, tilt=10, turn=5))
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (640, 480))
    for image in [WALL] * FPS + [held] * 4 * FPS + [WALL] * FPS:
        video.write(image)
    video.release()
    return str(path)


def test_a_guest_is_let_in_once_and_refused_by_reason(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        recognizer = Recognizer(tmp_path / "data", broker.port, extra=("--trust-clock",))
        try:
            recognizer.start()
            wait_for(lambda: local_access.find(recognizer.data) is not None)
            access = local_access.find(recognizer.data)
            assert access is not None
            recognizer.token = access.token
            gate = recognizer.api("POST", "/gates", {"id": "main", "name": "Main gate", "trial": True})
            bounds = {"label": "Plumber", "uses": 1, "valid_until": time.time() + 3600}
            text = recognizer.api("POST", "/passes", bounds)["text"]
            with NativeNode(tmp_path / "node", broker, key=bytes.fromhex(gate["key"])) as node:
                wait_for(lambda: recognizer.api("GET", "/gates/main")["node"] == "online")
                camera = {"source": clip(tmp_path / "visit.mp4", text)}
                recognizer.api("POST", "/gates/main/cameras", {"id": "first", **camera})
                wait_for(lambda: len(node.relay.pulses()) == 1)
                wait_for(lambda: recognizer.api("GET", "/passes")[0]["state"] == "used")
                recognizer.api("POST", "/gates/main/cameras", {"id": "second", **camera})

                def said() -> list[tuple[str, str, str]]:
                    log = recognizer.api("GET", "/activity?from=0")["records"]
                    return [(one["kind"], one["method"], one["reason"]) for one in log if one["method"] == "qr"]

                wait_for(lambda: ("denial", "qr", "pass_used") in said())
                assert said() == [("denial", "qr", "pass_used"), ("opening", "qr", "pass_good")]
                assert len(node.relay.pulses()) == 1
        finally:
            recognizer.stop(signal.SIGKILL)
        assert text not in recognizer.log()
