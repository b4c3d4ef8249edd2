"""What happens at a gate while the recognizer is away: the native node tells it again, and the record has it once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from facegate.adapters.mqtt import MqttClient
from facegate.adapters.store import Store
from facegate.contract import lines
from facegate.contract.lines import NodeEvent, Position
from facegate.core.models import Gate
from facegate.settings import Broker
from tests.parts.broker import Mosquitto
from tests.parts.gate_site import GATE, TOPICS, Site
from tests.parts.node import NativeNode
from tests.parts.waiting import eventually


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@contextlib.asynccontextmanager
async def recognizer(data: Path, mosquitto: Mosquitto) -> AsyncIterator[Site]:
    """It runs, and ends in order; what it keeps stays."""
    with Store.open(data) as store:
        async with AsyncExitStack() as stack:
            site = Site(store, mosquitto, stack)
            await site.start()
            yield site


class Listener:
    """Whoever keeps what passes over the broker, to say it again."""

    def __init__(self, mqtt: MqttClient) -> None:
        self.mqtt = mqtt
        self.lines: list[bytes] = []
        mqtt.subscribe(TOPICS.node(GATE, "event"), lambda _topic, line, _retained: self.lines.append(line))

    def replay(self) -> None:
        for line in tuple(self.lines):
            self.mqtt.publish(TOPICS.node(GATE, "event"), line, qos=1)


@pytest.fixture
async def listener(mosquitto: Mosquitto) -> AsyncIterator[Listener]:
    async with AsyncExitStack() as stack:
        mqtt = MqttClient(Broker(host=mosquitto.host, port=mosquitto.port))
        await mqtt.start()
        stack.push_async_callback(mqtt.stop)
        await eventually(lambda: mqtt.connected)
        yield Listener(mqtt)


async def test_what_happened_while_the_recognizer_was_away_is_recorded_once_and_causes_nothing(
    tmp_path: Path, mosquitto: Mosquitto, listener: Listener
) -> None:
    data = tmp_path / "data"
    with Store.open(data) as store:
        key = store.add_gate(Gate(GATE, "North", pulse_ms=100, trial=True))
    with NativeNode(tmp_path / "node", mosquitto, key=key, gate=GATE) as node:
        async with recognizer(data, mosquitto) as site:
            await eventually(lambda: site.link.state == "online")
            opening = await site.open()
            node.relay.wait_for_pulses(1)
        # Nobody listens; the broker is there all the time.
        await asyncio.to_thread(node.touch_input, "beam")
        await asyncio.to_thread(node.touch_input, "tamper")
        await eventually(lambda: len(listener.lines) == 3, shows=lambda: listener.lines)
        before = len(node.relay.writes())
        async with recognizer(data, mosquitto) as site:
            await eventually(lambda: site.said() == [("tamper", "start"), ("tamper", "clear")])
            await eventually(lambda: site.passage(opening).passage == "passed")
            assert not site.link.condition.tampered
            told = len(listener.lines)
            assert told == 6  # and all three of them twice on the wire
            listener.replay()
            await asyncio.to_thread(node.touch_input, "exit")  # after all that was replayed
            await eventually(lambda: ("exit", "") in site.said())
            assert site.said() == [("tamper", "start"), ("tamper", "clear"), ("exit", "")]
            assert not [news for news in site.news if news.type == "lost"]
            assert site.link.condition.lost == 0
            await asyncio.sleep(0.2)
        moved = {relay for _, relay, energised in node.relay.writes()[before:] if energised}
        assert moved == {2}  # the exit button, and nothing that was told again
        async with recognizer(data, mosquitto) as site:  # nor is anything admitted at the next start
            await eventually(lambda: site.link.state == "online")
            listener.replay()
            await asyncio.sleep(0.5)
            assert site.said() == [("tamper", "start"), ("tamper", "clear"), ("exit", "")]


async def test_a_gap_is_filled_once_by_history_and_the_rest_is_refused(site_with_gap: tuple[Site, Said]) -> None:
    site, node = site_with_gap
    node.event(2, "tamper", "start")
    await eventually(lambda: ("tamper", "start") in site.said())
    assert [(r.seq, r.past) for r in site.store.access_log()] == [(2, True), (4, False), (1, False)]
    assert site.link.condition.tampered
    for seq in (1, 2, 4):
        node.event(seq, "exit", "2")
    node.event(5, "exit", "2")
    await eventually(lambda: site.store.access_log()[0].seq == 5)
    assert [r.seq for r in site.store.access_log()] == [5, 2, 4, 1]
    await site.link.stop()
    assert site.store.recall_events(GATE) == (Position(1, 5), frozenset({Position(1, 3)}))


async def test_what_is_missing_is_known_after_a_kill(site_with_gap: tuple[Site, Said]) -> None:
    """Whatever was on the disk by then: the record comes first."""
    site, _ = site_with_gap
    await site.journal.settled()
    await eventually(lambda: site.store.node_position(GATE, "event") == Position(1, 4))
    assert site.store.recall_events(GATE)[1] == {Position(1, 2), Position(1, 3)}


async def test_a_new_key_begins_a_new_count(site_with_gap: tuple[Site, Said]) -> None:
    site, _ = site_with_gap
    await site.link.stop()
    site.store.renew_gate_key(GATE)
    assert site.store.recall_events(GATE) == (None, frozenset())
    site.store.save_node_position(GATE, "event", Position(1, 1))
    assert site.store.recall_events(GATE) == (Position(1, 1), frozenset())  # the records are another node's


class Said:
    """Says numbered events under the node's key, and answers nothing."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def event(self, seq: int, kind: str, subject: str) -> None:
        line = NodeEvent(GATE, 1, seq, 100_000 + seq, kind, subject, "-").sign(lines.node_key(self._site.key, GATE))
        self._site.mqtt.publish(TOPICS.node(GATE, "event"), line)


@pytest.fixture
async def site_with_gap(tmp_path: Path, mosquitto: Mosquitto) -> AsyncIterator[tuple[Site, Said]]:
    """Events 1 and 4 were heard; 2 and 3 are missing."""
    async with recognizer(tmp_path / "data", mosquitto) as site:
        hello = lines.Hello(GATE, 1, 1, 100_000, "a" * 32, "normal", "closed", 0, 0)
        site.mqtt.publish(TOPICS.node(GATE, "hello"), hello.sign(lines.node_key(site.key, GATE)))
        node = Said(site)
        node.event(1, "exit", "2")
        node.event(4, "exit", "2")
        await eventually(lambda: len(site.said()) == 2)
        yield site, node
