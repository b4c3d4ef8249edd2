"""What stands in the arguments of a command, and in those of a node's events; docs/protocol.md is the specification.

``lines`` knows lines and their signatures; this file knows what ``verb subject value`` and ``type subject value`` mean.
Each class gives its ``verb`` and its ``arguments`` for :class:`facegate.contract.lines.Command`, and reads them back
with ``parse``, which raises :class:`ArgumentError` naming the argument that is wrong, as a node's ack does.
It is long because all verbs stand here beside each other, as they do in the specification.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from facegate.contract.lines import KEY_BYTES, NONE, RELAYS, Position, derive_key, parse_number

MODES: Final = ("normal", "lockdown", "free")
HINTS: Final = ("granted", "denied", "wait", "closer", "look", "fault", "challenge_left", "challenge_right")
HINT_MAX_MS: Final = 60_000
LEARN_MAX_S: Final = 60
KINDS: Final = ("card", "pin")
EVENTS: Final = (
    "passed",
    "not_passed",
    "tailgated",
    "forced",
    "held",
    "exit",
    "press",
    "fire",
    "tamper",
    "mode",
    "granted",
    "denied",
    "locked",
    "card",
    "pin",
    "learned",
    "key",
    "refused",
)
"""Types of events that a node of this version says; a receiver accepts others."""
DENIALS: Final = (
    "unknown",
    "list",
    "clock",
    "not_yet",
    "expired",
    "window",
    "relay",
    "lockdown",
    "locked",
    "fault",
)
"""Why a node's own list has not opened for a card or a PIN."""

DIGEST_BYTES: Final = 8
ENTRY_BYTES: Final = 21
ENTRIES_PER_CHUNK: Final = 9  # 378 of the 400 characters of an argument, and 189 of the 255 bytes of a flash record
CHUNKS_MAX: Final = 112
ENTRIES_MAX: Final = ENTRIES_PER_CHUNK * CHUNKS_MAX
DAY_MINUTES: Final = 1440
OFFSET_MAX: Final = 1439
"""Minutes; no local time is a day away from UTC."""
NONCE_BYTES: Final = 32

_UINT32: Final = 2**32 - 1
_EVERY_DAY: Final = 0x7F
_OFFSET = re.compile(r"0|-?[1-9][0-9]{0,3}")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_PIN = re.compile(r"[0-9]{1,16}")


class ArgumentError(ValueError):
    """An argument that a node would refuse; ``argument`` names it: subject, value, …"""

    def __init__(self, argument: str) -> None:
        super().__init__(argument)
        self.argument = argument


class Arguments(NamedTuple):
    """``subject`` and ``value`` of a command."""

    subject: str
    value: str


@dataclass(frozen=True, slots=True)
class Open:
    """Open ``relay`` (1 entry, 2 exit) for ``pulse_ms``; 0 is the node's own. Refused in a lockdown."""

    verb: ClassVar[str] = "open"
    relay: int
    pulse_ms: int = 0

    @property
    def arguments(self) -> Arguments:
        """As they stand in the line."""
        return Arguments(str(self.relay), str(self.pulse_ms))

    @classmethod
    def parse(cls, subject: str, value: str) -> Self:
        """Return what the arguments say, or raise :class:`ArgumentError`."""
        relay = _number(subject, max(RELAYS), "subject", least=1)
        return cls(relay, _number(value, _UINT32, "value"))


@dataclass(frozen=True, slots=True)
class Guard(Open):
    """The same as :class:`Open` for a person on guard, who has looked: also in a lockdown."""

    verb: ClassVar[str] = "guard"


@dataclass(frozen=True, slots=True)
class SetMode:
    """Set the mode; ``seconds`` is how long ``free`` lasts, cut to the node's maximum, and 0 for the others."""

    verb: ClassVar[str] = "mode"
    mode: str
    seconds: int = 0

    @property
    def arguments(self) -> Arguments:
        """As they stand in the line."""
        return Arguments(self.mode, str(self.seconds))

    @classmethod
    def parse(cls, subject: str, value: str) -> Self:
        """Return what the arguments say, or raise :class:`ArgumentError`."""
        if subject not in MODES:
            raise ArgumentError("subject")
        seconds = _number(value, _UINT32, "value")
        if (subject == "free") != (seconds > 0):
            raise ArgumentError("value")
        return cls(subject, seconds)


