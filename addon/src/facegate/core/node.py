"""What a gate node does, as a model without I/O: the same rules as gate_core.h and its neighbours, in the same order.

The tests hold the compiled node to it, and ``adapters.software_gate`` lends it a broker for trial gates that move no
door. ``now`` is always the node's own uptime in ms and never goes back; randomness and the boot number are given.
Contacts are told settled: bouncing is the firmware's business. docs/protocol.md is the specification. This file is
longer than most because a node is one state machine; what needs none of its state stands in ``node_list`` and
``node_passages``.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from facegate.contract import lines, verbs
from facegate.core.node_list import (
    PIN_ATTEMPTS,
    PIN_LOCK_MAX_S,
    PIN_LOCK_S,
    Clock,
    ListWriter,
    Stored,
    StoredList,
)
from facegate.core.node_passages import UNKNOWN, Beams, Passages

NOT_AFTER_MAX_MS: Final = 10_000  # nobody honest plans an opening further ahead
GAP_MS: Final = 250  # closed between two pulses, so that a turnstile sees two
HELLO_SPACING_MS: Final = 1_000  # of the hellos that no new challenge asked for
REFUSED_BURST: Final = 16  # events that a stranger can cause; then one a second
REFUSED_REFILL_MS: Final = 1_000
PRESS_SPACING_MS: Final = 500
REMEMBERED_IDS: Final = 16
QUEUED_EVENTS: Final = 64
DOOR_GRACE_MS: Final = 1_000  # a door that was unlocked may still be on its way
_UINT32: Final = 2**32 - 1

type Leaf = Literal["hello", "ack", "event"]
type State = Literal["closed", "open", "locked", "locked_open", "free", "fire", "quiet"]

TRANSITIONS: Final[dict[str, dict[str, str]]] = {
    "closed": {
        "command": "open",
        "list": "open",
        "guard": "open",
        "exit": "open",
        "normal": "closed",
        "lockdown": "locked",
        "hold": "free",
        "alarm": "fire",
    },
    "open": {
        "exit": "open",
        "pulse_end": "closed",
        "normal": "open",
        "lockdown": "locked_open",
        "hold": "free",
        "alarm": "fire",
    },
    "locked": {
        "guard": "locked_open",
        "exit": "locked_open",
        "normal": "closed",
        "lockdown": "locked",
        "hold": "free",
        "alarm": "fire",
    },
    "locked_open": {
        "exit": "locked_open",
        "pulse_end": "locked",
        "normal": "open",
        "lockdown": "locked_open",
        "hold": "free",
        "alarm": "fire",
    },
    "free": {
        "exit": "free",
        "normal": "under",
        "lockdown": "under",
        "hold": "free",
        "hold_end": "under",
        "alarm": "fire",
    },
    "fire": {
        "exit": "fire",
        "normal": "fire",
        "lockdown": "fire",
        "hold": "fire",
        "hold_end": "fire",
        "alarm_end": "quiet",
    },
    "quiet": {
        "exit": "quiet",
        "normal": "quiet",
        "lockdown": "quiet",
        "hold": "quiet",
        "hold_end": "quiet",
        "alarm": "fire",
        "reset": "under",
    },
}
"""State → cause → state, as in gate_states.h and docs/node-states.md; ``under`` is what the mode and the pulses say."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """What is built into a node."""

    gate: str
    key: bytes = field(repr=False)
    relays: int = 2
    pulse_ms: int = 700
    max_pulse_ms: int = 5_000
    max_free_s: int = 43_200
    exit_relay: int = 2
    press_relay: int = 1
    has_beam: bool = False
    passage_timeout_ms: int = 8_000
    held_after_ms: int = 30_000
    two_factor: bool = False


@dataclass(slots=True)
class NodeMemory:
    """What a node keeps over a loss of power; one that does not ``work`` takes nothing more."""

    works: bool = True
    lockdown: bool = False
    fire: bool = False
    root: bytes = field(default=b"", repr=False)  # the built-in gate key that the rest belongs to
    key: bytes = field(default=b"", repr=False)
    next_key: bytes | None = field(default=None, repr=False)
    list: StoredList | None = None


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


@dataclass(frozen=True, slots=True)
class Show:
    """Show or sound a pattern, for its own time if ``ms`` is 0."""

    pattern: str
    ms: int


type Effect = Say | Switch | Show


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


@dataclass(frozen=True, slots=True)
class _Keys:
    """A gate key and what is derived from it."""

    gate_key: bytes = field(repr=False)
    command: dict[int, bytes] = field(repr=False)
    node: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, gate_key: bytes, gate: str) -> _Keys:
        command = {slot: lines.command_key(gate_key, slot, gate) for slot in lines.SLOTS}
        return cls(gate_key, command, lines.node_key(gate_key, gate), verbs.digest_key(gate_key, gate))


class NodeModel:
    """One boot of one gate node. Each method returns what the node does, in order."""

    def __init__(
        self, config: NodeConfig, *, boot: int, challenge: Callable[[], str], memory: NodeMemory | None = None
    ) -> None:
        """``boot``: one more than ever before, saved by the caller; ``challenge``: 128 fresh random bits in hex."""
        self.config = config
        self.boot = boot
        self.refused = 0
        self.mode = "normal"
        self.memory = memory if memory is not None else NodeMemory()
        self._state = "closed"
        self._effects: list[Effect] = []
        self._told: dict[int, bool] = {}  # what each relay was last switched to
        self._challenge = challenge
        self._connected = False
        self._issued: list[_Issued] = []  # the last challenge first, then the one before
        self._finished: deque[tuple[int, str, str, str]] = deque(maxlen=REMEMBERED_IDS)
        self._closes_at: dict[int, int] = {}
        self._free_at = 0
        self._free_until = 0
        self._contacts: dict[str, bool] = {}
        self._press_again_at = 0
        self._door_since = 0
        self._held = False
        self._beams = Beams()
        self._clock: Clock | None = None
        self._writer = ListWriter()
        self._wrong_pins = 0
        self._pin_locks = 0
        self._pins_locked_until = 0
        self._learn_relay = 0
        self._learn_until = 0
        self._events: deque[_Event] = deque(maxlen=QUEUED_EVENTS)
        self._events_told = 0  # so many of them, the oldest
        self._seq = {"hello": 0, "ack": 0, "event": 0}
        self._hello_at = 0
        self._hello_wanted = False
        self._refused_tokens = REFUSED_BURST
        self._refilled_at = 0
        self._passages = Passages(self._event)
        self._old_key_on_flash = False
        self._remember()

    def _remember(self) -> None:
        """Take up what outlasts a loss of power."""
        memory = self.memory
        if memory.root != self.config.key:
            memory.root = memory.key = self.config.key
            memory.next_key = None
            memory.list = None
        self._keys = _Keys.of(memory.key, self.config.gate)
        self._next = None if memory.next_key is None else _Keys.of(memory.next_key, self.config.gate)
        if memory.lockdown:
            self._set_mode("lockdown", 0, "boot", 0)
        if memory.fire:
            self._follow("alarm")
            self._follow("alarm_end")
            self._event("fire", "quiet", lines.NONE, 0)
        self._effects.clear()  # the relays are set when the node is asked for the first time

    @property
    def state(self) -> str:
        """The word in its hello: closed, open or fire."""
        if self._fire:
            return "fire"
        return "open" if self._closes_at or self._state == "free" else "closed"

    @property
    def list_version(self) -> int:
        """Which list is in force; 0 is none."""
        return self.memory.list.version if self.memory.list is not None and not self.config.two_factor else 0

    @property
    def _fire(self) -> bool:
        return self._state in ("fire", "quiet")

    @property
    def _released(self) -> bool:
        return self._fire or self._state == "free"

    def is_open(self, relay: int) -> bool:
        """Whether this relay lets people through."""
        return self._released or relay in self._closes_at

    # ---- doors of the model ----

    def connected(self, now: int) -> list[Effect]:
        """A broker has been reached: whatever it kept while the node was away is worthless."""
        self._advance(now)
        self._connected = True
        self._issued.clear()
        self._issue(now)
        return self._done()

    def disconnected(self, now: int) -> list[Effect]:
        """The broker is gone, and with it every challenge."""
        self._advance(now)
        self._connected = False
        self._learn_until = 0
        self._issued.clear()
        return self._done()

    def tick(self, now: int) -> list[Effect]:
        """Time has passed; to be called several times a second."""
        self._advance(now)
        if not self._connected:
            return self._done()
        if not self._issued or now - self._issued[0].at >= lines.CHALLENGE_INTERVAL_MS:
            self._issue(now)
        elif self._hello_wanted and now - self._hello_at >= HELLO_SPACING_MS:
            self._hello(now)
        return self._done()

    def command(self, line: bytes, now: int) -> list[Effect]:
        """A line has come in on the command topic."""
        self._advance(now)
        try:
            command = self._believe(line, now)
        except lines.LineError as error:
            self.refused = min(self.refused + 1, _UINT32)
            if self._may_tell(now):  # else it is counted, and the next event or hello tells the sum
                self._event("refused", error.reason, str(self.refused), now)
            return self._done()
        # From here on the sender holds the key, so it gets a signed answer.
        for slot, opening, result, detail in self._finished:
            if (slot, opening) == (command.slot, command.id):
                self._ack(command, result, detail, now)
                return self._done()
        result, detail = self._judge(command, now)
        if result == "stale":
            self._hello_wanted = True
        if result not in ("stale", "counter", "busy") and command.verb not in ("hint", "time", "list", "again"):
            self._finished.append((command.slot, command.id, result, detail))
        self._switch()  # first the relay, then the talking
        self._ack(command, result, detail, now)
        return self._done()

    def exit(self, now: int, *, pressed: bool) -> list[Effect]:
        """The exit button: never busy, in every state."""
        self._advance(now)
        if self._changed("exit", pressed) and pressed:
            self._follow("exit")
            self._pulse(self.config.exit_relay, self.config.pulse_ms, lines.NONE, now)
            self._event("exit", str(self.config.exit_relay), lines.NONE, now)
        return self._done()

    def fire(self, now: int, *, active: bool) -> list[Effect]:
        """The fire contact: everything open from when it is active until somebody resets it."""
        self._advance(now)
        if self._changed("fire", active) and self._follow("alarm" if active else "alarm_end"):
            self._event("fire", "start" if active else "quiet", lines.NONE, now)
            self._save_state()
        return self._done()

    def reset(self, now: int, *, pressed: bool) -> list[Effect]:
        """The contact that ends what a fire has released."""
        self._advance(now)
        if self._changed("reset", pressed) and pressed and self._follow("reset"):
            self._event("fire", "clear", lines.NONE, now)
            self._save_state()
        return self._done()

    def door(self, now: int, *, opened: bool) -> list[Effect]:
        """The door's contact."""
        self._advance(now)
        first = "door" not in self._contacts
        if self._changed("door", opened):
            self._door_since = now
            if not opened and self._held:
                self._held = False
                self._event("held", "clear", lines.NONE, now)
            late = self._free_at == 0 or now >= self._free_at - GAP_MS + DOOR_GRACE_MS
            if opened and not first and not self._released and not self._closes_at and late:
                self._event("forced", lines.NONE, "door", now)
        return self._done()

    def tamper(self, now: int, *, active: bool) -> list[Effect]:
        """The contact of the node's case."""
        self._advance(now)
        if self._changed("tamper", active):
            self._event("tamper", "start" if active else "clear", lines.NONE, now)
        return self._done()

    def press(self, now: int, *, pressed: bool) -> list[Effect]:
        """The button of press-to-recognise: without a broker nobody waits for it, and later it is worth nothing."""
        self._advance(now)
        first = "press" not in self._contacts
        new = self._changed("press", pressed) and pressed and not first
        if new and self._connected and now >= self._press_again_at:
            self._press_again_at = now + PRESS_SPACING_MS
            self._event("press", str(self.config.press_relay), lines.NONE, now)
        return self._done()

    def beam(self, now: int, *, broken: bool) -> list[Effect]:
        """The only beam."""
        self._advance(now)
        first = "beam" not in self._contacts
        if self._changed("beam", broken) and broken and not first:
            self._passed(UNKNOWN, now)
        return self._done()

    def beams(self, now: int, *, first: bool, second: bool) -> list[Effect]:
        """Both of two beams, the first on the side of the entry."""
        self._advance(now)
        way = self._beams.update(first, second)
        if way is not None:
            self._passed(way, now)
        return self._done()

    def card(self, relay: int, number: bytes, now: int) -> list[Effect]:
        """A card at the reader beside ``relay``."""
        self._advance(now)
        if 1 <= len(number) <= 16:
            self._present("card", relay, lambda key: verbs.card_digest(key, number), now)
        return self._done()

    def pin(self, relay: int, digits: str, now: int) -> list[Effect]:
        """A PIN at the keypad beside ``relay``."""
        self._advance(now)
        if 1 <= len(digits) <= 16 and digits.isascii() and digits.isdigit():
            self._present("pin", relay, lambda key: verbs.pin_digest(key, digits), now)
        return self._done()

    def report(self, kind: str, subject: str, value: str, now: int) -> list[Effect]:
        """Something else has happened at the gate; kept while there is no broker."""
        self._event(kind, subject, value, now)
        return self._done()

    # ---- states and relays ----

    def _advance(self, now: int) -> None:
        if self.mode == "free" and now >= self._free_until:
            self._set_mode("normal", 0, "end", now)
        ended = [relay for relay, closes_at in self._closes_at.items() if now >= closes_at]
        for relay in ended:
            del self._closes_at[relay]
        if ended:
            self._free_at = now + GAP_MS
            self._hello_wanted = True
            if not self._closes_at:
                self._follow("pulse_end")
        self._passages.expire(now)
        if not self._contacts.get("door") or self._released:
            self._door_since = now
        elif not self._held and now - self._door_since >= self.config.held_after_ms:
            self._held = True
            self._event("held", "start", lines.NONE, now)
        self._switch()

    def _follow(self, cause: str) -> bool:
        to = TRANSITIONS[self._state].get(cause)
        if to is None:
            return False
        was_fire = self._fire
        if to == "under":
            pulsing = bool(self._closes_at)
            to = {"free": "free", "lockdown": "locked_open" if pulsing else "locked"}.get(
                self.mode, "open" if pulsing else "closed"
            )
        self._state = to
        if self._fire and not was_fire:
            self._passages.forget()  # who leaves a burning house is not counted
        self._hello_wanted = True
        return True

    def _set_mode(self, mode: str, seconds: int, why: str, now: int) -> None:
        changed = mode != self.mode
        self.mode = mode
        self._free_until = now + seconds * 1000
        cause = {"free": "hold", "lockdown": "lockdown"}.get(mode, "hold_end" if why == "end" else "normal")
        self._follow(cause)
        if changed:
            self._event("mode", mode, why, now)

    def _save_state(self) -> bool:
        memory = self.memory
        wanted = (self.mode == "lockdown", self._fire)
        if wanted == (memory.lockdown, memory.fire):
            return True
        if memory.works:
            memory.lockdown, memory.fire = wanted
        return memory.works

    def _pulse(self, relay: int, pulse_ms: int, opening: str, now: int) -> None:
        closes_at = now + min(pulse_ms, self.config.max_pulse_ms)
        self._closes_at[relay] = max(self._closes_at.get(relay, 0), closes_at)
        self._hello_wanted = True
        if self.config.has_beam and not self._fire:
            self._passages.grant(relay, opening, now, now + self.config.passage_timeout_ms)

    def _busy_for(self, now: int) -> int:
        free_at = max([self._free_at, *(closes_at + GAP_MS for closes_at in self._closes_at.values())])
        return max(0, free_at - now)

    def _switch(self) -> None:
        for relay in range(1, self.config.relays + 1):
            if self._told.get(relay, False) != self.is_open(relay):
                self._told[relay] = self.is_open(relay)
                self._effects.append(Switch(relay, open=self.is_open(relay)))

    def _changed(self, contact: str, level: bool) -> bool:
        changed = level != self._contacts.get(contact, False)
        self._contacts[contact] = level
        return changed

    def _passed(self, way: int, now: int) -> None:
        if not self._fire:
            self._passages.pass_(way, self.config.relays, free=self._state == "free", now=now)

    # ---- commands ----

    def _believe(self, line: bytes, now: int) -> lines.Command:
        try:
            return lines.Command.parse(line, gate=self.config.gate, keys=self._keys.command)
        except lines.LineError as error:
            if error.reason != "mac" or self._next is None:
                raise
            try:
                command = lines.Command.parse(line, gate=self.config.gate, keys=self._next.command)
            except lines.LineError:
                raise error from None
        # The first line under the next key: the old one is worth nothing from here on.
        self._keys, self._next = self._next, None
        self._erase_old_key(now)
        return command

    def _erase_old_key(self, now: int) -> None:
        self._old_key_on_flash = not self.memory.works
        if self.memory.works:
            self.memory.key, self.memory.next_key = self._keys.gate_key, None
            self._event("key", "rotated", lines.NONE, now)

    def _judge(self, command: lines.Command, now: int) -> tuple[str, str]:
        """Return the result and its detail for a command that is authentic and new."""
        refusal = self._not_now(command, now)
        if refusal is not None:
            return refusal
        if command.verb == "list" and self.config.two_factor:
            return "mode", "two_factor"
        opens = command.verb in ("open", "guard")
        if opens and lines.parse_number(command.subject, self.config.relays) is None:
            return "argument", "subject"
        try:
            request = verbs.REQUESTS[command.verb].parse(command.subject, command.value)
        except verbs.ArgumentError as error:
            return "argument", error.argument
        return self._serve(request, command.id, now)

    def _not_now(self, command: lines.Command, now: int) -> tuple[str, str] | None:
        """Return why nothing may come of this command, whatever it asks."""
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
        if command.verb not in verbs.REQUESTS:
            return "verb", lines.NONE
        if command.not_after - now > NOT_AFTER_MAX_MS:
            return "argument", "not_after"
        return None

    def _serve(self, request: verbs.Request, opening: str, now: int) -> tuple[str, str]:  # noqa: PLR0911  # a line a verb
        match request:
            case verbs.Open():
                return self._serve_open(request, opening, now)
            case verbs.SetMode(mode, asked):
                seconds = min(asked, self.config.max_free_s)
                self._set_mode(mode, seconds, "command", now)
                return ("done", str(seconds)) if self._save_state() else ("fault", "flash")
            case verbs.ListChunk():
                return self._serve_list(request)
            case verbs.RotateKey(nonce):
                return self._serve_key(nonce)
            case verbs.Reset():
                return self._serve_reset(now)
            case verbs.Learn(relay, seconds):
                return self._serve_learn(relay, seconds, now)
            case verbs.Again(boot, first):
                return self._serve_again(boot, first)
            case verbs.Hint(pattern, ms):
                self._effects.append(Show(pattern, ms))
            case verbs.Time():
                self._clock = Clock(request, now)
        return "done", lines.NONE

    def _serve_learn(self, relay: int, seconds: int, now: int) -> tuple[str, str]:
        if relay > self.config.relays:
            return "argument", "subject"
        self._learn_relay, self._learn_until = relay, now + seconds * 1000
        if seconds:
            self._effects.append(Show("wait", seconds * 1000))
        return "done", str(seconds)

    def _serve_again(self, boot: int, first: int) -> tuple[str, str]:
        if boot != self.boot:
            return "argument", "subject"
        told = min(self._events_told, sum(event.seq < first for event in self._events))
        again, self._events_told = self._events_told - told, told
        return "done", str(again)

    def _serve_key(self, nonce: bytes) -> tuple[str, str]:
        if not self.memory.works:
            return "fault", "flash"
        gate = self.config.gate
        self._next = _Keys.of(verbs.rotated_key(self._keys.gate_key, nonce, gate), gate)
        self.memory.key, self.memory.next_key = self._keys.gate_key, self._next.gate_key
        return "done", lines.NONE

    def _serve_reset(self, now: int) -> tuple[str, str]:
        if self._state == "fire":
            return "mode", "fire"
        if self._follow("reset"):
            self._event("fire", "clear", lines.NONE, now)
            if not self._save_state():
                return "fault", "flash"
        return "done", lines.NONE

    def _serve_open(self, request: verbs.Open, opening: str, now: int) -> tuple[str, str]:
        guard = isinstance(request, verbs.Guard)
        if self._released:
            return "mode", "fire" if self._fire else "free"
        if self.mode == "lockdown" and not guard:
            return "mode", "lockdown"
        if wait := self._busy_for(now):
            return "busy", str(wait)
        self._follow("guard" if guard else "command")
        pulse = min(request.pulse_ms or self.config.pulse_ms, self.config.max_pulse_ms)
        self._pulse(request.relay, pulse, opening, now)
        return "opened", str(pulse)

    def _serve_list(self, chunk: verbs.ListChunk) -> tuple[str, str]:
        stored = self._writer.check(chunk, self.list_version, self._keys.digest)
        if stored is Stored.COMMITTED:
            self._hello_wanted = True
            return "done", stored.value
        if stored is not Stored.STORED:
            return "argument", stored.value
        if not self.memory.works:
            return "fault", "flash"
        whole = self._writer.take(chunk, self._keys.digest)
        if whole is None:
            return "done", stored.value
        self.memory.list = whole
        self._hello_wanted = True
        return "done", Stored.COMMITTED.value

    def _may_tell(self, now: int) -> bool:
        """What strangers can cause at will must not push out what the node has to tell."""
        refill = (now - self._refilled_at) // REFUSED_REFILL_MS
        self._refilled_at += refill * REFUSED_REFILL_MS
        self._refused_tokens = min(REFUSED_BURST, self._refused_tokens + refill)
        if not self._refused_tokens:
            return False
        self._refused_tokens -= 1
        return True

    # ---- cards and PINs ----

    def _present(self, kind: str, relay: int, digest: Callable[[bytes], bytes], now: int) -> None:
        if not 1 <= relay <= self.config.relays or self._released or self._learns(kind, relay, digest, now):
            return
        if kind == "pin" and now < self._pins_locked_until:
            self._deny(kind, relay, "locked", None, now)
            return
        if self.config.two_factor:
            if self._may_tell(now):
                self._event(kind, str(relay), digest(self._keys.digest).hex(), now)
            self._effects.append(Show("wait", 0))
            return
        if self._busy_for(now):
            self._effects.append(Show("wait", 0))
            return
        allowed = self.memory.list
        if allowed is None or allowed.expired(self._clock, now):
            self._deny(kind, relay, "list", None, now)
            return
        mark = digest(allowed.digest_key)
        why, listed = allowed.judge(kind, mark, relay, self._clock, now)
        if listed and self.mode == "lockdown":
            why = "lockdown"
        if why is not None:
            self._deny(kind, relay, why, mark if listed else None, now)
            if (kind, why) == ("pin", "unknown"):
                self._wrong_pin(relay, now)
            return
        if kind == "pin":
            self._wrong_pins = self._pin_locks = 0
        self._follow("list")
        self._event("granted", f"{kind}:{relay}", mark.hex(), now)
        opening = verbs.own_opening(lines.Position(self.boot, self._seq["event"]))
        self._pulse(relay, self.config.pulse_ms, opening, now)
        self._effects.append(Show("granted", 0))

    def _learns(self, kind: str, relay: int, digest: Callable[[bytes], bytes], now: int) -> bool:
        """Tell of the card that somebody has asked for."""
        if kind != "card" or relay != self._learn_relay or now >= self._learn_until:
            return False
        self._learn_until = 0
        self._event("learned", str(relay), digest(self._keys.digest).hex(), now)
        self._effects.append(Show("wait", 0))
        return True

    def _deny(self, kind: str, relay: int, reason: str, digest: bytes | None, now: int) -> None:
        self._effects.append(Show("fault" if reason in ("fault", "list") else "denied", 0))
        if self._may_tell(now):
            self._event("denied", f"{kind}:{relay}:{reason}", lines.NONE if digest is None else digest.hex(), now)

    def _wrong_pin(self, relay: int, now: int) -> None:
        self._wrong_pins += 1
        if self._wrong_pins < PIN_ATTEMPTS:
            return
        self._wrong_pins = 0
        seconds = min(PIN_LOCK_S << min(self._pin_locks, 8), PIN_LOCK_MAX_S)
        self._pin_locks += 1
        self._pins_locked_until = now + seconds * 1000
        self._event("locked", str(relay), str(seconds), now)

    # ---- what the node says ----

    def _done(self) -> list[Effect]:
        self._switch()
        self._send_events()
        effects, self._effects = self._effects, []
        return effects

    def _issue(self, now: int) -> None:
        if self._old_key_on_flash:
            self._erase_old_key(now)
        self._issued = [_Issued(self._challenge(), now), *self._issued[:1]]
        self._hello(now)

    def _hello(self, now: int) -> None:
        self._seq["hello"] += 1
        self._hello_at = now
        self._hello_wanted = False
        hello = lines.Hello(
            gate=self.config.gate,
            boot=self.boot,
            seq=self._seq["hello"],
            uptime=now,
            challenge=self._issued[0].challenge,
            mode=self.mode,
            state=self.state,
            refused=self.refused,
            list_version=self.list_version,
        )
        self._effects.append(Say("hello", hello.sign(self._keys.node)))

    def _ack(self, command: lines.Command, result: str, detail: str, now: int) -> None:
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
        self._effects.append(Say("ack", ack.sign(self._keys.node)))

    def _event(self, kind: str, subject: str, value: str, now: int) -> None:
        self._seq["event"] += 1
        if len(self._events) == QUEUED_EVENTS:
            self._events_told = max(0, self._events_told - 1)
        self._events.append(_Event(now, self._seq["event"], kind, subject, value))

    def _send_events(self) -> None:
        while self._connected and self._events_told < len(self._events):
            e = self._events[self._events_told]
            self._events_told += 1
            event = lines.NodeEvent(self.config.gate, self.boot, e.seq, e.uptime, e.type, e.subject, e.value)
            self._effects.append(Say("event", event.sign(self._keys.node)))
