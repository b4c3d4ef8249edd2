"""Modes and resets: a real broker, the real store, the link, and the software gate, which keeps its memory."""

import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from facegate.adapters.announcer import News
from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.software_gate import SoftwareGate
from facegate.adapters.store import Store
from facegate.contract.messages import Topics
from facegate.core.models import Direction, Gate, Mode, Reason
from facegate.core.node import NodeConfig, NodeMemory
from facegate.opening import Openings, OpenRequest
from facegate.orders import Orders
from facegate.settings import Broker
from tests.parts.broker import Mosquitto
from tests.parts.waiting import eventually

GATE = "north-1"
TOPICS = Topics("home")


class Site:
    """One gate, its recognizer and its node, each of which can be switched off and on again."""

    def __init__(self, data: Path, mosquitto: Mosquitto, stack: AsyncExitStack) -> None:
        self.broker = Broker(host=mosquitto.host, port=mosquitto.port)
        self.memory = NodeMemory()
        self.moves: list[tuple[int, bool]] = []
        self.news: list[News] = []
        self.changes = 0
        self._boot = 0
        self._data = data
        self._stack = stack

    async def recognizer(self) -> None:
        self.store = Store.open(self._data)
        if not self.store.gates():
            self.store.add_gate(Gate(GATE, "North", trial=True))
        self._mqtt = MqttClient(self.broker)
        self.link = GateLink(GATE, self.store.gate_key(GATE), self._mqtt, TOPICS, positions=self.store)
        self.orders = Orders(self.store, {GATE: self.link}, self._changed)
        self.openings = Openings(self.store, {GATE: self.link}, self._announce)
        self.link.on_hello(self.orders.hear)
        await self.orders.start()
        await self._mqtt.start()
        await self.link.start()
        await eventually(lambda: self._mqtt.connected)

    async def recognizer_ends(self) -> None:
        await self.openings.stop()
        await self.orders.stop()
        await self.link.stop()
        await self._mqtt.stop()
        self.store.close()

    async def node(self) -> SoftwareGate:
        self._boot += 1
        config = NodeConfig(GATE, self.store.gate_key(GATE), pulse_ms=50, max_free_s=3)
        node = SoftwareGate(
            config, self.broker, TOPICS, boot=self._boot, relay=lambda *move: self.moves.append(move),
            memory=self.memory,
        )  # fmt: skip
        await node.start()
        self._stack.push_async_callback(node.stop)
        await eventually(lambda: self.link.state == "online" and self.link.condition.boot == self._boot)
        return node

    @property
    def mode(self) -> Mode:
        return self.store.gate(GATE).mode

    async def open(self, *, note: str = "") -> Reason:
        wish = OpenRequest.remote(GATE, Direction.ENTRY, secrets.token_hex(8), time.monotonic(), actor="Guard's phone")
        return (await self.openings.open(wish.for_guard(note) if note else wish)).reason

    async def _changed(self) -> None:
        self.changes += 1

    def _announce(self, news: News) -> bool:
        self.news.append(news)
        return True


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
async def site(tmp_path: Path, mosquitto: Mosquitto) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        site = Site(tmp_path / "data", mosquitto, stack)
        await site.recognizer()
        stack.push_async_callback(site.recognizer_ends)
        yield site


async def test_a_lockdown_opens_for_guards_alone_and_outlasts_the_node(site: Site) -> None:
    node = await site.node()
    outcome = await site.orders.set_mode(GATE, Mode.LOCKDOWN, "Panel")
    assert (outcome.done, site.mode, site.changes) == (True, Mode.LOCKDOWN, 1)
    assert await site.open() is Reason.LOCKDOWN
    assert site.moves == []
    assert await site.open(note="Fire brigade, seen by camera") is Reason.GUARD
    (record,) = [r for r in site.store.access_log() if r.reason is Reason.GUARD]
    assert (record.result, record.actor, record.note) == ("opened", "Guard's phone", "Fire brigade, seen by camera")
    assert b"Fire brigade" not in (site.store.data / "facegate.db").read_bytes()
    await node.stop()
    await site.node()
    assert site.link.condition.mode == "lockdown"
    assert (await site.orders.set_mode(GATE, Mode.NORMAL, "Panel")).done
    assert await site.open() is Reason.REMOTE
    assert [(o.what, o.actor, o.result) for o in site.store.orders(GATE)] == [
        ("normal", "Panel", "done"),
        ("lockdown", "Panel", "done"),
    ]


async def test_free_passage_ends_by_itself_and_the_node_says_when(site: Site) -> None:
    await site.node()
    before = time.time()
    outcome = await site.orders.set_mode(GATE, Mode.FREE, "Panel", seconds=600)
    assert (outcome.done, outcome.seconds) == (True, 3)  # the node's own maximum
    until = site.orders.free_until(GATE)
    assert until is not None
    assert before + 3 <= until <= time.time() + 3
    assert site.mode is Mode.FREE
    assert await site.open() is Reason.STANDS_OPEN
    assert site.moves == [(1, True), (2, True)]
    await eventually(lambda: site.mode is Mode.NORMAL)  # told by the node's hello
    assert site.orders.free_until(GATE) is None
    assert site.moves[2:] == [(1, False), (2, False)]


