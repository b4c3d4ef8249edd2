"""The compiled core and the Python model of a node, side by side: whatever happens, they say and do the same."""

import subprocess
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from facegate.contract import lines, verbs
from facegate.core.node import Effect, NodeConfig, NodeMemory, NodeModel, Say, Show
from tests.firmware.compiled import SANITIZERS, compiled

KEY = bytes.fromhex("8f5b0a7e3c1d94626be2f7a80914cd35e6a1b2780fd34c59913e6ad7c204bb18")  # test_port.h has the same
CARDS = [bytes.fromhex(text) for text in ("a1b2c3", "04a224b2c15e80", "00", "ff" * 16)]
PINS = ["1234", "000000", "9", "1234567890123456"]
MONDAY = 1_790_553_600  # a Monday, 00:00 UTC

WAITS = st.sampled_from(
    [0, 1, 16, 200, 249, 250, 251, 700, 950, 999, 1000, 2000, 2001, 8_000, 9_999, 10_000, 10_001, 20_000, 60_000]
)
LEVELS = st.booleans()


@dataclass(frozen=True)
class Envelope:
    """All of a command but what it asks, or what is left of one."""

    slot: int
    id: int
    challenge: int  # how many before the last
    counter: int | None  # None: the next
    ahead: int
    damage: int  # 0: none; else which byte is changed, or where the line is cut
    key: int  # 0: the present one, 1: the next, 2: the built-in


GOOD = Envelope(slot=1, id=0, challenge=0, counter=None, ahead=2_000, damage=0, key=0)
ENVELOPES = st.one_of(
    st.just(GOOD),
    st.builds(
        Envelope,
        slot=st.integers(1, 5),
        id=st.integers(0, 4),
        challenge=st.sampled_from([0, 0, 0, 1, 2]),
        counter=st.one_of(st.none(), st.integers(1, 6)),
        ahead=st.sampled_from([2000, 2000, 2000, 0, -1, 10_000, 10_001]),
        damage=st.sampled_from([0, 0, 0, 0, 7, 40, -10, -200]),
        key=st.sampled_from([0, 0, 0, 1, 2]),
    ),
)
NUMBERS = st.sampled_from(["0", "1", "300", "5001", "60000", "60001", "4294967295", "4294967296", "-", "01", "x"])
OPENINGS = st.tuples(
    st.sampled_from(["open", "open", "guard", "lift"]),
    st.sampled_from(["1", "1", "2", "3", "0", "x"]),
    NUMBERS,
)
MODES = st.tuples(st.just("mode"), st.sampled_from([*verbs.MODES, "night"]), NUMBERS)
HINTS = st.tuples(st.just("hint"), st.sampled_from([*verbs.HINTS, "dance"]), NUMBERS)
OFFSETS = [
    "0",
    "60",
    "-300",
    "1439",
    "-1440",
    "-0",
    "060",
    "",
    "60:1:120",
    f"60:{MONDAY + 3600}:120",
    "60:0:1",
    "1:2",
    "-",
]
TIMES = st.tuples(
    st.just("time"),
    st.sampled_from([str(MONDAY), str(MONDAY + 86_399), str(MONDAY + 6 * 86_400), "0", "4294967296", "1"]),
    st.sampled_from([text for text in OFFSETS if text]),
)
KEYS = st.tuples(
    st.just("key"),
    st.sampled_from(["rotate", "rotate", "erase"]),
    st.sampled_from(["5a" * 32, "c3" * 32, "5A" * 32, "5a"]),
)
RESETS = st.tuples(st.just("reset"), st.sampled_from(["fire", "fire", "mode"]), st.sampled_from(["-", "-", "0"]))
LESSONS = st.tuples(
    st.just("learn"), st.sampled_from(["1", "1", "2", "0", "3"]), st.sampled_from(["0", "1", "60", "61", "-"])
)
AGAIN = st.tuples(
    st.just("again"), st.sampled_from(["7", "7", "8", "9", "0", "-"]), st.sampled_from(["1", "2", "5", "70", "0", "x"])
)
CHUNKS = st.tuples(
    st.just("list"),
    st.sampled_from(
        ["1:0:1:0", "2:0:2:0", "2:1:2:0", "2:1:2:9", "3:2:3:0", "0:0:1:0", "1:1:1:0", "1:0:113:0", "1:0:1", "9:0:1:0:0"]
    ),
    st.sampled_from(["-", "00" * 21, "11" * 8 + "11" + "00" * 12, "11" * 8 + "21" + "80" + "00" * 11, "ab", "AB" * 21]),
)
ANYTHING = st.one_of(OPENINGS, OPENINGS, MODES, HINTS, TIMES, KEYS, RESETS, LESSONS, CHUNKS, AGAIN)


@dataclass(frozen=True)
class Wish:
    """Somebody on a list, before his digest is made."""

    kind: str
    which: int
    relays: frozenset[int]
    begins: int
    ends: int
    window: tuple[int, int, int]

    def entry(self, digest_key: bytes) -> verbs.Entry:
        digest = digest_of(self.kind, self.which, digest_key)
        return verbs.Entry(digest, self.kind, self.relays, self.begins, self.ends, *self.window)


