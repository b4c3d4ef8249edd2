"""What a camera's pipeline keeps of a face between two frames, and only for as long as it stands there."""

from dataclasses import dataclass, field

from facegate.core.intent import Intent
from facegate.core.models import Box, Face, Frame, Image, Reason
from facegate.core.quality import Fault
from facegate.core.session import Approach, Outcome, Sight


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A face in one frame, whose pixels wait untouched until its intent is clear. ``boxes``: of all faces there."""

    face: Face
    frame: Frame
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Masked:
    """A frame in which only those can be seen who are looked into. ``hidden``: where the others were."""

    frame: Frame
    hidden: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a face in one frame; ``chip`` is ``None`` if it is not worth to be embedded."""

    sight: Sight
    chip: Image | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known on one run of one track.

    ``first``: the aligned face that later ones are compared with. ``refused``: why the track was refused last, which
    is not said twice. ``armed``: until when a press lets this face be recognised; ``told``: what came of an earlier
    press was said. ``faults``, ``spoilt``: what was wrong with the newest picture, and with how many in a row.
    """

    run: int
    intent: Intent = field(default_factory=Intent)
    waiting: tuple[Glimpse, ...] = ()
    approach: Approach | None = None
    first: Image | None = None
    refused: Reason | None = None
    looked: float = float("-inf")
    armed: float | None = None
    told: bool = False
    faults: tuple[Fault, ...] = ()
    spoilt: int = 0

    @property
    def outcome(self) -> Outcome | None:
        """The verdict on its approach, once there is one."""
        return self.approach.outcome if self.approach else None

    def counts(self, at: float) -> bool:
        """Whether a press still lets this face be recognised: until it is decided, then for whom it has named."""
        if self.armed is None:
            return False
        return at <= self.armed if self.outcome is None else self.outcome.resident is not None
