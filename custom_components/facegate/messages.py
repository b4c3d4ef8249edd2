"""Topics and JSON messages between the recognizer and Home Assistant; docs/protocol.md is the specification.

This file is copied byte for byte into custom_components/facegate (a test compares them), so it imports the
standard library alone. Messages are flat JSON objects; ``mac`` is HMAC-SHA-256 in hex under the pairing key over the
canonical form of all other members: keys sorted, no spaces, ASCII, no floats.
"""

import hashlib
import hmac
import json
import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

PREFIX: Final = "facegate"
MESSAGE_VERSION: Final = 1
MAX_MESSAGE: Final = 8192  # bytes
MAX_AGE_MS: Final = 30_000
"""An event older (or further in the future) than this is history: Home Assistant drops it."""

GRANTED: Final = "access_granted"
DENIED: Final = "access_denied"
ACCESS_TYPES: Final = (GRANTED, DENIED)
PASSAGE_TYPES: Final = ("passed", "not_passed", "tailgated", "forced")
GATE_TYPES: Final = ("exit", "fire", "tamper", "held", "mode", "locked", "key", "refused", "lost")
"""What a gate tells of itself; ``detail`` says more. Nobody's name is in it."""
FIRES: Final = ("none", "active", "latched")
"""``latched``: the contact is quiet again, and the gate stays released until somebody resets it."""
METHODS: Final = ("face", "qr", "pin", "card", "phone", "remote", "exit", "none")
DIRECTIONS: Final = ("entry", "exit")
UNKNOWN_COUNT: Final = -1
"""Of people that nobody can count."""
REASONS: Final = (
    "recognised",
    "unknown_face",
    "ambiguous",
    "poor_quality",
    "not_live",
    "liveness_missing",
    "second_factor_missing",
    "undecided",
    "mask",
    "outside_hours",
    "not_this_gate",
    "suspended",
    "expired",
    "lockdown",
    "remote",
    "guard",
    "stands_open",
    "not_commissioned",
    "listed",
    "not_listed",
    "no_list",
    "clock",
    "pins_locked",
    "pass_good",
    "pass_unknown",
    "pass_used",
    "pass_again",
    "pass_expired",
    "pass_revoked",
    "node_silent",
    "node_busy",
    "node_refused",
    "no_answer",
    "person_left",
    "fault",
    "passage",
    "reported",
)
"""Why; each is a translation key wherever a person sees it."""

_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_HEX32 = re.compile(r"[0-9a-f]{32}")


class MessageError(ValueError):
    """A message that is not to be believed; ``reason`` is one of size, format, version, kind, mac."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one site."""

    site: str

    def __post_init__(self) -> None:
        if _SITE.fullmatch(self.site) is None:
            raise ValueError("a site is named with 1 to 32 of a-z, 0-9 and '-'")

    @property
    def status(self) -> str:
        """Retained, last will: the installation and where its API is."""
        return f"{PREFIX}/{self.site}/status"

    @property
    def event(self) -> str:
        """Signed access and passage events, never retained."""
        return f"{PREFIX}/{self.site}/event"

    def state(self, gate: str) -> str:
        """Retained, signed: mode and health of one gate; never a cause to open."""
        return f"{PREFIX}/{self.site}/gate/{gate}/state"

    def command(self, gate: str) -> str:
        """Signed commands to the node, never retained."""
        return f"{PREFIX}/{self.site}/gate/{gate}/command"

    def node(self, gate: str, leaf: str) -> str:
        """What the node says: ``leaf`` is status, hello, ack or event."""
        return f"{PREFIX}/{self.site}/gate/{gate}/node/{leaf}"


@dataclass(frozen=True, slots=True)
class Status:
    """Which recognizer lives here. Unsigned: it may propose a new installation, never change a known one."""

    installation: str
    version: str
    api: str
    online: bool

    def encode(self) -> bytes:
        """Return the message."""
        return _canonical({"v": MESSAGE_VERSION, "kind": "status", **asdict(self)})

    @classmethod
    def parse(cls, payload: bytes | str) -> Self:
        """Return the status in ``payload``, or raise :class:`MessageError`."""
        content = _load(payload, "status")
        status = _build(cls, content)
        if _HEX32.fullmatch(status.installation) is None:
            raise MessageError("format")
        return status


