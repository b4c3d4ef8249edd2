"""The link to a gate node, against a real Mosquitto and a software gate; lies are told by a client of their own."""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.node_voice import NodeReport, NodeVoice
from facegate.adapters.software_gate import SoftwareGate, next_boot
from facegate.adapters.store.errors import StoreError
from facegate.contract import lines, verbs
from facegate.contract.lines import Ack, Command, Hello, NodeEvent, Position
from facegate.contract.messages import Topics
from facegate.core.models import Direction
from facegate.core.node import NodeConfig
from facegate.core.node_events import Happening
from facegate.settings import Broker
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode

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

    def node_alarms(self, gate: str) -> list[tuple[Position, Happening]]:
        return []


async def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


@pytest.fixture
def mosquitto(tmp_path):
    with Mosquitto(tmp_path / "broker") as broker:
        yield broker


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


async def test_anything_of_the_contract_is_asked_and_answered(site):
    link = await site.link()
    heard: list[Hello] = []
    link.on_hello(heard.append)
    await site.node()
    await eventually(lambda: link.state == "online")
    card = verbs.Entry(b"12345678")
    (chunk,) = verbs.chunks(7, 0, [card])
    answers = [await link.ask(request) for request in (verbs.Time(1_790_000_000, 60), chunk, verbs.SetMode("lockdown"))]
    assert [(a.result, a.detail, a.done) for a in answers] == [
        ("done", "-", True),
        ("done", "committed", True),
        ("done", "0", True),
    ]
    await eventually(lambda: (heard[-1].list_version, heard[-1].mode) == (7, "lockdown"))
    assert link.hello == heard[-1]
    (older,) = verbs.chunks(6, 0, [])
    refused = await link.ask(older)
    assert (refused.result, refused.detail, refused.done) == ("node_refused", "argument version", False)
    assert (await link.ask(verbs.Open(1))).detail == "mode lockdown"
    assert (await link.ask(verbs.Guard(1))).opened
    assert site.pulses == [1]


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


async def test_recognizers_in_two_slots_do_not_disturb_each_other(site):
    first, second = await site.link(slot=1), await site.link(slot=2)
    await site.node()
    await eventually(lambda: first.state == second.state == "online")
    for _ in range(2):
        for link in (first, second):
            assert (await link.open(Direction.ENTRY, 50, secrets.token_hex(8), always)).opened
    assert site.pulses == [1] * 4


async def test_a_recognizer_that_starts_anew_goes_on_under_the_same_challenge(site):
    before = await site.link()
    await site.node()
    await eventually(lambda: before.state == "online")
    for _ in range(3):
        assert (await before.open(Direction.ENTRY, 50, secrets.token_hex(8), always)).opened
    await before.stop()
    after = await site.link()
    await eventually(lambda: after.state == "online")
    result = await after.open(Direction.ENTRY, 50, secrets.token_hex(8), always)
    assert result.opened
    assert site.pulses == [1] * 4


async def test_whoever_finds_the_node_busy_waits_until_the_person_leaves(site):
    link = await site.link()
    await site.node(pulse_ms=3_000)
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always)).opened
    asked = []

    def lasts() -> bool:
        asked.append(1)
        return len(asked) < 20

    result = await link.open(Direction.ENTRY, 0, secrets.token_hex(8), lasts)
    assert result.result == "person_left"
    assert result.tries > 1
    assert site.pulses == [1]


async def test_a_busy_node_is_given_up_when_the_time_is_over(site):
    link = await site.link()
    await site.node(pulse_ms=3_000)
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always)).opened
    result = await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always, until=time.monotonic() + 0.5)
    assert result.result == "node_busy"
    assert site.pulses == [1]


async def test_one_who_waits_at_a_busy_node_does_not_hold_up_the_next(site):
    link = await site.link()
    await site.node(pulse_ms=500)
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always)).opened
    first_stays = asyncio.Event()
    first = asyncio.create_task(link.open(Direction.ENTRY, 0, "1" * 16, lambda: not first_stays.is_set()))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(link.open(Direction.EXIT, 0, "2" * 16, always))
    await asyncio.sleep(0.1)
    first_stays.set()
    assert (await first).result == "person_left"
    assert (await second).opened
    assert site.pulses == [1, 2]


