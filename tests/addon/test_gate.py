"""The link to a gate node, against a real Mosquitto and a software gate; lies are told by a client of their own."""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import SimpleNamespace

import pytest

from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.node_voice import NodeReport, NodeVoice
from facegate.adapters.software_gate import SoftwareGate, next_boot
from facegate.contract import lines
from facegate.contract.lines import Ack, Command, Hello, NodeEvent, Position
from facegate.contract.messages import Topics
from facegate.core.models import Direction
from facegate.core.node import NodeConfig
from facegate.settings import Broker
from tests.parts.broker import Mosquitto

GATE = "north-1"
KEY = bytes(range(32))
OTHER_KEY = bytes(32)
TOPICS = Topics("home")
NODE_KEY = lines.node_key(KEY, GATE)
ID = "00c0ffee5eed0001"


class Kept:
    """Positions in memory, in the place of the database: what is under test is what becomes of them."""

    def __init__(self) -> None:
        self.positions: dict[str, Position] = {}

    def node_position(self, gate: str, kind: str) -> Position | None:
        return self.positions.get(kind)

    def save_node_position(self, gate: str, kind: str, position: Position) -> bool:
        self.positions[kind] = position
        return True


async def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


@pytest.fixture
def mosquitto(tmp_path):
    with Mosquitto(tmp_path / "broker") as broker:
        yield broker


class Site:
    """A broker with whoever a test lets join it."""

    def __init__(self, mosquitto: Mosquitto, stack: AsyncExitStack) -> None:
        self.mosquitto = mosquitto
        self.broker = Broker(host=mosquitto.host, port=mosquitto.port)
        self.moves: list[tuple[int, bool]] = []
        self._stack = stack

    @property
    def pulses(self) -> list[int]:
        return [relay for relay, is_open in self.moves if is_open]

    async def client(self) -> MqttClient:
        client = MqttClient(self.broker)
        await client.start()
        self._stack.push_async_callback(client.stop)
        await eventually(lambda: client.connected)
        return client

    async def node(self, *, key: bytes = KEY, boot: int = 1, pulse_ms: int = 100) -> SoftwareGate:
        config = NodeConfig(GATE, key, pulse_ms=pulse_ms)
        node = SoftwareGate(config, self.broker, TOPICS, boot=boot, relay=lambda *move: self.moves.append(move))
        await node.start()
        self._stack.push_async_callback(node.stop)
        return node

    async def link(self, *, kept: Kept | None = None, slot: int = 1, clock=time.monotonic) -> GateLink:
        link = GateLink(GATE, KEY, await self.client(), TOPICS, positions=kept or Kept(), slot=slot, clock=clock)
        await link.start()
        self._stack.push_async_callback(link.stop)
        return link


@pytest.fixture
async def site(mosquitto):
    async with AsyncExitStack() as stack:
        yield Site(mosquitto, stack)


def always() -> bool:
    return True


async def test_opens_entry_and_exit(site):
    link = await site.link()
    await site.node()
    await eventually(lambda: link.state == "online")
    entry = await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always)
    assert (entry.result, entry.detail, entry.tries) == ("opened", "100", 1)
    leave = await link.open(Direction.EXIT, 150, secrets.token_hex(8), always)
    assert (leave.result, leave.detail) == ("opened", "150")
    assert site.pulses == [1, 2]


async def test_two_grants_a_moment_apart_are_two_pulses_in_order(site):
    link = await site.link()
    await site.node()
    await eventually(lambda: link.state == "online")
    results = await asyncio.gather(
        *(link.open(d, 0, secrets.token_hex(8), always) for d in (Direction.ENTRY, Direction.EXIT, Direction.ENTRY))
    )
    assert [r.result for r in results] == ["opened"] * 3
    assert site.pulses == [1, 2, 1]


async def test_the_same_id_opens_once(site):
    link = await site.link()
    await site.node()
    await eventually(lambda: link.state == "online")
    first = await link.open(Direction.ENTRY, 0, ID, always)
    again = await link.open(Direction.ENTRY, 0, ID, always)
    assert (first.result, again.result) == ("opened", "opened")
    assert site.pulses == [1]
