"""Somebody stands before a gate's camera to be enrolled: what they are asked, what came of it. Pure; time is given.

looking → storing → testing → done, or at any moment: refused, failed, cancelled, timed out. Whatever the end, no
picture is kept, and but for the end *done* no vector either.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from facegate.residents.collecting import Collection, View
from facegate.residents.enrolment import Alike
from facegate.residents.picture import Judgement

MOST_SECONDS: Final = 120.0
"""For looking: whoever needs longer begins again."""
TEST_SECONDS: Final = 10.0
SHOWN_SECONDS: Final = 60.0
"""How long the end can be read."""


class Stage(StrEnum):
    """Where a session is; each is a translation key."""

    LOOKING = "looking"
    STORING = "storing"
    TESTING = "testing"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


ENDED: Final = frozenset({Stage.DONE, Stage.REFUSED, Stage.FAILED, Stage.CANCELLED, Stage.TIMED_OUT})


@dataclass(slots=True)
class Standing:
    """One session. ``began``: monotonic seconds. ``recognised``: what the test said, ``None`` before it."""

    resident: str
    camera: str
    collection: Collection
    began: float
    stage: Stage = Stage.LOOKING
    recognised: bool | None = None
    duplicate: str | None = None
    alike: tuple[Alike, ...] = ()
    stored: int = 0
    problem: str = ""
    _since: float = field(default=0.0)

    def __post_init__(self) -> None:
        self._since = self.began

    @property
    def ended(self) -> bool:
        """Whether nothing more is looked at."""
        return self.stage in ENDED

    def over(self, at: float) -> bool:
        """Whether it can be forgotten."""
        return self.ended and at - self._since >= SHOWN_SECONDS

    def left(self, at: float) -> float:
        """Seconds until it times out."""
        return max(0.0, MOST_SECONDS - (at - self.began)) if self.stage is Stage.LOOKING else 0.0

    def wanted(self, at: float) -> View | None:
        """Which view the person is asked for now."""
        return self.collection.wanted(at) if self.stage is Stage.LOOKING else None

    def saw(self, judgement: Judgement, at: float) -> Stage:
        """Take one picture while it is looked for them."""
        if self.stage is Stage.LOOKING:
            self.collection.offer(judgement, at)
            if self.collection.wanted(at) is None:
                self.go(Stage.STORING, at)
        return self.tick(at)

    def tick(self, at: float) -> Stage:
        """Let time pass."""
        if self.stage is Stage.LOOKING and at - self.began >= MOST_SECONDS:
            self.go(Stage.TIMED_OUT, at)
        if self.stage is Stage.TESTING and at - self._since >= TEST_SECONDS:
            self.recognised = False
            self.go(Stage.DONE, at)
        return self.stage

    def tested(self, recognised: bool, at: float) -> None:  # the one thing that it says
        """Take what a picture after storing has shown: recognised is final, anything else is tried again."""
        if self.stage is Stage.TESTING and recognised:
            self.recognised = True
            self.go(Stage.DONE, at)

    def go(self, stage: Stage, at: float) -> None:
        """Go to another stage; at the end nothing that was gathered is kept."""
        if self.ended:
            return
        self.stage, self._since = stage, at
        if stage not in {Stage.LOOKING, Stage.STORING}:
            self.collection.forget()
