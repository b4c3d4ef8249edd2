"""Ask for one movement that nobody can foresee, and see whether the face makes it in time.

A replayed film moves by its own will, a print by the hand that holds it. The movement is measured by the landmarks of
the very approach that is being decided: another face, a gap or an overlap ends the approach, and its challenge with it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite

from facegate.core.models import Reason


class Prompt(StrEnum):
    """What to do; each is a translation key wherever a person sees it. Left and right are the person's own."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    COME_CLOSER = "come_closer"


TURN = 20.0
"""Degrees to turn from where the face looked: twice the error of the estimated pose, and still well within the gate's
limit of 55, so that the face goes on being recognised."""

CLOSER = 1.25
"""Times as large as it was: one step from two metres."""

REACTION = 0.25
"""Seconds before which nobody can have read the prompt: what moves earlier does not answer it."""

SECONDS = 6.0
"""Time to read a prompt and to follow it."""

HELD = 2
"""Frames in a row that must show the movement: one may be a landmark's slip."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One prompt and what has come of it. ``yaw``, ``size``: where the face was when it could first react.

    ``right``, ``wrong``: frames in a row that show the movement, or a turn to the other side.
    """

    prompt: Prompt
    since: float
    yaw: float | None = None
    size: float | None = None
    right: int = 0
    wrong: int = 0

    @classmethod
    def pose(cls, draw: float, at: float) -> Challenge:
        """Return a new challenge. ``draw``: a random number from 0 up to 1 that nobody can foresee."""
        if not (0 <= draw < 1 and isfinite(at)):
            raise ValueError("a challenge needs a random number from 0 up to 1 and a time")
        prompts = tuple(Prompt)
        return cls(prompts[int(draw * len(prompts))], at)

    @property
    def met(self) -> bool:
        """Whether the movement was made."""
        return self.right >= HELD

    def saw(self, yaw: float, size: float, at: float) -> Challenge:
        """Return the challenge after one more frame; what is no number, too early or too late changes nothing.

        Args:
            yaw: degrees, positive to the picture's right, which is the person's left.
            size: pixels of the face.
            at: seconds.
        """
        if self.met or self.wrong >= HELD or not (isfinite(yaw) and isfinite(size) and size > 0):
            return self
        if not REACTION <= at - self.since <= SECONDS:
            return self
        if self.yaw is None or self.size is None:
            return replace(self, yaw=yaw, size=size)
        turned = yaw - self.yaw
        if self.prompt is Prompt.COME_CLOSER:
            right, wrong = size >= CLOSER * self.size, False
        else:
            toward = turned if self.prompt is Prompt.TURN_LEFT else -turned
            right, wrong = toward >= TURN, toward <= -TURN
        return replace(self, right=self.right + 1 if right else 0, wrong=self.wrong + 1 if wrong else 0)

    def refusal(self, at: float) -> Reason | None:
        """Why the challenge is lost by ``at``, if it is: the other way, or not everything in time."""
        if self.wrong >= HELD:
            return Reason.NOT_LIVE
        return None if 0 <= at - self.since <= SECONDS else Reason.LIVENESS_MISSING