@dataclass(frozen=True, slots=True)
class Hint:
    """Show or sound ``pattern`` for ``ms``, 0 for the pattern's own length. It moves nothing."""

    verb: ClassVar[str] = "hint"
    pattern: str
    ms: int = 0

    @property
    def arguments(self) -> Arguments:
        """As they stand in the line."""
        return Arguments(self.pattern, str(self.ms))

    @classmethod
    def parse(cls, subject: str, value: str) -> Self:
        """Return what the arguments say, or raise :class:`ArgumentError`."""
        if subject not in HINTS:
            raise ArgumentError("subject")
        return cls(subject, _number(value, HINT_MAX_MS, "value"))


@dataclass(frozen=True, slots=True)
class Time:
    """What time it is: Unix seconds, and how many minutes local time is ahead of UTC.

    ``change_at`` and ``change_to`` tell of the next change of the offset (summer time), so that a node without a
    network goes on by the right local time; both or none.
    """

    verb: ClassVar[str] = "time"
    unix: int
    offset: int
    change_at: int | None = None
    change_to: int | None = None

    @property
    def arguments(self) -> Arguments:
        """As they stand in the line."""
        value = str(self.offset)
        if self.change_at is not None:
            value += f":{self.change_at}:{self.change_to}"
        return Arguments(str(self.unix), value)

    @classmethod
    def parse(cls, subject: str, value: str) -> Self:
        """Return what the arguments say, or raise :class:`ArgumentError`."""
        unix = _number(subject, _UINT32, "subject", least=1)
        parts = value.split(":")
        if len(parts) == 1:
            return cls(unix, _offset(parts[0]))
        if len(parts) != 3:
            raise ArgumentError("value")
        return cls(unix, _offset(parts[0]), _number(parts[1], _UINT32, "value", least=1), _offset(parts[2]))


