"""What a node's event says, read once at the edge: the words of docs/protocol.md, section 6, as types."""

from dataclasses import dataclass

from facegate.contract.lines import NONE, RELAYS, NodeEvent, is_opening_id, parse_number
from facegate.contract.messages import PASSAGE_TYPES
from facegate.contract.verbs import ArgumentError, Presented, own_opening
from facegate.core.models import Direction

_COUNT_MAX = 2**32 - 1
_DIRECTIONS = {str(direction.relay): direction for direction in Direction}
_PHASES = {
    "fire": frozenset({"start", "quiet", "clear"}),
    "tamper": frozenset({"start", "clear"}),
    "held": frozenset({"start", "clear"}),
}


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody went through, or did not. ``what``: passed, not_passed, tailgated, forced.

    ``direction`` is ``None`` where no beam tells; ``opening`` is empty where there was none.
    """

    what: str
    direction: Direction | None = None
    opening: str = ""
    at_door: bool = False


@dataclass(frozen=True, slots=True)
class ExitButton:
    """The exit button opened."""

    direction: Direction


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody asks to be recognised, on this side of a gate that waits for that."""

    direction: Direction


@dataclass(frozen=True, slots=True)
class Alarm:
    """``what`` (fire, tamper, held) begins or ends: ``phase`` is start or clear; quiet: a fire still releases."""

    what: str
    phase: str


@dataclass(frozen=True, slots=True)
class ModeChange:
    """The gate's mode is another. ``cause``: command, end of its time, or still in force after a boot."""

    mode: str
    cause: str


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """The node's list has opened for a card or a PIN (``reason`` is ``None``), or has not.

    ``digest`` is in hex, empty for what is on no list; ``opening`` names what a grant has opened.
    """

    kind: str
    direction: Direction
    reason: str | None
    digest: str = ""
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Factor:
    """A card or a PIN was presented at a gate that asks for two factors; ``digest`` is in hex."""

    kind: str
    direction: Direction
    digest: str


@dataclass(frozen=True, slots=True)
class Learned:
    """The card that somebody has asked to learn at this reader; ``digest`` is in hex."""

    direction: Direction
    digest: str


@dataclass(frozen=True, slots=True)
class PinsLocked:
    """Too many wrong PINs: none is looked at for this time."""

    direction: Direction
    seconds: int


@dataclass(frozen=True, slots=True)
class KeyRotated:
    """The node has erased its old key."""


@dataclass(frozen=True, slots=True)
class LineRefused:
    """The node has not believed a line; ``count`` of them since it started."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Other:
    """Something that this version does not know, or that is not as the specification says; kept in its own words."""

    what: str
    subject: str
    value: str


type Happening = (
    Passage
    | ExitButton
    | Pressed
    | Alarm
    | ModeChange
    | ListVerdict
    | Factor
    | Learned
    | PinsLocked
    | KeyRotated
    | LineRefused
    | Other
)


def read(event: NodeEvent) -> Happening:  # noqa: PLR0911  # one line for each type of event
    """Return what a verified event says."""
    subject, value, direction = event.subject, event.value, _DIRECTIONS.get(event.subject)
    number = parse_number(value, _COUNT_MAX)
    opening = value if is_opening_id(value) else ""
    match event.type:
        case what if what in PASSAGE_TYPES and (direction is not None or subject == NONE):
            return Passage(what, direction, opening, at_door=value == "door")
        case "exit" if direction is not None:
            return ExitButton(direction)
        case "press" if direction is not None:
            return Pressed(direction)
        case what if subject in _PHASES.get(what, ()):
            return Alarm(what, subject)
        case "mode":
            return ModeChange(subject, value)
        case "granted" | "denied":
            return _verdict(event)
        case "card" | "pin" if direction is not None:
            return Factor(event.type, direction, value)
        case "learned" if direction is not None:
            return Learned(direction, value)
        case "locked" if direction is not None and number is not None:
            return PinsLocked(direction, number)
        case "key" if subject == "rotated":
            return KeyRotated()
        case "refused" if number is not None:
            return LineRefused(subject, number)
    return Other(event.type, subject, value)


def _verdict(event: NodeEvent) -> ListVerdict | Other:
    try:
        presented = Presented.parse(event.subject)
    except ArgumentError:
        presented = None
    granted = event.type == "granted"
    if presented is None or (presented.reason is None) != granted or presented.relay not in RELAYS:
        return Other(event.type, event.subject, event.value)
    return ListVerdict(
        kind=presented.kind,
        direction=_DIRECTIONS[str(presented.relay)],
        reason=presented.reason,
        digest="" if event.value == NONE else event.value,
        opening=own_opening(event.position) if granted else "",
    )