WISHES = st.builds(
    Wish,
    kind=st.sampled_from(verbs.KINDS),
    which=st.integers(0, 1),
    relays=st.sampled_from([frozenset({1}), frozenset({2}), frozenset({1, 2})]),
    begins=st.sampled_from([0, 0, MONDAY + 1]),
    ends=st.sampled_from([0, 0, MONDAY + 1, MONDAY + 86_400]),
    window=st.sampled_from([(0, 0, 0), (0, 0, 0), (1, 0, 1440), (1, 60, 120), (0x40, 1380, 60), (0x7F, 1, 0)]),
)


def digest_of(kind: str, which: int, key: bytes) -> bytes:
    return verbs.card_digest(key, CARDS[which]) if kind == "card" else verbs.pin_digest(key, PINS[which])


class Compiled:
    """The core at the other end of a pipe."""

    def __init__(self) -> None:
        program = compiled("core_driver.cpp", *SANITIZERS, "-lcrypto")
        self._process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, request: str) -> list[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(request + "\n")
        self._process.stdin.flush()
        answer = []
        while (said := self._process.stdout.readline()) != ".\n":
            assert said, "the core has died; a sanitizer's report stands above"
            answer.append(said.rstrip("\n"))
        return answer

    def close(self) -> int:
        """End it; 0 unless a sanitizer has found something."""
        self._process.communicate()
        return self._process.returncode


def by_kind(said: list[str]) -> dict[str, list[str]]:
    """What was said, in order for each kind; the order between kinds is nobody's promise."""
    return {kind: [line for line in said if line.startswith(kind + " ")] for kind in ("hello", "ack", "event", "hint")}


def as_said(effects: list[Effect]) -> list[str]:
    said = [f"{e.leaf} {e.line.decode()}" for e in effects if isinstance(e, Say)]
    return said + [f"hint {e.pattern} {e.ms}" for e in effects if isinstance(e, Show)]


class SideBySide(RuleBasedStateMachine):
    """One gate node, twice."""

    core: Compiled

    @initialize(two_factor=st.sampled_from([False, False, True]), beams=st.integers(0, 2))
    def power_on(self, two_factor: bool, beams: int) -> None:
        beam = beams > 0
        self.number_of_beams = beams
        self.config = NodeConfig("main", KEY, two_factor=two_factor, has_beam=beam)
        self.memory = NodeMemory()
        self.boot = 6
        self.drawn = 0
        self.now = 0
        self.last_id = 0x100
        self.version = 0
        self.counters: dict[tuple[int, int], int] = {}
        self.core(f"new 0 {two_factor:d} {beam:d}")
        self._start()
        self.connect()

    def _start(self) -> None:
        self.boot += 1
        self.now = 0
        self.model = NodeModel(self.config, boot=self.boot, challenge=self._draw, memory=self.memory)

    def _draw(self) -> str:
        self.drawn += 1
        return f"{self.drawn:032x}"

    def _both(self, effects: list[Effect], request: str) -> None:
        """Both have done something; both loop once, and are compared."""
        said = self.core(request)
        effects = effects + self.model.tick(self.now)
        assert by_kind(said) == by_kind(as_said(effects))
        assert said[-1] == f"relays {self.model.is_open(1):d} {self.model.is_open(2):d}"

    def _send(self, envelope: Envelope, verb: str, subject: str, value: str) -> None:
        self.wait(0)  # both have seen the time before the line is made, so both know the same challenges
        challenge = max(0, self.drawn - envelope.challenge)
        place = (challenge, envelope.slot)
        counter = envelope.counter or self.counters.get(place, 0) + 1
        self.counters[place] = max(counter, self.counters.get(place, 0))
        if not envelope.id:
            self.last_id += 1
        command = lines.Command(
            gate="main",
            slot=envelope.slot,
            id=f"{envelope.id or self.last_id:016x}",
            challenge=f"{challenge:032x}",
            counter=counter,
            not_after=max(0, self.now + envelope.ahead),
            verb=verb,
            subject=subject,
            value=value,
        )
        key = (self.memory.key, self.memory.next_key or self.memory.key, KEY)[envelope.key]
        line = command.sign(lines.command_key(key, envelope.slot, "main"))
        if envelope.damage < 0:
            line = line[: envelope.damage]
        if envelope.damage > 0:
            at = envelope.damage
            line = line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]
        self._both(self.model.command(line, self.now), f"command {self.now} {line.hex()}")

    @rule(ms=WAITS)
    def wait(self, ms: int) -> None:
        self.now += ms
        self._both([], f"wait {self.now}")

    @rule()
    def connect(self) -> None:
        self._both(self.model.connected(self.now), f"connect {self.now}")

    @rule()
    def disconnect(self) -> None:
        self._both(self.model.disconnected(self.now), f"disconnect {self.now}")

    @rule(envelope=ENVELOPES, asked=ANYTHING)
    def command(self, envelope: Envelope, asked: tuple[str, str, str]) -> None:
        self._send(envelope, *asked)

    @rule(asked=st.one_of(OPENINGS, MODES, TIMES, KEYS, RESETS, AGAIN))
    def good_command(self, asked: tuple[str, str, str]) -> None:
        self._send(GOOD, *asked)

    @rule(key=st.sampled_from([1, 2]))
    def speak_under_another_key(self, key: int) -> None:
        self._send(Envelope(1, 0, 0, None, 2_000, 0, key), "time", str(MONDAY), "0")

    @rule(digit=st.sampled_from("5a"), heard=LEVELS)
    def change_the_key(self, digit: str, heard: bool) -> None:
        self._send(GOOD, "key", "rotate", digit * 64)
        if heard:
            self.speak_under_another_key(1)

    @rule(people=st.lists(WISHES, max_size=12), expires=st.sampled_from([0, 0, MONDAY + 30]), lost=st.integers(-8, 2))
    def send_list(self, people: list[Wish], expires: int, lost: int) -> None:
        """A whole list, of which sometimes one chunk is lost and sent again."""
        self.version += 1
        digest_key = verbs.digest_key(self.memory.key, "main")
        for chunk in verbs.chunks(self.version, expires, [wish.entry(digest_key) for wish in people]):
            if chunk.index != lost:
                self._send(GOOD, chunk.verb, *chunk.arguments)
                self._send(GOOD, chunk.verb, *chunk.arguments)

    @rule(contact=st.sampled_from(["exit", "fire", "reset", "door", "tamper", "press"]), level=LEVELS)
    def contact(self, contact: str, level: bool) -> None:
        word: dict[str, str] = {"exit": "pressed", "reset": "pressed", "press": "pressed", "door": "opened"}
        argument: dict[str, Any] = {word.get(contact, "active"): level}
        self._both(getattr(self.model, contact)(self.now, **argument), f"{contact} {self.now} {level:d}")

    @precondition(lambda self: self.number_of_beams == 1)
    @rule(broken=LEVELS)
    def one_beam(self, broken: bool) -> None:
        self._both(self.model.beam(self.now, broken=broken), f"beam {self.now} {broken:d}")

    @precondition(lambda self: self.number_of_beams == 2)
    @rule(first=LEVELS, second=LEVELS)
    def two_beams(self, first: bool, second: bool) -> None:
        self._both(self.model.beams(self.now, first=first, second=second), f"beams {self.now} {first:d} {second:d}")

    @rule(seconds=st.sampled_from([1, 5, 43_200]), relay=st.sampled_from([1, 2]))
    def open_and_walk(self, seconds: int, relay: int) -> None:
        self._send(GOOD, *(("mode", "free", str(seconds)) if seconds > 1 else ("open", str(relay), "0")))
        if self.number_of_beams == 1:
            for broken in (False, True, False, True):
                self.one_beam(broken)
        if self.number_of_beams == 2:
            for first, second in (
                (False, False),
                (True, False),
                (True, True),
                (False, True),
                (True, True),
                (True, False),
            ):
                self.two_beams(first, second)

    @rule(relay=st.sampled_from([1, 1, 2, 3]), which=st.integers(0, 3))
    def card(self, relay: int, which: int) -> None:
        number = CARDS[which]
        self._both(self.model.card(relay, number, self.now), f"card {self.now} {relay} {number.hex()}")

    @rule(relay=st.sampled_from([1, 1, 2, 3]), digits=st.sampled_from([*PINS, "12a4", "12345678901234567"]))
    def pin(self, relay: int, digits: str) -> None:
        self._both(self.model.pin(relay, digits, self.now), f"pin {self.now} {relay} {digits}")

    @rule(times=st.integers(5, 16))
    def guess_pins(self, times: int) -> None:
        for _ in range(times):
            self.pin(1, PINS[3])

    @rule(first=st.sampled_from([1, 2, 40, 66, 2**32 - 1]))
    def tell_again(self, first: int) -> None:
        self._send(GOOD, "again", str(self.boot), str(first))

    @rule(times=st.sampled_from([1, 40]))
    def many_events(self, times: int) -> None:
        for _ in range(times):
            self.contact("tamper", True)
            self.contact("tamper", False)

    @rule(works=LEVELS)
    def flash(self, works: bool) -> None:
        self.memory.works = works
        self._both([], f"flash {self.now} {works:d}")

    @rule()
    def reboot(self) -> None:
        self._start()
        self._both([], "reboot 0")
        self.connect()

    @invariant()
    def nothing_opens_in_a_lockdown_but_people_inside(self) -> None:
        if hasattr(self, "model") and self.model.mode == "lockdown" and self.model.state == "closed":
            assert not self.model.is_open(1)
            assert not self.model.is_open(2)


def test_core_and_model_do_the_same() -> None:
    core = Compiled()

    class OverAPipe(SideBySide):
        pass

    OverAPipe.core = core
    case: Any = OverAPipe.TestCase  # made by Hypothesis, which does not declare it
    case.settings = settings(max_examples=150, stateful_step_count=50, suppress_health_check=list(HealthCheck))
    case("runTest").runTest()
    assert core.close() == 0
