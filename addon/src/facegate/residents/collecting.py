"""Different good pictures of one face, gathered while somebody looks into a camera: front, and to either side.

Pure: pictures have been judged before they come here, and time is an argument. What is gathered are vectors alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from facegate.core.models import Vector
from facegate.core.quality import Fault
from facegate.core.session import Thresholds
from facegate.residents.enrolment import REPEATED
from facegate.residents.picture import Judgement, Refusal


class View(StrEnum):
    """Which way the head is turned, as the person says it."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"


ASIDE: Final = 12.0
"""Degrees from which a head is turned aside; what is measured on one held still varies by 4."""
PER_VIEW: Final = 2
PATIENCE: Final = 12.0
"""Seconds without anything new after which a side is done without: not everybody can turn the head."""

_THRESHOLDS: Final = Thresholds()


@dataclass(frozen=True, slots=True)
class Offered:
    """What became of one picture: whether it was kept, which view it shows, and what was wrong with it."""

    kept: bool = False
    view: View | None = None
    says: tuple[Fault | Refusal, ...] = ()


@dataclass(slots=True)
class Collection:
    """What was gathered of one person so far.

    ``own``: vectors of that person that are known already; every new one must show the same face.
    """

    own: Sequence[Vector] = field(default=(), repr=False)
    thresholds: Thresholds = _THRESHOLDS
    views: list[View] = field(default_factory=list)
    vectors: list[Vector] = field(default_factory=list, repr=False)
    last: Offered = field(default_factory=Offered)
    _moved: float | None = None

    def offer(self, judgement: Judgement, at: float) -> Offered:
        """Take a picture, or say why not. ``at``: monotonic seconds."""
        if self._moved is None:
            self._moved = at
        self.last = self._weigh(judgement)
        if self.last.kept and self.last.view is not None and judgement.vector is not None:
            self.vectors.append(judgement.vector)
            self.views.append(self.last.view)
            self._moved = at
        return self.last

    def wanted(self, at: float) -> View | None:
        """Which view is missing still; ``None`` once there is enough."""
        missing = next((view for view in View if view not in self.views), None)
        waited = self._moved is not None and at - self._moved >= PATIENCE
        return None if missing is not View.FRONT and waited else missing

    def forget(self) -> None:
        """Keep nothing."""
        self.vectors.clear()
        self.views.clear()

    def _weigh(self, judgement: Judgement) -> Offered:
        vector, quality = judgement.vector, judgement.quality
        if vector is None or quality is None:
            return Offered(says=judgement.refused)
        known = [*self.own, *self.vectors]
        if known and max(float(vector @ seen) for seen in known) < self.thresholds.pictures:
            return Offered(says=(Refusal.NOT_SAME_PERSON,))
        view = view_of(quality.pose.yaw)
        repeated = any(float(vector @ seen) > REPEATED for seen in known)
        return Offered(not repeated and self.views.count(view) < PER_VIEW, view)


def view_of(yaw: float) -> View:
    """The view of a head turned so many degrees to the picture's right, which is the person's left."""
    if abs(yaw) < ASIDE:
        return View.FRONT
    return View.LEFT if yaw > 0 else View.RIGHT
