"""Who tells a gate's link truths and lies: a broker, software gates, and a node that says what it is told."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.software_gate import SoftwareGate
from facegate.contract import lines
from facegate.contract.lines import Ack, Command, Hello, NodeEvent, Position
from facegate.contract.messages import Topics
from facegate.core.node import NodeConfig
from facegate.core.node_events import Happening
from facegate.settings import Broker
from tests.parts.broker import Mosquitto
from tests.parts.waiting import eventually

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
        self.gap: frozenset[Position] = frozenset()

    def node_position(self, gate: str, kind: str) -> Position | None:
        return self.positions.get(kind)

    def save_node_position(self, gate: str, kind: str, position: Position) -> bool:
        self.positions[kind] = position
        return True

    def recall_events(self, gate: str) -> tuple[Position | None, frozenset[Position]]:
        return self.positions.get("event"), self.gap

    def save_node_gap(self, gate: str, missing: Iterable[Position]) -> None:
        self.gap = frozenset(missing)

    def node_alarms(self, gate: str) -> list[tuple[Position, Happening]]:
        return []


class ScriptedNode:
    """Says what a test wants it to say, under whatever key."""

    def __init__(self, mqtt: MqttClient, boot: int) -> None:
        self.mqtt = mqtt
        self.boot = boot
        self.seq = {"hello": 0, "ack": 1, "event": 0}
        self.challenge = secrets.token_hex(16)
        self.commands: list[Command] = []
        self.answer: Callable[[Command], object] = lambda command: None
        mqtt.subscribe(TOPICS.command(GATE), self._on_command)

    def _on_command(self, _topic: str, payload: bytes, _retained: bool) -> None:
        keys = {slot: lines.command_key(KEY, slot, GATE) for slot in lines.SLOTS}
        command = Command.parse(payload, gate=GATE, keys=keys)
        if command.verb == "again":  # as a node of an earlier release does
            self.ack(command, result="verb", detail="-")
            return
        self.commands.append(command)
        self.answer(command)

    def make_hello(self, uptime: int = 1_000_000) -> bytes:
        self.seq["hello"] += 1
        hello = Hello(GATE, self.boot, self.seq["hello"], uptime, self.challenge, "normal", "closed", 0, 0)
        return hello.sign(NODE_KEY)

    def hello(self, uptime: int = 1_000_000, *, fresh: bool = False) -> None:
        if fresh:
            self.challenge = secrets.token_hex(16)
        self.mqtt.publish(TOPICS.node(GATE, "hello"), self.make_hello(uptime))

    def make_ack(self, command: Command, *, key: bytes = NODE_KEY, opening="", slot=0, boot=0, seq=0, **said) -> bytes:
        self.seq["ack"] += 1
        ack = Ack(
            gate=GATE,
            boot=boot or self.boot,
            seq=seq or self.seq["ack"],
            uptime=1_000_100,
            slot=slot or command.slot,
            id=opening or command.id,
            **{"result": "opened", "detail": "500", **said},
        )
        return ack.sign(key)

    def ack(self, command: Command, **said) -> None:
        self.mqtt.publish(TOPICS.node(GATE, "ack"), self.make_ack(command, **said))

    def event(self, kind: str, *, uptime: int, value: str = "-") -> bytes:
        self.seq["event"] += 1
        line = NodeEvent(GATE, self.boot, self.seq["event"], uptime, kind, "1", value).sign(NODE_KEY)
        self.mqtt.publish(TOPICS.node(GATE, "event"), line)
        return line

    async def settle(self) -> None:
        """Return when the broker has passed on everything that was said before."""
        heard = asyncio.Event()
        topic = f"settle/{secrets.token_hex(4)}"
        cancel = self.mqtt.subscribe(topic, lambda *_: heard.set())
        while not heard.is_set():
            self.mqtt.publish(topic, b"")
            await asyncio.sleep(0.05)
        cancel()


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

    async def scripted(self, boot: int = 1) -> ScriptedNode:
        node = ScriptedNode(await self.client(), boot)
        await node.settle()
        return node

    async def link(self, *, kept: Kept | None = None, slot: int = 1, clock=time.monotonic) -> GateLink:
        link = GateLink(GATE, KEY, await self.client(), TOPICS, positions=kept or Kept(), slot=slot, clock=clock)
        await link.start()
        self._stack.push_async_callback(link.stop)
        await asyncio.sleep(0.05)  # for the broker to have its subscriptions
        return link


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Site]:
    """A site with a broker of its own; whoever has joined leaves before the broker ends."""
    with Mosquitto(folder / "broker") as mosquitto:
        async with AsyncExitStack() as stack:
            yield Site(mosquitto, stack)


def always() -> bool:
    return True
