"""Signed lines between the recognizer and one gate node; docs/protocol.md is the specification.

A line is ASCII: fields separated by exactly one space, the version first, the HMAC-SHA-256 (RFC 2104) in lower-case
hex last, over every byte before the space in front of it. The same rules stand in C++ in
esphome_configs/components/facegate_gate/gate_core.cpp; tests/contract/vectors.tsv holds both to them.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

VERSION: Final = "fg1"
MAX_LINE: Final = 640  # bytes; an ESP32's MQTT buffer holds 1024 with topic and framing
KEY_BYTES: Final = 32
SLOTS: Final = (1, 2, 3, 4)
RELAYS: Final = (1, 2)
NONE: Final = "-"

CHALLENGE_INTERVAL_MS: Final = 10_000
CHALLENGE_LIFE_MS: Final = 20_000
COMMAND_LIFE_MS: Final = 2_000
COUNTER_MAX: Final = 2**32 - 1

VERBS: Final = ("open", "guard", "mode", "hint", "time", "list", "key", "reset", "learn", "again")
"""What their arguments mean stands in ``verbs``."""
RESULTS: Final = (
    "opened",
    "done",
    "busy",
    "stale",
    "counter",
    "late",
    "verb",
    "argument",
    "mode",
    "fault",
)
"""What a node may answer. Of an ``open`` only ``opened`` moved a relay; only ``busy``, ``stale`` are worth a retry."""

_UINT32: Final = 2**32 - 1
_UPTIME_MAX: Final = 10**15 - 1
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")
_GATE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_ID = re.compile(r"[0-9a-f]{16}")
_CHALLENGE = re.compile(r"[0-9a-f]{32}")
_MAC = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,23}")
_ARGUMENT = re.compile(r"[A-Za-z0-9_.:/+=-]{1,400}")


class LineError(ValueError):
    """A line that is not to be believed; ``reason`` is one of size, format, version, kind, gate, slot, mac."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Position(NamedTuple):
    """Where a node's line stands in time without a clock: the boot counter, then the sequence in that boot.

    Positions of one kind of line only ever grow; whoever receives a line whose position is not greater than the
    last one of that kind drops it.
    """

    boot: int
    seq: int


def derive_key(gate_key: bytes, purpose: str) -> bytes:
    """Return the 32-byte key for one purpose: HKDF-Expand (RFC 5869) with one block of SHA-256.

    Purposes: ``command <slot> <gate>``, ``node <gate>``, ``digest <gate>``. The gate's key is uniformly random, so
    the extract step is not needed.
    """
    if len(gate_key) != KEY_BYTES:
        raise ValueError(f"a gate key has {KEY_BYTES} bytes, not {len(gate_key)}")
    return hmac.new(gate_key, f"facegate/1 {purpose}".encode("ascii") + b"\x01", hashlib.sha256).digest()


def command_key(gate_key: bytes, slot: int, gate: str) -> bytes:
    """The key of commands that one recognizer slot sends to one gate."""
    return derive_key(gate_key, f"command {slot} {gate}")


def node_key(gate_key: bytes, gate: str) -> bytes:
    """The key of everything that a node says: hello, ack, event."""
    return derive_key(gate_key, f"node {gate}")


def is_gate_id(text: str) -> bool:
    """Whether ``text`` may name a gate on the wire: 1 to 32 of a-z, 0-9 and '-', not starting with '-'."""
    return _GATE.fullmatch(text) is not None


def is_opening_id(text: str) -> bool:
    """Whether ``text`` may name an opening on the wire: 16 hex digits."""
    return _ID.fullmatch(text) is not None


def parse_number(text: str, most: int) -> int | None:
    """Return a decimal number without sign or leading zero, or ``None`` if ``text`` is none or it exceeds ``most``."""
    if _NUMBER.fullmatch(text) is None or int(text) > most:
        return None
    return int(text)


@dataclass(frozen=True, slots=True)
class Hello:
    """A node's heartbeat. ``uptime`` in ms; ``challenge`` is 128 random bits in hex, good for 20 s."""

    gate: str
    boot: int
    seq: int
    uptime: int
    challenge: str
    mode: str
    state: str
    refused: int
    list_version: int

    @property
    def position(self) -> Position:
        """Where this line stands among the node's hellos."""
        return Position(self.boot, self.seq)

    def sign(self, key: bytes) -> bytes:
        """Return the line under the node's key."""
        return _sign(
            key,
            "hello",
            self.gate,
            self.boot,
            self.seq,
            self.uptime,
            self.challenge,
            self.mode,
            self.state,
            self.refused,
            self.list_version,
        )

    @classmethod
    def parse(cls, line: bytes, *, gate: str, key: bytes) -> Self:
        """Return the hello in ``line``, or raise :class:`LineError`."""
        f = _open(line, "hello", 11, gate, key)
        return cls(
            gate,
            _number(f[3], _UINT32),
            _number(f[4], _UINT32),
            _number(f[5], _UPTIME_MAX),
            _match(_CHALLENGE, f[6]),
            _match(_WORD, f[7]),
            _match(_WORD, f[8]),
            _number(f[9], _UINT32),
            _number(f[10], _UINT32),
        )


