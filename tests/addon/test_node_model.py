"""The model of a gate node: no history of commands and time opens more than it may."""

import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from facegate.contract import lines
from facegate.contract.lines import Ack, Command, Hello, NodeEvent
from facegate.core.node import GAP_MS, QUEUED_EVENTS, REFUSED_BURST, NodeConfig, NodeModel, Say, Switch

GATE = "north-1"
KEY = bytes(range(32))
NODE_KEY = lines.node_key(KEY, GATE)
CONFIG = NodeConfig(GATE, KEY, pulse_ms=500, max_pulse_ms=3_000)


class Bench:
    """A node on a bench: its clock is turned by hand, what it says is read with its key."""

    def __init__(self, boot: int = 1) -> None:
        numbers = itertools.count(1)
        self.model = NodeModel(CONFIG, boot=boot, challenge=lambda: f"{next(numbers):032x}")
        self.now = 1_000
        self.hellos: list[Hello] = []
        self.acks: list[Ack] = []
        self.events: list[NodeEvent] = []
        self.moves: list[Switch] = []

    def _note(self, effects) -> None:
        for effect in effects:
            match effect:
                case Switch():
                    self.moves.append(effect)
                case Say("hello", line):
                    self.hellos.append(Hello.parse(line, gate=GATE, key=NODE_KEY))
                case Say("ack", line):
                    self.acks.append(Ack.parse(line, gate=GATE, key=NODE_KEY))
                case Say("event", line):
                    self.events.append(NodeEvent.parse(line, gate=GATE, key=NODE_KEY))

    def connect(self) -> None:
        self._note(self.model.connected(self.now))

    def disconnect(self) -> None:
        self._note(self.model.disconnected(self.now))

    def wait(self, ms: int, step: int = 10) -> None:
        end = self.now + ms
        while self.now < end:
            self.now = min(self.now + step, end)
            self._note(self.model.tick(self.now))

    def fire(self, *, active: bool) -> None:
        self._note(self.model.fire(self.now, active=active))

    def reset(self) -> None:
        self._note(self.model.reset(self.now, pressed=True))

    def report(self, kind: str) -> None:
        self._note(self.model.report(kind, "1", "-", self.now))

    def raw(self, line: bytes) -> str:
        """What the node answers, or nothing."""
        before = len(self.acks)
        self._note(self.model.command(line, self.now))
        return self.acks[-1].result if len(self.acks) > before else ""

    def line(self, opening: str = "a" * 16, counter: int = 1, challenge: str = "", **changed) -> bytes:
        command = {
            "gate": GATE,
            "slot": 1,
            "id": opening,
            "challenge": challenge or self.hellos[-1].challenge,
            "counter": counter,
            "not_after": self.now + 2_000,
            "verb": "open",
            "subject": "1",
            "value": "0",
            **changed,
        }
        return Command(**command).sign(lines.command_key(KEY, command["slot"], GATE))

    def open(self, *args, **changed) -> str:
        return self.raw(self.line(*args, **changed))


@pytest.fixture
def bench():
    bench = Bench()
    bench.connect()
    return bench


def test_it_boots_closed_and_says_hello_on_connecting():
    bench = Bench(boot=9)
    assert (bench.model.state, bench.model.is_open(1), bench.model.is_open(2)) == ("closed", False, False)
    bench.wait(30_000)
    assert (bench.hellos, bench.moves) == ([], [])
    bench.connect()
    (hello,) = bench.hellos
    assert (hello.boot, hello.seq, hello.uptime, hello.state, hello.refused) == (9, 1, 31_000, "closed", 0)


def test_challenges_come_every_ten_seconds_and_live_for_twenty(bench):
    first = bench.hellos[0].challenge
    line = bench.line()
    bench.wait(10_000)
    assert len({h.challenge for h in bench.hellos}) == 2
    assert bench.open("b" * 16, challenge=first) == "opened"
    bench.wait(9_990)
    assert bench.open("c" * 16, counter=2, challenge=first) == "opened"
    bench.wait(10)
    assert bench.open("d" * 16, counter=3, challenge=first) == "stale"
    assert bench.raw(line) == "stale"


def test_a_reconnect_voids_every_challenge(bench):
    line = bench.line()
    bench.disconnect()
    assert bench.raw(line) == "stale"
    bench.connect()
    assert bench.raw(line) == "stale"
    assert bench.hellos[-1].challenge != bench.hellos[0].challenge
    assert bench.open() == "opened"


def test_a_reboot_voids_every_challenge(bench):
    line = bench.line()
    again = Bench(boot=2)
    numbers = itertools.count(100)
    again.model._challenge = lambda: f"{next(numbers):032x}"
    again.connect()
    assert again.raw(line) == "stale"
    assert again.moves == []


def test_any_authentic_command_uses_its_counter(bench):
    assert bench.open("b" * 16, 1, verb="lift") == "verb"
    assert bench.open("c" * 16, 1) == "counter"
    assert bench.open("c" * 16, 2, not_after=0) == "late"
    assert bench.open("d" * 16, 2) == "counter"
    assert bench.open("d" * 16, 3, subject="9") == "argument"
    assert bench.open("e" * 16, 3) == "counter"
    assert bench.acks[-1].detail == "3"
    assert bench.open("e" * 16, 4) == "opened"
    assert bench.open("f" * 16, 5) == "busy"
    bench.wait(1_000)
    assert bench.open("f" * 16, 5) == "counter"
    assert bench.open("f" * 16, 6) == "opened"


def test_a_forged_command_uses_nothing(bench):
    good = bench.line()
    forged = good[:-1] + (b"0" if good[-1:] != b"0" else b"1")
    assert bench.raw(forged) == ""
    assert bench.raw(good) == "opened"


