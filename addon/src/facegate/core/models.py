"""The words of the domain, as frozen dataclasses. Arrays inside are never written to after they are made."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

type Image = NDArray[np.uint8]
"""(height, width, 3), BGR, 0–255."""

type Luma = NDArray[np.uint8]
"""(rows, columns): the brightness of every so many pixels of a picture."""

type Vector = NDArray[np.float32]
"""(dimensions,), unit length."""


class Direction(StrEnum):
    """Which way a camera looks at people, and so which relay of the node opens."""

    ENTRY = "entry"
    EXIT = "exit"

    @property
    def relay(self) -> int:
        """The relay on the wire."""
        return 1 if self is Direction.ENTRY else 2


class Mode(StrEnum):
    """How a gate is run."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"
    FREE = "free"


class LivenessLevel(StrEnum):
    """How much proof of life a gate asks for; ``off`` is recognition only and needs an explicit confirmation."""

    OFF = "off"
    PASSIVE = "passive"
    CHALLENGE = "challenge"
    SECOND_FACTOR = "second_factor"


class Masks(StrEnum):
    """What a camera does about a masked face: refuse it, or compare it because a second factor is asked for as well."""

    DENY = "deny"
    SECOND_FACTOR = "second_factor"


class ResidentState(StrEnum):
    """Where a resident stands; only ``enrolled`` may be let in."""

    INVITED = "invited"
    ENROLLED = "enrolled"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"


class PrivacyLevel(StrEnum):
    """What a resident lets be kept of their face: a template, half of one's key (the other half is theirs), nothing."""

    STANDARD = "standard"
    STRICT = "strict"
    NO_FACE = "no_face"


class Method(StrEnum):
    """What asked for an opening."""

    FACE = "face"
    QR = "qr"
    PIN = "pin"
    CARD = "card"
    PHONE = "phone"
    REMOTE = "remote"
    EXIT = "exit"
    NONE = "none"


class Verdict(StrEnum):
    """What was decided."""

    GRANTED = "access_granted"
    DENIED = "access_denied"


