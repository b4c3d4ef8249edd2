"""Cards and PINs from the API to the relay: recognizer process, Mosquitto and the native node, together and alone."""

import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from facegate.adapters.store import AccessRecord, Store
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode
from tests.parts.recognizer import Recognizer, facegate
from tests.parts.waiting import wait_for

NUMBER = "0012345678"
CARD = "00bc614e"  # as RDM6300 and 34-bit Wiegand give it
OTHER_CARD = "04a23b5c6d7e80"
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass
class Scene:
    broker: Mosquitto
    node: NativeNode
    recognizer: Recognizer

    @property
    def list(self) -> dict[str, Any]:
        """How the gate's list does."""
        return dict(self.recognizer.api("GET", "/gates/main")["list"])

    def in_force(self, entries: int) -> int:
        """Wait until the node has a list of so many entries, and return its version."""
        wait_for(lambda: (self.list["state"], self.list["entries"]) == ("in_force", entries))
        return int(self.list["version"])

    def opens(self, kind: str, number: str) -> bool:
        """Whether a card or a PIN opens."""
        before = len(self.node.relay.pulses())
        self.node.present(kind, 1, number)
        time.sleep(0.4)  # a reader is looked at every 50 ms
        opened = len(self.node.relay.pulses()) > before
        if opened:
            time.sleep(0.8)  # the pulse and the gap after it
        return opened

    def resident(self, name: str) -> str:
        return str(self.recognizer.api("POST", "/residents", {"name": name})["id"])

    def give(self, resident: str, **credential: object) -> dict[str, Any]:
        return dict(self.recognizer.api("POST", f"/residents/{resident}/credentials", credential))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Mosquitto(tmp_path / "broker") as broker:
        recognizer = Recognizer(tmp_path / "data", broker.port, extra=("--trust-clock",))
        try:
            recognizer.start()
            recognizer.pair()
            gate = recognizer.api("POST", "/gates", {"id": "main", "name": "Main gate", "trial": True})
            with NativeNode(tmp_path / "node", broker, key=bytes.fromhex(gate["key"])) as node:
                yield Scene(broker, node, recognizer)
        finally:
            recognizer.stop(signal.SIGKILL)


def test_a_card_and_a_pin_open_with_everything_else_dead(scene: Scene) -> None:
    one, other = scene.resident("Resident 1"), scene.resident("Resident 2")
    scene.give(one, kind="card", number=NUMBER)
    made = scene.give(other, kind="pin")
    timed = scene.give(other, kind="pin", windows=[{"days": WEEK, "first": "00:00", "last": "24:00"}])
    scene.in_force(5)
    assert scene.opens("card", CARD)
    assert not scene.opens("card", OTHER_CARD)
    assert scene.opens("pin", timed["pin"])  # it was told the time

    gone = scene.resident("Resident 3")
    taken = scene.give(gone, kind="pin")
    version = scene.in_force(6)
    assert scene.opens("pin", taken["pin"])
    scene.recognizer.api("DELETE", f"/residents/{gone}/credentials/{taken['id']}")
    assert scene.in_force(5) > version
    assert not scene.opens("pin", taken["pin"])
    scene.recognizer.api("PATCH", f"/residents/{one}", {"suspended": True})
    scene.in_force(2)
    assert not scene.opens("card", CARD)
    scene.recognizer.api("PATCH", f"/residents/{one}", {"suspended": False})
    scene.in_force(5)

    scene.recognizer.stop(signal.SIGKILL)
    scene.broker.kill()
    assert scene.opens("card", CARD)
    scene.node.kill()  # and the power
    scene.node.start()
    time.sleep(1)
    assert scene.opens("card", CARD)
    assert scene.opens("pin", made["pin"])
    assert not scene.opens("pin", timed["pin"])  # after a loss of power it has no time
    assert not scene.opens("pin", taken["pin"])
    assert not scene.opens("card", OTHER_CARD)
    for wrong in ("7000", "7001", "7002", "7003", "7004"):
        scene.node.present("pin", 1, wrong)
        time.sleep(0.15)
    assert not scene.opens("pin", made["pin"])  # locked
    assert scene.opens("card", CARD)  # cards never are

    scene.broker.start()
    scene.recognizer.start()
    wait_for(lambda: scene.recognizer.api("GET", "/gates/main")["node"] == "online")
    scene.in_force(5)
    assert scene.opens("card", CARD)  # its event tells how many came before it
    scene.recognizer.stop()
    records = log(scene)
    assert {record.resident for record in records if record.detail == "list"} == {one, other, gone}
    # Meanwhile the node has kept what happened; whatever of it the broker got before the recognizer came is a gap.
    assert any(record.past or record.passage == "lost" for record in records)
    assert all(record.resident is None for record in records if record.reason == "not_listed")
    told = scene.recognizer.log()
    for secret in (NUMBER, CARD, f" {made['pin']} ", f" {timed['pin']} "):
        assert secret not in told


def log(scene: Scene) -> list[AccessRecord]:
    """The records, once the recognizer has let go of them."""
    with Store.open(scene.recognizer.data) as store:
        return store.access_log(1000)


def hold_when_asked(scene: Scene) -> None:
    """Hold a card to the reader as soon as the gate waits for one."""

    def asked() -> bool:
        try:
            return bool(scene.recognizer.api("GET", "/gates/main/lessons")["state"] == "waiting")
        except HTTPError:  # nobody has asked yet
            return False

    wait_for(asked)
    scene.node.present("card", 1, OTHER_CARD)


def test_a_card_is_learned_at_the_reader_from_the_command_line(scene: Scene) -> None:
    data = scene.recognizer.data
    scene.resident("Resident 1")
    wait_for(lambda: scene.recognizer.api("GET", "/gates/main")["node"] == "online")
    assert not scene.opens("card", OTHER_CARD)
    card = threading.Thread(target=hold_when_asked, args=(scene,))
    card.start()
    learned = facegate("credentials", "add", "Resident 1", "--learn", "main", "--data", str(data))
    card.join()
    assert learned.returncode == 0, learned.stdout + learned.stderr
    scene.in_force(1)
    assert scene.opens("card", OTHER_CARD)
    listed = facegate("credentials", "list", "Resident 1", "--data", str(data))
    assert "main" in listed.stdout
    gates = facegate("gate", "list", "--data", str(data))
    assert "1008" in gates.stdout, gates.stdout + gates.stderr
    identifier = next(word for word in listed.stdout.split() if len(word) == 16)
    removed = facegate("credentials", "remove", "Resident 1", identifier, "--yes", "--data", str(data))
    assert removed.returncode == 0, removed.stdout + removed.stderr
    scene.in_force(0)
    assert not scene.opens("card", OTHER_CARD)
