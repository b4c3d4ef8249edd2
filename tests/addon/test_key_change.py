"""A gate's key is changed while its real node runs, whatever dies in between: nobody is locked out, one key remains."""

import asyncio
import multiprocessing
import os
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from facegate.adapters.gate import GateLink
from facegate.adapters.key_change import KeyChanger, SlotInUseError
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.node_voice import NodeReport
from facegate.adapters.store import NotFoundError, Store
from facegate.adapters.store.nodes import KeyChange
from facegate.contract.lines import Command, Position, command_key
from facegate.contract.messages import Topics
from facegate.contract.verbs import Hint
from facegate.core.models import Direction, Gate
from facegate.settings import Broker
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode
from tests.parts.node_link import Kept
from tests.parts.waiting import PATIENCE, eventually

GATE = "main"
TOPICS = Topics("home")
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["facegate.adapters.key_change", "facegate.adapters.store"])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingStore:
    """The real store, with a death in one of its steps."""

    def __init__(self, store: Store, step: str) -> None:
        self._store, self._step = store, step

    def begin_key_change(self, gate: str) -> KeyChange:
        change = self._store.begin_key_change(gate)
        if self._step == "written down":
            die()
        return change

    def key_change(self, gate: str) -> KeyChange | None:
        return self._store.key_change(gate)

    def finish_key_change(self, gate: str) -> None:
        if self._step == "node has gone over":
            die()
        if self._step == "new key in place":
            renewed = self._store._keys.renew
            self._store._keys.renew = lambda *given: (renewed(*given), die())
        self._store.finish_key_change(gate)


class DyingLink(GateLink):
    """The real link, with a death between the node's yes and the first line under the new key."""

    step = ""

    def sign_under(self, gate_key: bytes) -> None:
        if self.step == "node has both":
            die()
        super().sign_under(gate_key)


WITH_THE_NODE = ("node has both", "node has gone over")


async def speaks_up(node: NativeNode) -> None:
    """Have the node say a hello, as it does whenever somebody leaves, and not only every ten seconds."""
    await asyncio.to_thread(node.touch_input, "exit", 0.2)
    await asyncio.sleep(0.8)


def change_and_die(data: Path, port: int, step: str) -> None:
    """One life of a recognizer that changes the key and is killed in this step."""

    async def live() -> None:
        mqtt = MqttClient(Broker(port=port))
        await mqtt.start()
        with Store.open(data) as store:
            link = DyingLink(GATE, store.gate_key(GATE), mqtt, TOPICS, positions=store)
            link.step = step
            changer = KeyChanger(link, DyingStore(store, step), lambda key: None)
            await changer.start()
            await link.start()
            await changer.change()
            await asyncio.sleep(PATIENCE)

    asyncio.run(live())


@dataclass
class Life:
    """One recognizer's side of the gate."""

    store: Store
    mqtt: MqttClient
    link: GateLink
    changer: KeyChanger
    keys: list[bytes]
    events: list[NodeReport]

    async def opens(self) -> bool:
        return (await self.link.open(Direction.ENTRY, 100, secrets.token_hex(8), lambda: True)).opened

    async def is_refused(self, key: bytes) -> bool:
        """Whether the node does not believe a perfect command under this key."""
        hello = self.link.hello
        assert hello is not None
        before = len(self.events)
        command = Command(
            GATE, 1, secrets.token_hex(8), hello.challenge, 1_000, hello.uptime + 9_000, "hint", "wait", "1"
        )
        assert self.mqtt.publish(TOPICS.command(GATE), command.sign(command_key(key, 1, GATE)))
        await eventually(lambda: len(self.events) > before)
        return [(e.event.type, e.event.subject) for e in self.events[before:]] == [("refused", "mac")]


@asynccontextmanager
async def life(data: Path, broker: Mosquitto) -> AsyncIterator[Life]:
    mqtt = MqttClient(Broker(port=broker.port))
    await mqtt.start()
    with Store.open(data) as store:
        link = GateLink(GATE, store.gate_key(GATE), mqtt, TOPICS, positions=store)
        keys: list[bytes] = []
        events: list[NodeReport] = []
        link.on_event(lambda report: events.append(report) if report.event.type == "refused" else None)
        changer = KeyChanger(link, store, keys.append)
        await changer.start()
        await link.start()
        try:
            yield Life(store, mqtt, link, changer, keys, events)
        finally:
            await changer.stop()
            await link.stop()
            await mqtt.stop()


@pytest.fixture
def broker(tmp_path: Path):
    with Mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def key(tmp_path: Path) -> bytes:
    with Store.open(tmp_path / "data") as store:
        return store.add_gate(Gate(GATE, "Main gate"))


async def test_the_node_goes_over_and_the_old_key_is_dead(tmp_path: Path, broker: Mosquitto, key: bytes) -> None:
    node = NativeNode(tmp_path / "node", broker, key=key)
    with node:
        async with life(tmp_path / "data", broker) as now:
            while now.link.hello is None:
                await speaks_up(node)
            assert await now.opens()
            assert await now.changer.change() == "changed"
            assert now.keys == [now.store.gate_key(GATE)]
            assert now.keys != [key]
            assert now.store.key_change(GATE) is None
            assert await now.is_refused(key)
            assert await now.opens()
            node.kill()
            node.start()  # it was built with the old key, and has not gone back to it
            await eventually(lambda: now.link.hello is not None and now.link.hello.boot == 2)
            assert await now.opens()
            assert await now.changer.change() == "changed"
            assert len(set(now.keys)) == 2
    assert len(node.relay.pulses(relay=1)) == 3


