"""The whole chain on real parts: RTSP camera → recognizer process → Mosquitto → native node → its relay."""

import signal
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from facegate.contract.lines import NodeEvent, node_key
from tests.firmware.peer import Peer
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode
from tests.parts.recognizer import Recognizer, facegate
from tests.parts.rtsp import RtspServer, people, write_clip
from tests.parts.visits import FPS, NOBODY, VISIT, approach, nobody
from tests.parts.waiting import wait_for

pytestmark = pytest.mark.real_time


@dataclass
class World:
    broker: Mosquitto
    node: NativeNode
    recognizer: Recognizer
    camera: RtspServer
    folder: Path

    def watch(self, clip: str, **more: object) -> None:
        """Point the gate's camera at one clip of the RTSP server; ``more``: how it is set."""
        for camera in self.recognizer.api("GET", "/gates/main/cameras"):
            self.recognizer.api("DELETE", f"/gates/main/cameras/{camera['id']}")
        self.recognizer.api(
            "POST", "/gates/main/cameras",
            {"source": self.camera.url(clip), "liveness": "off", "accept_recognition_only": True, **more},
        )  # fmt: skip

    def stands(self) -> dict[str, Any]:
        return dict(self.recognizer.api("GET", "/gates/main"))

    def wait_for(self, camera: str, node: str) -> None:
        """Wait until the gate stands as told."""
        wait_for(
            lambda: (gate := self.stands()) and (gate["camera"], gate["node"]) == (camera, node),
            shows=lambda: f"the gate stands at {self.stands()}: {self.recognizer.log()[-2000:]}",
        )

    def passages(self) -> int:
        """How many have gone through today."""
        return int(self.recognizer.api("GET", "/gates/main")["tally"]["passages"])

    def wait_for_prompt(self, prompt: str) -> None:
        """Wait until somebody at the gate is asked for this."""
        wait_for(
            lambda: self.stands()["prompt"] == prompt,
            shows=lambda: f"nobody is asked for {prompt}: {self.recognizer.log()[-2000:]}",
        )

    def open(self, **more: object) -> dict[str, str]:
        """Open by the API, as Home Assistant's button does."""
        body = {"direction": "entry", "issued_at": int(time.time() * 1000), **more}
        answer: dict[str, str] = self.recognizer.api(
            "POST", "/gates/main/open", body, headers={"Idempotency-Key": uuid.uuid4().hex}
        )
        return answer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("chain")
    clips = {
        "resident": write_clip(folder / "resident.mp4", nobody() + approach("obama2.jpg") + nobody(), FPS),
        "stranger": write_clip(folder / "stranger.mp4", nobody() + approach("biden.jpg") + nobody(), FPS),
    }
    data = folder / "data"
    enrolled = facegate(
        "enroll", "Resident 1", str(people() / "obama.jpg"), str(people() / "obama3.jpg"), "--yes",
        "--consent", "given on paper", "--data", str(data),
    )  # fmt: skip
    assert enrolled.returncode == 0, enrolled.stdout + enrolled.stderr
    with Mosquitto(folder / "broker") as broker, RtspServer(clips, fps=FPS) as camera:
        recognizer = Recognizer(data, broker.port)
        try:
            recognizer.start()
            recognizer.pair()
            gate = recognizer.api("POST", "/gates", {"id": "main", "name": "Main gate", "trial": True})
            with NativeNode(folder / "node", broker, key=bytes.fromhex(gate["key"])) as node:
                yield World(broker, node, recognizer, camera, folder)
        finally:
            recognizer.stop()


def test_a_resident_is_let_in_once_per_approach(world: World) -> None:
    before = len(world.node.relay.pulses())
    world.watch("resident")
    world.wait_for("ok", "online")
    world.node.relay.wait_for_pulses(before + 1)
    time.sleep(VISIT)  # the person still stands there: no second opening
    assert len(world.node.relay.pulses()) == before + 1
    assert world.node.hints[-1] == "granted"
    world.node.relay.wait_for_pulses(before + 2)  # the clip begins anew: a new approach


