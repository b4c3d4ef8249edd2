"""Modes and alarms in the running product: command line, API and what Home Assistant is shown, at a real node."""

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
import pytest

from facegate.contract.messages import GateEvent, GateState, Topics
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode
from tests.parts.recognizer import Recognizer, facegate
from tests.parts.waiting import wait_for

TOPICS = Topics("home")


@dataclass
class World:
    recognizer: Recognizer
    node: NativeNode
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    def gate(self, *arguments: str) -> str:
        """Run ``facegate gate`` and return what it says."""
        result = facegate("gate", *arguments, data=self.recognizer.data)
        return " ".join((result.stdout + result.stderr).split())

    def stands(self) -> dict[str, Any]:
        return dict(self.recognizer.api("GET", "/gates/main"))

    def until(self, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the gate stands as told."""
        return wait_for(
            lambda: gate if right(gate := self.stands()) else {},
            shows=lambda: f"{self.stands()}: {self.recognizer.log()[-2000:]}",
        )

    def shown(self) -> GateState:
        """The last state that Home Assistant was shown."""
        states = [payload for topic, payload in list(self.heard) if topic == TOPICS.state("main") and payload]
        return GateState.parse(states[-1], self.recognizer.event_key)

    def told(self) -> list[tuple[str, str]]:
        """What Home Assistant was told, in order."""
        events = [
            GateEvent.parse(p, self.recognizer.event_key) for topic, p in list(self.heard) if topic == TOPICS.event
        ]
        return [(event.type, event.detail or event.reason) for event in events]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("modes")
    with Mosquitto(folder / "broker") as broker:
        recognizer = Recognizer(folder / "data", broker.port)
        home_assistant = paho.Client(paho.CallbackAPIVersion.VERSION2)
        try:
            recognizer.start()
            recognizer.pair()
            key = bytes.fromhex(
                recognizer.api("POST", "/gates", {"id": "main", "name": "Main gate", "trial": True})["key"]
            )
            with NativeNode(folder / "node", broker, key=key) as node:
                world = World(recognizer, node)
                home_assistant.on_message = lambda *said: world.heard.append((said[2].topic, said[2].payload))
                home_assistant.connect(broker.host, broker.port)
                home_assistant.subscribe([(TOPICS.event, 0), (TOPICS.state("main"), 0)])
                home_assistant.loop_start()
                world.until(lambda gate: gate["node"] == "online")
                yield world
        finally:
            home_assistant.loop_stop()
            recognizer.stop()


def test_a_lockdown_from_the_command_line_outlasts_node_and_recognizer(world: World) -> None:
    assert world.gate("mode", "main", "lockdown") == "Gate 'main' is in mode lockdown."
    assert "in lockdown" in world.gate("open", "main")
    assert world.node.relay.pulses() == []
    assert world.gate("open", "main", "--guard", "Seen by camera") == "Gate 'main' has opened."
    assert len(world.node.relay.wait_for_pulses(1)) == 1
    world.node.kill()
    world.recognizer.stop(signal.SIGKILL)
    world.recognizer.start()
    world.node.start()
    gate = world.until(lambda gate: gate["node"] == "online")
    assert (gate["mode"], gate["waits"]) == ("lockdown", False)
    assert world.shown().mode == "lockdown"
    assert world.gate("mode", "main") == "lockdown"
    assert len(world.node.relay.pulses()) == 1
    assert world.gate("mode", "main", "normal") == "Gate 'main' is in mode normal."


def test_free_passage_says_when_it_ends(world: World) -> None:
    assert "Say with --minutes" in world.gate("mode", "main", "free")
    before = time.time()
    assert world.gate("mode", "main", "free", "--minutes", "2") == "Gate 'main' stands open for 2 minutes."
    assert world.node.relay.is_open(1)
    gate = world.until(lambda gate: gate["mode"] == "free" and gate["state"] == "open")
    assert before + 120 <= gate["free_until"] <= time.time() + 120
    assert "stands open anyway" in world.gate("open", "main")
    world.recognizer.api("PUT", "/gates/main/mode", {"mode": "normal"})
    world.until(lambda gate: gate["state"] == "closed")


def test_alarms_are_shown_and_told_and_a_fire_is_reset_by_somebody(world: World) -> None:
    world.node.set_input("fire", True)
    world.until(lambda gate: gate["fire"] == "active")
    assert "stays released" in world.gate("reset", "main")
    world.node.set_input("fire", False)
    world.until(lambda gate: gate["fire"] == "latched")
    assert world.gate("reset", "main") == "Gate 'main' is no longer released."
    world.node.set_input("tamper", True)
    gate = world.until(lambda gate: gate["tamper"] and gate["fire"] == "none")
    assert gate["acked_at"] is not None
    wait_for(lambda: world.shown().tamper)
    told = world.told()
    assert [word for word in told if word[0] in ("fire", "tamper")] == [
        ("fire", "start"), ("fire", "quiet"), ("fire", "clear"), ("tamper", "start"),
    ]  # fmt: skip


def test_every_order_has_its_author(world: World) -> None:
    world.gate("mode", "main", "lockdown")
    world.recognizer.api("PUT", "/gates/main/mode", {"mode": "normal"})
    newest = world.recognizer.api("GET", "/gates/main/orders")[:2]
    assert [(order["what"], order["actor"], order["result"]) for order in newest] == [
        ("normal", "Test", "done"),
        ("lockdown", "this machine", "done"),
    ]
    wait_for(lambda: world.told()[-2:] == [("mode", "lockdown"), ("mode", "normal")], shows=world.told)


def test_the_doctor_finds_residents_that_nobody_can_read(world: World) -> None:
    added = world.recognizer.api("POST", "/residents", {"name": "Resident 1"})
    (key,) = (world.recognizer.data / "keys" / "residents").glob(f"{added['id']}*")
    key.rename(world.recognizer.data / "elsewhere")
    found = facegate("doctor", "--json", "--data", str(world.recognizer.data))
    assert found.returncode == 1
    assert added["id"] in found.stdout
    assert "keys/residents" in found.stdout