async def test_nothing_is_signed_for_somebody_who_has_left(site):
    link = await site.link()
    node = await site.scripted()
    node.hello()
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, ID, lambda: False)).result == "person_left"
    assert (await link.open(Direction.ENTRY, 0, ID, always, until=time.monotonic())).result == "node_silent"
    await node.settle()
    assert node.commands == []


async def test_a_node_that_is_not_there(site):
    link = await site.link()
    assert link.state == "offline"
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "node_silent"


async def test_a_node_that_fire_holds_open_refuses_and_says_why(site):
    link = await site.link()
    node = await site.node()
    await eventually(lambda: link.state == "online")
    node.fire(active=True)
    result = await link.open(Direction.ENTRY, 0, ID, always)
    assert (result.result, result.detail) == ("node_refused", "mode fire")


async def test_without_a_broker_nothing_is_signed_and_nothing_waits(tmp_path):
    mosquitto = Mosquitto(tmp_path / "broker")
    async with AsyncExitStack() as stack:
        site = Site(mosquitto, stack)
        client = MqttClient(site.broker)
        await client.start()
        stack.push_async_callback(client.stop)
        link = GateLink(GATE, KEY, client, TOPICS, positions=Kept())
        await link.start()
        result = await link.open(Direction.ENTRY, 0, ID, always)
        assert (result.result, result.tries) == ("not_connected", 0)
        with mosquitto:
            await site.node()
            await eventually(lambda: link.state == "online")
            assert (await link.open(Direction.ENTRY, 0, "2" * 16, always)).opened
            mosquitto.kill()
            await eventually(lambda: not client.connected)
            assert (await link.open(Direction.ENTRY, 0, "3" * 16, always)).result == "not_connected"
            mosquitto.start()
            await eventually(lambda: client.connected)
            assert (await link.open(Direction.ENTRY, 0, "4" * 16, always)).opened
            await asyncio.sleep(0.5)
        assert site.pulses == [1, 1]
        await link.stop()


async def test_silence_is_asked_twice_under_one_id_and_then_given_up(site):
    link = await site.link()
    node = await site.scripted()
    node.hello(uptime=5_000_000)
    await eventually(lambda: link.state == "online")
    result = await link.open(Direction.EXIT, 700, ID, always)
    assert (result.result, result.tries) == ("no_answer", 2)
    first, second = node.commands
    assert first.id == second.id == ID
    assert (first.subject, first.value, first.verb, first.slot) == ("2", "700", "open", 1)
    assert first.counter < second.counter
    assert 5_002_000 <= first.not_after < second.not_after < 5_002_000 + 15_000


async def test_a_wish_that_ends_soon_ends_at_the_node_too(site):
    link = await site.link()
    node = await site.scripted()
    node.hello(uptime=5_000_000)
    await eventually(lambda: link.state == "online")
    heard = time.monotonic()
    await link.open(Direction.ENTRY, 0, ID, always, until=heard + 0.5)
    (command,) = node.commands
    assert command.not_after <= 5_000_000 + 15_000
    elapsed = (time.monotonic() - heard) * 1000
    assert command.not_after <= 5_000_500 + elapsed


def lie_with_another_key(node: ScriptedNode, command: Command) -> None:
    node.ack(command, key=lines.node_key(OTHER_KEY, GATE))


def lie_with_the_key_of_commands(node: ScriptedNode, command: Command) -> None:
    node.ack(command, key=lines.command_key(KEY, 1, GATE))


def lie_about_another_id(node: ScriptedNode, command: Command) -> None:
    node.ack(command, opening="f" * 16)


def lie_about_another_slot(node: ScriptedNode, command: Command) -> None:
    node.ack(command, slot=2)


def lie_with_an_old_position(node: ScriptedNode, command: Command) -> None:
    node.ack(command, seq=1)


def lie_with_an_old_boot(node: ScriptedNode, command: Command) -> None:
    node.ack(command, boot=1, seq=99)


def lie_with_a_bit_flipped(node: ScriptedNode, command: Command) -> None:
    line = bytearray(node.make_ack(command, result="busy", detail="1"))
    line[line.index(b"busy")] ^= 1
    node.mqtt.publish(TOPICS.node(GATE, "ack"), bytes(line))


@pytest.mark.parametrize(
    "lie",
    [
        lie_with_another_key,
        lie_with_the_key_of_commands,
        lie_about_another_id,
        lie_about_another_slot,
        lie_with_an_old_position,
        lie_with_an_old_boot,
        lie_with_a_bit_flipped,
    ],
)
async def test_a_lying_ack_is_no_answer(site, lie):
    kept = Kept()
    kept.positions["ack"] = Position(2, 1)
    link = await site.link(kept=kept)
    node = await site.scripted(boot=2)
    node.answer = lambda command: lie(node, command)
    node.hello()
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "no_answer"


