"""A gate of two factors: the native node reports, decides nothing by itself, and opens for the recognizer's word."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.store import Store
from facegate.contract.messages import Topics
from facegate.core.credentials import Credential, CredentialKind, read_card
from facegate.core.models import Camera, Direction, Gate, LivenessLevel, Method
from facegate.core.second_factor import Factor
from facegate.credentials.cards import Cards
from facegate.settings import Broker
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode
from tests.parts.waiting import eventually

PIN = "83915"


@dataclass
class Scene:
    """The recognizer's side of the gate, and its node."""

    store: Store
    link: GateLink
    cards: Cards
    node: NativeNode
    resident: str
    shown: list[tuple[str, Direction, Factor]] = field(default_factory=list)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path / "broker"))
        store = stack.enter_context(Store.open(tmp_path / "data"))
        key = store.add_gate(Gate("main", "Main gate", trial=True))
        store.add_camera(Camera("c", "main", "file:///none", liveness=LivenessLevel.SECOND_FACTOR))
        resident = store.add_resident("Resident 1").id
        store.add_pin(Credential("", resident, CredentialKind.PIN, 0.0), PIN)
        store.add_card(Credential("", resident, CredentialKind.CARD, 0.0), read_card("0012345678"))
        client = MqttClient(Broker(host=broker.host, port=broker.port))
        await client.start()
        stack.push_async_callback(client.stop)
        link = GateLink("main", key, client, Topics("home"), positions=store)
        await link.start()
        stack.push_async_callback(link.stop)
        shown: list[tuple[str, Direction, Factor]] = []

        async def changed() -> None:
            await cards.follow()

        cards = Cards(
            store, {"main": link}, announce=lambda _: True, changed=changed,
            shown=lambda gate, side, factor: shown.append((gate, side, factor)),
        )  # fmt: skip
        cards.start()
        await cards.follow()
        stack.push_async_callback(cards.stop)
        node = NativeNode(tmp_path / "node", broker, key=key)
        node.environment["FACEGATE_NODE_TWO_FACTOR"] = "1"
        stack.enter_context(node)
        yield Scene(store, link, cards, node, resident, shown)


async def test_factors_are_reported_and_open_nothing_by_themselves(scene: Scene) -> None:
    await eventually(lambda: scene.cards.standing("main").state == "two_factor")
    scene.node.present("pin", 1, PIN)
    await eventually(lambda: len(scene.shown) == 1)
    scene.node.present("card", 2, "00bc614e")
    await eventually(lambda: len(scene.shown) == 2)
    assert [(gate, side, factor.resident, factor.method) for gate, side, factor in scene.shown] == [
        ("main", Direction.ENTRY, scene.resident, Method.PIN),
        ("main", Direction.EXIT, scene.resident, Method.CARD),
    ]
    scene.node.present("pin", 1, "94026")
    await eventually(lambda: [r.reason for r in scene.store.access_log()] == ["not_listed"])
    assert len(scene.shown) == 2
    assert scene.node.relay.pulses() == []
    assert (await scene.link.open(Direction.ENTRY, 0, "0" * 16, lambda: True)).opened  # the cameras have said so
    assert len(scene.node.relay.wait_for_pulses(1)) == 1
    assert scene.cards.standing("main").problems == ()
