"""A house with everything that is real: Home Assistant, broker, recognizer, camera and gate node."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facegate.adapters import local_access
from facegate.contract.messages import Topics
from tests.parts.broker import Mosquitto
from tests.parts.home_assistant import HomeAssistant
from tests.parts.intruders import Eavesdropper, Trap
from tests.parts.node import NativeNode, build_node
from tests.parts.recognizer import PAIRING_CODE, Recognizer, facegate
from tests.parts.rtsp import RtspServer, people, write_clip
from tests.parts.visits import FPS, approach, nobody
from tests.parts.waiting import PATIENCE

SITE = "home"
TOPICS = Topics(SITE)
RESIDENT = "Resident 1"
VIEWER, PASSWORD = "viewer", "seen-by-nobody"

TRIAL, MAIN = "trial-gate", "main-entrance"
"""The gates of the house once its first chapter is over: one whose node is software, and one with a node of its own."""
ACCESS = "event.main_entrance_access"
TRIAL_ACCESS = "event.trial_gate_access"
OPEN = "button.main_entrance_open"
CAMERA = "binary_sensor.main_entrance_camera"
NODE = "binary_sensor.main_entrance_gate_node"


@dataclass
class House:
    """The parts, what was measured of them, and what people in the house do."""

    folder: Path
    broker: Mosquitto
    camera: RtspServer
    recognizer: Recognizer
    home: HomeAssistant
    eavesdropper: Eavesdropper
    trap: Trap
    node: NativeNode | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def stream(self, clip: str) -> str:
        """Where the camera shows a clip to whoever may look."""
        return self.camera.url(clip, f"{VIEWER}:{PASSWORD}")

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the recognizer as its owner, who may do everything."""
        access = local_access.find(self.recognizer.data)
        assert access is not None
        return self.recognizer.api(method, path, body, token=access.token)

    @property
    def event_key(self) -> bytes:
        """What signs the recognizer's messages, and Home Assistant's entry holds."""
        return bytes.fromhex(self._entry()["event_key"])

    def tokens(self) -> list[bytes]:
        """What lets Home Assistant in at the recognizer, and what signs: neither may leave the house."""
        return [self._entry()[secret].encode() for secret in ("token", "event_key")]

    def new_code(self) -> str:
        """A pairing code that the recognizer's owner makes."""
        [code] = PAIRING_CODE.findall(facegate("pair", "--data", str(self.recognizer.data)).stdout)
        return str(code)

    def _entry(self) -> dict[str, Any]:
        stored = json.loads((self.home.folder / ".storage/core.config_entries").read_text())["data"]["entries"]
        [entry] = [entry["data"] for entry in stored if entry["domain"] == "facegate"]
        return dict(entry)

    def show(self, clip: str, gate: str = MAIN) -> None:
        """Let a gate's camera look at one clip; stills are no proof of life, so liveness is off here."""
        [camera] = self.api("GET", f"/gates/{gate}/cameras")
        self.api(
            "PATCH",
            f"/gates/{gate}/cameras/{camera['id']}",
            {"source": self.stream(clip), "liveness": "off", "accept_recognition_only": True},
        )

    def wait_for_event(self, entity: str = ACCESS, timeout: float = PATIENCE, **attributes: str) -> dict[str, Any]:
        """Wait until an event entity shows something newer that fits."""
        before = self.home.state(entity)["state"]

        def look() -> dict[str, Any] | None:
            state = self.home.state(entity)
            fits = attributes.items() <= state["attributes"].items()
            return state if fits and state["state"] != before else None

        return self.home.wait_for(look, f"no event {attributes}; {self.recognizer.log()[-1500:]}", timeout)

    def let_go(self) -> None:
        """Wait until whoever was in the picture is gone and the gate has closed."""
        assert self.node is not None
        end = time.monotonic() + 20
        count = -1
        while time.monotonic() < end:
            events, pulses = len(self.eavesdropper.events()), self.node.relay.pulses()
            if events == count and all(pulse.closed_at is not None for pulse in pulses):
                return
            count = events
            time.sleep(2.5)  # longer than any decision takes
        raise AssertionError("events keep coming although nobody is in the picture")

    def dropped(self) -> dict[str, int]:
        """Which messages the integration did not believe, from its diagnostics."""
        [entry] = self.home.entries("facegate")
        diagnostics = self.home.get(f"/api/diagnostics/config_entry/{entry['entry_id']}")
        dropped: dict[str, int] = diagnostics["data"]["dropped_messages"]
        return dropped


@contextmanager
def running_house(folder: Path, *, enrolled: bool = True) -> Iterator[House]:
    """A house in which Home Assistant has not been told of anything yet; ``enrolled``: its resident is."""
    build_node()
    clips = {
        "nobody": write_clip(folder / "nobody.mp4", nobody(), FPS),
        "resident": write_clip(folder / "resident.mp4", nobody() + approach("obama2.jpg") + nobody(), FPS),
        "stand": write_clip(folder / "stand.mp4", approach("obama.jpg")[FPS:], FPS),
        "stranger": write_clip(folder / "stranger.mp4", nobody() + approach("biden.jpg") + nobody(), FPS),
    }
    data = folder / "data"
    if enrolled:
        done = facegate(
            "enroll", RESIDENT, str(people() / "obama.jpg"), str(people() / "obama3.jpg"), "--yes",
            "--consent", "given on paper", "--data", str(data),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    with ExitStack() as running:
        broker = running.enter_context(Mosquitto(folder / "broker", keep=True))
        camera = running.enter_context(RtspServer(clips, fps=FPS, user=VIEWER, password=PASSWORD))
        recognizer, home = (
            Recognizer(data, broker.port, site=SITE, extra=("--trial-nodes",)),
            HomeAssistant(folder / "core"),
        )
        running.callback(home.stop)
        house = House(folder, broker, camera, recognizer, home, Eavesdropper(broker, TOPICS), Trap())
        running.callback(house.eavesdropper.close)
        running.callback(house.trap.close)
        house.seconds["core starts"] = home.start()
        begun = time.monotonic()
        recognizer.start()
        running.callback(recognizer.stop)
        house.seconds["recognizer starts"] = time.monotonic() - begun
        yield house
        if house.node is not None:
            house.node.stop()
    print()
    for what, seconds in house.seconds.items():
        print(f"{what}: {seconds:.2f} s")