async def test_an_ack_cannot_be_played_again(site):
    link = await site.link()
    node = await site.scripted()
    said: list[bytes] = []

    def answer(command: Command) -> None:
        if not said:
            said.append(node.make_ack(command))
        node.mqtt.publish(TOPICS.node(GATE, "ack"), said[0])

    node.answer = answer
    node.hello()
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, ID, always)).opened
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "no_answer"


async def test_a_late_ack_counts_for_its_own_opening_only(site, caplog):
    link = await site.link()
    node = await site.scripted()
    node.hello()
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "no_answer"
    node.ack(node.commands[0])
    await eventually(lambda: "too late" in caplog.text)
    node.answer = lambda command: node.ack(command, result="mode", detail="fire")
    assert (await link.open(Direction.ENTRY, 0, "2" * 16, always)).result == "node_refused"


async def test_an_answer_that_overtakes_the_next_try_is_the_answer(site):
    link = await site.link()
    node = await site.scripted()
    node.answer = lambda command: (node.ack(command, result="busy", detail="5000"), node.ack(command))
    node.hello()
    await eventually(lambda: link.state == "online")
    result = await link.open(Direction.ENTRY, 0, ID, always)
    assert (result.result, result.tries) == ("opened", 1)


async def test_a_late_answer_is_heard_while_the_node_is_said_to_be_busy(site):
    """Nobody has answered the first command; the second finds the node busy, perhaps with the first one's opening."""
    link = await site.link()
    node = await site.scripted()

    def answer(command: Command) -> None:
        if len(node.commands) == 2:
            node.ack(command, result="busy", detail="60000")

    node.answer = answer
    node.hello()
    await eventually(lambda: link.state == "online")
    left = asyncio.Event()
    opening = asyncio.create_task(link.open(Direction.ENTRY, 0, ID, lambda: not left.is_set()))
    await eventually(lambda: len(node.commands) == 2)
    left.set()
    result = await opening
    assert (result.result, result.detail) == ("no_answer", "person_left")  # and not merely that somebody has left


async def test_one_id_is_not_asked_for_twice_at_a_time(site):
    link = await site.link()
    node = await site.scripted()
    node.hello()
    await eventually(lambda: link.state == "online")
    first = asyncio.create_task(link.open(Direction.ENTRY, 0, ID, always))
    await asyncio.sleep(0.1)
    with pytest.raises(ValueError, match="under way"):
        await link.open(Direction.ENTRY, 0, ID, always)
    assert (await first).result == "no_answer"


async def test_a_stale_challenge_is_replaced_once(site):
    link = await site.link()
    node = await site.scripted()

    def answer(command: Command) -> None:
        if command.challenge == node.challenge:
            node.ack(command)
        else:
            node.ack(command, result="stale", detail="-")
            node.hello()

    node.answer = answer
    node.hello()
    await eventually(lambda: link.state == "online")
    node.challenge = secrets.token_hex(16)  # it has reconnected, and its hello is lost
    result = await link.open(Direction.ENTRY, 0, ID, always)
    assert (result.result, result.tries) == ("opened", 2)
    assert [c.id for c in node.commands] == [ID, ID]
    assert node.commands[1].counter == 1

    node.answer = lambda command: (node.ack(command, result="stale", detail="-"), node.hello(fresh=True))
    result = await link.open(Direction.ENTRY, 0, "2" * 16, always)
    assert (result.result, result.detail, result.tries) == ("node_refused", "stale", 2)


async def test_a_node_that_restarts_after_silence_is_not_asked_again(site):
    """It may have opened before it restarted, and has forgotten the id."""
    link = await site.link()
    node = await site.scripted(boot=7)
    node.hello()
    await eventually(lambda: link.state == "online")

    def restart(command: Command) -> None:
        node.boot = 8
        node.hello(fresh=True)
        node.answer = node.ack

    node.answer = restart
    result = await link.open(Direction.ENTRY, 0, ID, always)
    assert (result.result, result.detail, result.tries) == ("no_answer", "restarted", 1)