async def test_no_other_recognizer_is_shut_out(tmp_path: Path, broker: Mosquitto, key: bytes) -> None:
    with NativeNode(tmp_path / "node", broker, key=key) as node:
        async with life(tmp_path / "data", broker) as now:
            while now.link.hello is None:
                await speaks_up(node)
            other = GateLink(GATE, key, now.mqtt, TOPICS, positions=Kept(), slot=2)
            await other.start()
            await eventually(lambda: other.state == "online")
            assert (await other.ask(Hint("wait", 1))).done
            await eventually(lambda: now.link.other_slots == (2,))
            with pytest.raises(SlotInUseError, match="slot 2"):
                await now.changer.change()
            assert now.store.key_change(GATE) is None
            assert now.store.gate_key(GATE) == key
            await other.stop()


@pytest.mark.parametrize("step", WITH_THE_NODE)
async def test_a_recognizer_that_is_killed_goes_on_where_it_was(
    step: str, tmp_path: Path, broker: Mosquitto, key: bytes
) -> None:
    with NativeNode(tmp_path / "node", broker, key=key) as node:
        victim = FORKS.Process(target=change_and_die, args=(tmp_path / "data", broker.port, step))
        victim.start()
        await asyncio.to_thread(victim.join, PATIENCE)
        assert victim.exitcode == -signal.SIGKILL
        async with life(tmp_path / "data", broker) as now:
            while now.link.hello is None:
                await speaks_up(node)
            assert await now.opens(), "locked out"
            await eventually(lambda: now.store.key_change(GATE) is None and now.store.gate_key(GATE) != key)
            assert await now.is_refused(key)
            assert await now.opens()
    assert len(node.relay.pulses(relay=1)) == 2


async def test_a_node_that_is_away_gets_the_key_when_it_is_back(tmp_path: Path, broker: Mosquitto, key: bytes) -> None:
    async with life(tmp_path / "data", broker) as now:
        assert await now.changer.change() == "pending"
        assert now.store.gate_key(GATE) == key
    with NativeNode(tmp_path / "node", broker, key=key) as node:
        async with life(tmp_path / "data", broker) as now:
            while not now.keys:
                await speaks_up(node)
            assert now.store.gate_key(GATE) == now.keys[0] != key
            assert await now.opens()


def change_alone_and_die(data: Path, step: str) -> None:
    """What the store does of a change, with a death in one of its steps."""
    with Store.open(data) as store:
        dying = DyingStore(store, step)
        dying.begin_key_change(GATE)
        dying.finish_key_change(GATE)


@pytest.mark.parametrize("step", ["written down", "new key in place"])
def test_the_store_knows_after_a_kill_which_key_is_next(step: str, tmp_path: Path, key: bytes) -> None:
    victim = FORKS.Process(target=change_alone_and_die, args=(tmp_path / "data", step))
    victim.start()
    victim.join(PATIENCE)
    assert victim.exitcode == -signal.SIGKILL
    with Store.open(tmp_path / "data") as store:
        change = store.key_change(GATE)
        if step == "written down":
            assert change is not None
            assert store.gate_key(GATE) == key
            assert store.begin_key_change(GATE) == change, "what the node may have been told stays what it was told"
            store.finish_key_change(GATE)
            assert store.gate_key(GATE) == change.next_key
        assert store.gate_key(GATE) != key
        assert store.key_change(GATE) is None
        assert store.begin_key_change(GATE).next_key != store.gate_key(GATE)


# After a compromise


def test_a_compromised_key_is_dead_at_once(tmp_path: Path, key: bytes) -> None:
    with Store.open(tmp_path / "data") as store:
        assert store.save_node_position(GATE, "hello", Position(9, 9))
        store.begin_key_change(GATE)
        new = store.renew_gate_key(GATE)
        assert store.gate_key(GATE) == new != key
        assert store.key_change(GATE) is None, "a change that was under way leads to a key that the thief could follow"
        assert store.node_position(GATE, "hello") is None
        store.finish_key_change(GATE)
        assert store.gate_key(GATE) == new
        with pytest.raises(NotFoundError):
            store.renew_gate_key("none")


def renew_and_die(data: Path, after: bool) -> None:
    with Store.open(data) as store:
        renewed = store._keys.renew

        def dying(*given: object) -> None:
            if after:
                renewed(*given)
            die()

        store._keys.renew = dying
        store.renew_gate_key(GATE)


@pytest.mark.parametrize("after", [False, True], ids=["before the new key", "after it"])
def test_a_kill_leaves_no_compromised_key_alive(after: bool, tmp_path: Path, key: bytes) -> None:
    with Store.open(tmp_path / "data") as store:
        store.save_node_position(GATE, "hello", Position(9, 9))
    victim = FORKS.Process(target=renew_and_die, args=(tmp_path / "data", after))
    victim.start()
    victim.join(PATIENCE)
    assert victim.exitcode == -signal.SIGKILL
    with Store.open(tmp_path / "data") as store:
        assert store.gate_key(GATE) != key
        assert store.node_position(GATE, "hello") is None
        assert store.key_change(GATE) is None