def test_between_two_pulses_it_is_closed_for_a_moment(bench):
    assert bench.open("a" * 16, 1) == "opened"
    bench.wait(499)
    assert bench.open("b" * 16, 2) == "busy"
    assert bench.acks[-1].detail == str(1 + GAP_MS)
    bench.wait(1)
    assert bench.moves == [Switch(1, True), Switch(1, False)]
    bench.wait(GAP_MS - 1)
    assert bench.open("b" * 16, 3) == "busy"
    bench.wait(1)
    assert bench.open("b" * 16, 4, subject="2") == "opened"
    assert bench.moves[-1] == Switch(2, True)


def test_the_same_id_is_answered_the_same_and_opens_once(bench):
    assert bench.open("a" * 16, 1) == "opened"
    first = bench.acks[-1]
    bench.wait(5_000)
    assert bench.open("a" * 16, 2, value="900") == "opened"
    assert bench.acks[-1].detail == first.detail == "500"
    assert bench.acks[-1].seq > first.seq
    bench.wait(20_000)
    assert bench.raw(bench.line("a" * 16, 1)) == "opened"
    assert [m for m in bench.moves if m.open] == [Switch(1, True)]


def test_fire_opens_everything_and_no_command_closes_it(bench):
    assert bench.open("a" * 16, 1) == "opened"
    bench.fire(active=True)
    assert (bench.model.state, bench.model.is_open(1), bench.model.is_open(2)) == ("fire", True, True)
    bench.wait(5_000)
    assert bench.model.is_open(1)
    assert bench.open("b" * 16, 2) == "mode"
    bench.fire(active=False)
    assert bench.model.is_open(1)  # until somebody has looked
    bench.reset()
    assert not bench.model.is_open(1)
    assert not bench.model.is_open(2)
    assert bench.moves[-2:] == [Switch(1, False), Switch(2, False)]
    assert [e.subject for e in bench.events] == ["start", "quiet", "clear"]


def test_hellos_that_nobody_waits_for_keep_a_distance(bench):
    for index in range(50):
        bench.open(f"{index:016x}", index + 1, value="1")
        bench.wait(50)
    assert len(bench.hellos) <= 1 + 3  # 2.5 seconds


def test_refusals_are_counted_and_told_but_not_without_end(bench):
    for _ in range(1_000):
        assert bench.raw(b"noise") == ""
    assert len(bench.events) == REFUSED_BURST
    assert {(e.type, e.subject) for e in bench.events} == {("refused", "format")}
    bench.wait(10_000)
    assert bench.hellos[-1].refused == 1_000
    bench.raw(b"noise")
    assert bench.events[-1].value == "1001"


def test_events_wait_for_the_broker_and_tell_when_they_happened(bench):
    bench.disconnect()
    for _ in range(QUEUED_EVENTS + 5):
        bench.report("passed")
        bench.now += 100
    assert bench.events == []
    bench.connect()
    assert len(bench.events) == QUEUED_EVENTS
    assert bench.events[0].seq == 6  # the oldest have made room, and the gap shows
    assert bench.events[0].uptime == 1_000 + 500
    assert bench.events[-1].uptime < bench.now


def test_positions_only_grow(bench):
    for index in range(30):
        bench.open(f"{index:016x}", index + 1)
        bench.report("passed")
        bench.wait(700)
    for said in (bench.hellos, bench.acks, bench.events):
        positions = [s.position for s in said]
        assert positions == sorted(set(positions))


class Gate(RuleBasedStateMachine):
    """A recognizer, an attacker who keeps and repeats every line, and time, in any order."""

    kept = Bundle("kept")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.bench.connect()
        self.counter = 0
        self.number = 0
        self.born: dict[bytes, int] = {}
        self.used: set[bytes] = set()

    @rule(target=kept, subject=st.sampled_from("12"), value=st.integers(0, 10_000), slot=st.sampled_from(lines.SLOTS))
    def sign(self, subject, value, slot):
        """A command is made, and perhaps sent later, or never."""
        self.counter += 1
        self.number += 1
        line = self.bench.line(f"{self.number:016x}", self.counter, subject=subject, value=str(value), slot=slot)
        self.born[line] = self.bench.now
        return line

    @rule(line=kept)
    def deliver(self, line):
        self._deliver(line)

    @rule(line=consumes(kept), bit=st.integers(0, 10_000))
    def deliver_damaged(self, line, bit):
        damaged = bytearray(line)
        damaged[bit // 8 % len(line)] ^= 1 << bit % 8
        before = list(self.bench.moves)
        assert self.bench.raw(bytes(damaged)) == ""
        assert self._opened(before) == []

    @rule(ms=st.integers(1, 15_000))
    def time_passes(self, ms):
        self.bench.wait(ms, step=50)

    @rule()
    def reconnect(self):
        self.bench.disconnect()
        self.bench.connect()

    def _deliver(self, line: bytes) -> None:
        before = list(self.bench.moves)
        result = self.bench.raw(line)
        opened = self._opened(before)
        assert len(opened) <= 1
        if opened:
            assert result == "opened"
            assert line not in self.used, "the same line has opened twice"
            assert self.bench.now - self.born[line] <= lines.COMMAND_LIFE_MS, "it came too late"
            self.used.add(line)

    def _opened(self, before: list[Switch]) -> list[Switch]:
        return [move for move in self.bench.moves[len(before) :] if move.open]

    @invariant()
    def nothing_stays_open(self):
        opened = {1: 0, 2: 0}
        for move in self.bench.moves:
            opened[move.relay] += 1 if move.open else -1
            assert opened[move.relay] in (0, 1)
        assert sum(opened.values()) <= 1  # one opening at a time


TestGate = Gate.TestCase
TestGate.settings = settings(max_examples=60, stateful_step_count=30)