async def test_what_is_retained_is_nothing(site):
    node = await site.scripted()
    command = Command(GATE, 1, ID, node.challenge, 1, 1_000_000, "open", "1", "0")
    event = NodeEvent(GATE, 1, 1, 1_000_000, "passed", "1", ID)
    for leaf, line in (
        ("hello", node.make_hello()),
        ("ack", node.make_ack(command)),
        ("event", event.sign(NODE_KEY)),
        ("status", b"online"),
    ):
        node.mqtt.publish(TOPICS.node(GATE, leaf), line, retain=True)
    await node.settle()
    kept = Kept()
    link = await site.link(kept=kept)
    reports: list[NodeReport] = []
    link.on_event(reports.append)
    await eventually(lambda: link.state == "silent")  # the status, which opens nothing, may be retained
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "node_silent"
    assert (node.commands, reports, kept.positions) == ([], [], {})


async def test_an_old_boot_is_nothing_and_is_said(site):
    kept = Kept()
    kept.positions["hello"] = Position(5, 40)
    link = await site.link(kept=kept)
    node = await site.scripted(boot=4)
    node.seq["hello"] = 100
    node.hello()
    await eventually(lambda: link.problems == ("node_boot",))
    assert link.state == "offline"
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "node_silent"
    node.boot = 6
    node.hello()
    await eventually(lambda: link.state == "online")
    assert link.problems == ()
    await eventually(lambda: kept.positions["hello"].boot == 6)


async def test_a_node_with_another_key_is_told(site):
    link = await site.link()
    await site.node(key=OTHER_KEY)
    await eventually(lambda: link.problems == ("node_key",))
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "node_silent"
    assert site.moves == []


async def test_states_are_told(site):
    link = await site.link()
    told: list[str] = []
    cancel = link.on_state(told.append)
    node = await site.node()
    await eventually(lambda: told == ["online"])
    await node.stop()
    await eventually(lambda: told == ["online", "offline"])
    cancel()


async def test_events_are_told_once_and_old_ones_are_history(site):
    link = await site.link()
    reports: list[NodeReport] = []
    link.on_event(reports.append)
    node = await site.scripted(boot=3)
    node.event("passed", uptime=1_000)  # its age is unknown before the first hello
    node.hello(uptime=100_000)
    await eventually(lambda: link.state == "online")
    live = node.event("passed", uptime=100_000, value=ID)
    node.mqtt.publish(TOPICS.node(GATE, "event"), live)
    node.seq["event"] += 2  # two are lost
    node.event("forced", uptime=96_000)
    node.boot, node.seq["event"] = 4, 1  # its first one is lost
    node.event("exit", uptime=100_000)  # of a boot that has not said hello
    node.boot = 3
    node.event("fire", uptime=100_000)  # of a boot that is over
    await eventually(lambda: len(reports) == 4)
    await node.settle()
    assert [(r.event.type, r.history, r.lost) for r in reports] == [
        ("passed", True, 0),
        ("passed", False, 0),
        ("forced", True, 2),
        ("exit", True, 1),
    ]
    assert reports[1].event.value == ID


async def test_a_command_that_is_kept_opens_nothing_later(site):
    """The broker, or whoever listens there, repeats, retains, cuts and delays what it has seen."""
    link = await site.link()
    node = await site.node()
    thief = await site.client()
    seen: list[bytes] = []
    thief.subscribe(TOPICS.command(GATE), lambda _topic, payload, _retained: seen.append(payload))
    await eventually(lambda: link.state == "online")
    await asyncio.sleep(0.1)
    assert (await link.open(Direction.ENTRY, 50, ID, always)).opened
    await eventually(lambda: seen)
    line = seen[0]
    await asyncio.sleep(0.5)
    for kept in (line, line[:-1], line + b"\n", line.replace(b" 1 50 ", b" 2 50 "), line.replace(GATE.encode(), b"x")):
        thief.publish(TOPICS.command(GATE), kept)
    thief.publish(TOPICS.command(GATE), line, retain=True, qos=1)
    await eventually(lambda: node.model.refused >= 4)
    await node.stop()
    again = await site.node(boot=2)  # finds the retained command when it subscribes
    await eventually(lambda: link.state == "online" and again.model.boot == 2)
    await asyncio.sleep(0.3)
    assert site.pulses == [1]
    assert (await link.open(Direction.ENTRY, 50, "2" * 16, always)).opened
    assert site.pulses == [1, 1]