@dataclass(frozen=True, slots=True)
class Command:
    """What a recognizer asks of a node. ``not_after`` is the node's own uptime in ms.

    :mod:`facegate.contract.verbs` knows what ``subject`` and ``value`` mean for each verb.
    """

    gate: str
    slot: int
    id: str
    challenge: str
    counter: int
    not_after: int
    verb: str
    subject: str
    value: str

    def sign(self, key: bytes) -> bytes:
        """Return the line under the key of this command's slot."""
        return _sign(
            key,
            "command",
            self.gate,
            self.slot,
            self.id,
            self.challenge,
            self.counter,
            self.not_after,
            self.verb,
            self.subject,
            self.value,
        )

    @classmethod
    def parse(cls, line: bytes, *, gate: str, keys: dict[int, bytes]) -> Self:
        """Return the command in ``line``, or raise :class:`LineError`; ``keys`` are the command keys by slot."""
        f = _split(line, "command", 11, gate)
        slot = _number(f[3], _UINT32)
        if slot not in keys:
            raise LineError("slot")
        _verify(line, keys[slot])
        return cls(
            gate,
            slot,
            _match(_ID, f[4]),
            _match(_CHALLENGE, f[5]),
            _number(f[6], COUNTER_MAX, least=1),
            _number(f[7], _UPTIME_MAX),
            _match(_WORD, f[8]),
            _match(_ARGUMENT, f[9]),
            _match(_ARGUMENT, f[10]),
        )


@dataclass(frozen=True, slots=True)
class Ack:
    """A node's answer to the command with this ``id``; ``result`` is one of :data:`RESULTS`."""

    gate: str
    boot: int
    seq: int
    uptime: int
    slot: int
    id: str
    result: str
    detail: str

    @property
    def position(self) -> Position:
        """Where this line stands among the node's acks."""
        return Position(self.boot, self.seq)

    def sign(self, key: bytes) -> bytes:
        """Return the line under the node's key."""
        return _sign(
            key, "ack", self.gate, self.boot, self.seq, self.uptime, self.slot, self.id, self.result, self.detail
        )

    @classmethod
    def parse(cls, line: bytes, *, gate: str, key: bytes) -> Self:
        """Return the ack in ``line``, or raise :class:`LineError`."""
        f = _open(line, "ack", 10, gate, key)
        return cls(
            gate,
            _number(f[3], _UINT32),
            _number(f[4], _UINT32),
            _number(f[5], _UPTIME_MAX),
            _number(f[6], _UINT32),
            _match(_ID, f[7]),
            _match(_WORD, f[8]),
            _match(_ARGUMENT, f[9]),
        )


@dataclass(frozen=True, slots=True)
class NodeEvent:
    """Something that happened at a node: passed, forced, exit, fire, granted, …; ``verbs.EVENTS`` lists them.

    ``uptime`` is when it happened, not when it was sent, so queued events tell their age by themselves.
    """

    gate: str
    boot: int
    seq: int
    uptime: int
    type: str
    subject: str
    value: str

    @property
    def position(self) -> Position:
        """Where this line stands among the node's events; a step of more than one in ``seq`` is a lost event."""
        return Position(self.boot, self.seq)

    def sign(self, key: bytes) -> bytes:
        """Return the line under the node's key."""
        return _sign(key, "event", self.gate, self.boot, self.seq, self.uptime, self.type, self.subject, self.value)

    @classmethod
    def parse(cls, line: bytes, *, gate: str, key: bytes) -> Self:
        """Return the event in ``line``, or raise :class:`LineError`."""
        f = _open(line, "event", 9, gate, key)
        return cls(
            gate,
            _number(f[3], _UINT32),
            _number(f[4], _UINT32),
            _number(f[5], _UPTIME_MAX),
            _match(_WORD, f[6]),
            _match(_ARGUMENT, f[7]),
            _match(_ARGUMENT, f[8]),
        )


def _sign(key: bytes, *fields: object) -> bytes:
    body = " ".join((VERSION, *map(str, fields))).encode("ascii")
    line = body + b" " + hmac.new(key, body, hashlib.sha256).hexdigest().encode("ascii")
    if len(line) > MAX_LINE:
        raise LineError("size")
    return line


def _split(line: bytes, kind: str, count: int, gate: str) -> list[str]:
    """Return the ``count`` fields before the MAC; checks run from the cheapest, the order is part of the contract."""
    if not 0 < len(line) <= MAX_LINE:
        raise LineError("size")
    if not all(0x20 <= byte <= 0x7E for byte in line):
        raise LineError("format")
    fields = line.decode("ascii").split(" ")
    if "" in fields or len(fields) < 2:
        raise LineError("format")
    if fields[0] != VERSION:
        raise LineError("version")
    if fields[1] != kind:
        raise LineError("kind")
    if len(fields) != count + 1 or _MAC.fullmatch(fields[-1]) is None:
        raise LineError("format")
    if fields[2] != gate:
        raise LineError("gate")
    return fields[:-1]


def _verify(line: bytes, key: bytes) -> None:
    body, _, mac = line.rpartition(b" ")
    if not hmac.compare_digest(hmac.new(key, body, hashlib.sha256).hexdigest().encode("ascii"), mac):
        raise LineError("mac")


def _open(line: bytes, kind: str, count: int, gate: str, key: bytes) -> list[str]:
    fields = _split(line, kind, count, gate)
    _verify(line, key)
    return fields


def _number(text: str, most: int, *, least: int = 0) -> int:
    number = parse_number(text, most)
    if number is None or number < least:
        raise LineError("format")
    return number


def _match(pattern: re.Pattern[str], text: str) -> str:
    if pattern.fullmatch(text) is None:
        raise LineError("format")
    return text