class Reason(StrEnum):
    """Why; the same words as ``contract.messages.REASONS``, each a translation key wherever a person sees it."""

    RECOGNISED = "recognised"
    UNKNOWN_FACE = "unknown_face"
    AMBIGUOUS = "ambiguous"
    POOR_QUALITY = "poor_quality"
    NOT_LIVE = "not_live"
    LIVENESS_MISSING = "liveness_missing"
    SECOND_FACTOR_MISSING = "second_factor_missing"
    UNDECIDED = "undecided"
    MASK = "mask"
    OUTSIDE_HOURS = "outside_hours"
    NOT_THIS_GATE = "not_this_gate"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    LOCKDOWN = "lockdown"
    REMOTE = "remote"
    GUARD = "guard"
    STANDS_OPEN = "stands_open"
    NOT_COMMISSIONED = "not_commissioned"
    LISTED = "listed"
    NOT_LISTED = "not_listed"
    NO_LIST = "no_list"
    CLOCK = "clock"
    PINS_LOCKED = "pins_locked"
    PASS_GOOD = "pass_good"  # noqa: S105  # a word, no password
    PASS_UNKNOWN = "pass_unknown"  # noqa: S105
    PASS_USED = "pass_used"  # noqa: S105
    PASS_AGAIN = "pass_again"  # noqa: S105
    PASS_EXPIRED = "pass_expired"  # noqa: S105
    PASS_REVOKED = "pass_revoked"  # noqa: S105
    NODE_SILENT = "node_silent"
    NODE_BUSY = "node_busy"
    NODE_REFUSED = "node_refused"
    NO_ANSWER = "no_answer"
    PERSON_LEFT = "person_left"
    FAULT = "fault"
    PASSAGE = "passage"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of one camera. ``captured_at``: seconds on the monotonic clock; ``clip_time``: seconds of stream."""

    camera: str
    number: int
    image: Image
    captured_at: float
    clip_time: float = 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the full frame, edges in floating point."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels from the left to the right edge, never negative."""
        return max(0.0, self.right - self.left)

    @property
    def height(self) -> float:
        """Pixels from the top to the bottom edge, never negative."""
        return max(0.0, self.bottom - self.top)

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def shared(self, other: Box) -> float:
        """The area that both have, in square pixels."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        shared = self.shared(other)
        if shared <= 0:
            return 0.0
        return shared / (self.width * self.height + other.width * other.height - shared)


@dataclass(frozen=True, slots=True)
class Face:
    """One detected face. ``landmarks``: (5, 2) float32 pixels: right eye, left eye, nose, right and left mouth corner
    of the person, as YuNet and ArcFace order them (the picture's left first).
    """

    box: Box
    landmarks: NDArray[np.float32]
    score: float

    @property
    def size(self) -> float:
        """The shorter side of the box in pixels."""
        return min(self.box.width, self.box.height)


@dataclass(frozen=True, slots=True)
class Template:
    """One sealed-at-rest face template of one resident, opened into memory. It remembers the model that made it."""

    id: str
    resident: str
    model: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Resident:
    """A person who lives here. ``gates`` empty means every gate; times are Unix seconds, ``None`` for no limit.

    ``flat``: the label on the door. ``groups``: what automations and lists call several residents by. ``minor``: under
    14, so that a guardian consents. ``residence_seen``: somebody has seen a proof of residence; of the proof nothing
    is kept. ``person_name``: what Home Assistant called the person when it was linked; ``person_gone`` and
    ``person_renamed`` are questions to the owner: Home Assistant has no such person any more, or calls them so by now.
    """

    id: str
    name: str
    person: str | None = None
    state: ResidentState = ResidentState.INVITED
    valid_from: float | None = None
    valid_until: float | None = None
    gates: frozenset[str] = frozenset()
    flat: str = ""
    groups: frozenset[str] = frozenset()
    level: PrivacyLevel = PrivacyLevel.STANDARD
    minor: bool = False
    residence_seen: bool = False
    person_name: str = ""
    person_gone: bool = False
    person_renamed: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """A way in or out with one node. ``id`` is its name on the wire and never changes.

    ``trial``: its node is software and moves no door; chosen when it is added, for ever. ``faces``: whether its cameras
    recognise anybody; a gate with a door begins without, and ``core.ways`` says when that may change. ``phone``:
    whether residents' own phones may open it. ``readers``: what its node reads of ``card`` and ``pin``, in the owner's
    words; of a gate whose hardware is known that says it.
    """

    id: str
    name: str
    mode: Mode = Mode.NORMAL
    pulse_ms: int = 0
    trial: bool = False
    faces: bool = False
    phone: bool = False
    readers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera at one gate. ``source`` may hold credentials: it is shown only through ``adapters.camera.redact``.

    ``zone``: polygon of (x, y) in 0–1 of width and height, empty for the whole picture. ``min_face`` in pixels,
    ``dwell`` in seconds. ``on_press``: nobody is recognised until somebody has pressed the button.
    """

    id: str
    gate: str
    source: str = field(repr=False)  # it may hold credentials
    direction: Direction = Direction.ENTRY
    transport: str = "tcp"
    zone: tuple[tuple[float, float], ...] = ()
    min_face: float = 48.0
    dwell: float = 0.3
    liveness: LivenessLevel = LivenessLevel.PASSIVE
    on_press: bool = False
    masks: Masks = Masks.DENY

    def __post_init__(self) -> None:
        """Refuse what no gate may be set to: a face that is half hidden is never the only key."""
        if self.masks is Masks.SECOND_FACTOR and self.liveness is not LivenessLevel.SECOND_FACTOR:
            raise ValueError("masked faces are compared only where a second factor is asked for as well")


@dataclass(frozen=True, slots=True)
class LivenessEvidence:
    """What a level asked for and what the frames said; ``None`` where nothing could be measured.

    ``live``: median of the anti-spoofing model's weighed answers, 0–1. ``change``: the most that changed in the face
    and that no flat picture explains. ``refused``: why the demand is not met.
    """

    level: LivenessLevel
    frames: int
    live: float | None
    change: float | None
    refused: Reason | None

    @property
    def passed(self) -> bool:
        """Whether the level's demand is met."""
        return self.refused is None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one approach at one camera.

    ``at``: monotonic seconds of the frame that decided; ``clip_time``: the same in stream time. ``score`` and
    ``runner_up``: cosine of the best and second-best resident, ``None`` where nothing was matched. ``ms``: stage
    times of the deciding frame. ``liveness``: what was known of life by then. ``advice``: what the person can do about
    a refusal, a translation key, empty for nothing.
    """

    camera: str
    gate: str
    direction: Direction
    track: int
    verdict: Verdict
    reason: Reason
    at: float
    clip_time: float = 0.0
    method: Method = Method.FACE
    resident: str | None = None
    score: float | None = None
    runner_up: float | None = None
    faces: int = 1
    ms: dict[str, float] = field(default_factory=dict)
    liveness: LivenessEvidence | None = None
    advice: str = ""