async def test_free_passage_ends_with_a_restart_of_the_node(site: Site) -> None:
    node = await site.node()
    await site.orders.set_mode(GATE, Mode.FREE, "Panel", seconds=3)
    await node.stop()
    await site.node()
    await eventually(lambda: site.mode is Mode.NORMAL)


async def test_a_lockdown_holds_at_once_and_reaches_a_node_that_comes_back(site: Site) -> None:
    outcome = await site.orders.set_mode(GATE, Mode.LOCKDOWN, "Panel")
    assert (outcome.done, outcome.waits, outcome.result) == (False, True, "node_silent")
    assert (site.mode, site.orders.waits(GATE)) == (Mode.LOCKDOWN, True)
    await site.recognizer_ends()
    await site.recognizer()  # and it is not forgotten here, either
    assert site.orders.waits(GATE)
    assert await site.open() is Reason.LOCKDOWN
    await site.node()
    await eventually(lambda: site.memory.lockdown and not site.orders.waits(GATE))
    assert site.mode is Mode.LOCKDOWN
    assert site.store.orders(GATE)[0].result == "done"


async def test_a_lockdown_whose_asking_a_crash_cut_short_holds_before_its_node_is_there(site: Site) -> None:
    site.store.begin_order(GATE, Mode.LOCKDOWN, 0, "Panel")
    assert site.mode is Mode.NORMAL
    await site.recognizer_ends()
    await site.recognizer()
    assert site.mode is Mode.LOCKDOWN
    assert await site.open() is Reason.LOCKDOWN


async def test_what_opens_a_gate_is_never_kept_for_later(site: Site) -> None:
    site.store.begin_order(GATE, Mode.LOCKDOWN, 0, "Panel")
    await site.orders.start()
    outcome = await site.orders.set_mode(GATE, Mode.FREE, "Panel", seconds=60)
    assert (outcome.done, outcome.waits) == (False, False)
    await site.node()
    await eventually(lambda: site.memory.lockdown and not site.orders.waits(GATE))
    assert (site.mode, site.moves) == (Mode.LOCKDOWN, [])


async def test_the_node_is_the_truth(site: Site) -> None:
    """Another recognizer has locked it down, or it remembers what this one has lost."""
    site.memory.lockdown, site.memory.root = True, site.store.gate_key(GATE)
    site.memory.key = site.memory.root
    await site.node()
    await eventually(lambda: site.mode is Mode.LOCKDOWN)
    assert await site.open() is Reason.LOCKDOWN
    assert site.store.orders(GATE) == []


async def test_a_node_that_cannot_remember_is_locked_down_all_the_same_and_says_so(site: Site) -> None:
    site.memory.works = False
    await site.node()
    outcome = await site.orders.set_mode(GATE, Mode.LOCKDOWN, "Panel")
    assert (outcome.done, outcome.detail) == (True, "fault flash")
    assert await site.open() is Reason.LOCKDOWN


async def test_a_fire_is_reset_when_its_contact_is_quiet_and_by_somebody(site: Site) -> None:
    node = await site.node()
    node.fire(active=True)
    await eventually(lambda: site.link.condition.fire == "active")
    assert await site.open() is Reason.STANDS_OPEN
    refused = await site.orders.reset_fire(GATE, "Panel")
    assert (refused.done, refused.detail) == (False, "mode fire")
    node.fire(active=False)
    await eventually(lambda: site.link.condition.fire == "latched")
    assert (await site.orders.reset_fire(GATE, "Panel")).done
    await eventually(lambda: site.link.condition.fire == "none")
    assert [(o.what, o.result, o.detail) for o in site.store.orders(GATE)] == [
        ("reset", "done", "-"),
        ("reset", "node_refused", "mode fire"),
    ]


async def test_a_gate_without_a_link_is_told_nothing(site: Site) -> None:
    orders = Orders(site.store, {}, site._changed)
    assert (await orders.set_mode(GATE, Mode.NORMAL, "Panel")).detail == "no link"
    assert (await orders.set_mode(GATE, Mode.LOCKDOWN, "Panel")).waits
    assert site.mode is Mode.LOCKDOWN


def test_orders_that_a_crash_has_cut_short(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.add_gate(Gate(GATE, "North", trial=True))
        store.begin_order(GATE, "lockdown", 0, "Panel")
        store.begin_order(GATE, "free", 60, "Panel")
    with Store.open(tmp_path) as store:
        assert [(o.what, o.result) for o in store.orders(GATE)] == [("free", "interrupted"), ("lockdown", None)]
        assert set(store.open_lockdowns()) == {GATE}
        store.finish_order(store.begin_order(GATE, "normal", 0, "Panel"), "done", "0")
        assert store.open_lockdowns() == {}  # a later mode that the node has taken over
