"""One gate and the recognizer's side of it: link, openings, journal and store, on a real broker."""

from contextlib import AsyncExitStack

from facegate.adapters.announcer import News
from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.node_voice import NodeReport
from facegate.adapters.software_gate import SoftwareGate
from facegate.adapters.store import AccessRecord, Store
from facegate.contract.messages import Topics
from facegate.core.models import Direction, Gate, Method, Reason
from facegate.core.node import NodeConfig
from facegate.core.node_events import ListVerdict
from facegate.journal import Journal
from facegate.opening import Openings, OpenRequest
from facegate.settings import Broker
from tests.parts.broker import Mosquitto
from tests.parts.waiting import eventually

GATE = "north-1"
TOPICS = Topics("home")


class Site:
    """One gate and the recognizer's side of it."""

    def __init__(self, store: Store, mosquitto: Mosquitto, stack: AsyncExitStack) -> None:
        self.store = store
        self.broker = Broker(host=mosquitto.host, port=mosquitto.port)
        known = any(gate.id == GATE for gate in store.gates())
        self.key = store.gate_key(GATE) if known else store.add_gate(Gate(GATE, "North", pulse_ms=100, trial=True))
        self.news: list[News] = []
        self.verdicts: list[ListVerdict] = []
        self.now = 0.0
        self._stack = stack

    async def start(self) -> None:
        self.mqtt = MqttClient(self.broker)
        self.journal = Journal(self.store, self._announce, listed=self._listed, clock=lambda: self.now)
        self.link = GateLink(GATE, self.key, self.mqtt, TOPICS, positions=self.store, recorded=self.journal.settled)
        self.openings = Openings(self.store, {GATE: self.link}, self._announce)
        self.link.on_event(self.journal.hear)
        self.link.on_loss(self.journal.lose)
        await self.mqtt.start()
        self._stack.push_async_callback(self.mqtt.stop)
        await self.link.start()
        self._stack.push_async_callback(self.stop)
        await eventually(lambda: self.mqtt.connected)

    async def stop(self) -> None:
        await self.openings.stop()
        await self.link.stop()
        await self.journal.settled()

    async def software_gate(self, **built: object) -> SoftwareGate:
        config = NodeConfig(GATE, self.key, has_beam=True, **built)  # type: ignore[arg-type]
        node = SoftwareGate(config, self.broker, TOPICS, boot=1, relay=lambda *_: None)
        await node.start()
        self._stack.push_async_callback(node.stop)
        await eventually(lambda: self.link.state == "online")
        return node

    async def open(self, direction: Direction = Direction.ENTRY) -> str:
        wish = OpenRequest(GATE, direction, Method.FACE, Reason.RECOGNISED)
        assert (await self.openings.open(wish)).opened
        return wish.id

    def said(self, kind: str = "event") -> list[tuple[str | None, str | None]]:
        """What the gate said, oldest first: word and detail of its records."""
        return [(r.passage, r.detail) for r in reversed(self.store.access_log()) if r.kind == kind]

    def passage(self, opening: str) -> AccessRecord:
        record = self.store.opening(opening)
        assert record is not None
        return record

    def told(self) -> list[tuple[str, str]]:
        return [(news.type, news.detail) for news in self.news]

    def _announce(self, news: News) -> bool:
        self.news.append(news)
        return True

    async def _listed(self, report: NodeReport, verdict: ListVerdict) -> None:
        self.verdicts.append(verdict)