@dataclass(frozen=True, slots=True)
class GateEvent:
    """One access decision, one passage, or what a gate tells of itself.

    The resident appears only as ``alias``, which the API resolves once. ``at`` is Unix time in ms. (``boot``, ``seq``)
    only ever grow. ``opening`` ties a passage to its grant. ``ms`` holds stage times in whole milliseconds. ``detail``
    says more of the types in :data:`GATE_TYPES`: start, quiet or clear, the mode, a number.
    """

    site: str
    boot: int
    seq: int
    id: str
    at: int
    gate: str
    type: str
    reason: str
    method: str
    direction: str = "entry"
    faces: int = 0
    alias: str = ""
    opening: str = ""
    ms: dict[str, int] = field(default_factory=dict)
    detail: str = ""

    def sign(self, key: bytes) -> bytes:
        """Return the message under the pairing key."""
        return _sign_message("event", asdict(self), key)

    @classmethod
    def parse(cls, payload: bytes | str, key: bytes) -> Self:
        """Return the event in ``payload``, or raise :class:`MessageError`. Unknown types and reasons are tolerated."""
        event = _build(cls, _verified(payload, "event", key))
        if not all(type(value) is int for value in event.ms.values()):
            raise MessageError("format")
        return event


@dataclass(frozen=True, slots=True)
class GateState:
    """Mode and health of one gate. ``camera``: ok, silent, off; ``node``: online, silent, offline.

    ``prompt``: what somebody before the camera is asked to do now, empty for nothing. ``fire``: one of :data:`FIRES`.
    ``tamper``: the node's case is open; ``held``: the door stays open for too long. ``list_state``: how the list
    of cards and PINs does; ``list_version`` is in force at the node, 0 for none, until ``list_expires``, 0 for ever.
    ``passages``: people who went through today. ``inside``: who came in here since ``since`` (Unix seconds) and did not
    go out here; of ``unsure`` more nobody told the way. ``site_inside``: by all gates together.
    """

    site: str
    boot: int
    seq: int
    at: int
    gate: str
    name: str
    mode: str = "normal"
    camera: str = "off"
    node: str = "offline"
    problems: list[str] = field(default_factory=list)
    prompt: str = ""
    fire: str = "none"
    tamper: bool = False
    held: bool = False
    list_state: str = "none"
    list_version: int = 0
    list_expires: int = 0
    passages: int = UNKNOWN_COUNT
    inside: int = UNKNOWN_COUNT
    unsure: int = 0
    since: int = 0
    site_inside: int = UNKNOWN_COUNT

    def sign(self, key: bytes) -> bytes:
        """Return the message under the pairing key."""
        return _sign_message("state", asdict(self), key)

    @classmethod
    def parse(cls, payload: bytes | str, key: bytes) -> Self:
        """Return the state in ``payload``, or raise :class:`MessageError`."""
        state = _build(cls, _verified(payload, "state", key))
        if not all(isinstance(problem, str) for problem in state.problems):
            raise MessageError("format")
        return state


def prove(key: bytes, *, nonce: str, installation: str, api: str) -> str:
    """Return the recognizer's answer to ``nonce``: proof that whoever answers holds the pairing key.

    ``api`` is the address that the recognizer calls its own. Home Assistant sends tokens to that address alone, so
    that a stranger who hands the question on to the real recognizer gains nothing by its answer.
    """
    text = f"{PREFIX}/{MESSAGE_VERSION} proof {installation} {api} {nonce}"
    return hmac.new(key, text.encode("utf-8"), hashlib.sha256).hexdigest()


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def _mac(content: dict[str, Any], key: bytes) -> str:
    return hmac.new(key, _canonical(content), hashlib.sha256).hexdigest()


def _sign_message(kind: str, content: dict[str, Any], key: bytes) -> bytes:
    message = {"v": MESSAGE_VERSION, "kind": kind, **content}
    return _canonical({**message, "mac": _mac(message, key)})


def _load(payload: bytes | str, kind: str) -> dict[str, Any]:
    if not 0 < len(payload) <= MAX_MESSAGE:
        raise MessageError("size")
    try:
        content = json.loads(payload, object_pairs_hook=_no_repeats, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise MessageError("format") from error
    if not isinstance(content, dict):
        raise MessageError("format")
    if content.get("v") != MESSAGE_VERSION:
        raise MessageError("version")
    if content.get("kind") != kind:
        raise MessageError("kind")
    return content


def _verified(payload: bytes | str, kind: str, key: bytes) -> dict[str, Any]:
    content = _load(payload, kind)
    mac = content.pop("mac", None)
    # Only ASCII can be compared, and JSON can carry what cannot even be encoded.
    if not isinstance(mac, str) or not mac.isascii() or not hmac.compare_digest(_mac(content, key), mac):
        raise MessageError("mac")
    return content


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a member stands twice")
    return content


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not a number of this contract")


def _build[T](cls: type[T], content: dict[str, Any]) -> T:
    """Members that this version does not know are passed over; members with a default may be missing."""
    known: dict[str, Any] = {}
    for f in fields(cls):  # type: ignore[arg-type]  # T is always one of the dataclasses above
        if f.name in content:
            value = content[f.name]
            wanted = getattr(f.type, "__origin__", f.type)
            if type(value) is not wanted:
                raise MessageError("format")
            known[f.name] = value
    try:
        return cls(**known)
    except TypeError as error:
        raise MessageError("format") from error
