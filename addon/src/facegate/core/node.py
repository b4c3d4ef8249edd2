"""What a gate node does with a command, as a model without I/O: the same rules as gate_core.cpp, in the same order.

The tests hold the compiled node to it, and ``adapters.software_gate`` lends it a broker for trial gates that move no
door. ``now`` is always the node's own uptime in ms and never goes back; randomness and the boot number are given.
docs/protocol.md is the specification.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from facegate.contract import lines

NOT_AFTER_MAX_MS: Final = 10_000  # nobody honest plans an opening further ahead
GAP_MS: Final = 250  # closed between two pulses, so that a turnstile sees two
HELLO_SPACING_MS: Final = 1_000  # of the hellos that no new challenge asked for
REFUSED_BURST: Final = 16  # events about lines that are not believed; then one a second
REFUSED_REFILL_MS: Final = 1_000
REMEMBERED_IDS: Final = 16
QUEUED_EVENTS: Final = 32
_UINT32: Final = 2**32 - 1

type Leaf = Literal["hello", "ack", "event"]


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """What is built into a node."""

    gate: str
    key: bytes = field(repr=False)
    relays: int = 2
    pulse_ms: int = 700
    max_pulse_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class Say:
    """Publish ``line`` under ``leaf``."""

    leaf: Leaf
    line: bytes


@dataclass(frozen=True, slots=True)
class Switch:
    """Let ``relay`` open the gate, or let it close."""

    relay: int
    open: bool


type Effect = Say | Switch


@dataclass(slots=True)
class _Issued:
    challenge: str
    at: int
    counters: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Event:
    uptime: int
    seq: int
    type: str
    subject: str
    value: str


class NodeModel:
    """One boot of one gate node. Each method returns what the node does, in order."""

    def __init__(self, config: NodeConfig, *, boot: int, challenge: Callable[[], str]) -> None:
        """``boot``: one more than ever before, saved by the caller; ``challenge``: 128 fresh random bits in hex."""
        self.config = config
        self.boot = boot
        self.refused = 0
        self._challenge = challenge
        self._command_keys = {slot: lines.command_key(config.key, slot, config.gate) for slot in lines.SLOTS}
        self._node_key = lines.node_key(config.key, config.gate)
        self._connected = False
        self._issued: list[_Issued] = []  # the last challenge first, then the one before
        self._finished: deque[tuple[int, str, str, str]] = deque(maxlen=REMEMBERED_IDS)
        self._closes_at: dict[int, int] = {}
        self._free_at = 0
        self._fire = False
        self._events: deque[_Event] = deque(maxlen=QUEUED_EVENTS)
        self._seq = {"hello": 0, "ack": 0, "event": 0}
        self._hello_at = 0
        self._hello_wanted = False
        self._refused_tokens = REFUSED_BURST
        self._refilled_at = 0

    @property
    def state(self) -> str:
        """The word in its hello: closed, open or fire."""
        if self._fire:
            return "fire"
        return "open" if self._closes_at else "closed"

    def is_open(self, relay: int) -> bool:
        """Whether this relay lets people through."""
        return self._fire or relay in self._closes_at

    def connected(self, now: int) -> list[Effect]:
        """A broker has been reached: whatever it kept while the node was away is worthless."""
        effects = self._advance(now)
        self._connected = True
        self._issued.clear()
        return [*effects, *self._issue(now), *self._send_events()]

    def disconnected(self, now: int) -> list[Effect]:
        """The broker is gone, and with it every challenge."""
        effects = self._advance(now)
        self._connected = False
        self._issued.clear()
        return effects

    def tick(self, now: int) -> list[Effect]:
        """Time has passed; to be called several times a second."""
        effects = self._advance(now)
        if not self._connected:
            return effects
        if not self._issued or now - self._issued[0].at >= lines.CHALLENGE_INTERVAL_MS:
            effects += self._issue(now)
        elif self._hello_wanted and now - self._hello_at >= HELLO_SPACING_MS:
            effects += self._hello(now)
        return effects + self._send_events()

    def command(self, line: bytes, now: int) -> list[Effect]:
        """A line has come in on the command topic."""
        effects = self._advance(now)
        try:
            command = lines.Command.parse(line, gate=self.config.gate, keys=self._command_keys)
        except lines.LineError as error:
            self._refuse(error.reason, now)
            return effects + self._send_events()
        # From here on the sender holds the key, so it gets a signed answer.
        for slot, opening, result, detail in self._finished:
            if (slot, opening) == (command.slot, command.id):
                return [*effects, self._ack(command, result, detail, now)]
        result, detail = self._judge(command, now)
        if result == "opened":
            relay = int(command.subject)
            self._closes_at[relay] = now + int(detail)
            self._hello_wanted = True
            effects.append(Switch(relay, open=True))  # first the relay, then the talking
        if result == "stale":
            self._hello_wanted = True
        if result not in ("stale", "counter", "busy"):
            self._finished.append((command.slot, command.id, result, detail))
        return [*effects, self._ack(command, result, detail, now)]

    def fire(self, now: int, *, active: bool) -> list[Effect]:
        """The fire contact: everything open while it is active."""
        effects = self._advance(now)
        if active == self._fire:
            return effects
        self._fire = active
        self._hello_wanted = True
        effects += [
            Switch(relay, open=self.is_open(relay))
            for relay in range(1, self.config.relays + 1)
            if relay not in self._closes_at
        ]
        return effects + self.report("fire", "start" if active else "clear", lines.NONE, now)

    def report(self, kind: str, subject: str, value: str, now: int) -> list[Effect]:
        """Something has happened at the gate: passed, not_passed, exit, …; kept while there is no broker."""
        self._seq["event"] += 1
        self._events.append(_Event(now, self._seq["event"], kind, subject, value))
        return self._send_events()

    def _advance(self, now: int) -> list[Effect]:
        effects: list[Effect] = []
        for relay, closes_at in sorted(self._closes_at.items()):
            if now >= closes_at:
                del self._closes_at[relay]
                self._free_at = now + GAP_MS
                self._hello_wanted = True
                effects.append(Switch(relay, open=self._fire))
        return effects

    def _judge(self, command: lines.Command, now: int) -> tuple[str, str]:
        """Return the result and its detail for a command that is authentic and new."""
        issued = next(
            (i for i in self._issued if i.challenge == command.challenge and now - i.at < lines.CHALLENGE_LIFE_MS),
            None,
        )
        if issued is None:
            return "stale", lines.NONE
        last = issued.counters.get(command.slot, 0)
        if command.counter <= last:
            return "counter", str(last)
        issued.counters[command.slot] = command.counter  # used up, whatever becomes of the command
        if now > command.not_after:
            return "late", str(now - command.not_after)
        if command.verb != "open":
            return "verb", lines.NONE
        if command.not_after - now > NOT_AFTER_MAX_MS:
            return "argument", "not_after"
        return self._judge_open(command, now)

    def _judge_open(self, command: lines.Command, now: int) -> tuple[str, str]:
        relay = lines.parse_number(command.subject, self.config.relays)
        if not relay:
            return "argument", "subject"
        pulse = lines.parse_number(command.value, _UINT32)
        if pulse is None:
            return "argument", "value"
        if self._fire:
            return "mode", "fire"
        free_at = max([self._free_at, *(closes_at + GAP_MS for closes_at in self._closes_at.values())])
        if now < free_at:
            return "busy", str(free_at - now)
        return "opened", str(min(pulse or self.config.pulse_ms, self.config.max_pulse_ms))

    def _refuse(self, reason: str, now: int) -> None:
        self.refused = min(self.refused + 1, _UINT32)
        refill = (now - self._refilled_at) // REFUSED_REFILL_MS
        self._refilled_at += refill * REFUSED_REFILL_MS
        self._refused_tokens = min(REFUSED_BURST, self._refused_tokens + refill)
        if self._refused_tokens:  # else it is counted, and the next event or hello tells the sum
            self._refused_tokens -= 1
            self._seq["event"] += 1
            self._events.append(_Event(now, self._seq["event"], "refused", reason, str(self.refused)))

    def _issue(self, now: int) -> list[Effect]:
        self._issued = [_Issued(self._challenge(), now), *self._issued[:1]]
        return self._hello(now)

    def _hello(self, now: int) -> list[Effect]:
        self._seq["hello"] += 1
        self._hello_at = now
        self._hello_wanted = False
        hello = lines.Hello(
            gate=self.config.gate,
            boot=self.boot,
            seq=self._seq["hello"],
            uptime=now,
            challenge=self._issued[0].challenge,
            mode="normal",
            state=self.state,
            refused=self.refused,
            list_version=0,
        )
        return [Say("hello", hello.sign(self._node_key))]

    def _ack(self, command: lines.Command, result: str, detail: str, now: int) -> Effect:
        self._seq["ack"] += 1
        ack = lines.Ack(
            gate=self.config.gate,
            boot=self.boot,
            seq=self._seq["ack"],
            uptime=now,
            slot=command.slot,
            id=command.id,
            result=result,
            detail=detail,
        )
        return Say("ack", ack.sign(self._node_key))

    def _send_events(self) -> list[Effect]:
        if not self._connected:
            return []
        effects: list[Effect] = []
        while self._events:
            e = self._events.popleft()
            event = lines.NodeEvent(self.config.gate, self.boot, e.seq, e.uptime, e.type, e.subject, e.value)
            effects.append(Say("event", event.sign(self._node_key)))
        return effects