@dataclass(frozen=True, slots=True)
class Entry:
    """One card or PIN that may open: when, and which relays.

    ``begins`` and ``ends`` are Unix seconds (``ends`` itself is outside), 0 for none. ``days`` holds bit 0 for Monday
    to bit 6 for Sunday, and 0 for "at any time"; ``first`` and ``last`` are minutes of the local day (``last`` itself
    is outside). A window with ``first`` after ``last`` runs through midnight and belongs to the day it begins on.
    """

    digest: bytes
    kind: str = "card"
    relays: frozenset[int] = frozenset(RELAYS)
    begins: int = 0
    ends: int = 0
    days: int = 0
    first: int = 0
    last: int = 0

    def __post_init__(self) -> None:
        """Refuse what a node would refuse."""
        windowed = 0 <= self.first < DAY_MINUTES and 0 <= self.last <= DAY_MINUTES and self.first != self.last
        unwindowed = self.first == self.last == 0
        good = (
            len(self.digest) == DIGEST_BYTES
            and self.kind in KINDS
            and self.relays
            and self.relays <= set(RELAYS)
            and 0 <= self.begins <= _UINT32
            and 0 <= self.ends <= _UINT32
            and 0 <= self.days <= _EVERY_DAY
            and (windowed if self.days else unwindowed)
        )
        if not good:
            raise ArgumentError("value")

    def pack(self) -> bytes:
        """Return the 21 bytes of this entry."""
        kind = KINDS.index(self.kind) + 1 + sum(0x10 << (relay - 1) for relay in self.relays)
        return b"".join(
            (
                self.digest,
                bytes([kind, self.days]),
                (self.first << 12 | self.last).to_bytes(3),
                self.begins.to_bytes(4),
                self.ends.to_bytes(4),
            )
        )

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Return the entry in 21 bytes, or raise :class:`ArgumentError`."""
        if len(packed) != ENTRY_BYTES:
            raise ArgumentError("value")
        kind, relays = packed[8] & 0x0F, packed[8] >> 4
        if not 1 <= kind <= len(KINDS) or relays >> len(RELAYS):
            raise ArgumentError("value")
        window = int.from_bytes(packed[10:13])
        return cls(
            digest=packed[:8],
            kind=KINDS[kind - 1],
            relays=frozenset(relay for relay in RELAYS if relays >> (relay - 1) & 1),
            days=packed[9],
            first=window >> 12,
            last=window & 0xFFF,
            begins=int.from_bytes(packed[13:17]),
            ends=int.from_bytes(packed[17:21]),
        )


@dataclass(frozen=True, slots=True)
class ListChunk:
    """One part of an allow-list: ``index`` of ``count``, from 0. The last one puts the whole list into force.

    ``expires`` is in Unix seconds, 0 for never. Versions of a gate's lists only grow.
    """

    verb: ClassVar[str] = "list"
    version: int
    index: int
    count: int
    expires: int
    entries: tuple[Entry, ...]

    @property
    def arguments(self) -> Arguments:
        """As they stand in the line."""
        packed = b"".join(entry.pack() for entry in self.entries)
        return Arguments(f"{self.version}:{self.index}:{self.count}:{self.expires}", packed.hex() or NONE)

    @classmethod
    def parse(cls, subject: str, value: str) -> Self:
        """Return what the arguments say, or raise :class:`ArgumentError`."""
        parts = subject.split(":")
        if len(parts) != 4:
            raise ArgumentError("subject")
        version = _number(parts[0], _UINT32, "subject", least=1)
        count = _number(parts[2], CHUNKS_MAX, "subject", least=1)
        index = _number(parts[1], count - 1, "subject")
        expires = _number(parts[3], _UINT32, "subject")
        if value == NONE:
            return cls(version, index, count, expires, ())
        if _HEX.fullmatch(value) is None:
            raise ArgumentError("value")
        packed = bytes.fromhex(value)
        if len(packed) % ENTRY_BYTES or len(packed) > ENTRY_BYTES * ENTRIES_PER_CHUNK:
            raise ArgumentError("value")
        cuts = range(0, len(packed), ENTRY_BYTES)
        return cls(version, index, count, expires, tuple(Entry.unpack(packed[i : i + ENTRY_BYTES]) for i in cuts))


def chunks(version: int, expires: int, entries: Sequence[Entry]) -> list[ListChunk]:
    """Return a whole list as chunks to be sent in this order; an empty list is one empty chunk.

    Raises ``ValueError`` for more than ``ENTRIES_MAX`` entries, which is what every node holds.
    """
    if len(entries) > ENTRIES_MAX:
        raise ValueError(f"a node holds {ENTRIES_MAX} cards and PINs, not {len(entries)}")
    parts = [tuple(entries[i : i + ENTRIES_PER_CHUNK]) for i in range(0, len(entries), ENTRIES_PER_CHUNK)] or [()]
    return [ListChunk(version, index, len(parts), expires, part) for index, part in enumerate(parts)]


@dataclass(frozen=True, slots=True)
class RotateKey:
    """Go over to the gate key that follows from the present one and ``nonce``; see :func:`rotated_key`."""

    verb: ClassVar[str] = "key"
    nonce: bytes

    @property
    def arguments(self) -> Arguments:
        """As they stand in the line."""
        return Arguments("rotate", self.nonce.hex())

    @classmethod
    def parse(cls, subject: str, value: str) -> Self:
        """Return what the arguments say, or raise :class:`ArgumentError`."""
        if subject != "rotate":
            raise ArgumentError("subject")
        if len(value) != 2 * NONCE_BYTES or _HEX.fullmatch(value) is None:
            raise ArgumentError("value")
        return cls(bytes.fromhex(value))


@dataclass(frozen=True, slots=True)
class Reset:
    """End what latches: after a fire the gate stays released until this, once the contact is quiet again."""

    verb: ClassVar[str] = "reset"
    what: str = "fire"

    @property
    def arguments(self) -> Arguments:
        """As they stand in the line."""
        return Arguments(self.what, NONE)

    @classmethod
    def parse(cls, subject: str, value: str) -> Self:
        """Return what the arguments say, or raise :class:`ArgumentError`."""
        if subject != "fire":
            raise ArgumentError("subject")
        if value != NONE:
            raise ArgumentError("value")
        return cls(subject)


@dataclass(frozen=True, slots=True)
class Learn:
    """Tell the digest of the next card at the reader beside ``relay``, if it comes within ``seconds``; 0 ends that."""

    verb: ClassVar[str] = "learn"
    relay: int
    seconds: int

    @property
    def arguments(self) -> Arguments:
        """As they stand in the line."""
        return Arguments(str(self.relay), str(self.seconds))

    @classmethod
    def parse(cls, subject: str, value: str) -> Self:
        """Return what the arguments say, or raise :class:`ArgumentError`."""
        relay = _number(subject, max(RELAYS), "subject", least=1)
        return cls(relay, _number(value, LEARN_MAX_S, "value"))


@dataclass(frozen=True, slots=True)
class Again:
    """Tell the events of this ``boot`` again, from number ``first`` on, as far as the node still has them."""

    verb: ClassVar[str] = "again"
    boot: int
    first: int

    @property
    def arguments(self) -> Arguments:
        """As they stand in the line."""
        return Arguments(str(self.boot), str(self.first))

    @classmethod
    def parse(cls, subject: str, value: str) -> Self:
        """Return what the arguments say, or raise :class:`ArgumentError`."""
        return cls(_number(subject, _UINT32, "subject"), _number(value, _UINT32, "value", least=1))


type Request = Open | Guard | SetMode | Hint | Time | ListChunk | RotateKey | Reset | Learn | Again
"""What a command may ask; ``request.verb`` and ``*request.arguments`` go into :class:`lines.Command`."""

REQUESTS: Final[dict[str, type[Request]]] = {
    kind.verb: kind for kind in (Open, Guard, SetMode, Hint, Time, ListChunk, RotateKey, Reset, Learn, Again)
}


# ---- keys and digests ----


def digest_key(gate_key: bytes, gate: str) -> bytes:
    """The key under which card numbers and PINs of one gate become digests."""
    return derive_key(gate_key, f"digest {gate}")


def card_digest(key: bytes, number: bytes) -> bytes:
    """The digest of a card under ``digest_key``: ``number`` is its bytes as the reader gives them, first byte first."""
    if not 1 <= len(number) <= 16:
        raise ValueError("a card number has 1 to 16 bytes")
    return _digest(key, f"card {number.hex()}")


def pin_digest(key: bytes, digits: str) -> bytes:
    """The digest of a PIN of 1 to 16 digits under ``digest_key``."""
    if _PIN.fullmatch(digits) is None:
        raise ValueError("a PIN has 1 to 16 digits")
    return _digest(key, f"pin {digits}")


def rotated_key(gate_key: bytes, nonce: bytes, gate: str) -> bytes:
    """The gate key that follows from this one and a nonce of 32 random bytes."""
    if len(nonce) != NONCE_BYTES or len(gate_key) != KEY_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, and a gate key {KEY_BYTES}")
    return derive_key(gate_key, f"rotate {nonce.hex()} {gate}")


def _digest(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).digest()[:DIGEST_BYTES]


# ---- events ----


@dataclass(frozen=True, slots=True)
class Presented:
    """The subject of a ``granted`` or ``denied``: ``<kind>:<relay>`` and, when denied, ``:<reason>``.

    The event's value is the digest in hex, or ``-`` for a card or PIN that is not on the list.
    """

    kind: str
    relay: int
    reason: str | None = None

    @classmethod
    def parse(cls, subject: str) -> Self:
        """Return what the subject says, or raise :class:`ArgumentError`; reasons of later versions are taken."""
        parts = subject.split(":")
        if not 2 <= len(parts) <= 3 or parts[0] not in KINDS:
            raise ArgumentError("subject")
        relay = _number(parts[1], max(RELAYS), "subject", least=1)
        return cls(parts[0], relay, parts[2] if len(parts) == 3 else None)


def own_opening(position: Position) -> str:
    """The id of an opening that the node has decided by its list: the position of its ``granted`` event, in hex.

    The passage events that follow bear it, as they bear a command's id.
    """
    return f"{position.boot:08x}{position.seq:08x}"


def weekdays(days: Iterable[int]) -> int:
    """The ``days`` of an entry for weekdays numbered as in ``datetime.weekday()``: Monday is 0."""
    return sum(1 << day for day in set(days))


def _number(text: str, most: int, argument: str, *, least: int = 0) -> int:
    number = parse_number(text, most)
    if number is None or number < least:
        raise ArgumentError(argument)
    return number


def _offset(text: str) -> int:
    if _OFFSET.fullmatch(text) is None or abs(int(text)) > OFFSET_MAX:
        raise ArgumentError("value")
    return int(text)