def test_a_stranger_is_refused(world: World) -> None:
    world.watch("stranger")
    world.wait_for("ok", "online")
    before = len(world.node.relay.pulses())
    time.sleep(2 * (2 * NOBODY + VISIT))  # two visits
    assert len(world.node.relay.pulses()) == before
    assert world.node.hints[-1] == "denied"  # the node says so to whoever stands there


def test_a_camera_that_waits_for_the_button_recognises_one_approach_after_it(world: World) -> None:
    gate_key = world.node.key
    peer = Peer(world.broker, key=gate_key)
    try:
        world.watch("resident", on_press=True)
        world.wait_for("ok", "online")
        before = len(world.node.relay.pulses())
        world.wait_for_prompt("press_button")  # somebody stands there, and nothing has happened
        time.sleep(1)
        assert len(world.node.relay.pulses()) == before
        world.node.touch_input("press")
        world.node.relay.wait_for_pulses(before + 1)
        assert world.node.hints[-1] == "granted"
        pressed = peer.wait_for(NodeEvent, lambda event: event.type == "press")
        world.wait_for_prompt("press_button")  # the next approach
        for _ in range(3):  # a button that somebody has recorded
            peer.publish("facegate/home/gate/main/node/event", pressed.sign(node_key(gate_key, "main")).decode())
        time.sleep(2)
        assert len(world.node.relay.pulses()) == before + 1
        body = {"direction": "entry", "issued_at": int(time.time() * 1000)}
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        assert world.recognizer.api("POST", "/gates/main/press", body, headers=headers)["cameras"] == 1
        world.node.relay.wait_for_pulses(before + 2)
    finally:
        peer.close()


def test_home_assistants_button_opens_through_the_recognizer(world: World) -> None:
    world.watch("stranger")
    world.wait_for("ok", "online")
    before = len(world.node.relay.pulses())
    assert world.open()["result"] == "opened"
    world.node.relay.wait_for_pulses(before + 1)


def test_an_old_wish_opens_nothing(world: World) -> None:
    before = len(world.node.relay.pulses())
    with pytest.raises(HTTPError) as refused:
        world.open(issued_at=int(time.time() * 1000) - 5000)
    assert "open_expired" in refused.value.msg
    assert len(world.node.relay.pulses()) == before


def test_a_camera_that_dies_is_shown_and_opens_nothing(world: World) -> None:
    world.watch("resident")
    world.wait_for("ok", "online")
    world.camera.kill()
    world.wait_for("off", "online")
    before = len(world.node.relay.pulses())
    time.sleep(3)
    assert len(world.node.relay.pulses()) == before
    world.camera.start()
    world.wait_for("ok", "online")


def test_a_killed_recognizer_comes_back_and_opens_nothing_by_itself(world: World) -> None:
    world.watch("stranger")
    world.wait_for("ok", "online")
    passages = world.passages()
    world.node.touch_input("beam")
    wait_for(lambda: world.passages() != passages)
    time.sleep(1)  # until it is written down, too
    before = len(world.node.relay.pulses())
    world.recognizer.stop(signal.SIGKILL)
    world.recognizer.start()
    assert world.passages() == passages + 1
    world.wait_for("ok", "online")
    assert len(world.node.relay.pulses()) == before
    assert world.open()["result"] == "opened"


def test_a_broker_that_goes_away_closes_the_way_and_comes_back(world: World) -> None:
    world.wait_for("ok", "online")
    world.broker.stop()
    before = len(world.node.relay.pulses())
    with pytest.raises(HTTPError) as refused:
        world.open()
    assert "node_silent" in refused.value.msg
    assert len(world.node.relay.pulses()) == before
    world.broker.start()
    world.wait_for("ok", "online")
    assert world.open()["result"] == "opened"
    world.node.relay.wait_for_pulses(before + 1)


def test_the_log_holds_no_name_and_no_secret(world: World) -> None:
    log = world.recognizer.log()
    assert "Resident 1" not in log
    assert world.recognizer.token not in log
    assert "Traceback" not in log