async def test_a_memory_that_cannot_be_written_does_not_close_the_gate(site, caplog):
    class Full(Kept):
        full = True

        def save_node_position(self, gate: str, kind: str, position: Position) -> bool:
            if self.full:
                raise StoreError("The disk is full: make room.")
            return super().save_node_position(gate, kind, position)

    kept = Full()
    link = await site.link(kept=kept)
    await site.node()
    await eventually(lambda: link.state == "online")
    await eventually(lambda: "disk is full" in caplog.text)
    assert (await link.open(Direction.ENTRY, 50, ID, always)).opened
    kept.full = False
    assert (await link.open(Direction.ENTRY, 50, "2" * 16, always)).opened
    await eventually(lambda: kept.positions.keys() >= {"hello", "ack"})  # what failed is made up for


async def test_a_flood_of_forgeries_does_not_fill_the_log(site, caplog):
    link = await site.link()
    forger = await site.client()
    for _ in range(200):
        forger.publish(TOPICS.node(GATE, "hello"), b"fg1 hello " + secrets.token_hex(20).encode())
    await eventually(lambda: "hello" in caplog.text)
    await asyncio.sleep(0.3)
    assert len([r for r in caplog.records if r.name.endswith("node_voice")]) == 1
    assert link.state == "offline"


async def test_a_native_node_opens_once_for_one_id(tmp_path, mosquitto):
    async with AsyncExitStack() as stack:
        site = Site(mosquitto, stack)
        link = await site.link()
        with NativeNode(tmp_path / "node", mosquitto, key=KEY, gate=GATE) as node:
            await eventually(lambda: link.state == "online")
            before = len(node.relay.pulses())
            results = [await link.open(Direction.ENTRY, 0, i, always) for i in (ID, ID, "2" * 16)]
            assert [r.result for r in results] == ["opened"] * 3
            await eventually(lambda: len(node.relay.pulses()) == before + 2)


class TestVoice:
    """What is known of a node, on a clock that the test winds."""

    @pytest.fixture(autouse=True)
    def voice(self):
        self.now = 1_000.0
        self.voice = NodeVoice(GATE, NODE_KEY, lambda: self.now)
        self.seq = 0

    def hello(self, uptime: int, challenge: str = "a" * 32, boot: int = 1) -> None:
        self.seq += 1
        hello = Hello(GATE, boot, self.seq, uptime, challenge, "normal", "closed", 0, 0)
        assert self.voice.hear_hello(hello.sign(NODE_KEY), retained=False) == hello

    def test_silence_shows(self):
        assert self.voice.state == "offline"
        self.voice.hear_status(b"online")
        assert self.voice.state == "silent"
        self.hello(0)
        assert self.voice.state == "online"
        self.now += 25.1
        assert self.voice.state == "silent"
        self.hello(25_100)
        self.voice.hear_status(b"offline")
        assert self.voice.state == "offline"
        self.hello(25_200)
        assert self.voice.state == "online"

    def test_a_challenge_dies_by_its_first_hello_not_by_its_last(self):
        self.hello(0)
        self.now += 19.9
        self.hello(19_900)
        assert self.voice.challenge() == "a" * 32
        self.now += 0.1
        assert self.voice.challenge() is None
        self.hello(20_000, "b" * 32)
        assert self.voice.challenge() == "b" * 32
        self.voice.give_up("b" * 32)
        self.hello(20_001, "b" * 32)
        assert self.voice.challenge() is None

    def test_a_delayed_hello_does_not_set_the_node_s_clock_back(self):
        self.hello(10_000)
        self.now += 10
        assert self.voice.uptime() == pytest.approx(20_000)
        self.now += 5
        self.hello(20_000, "b" * 32)  # five seconds under way
        assert self.voice.uptime() == pytest.approx(25_000)

    def test_a_restart_sets_the_node_s_clock_anew(self):
        self.hello(10_000_000)
        self.hello(5_000, "b" * 32, boot=2)
        assert self.voice.uptime() == pytest.approx(5_000)

    def test_drift_is_forgotten_with_the_hellos_that_showed_it(self):
        self.hello(60_000)
        for index in range(6):
            self.now += 10
            self.hello(10_000 * index, f"{index:032x}")
        assert self.voice.uptime() == pytest.approx(50_000)


def test_boots_are_counted_in_a_file(tmp_path):
    assert [next_boot(tmp_path / "boot") for _ in range(3)] == [1, 2, 3]
