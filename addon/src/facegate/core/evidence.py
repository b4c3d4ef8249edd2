"""Which frames of an approach speak for the identity, how loudly, and for whom: k of n over the best ones.

A face that is turned or blurred is recognised less well, and so its frame counts for less. Everything within the last
``recent`` seconds stands for choice, the best ``of`` are asked, and no frame of that time may come near anybody else.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, isfinite, radians
from typing import Protocol

from facegate.core.matching import Match
from facegate.core.quality import Quality

_SOFT = (0.86, 0.7)
"""What blur leaves of the similarity: 0.86 + 0.7 × sharpness. 102 pictures blurred step by step kept 0.99 of it
at a sharpness of 0.20, 0.93 at 0.11 and 0.80 at 0.07; see docs/measurements/accuracy.md."""

_DIGITS = 1
"""A weight is no finer than the pose it rests on; frames of the same weight give way to newer, nearer ones."""


class Voter(Protocol):
    """A good frame."""

    @property
    def at(self) -> float:
        """When it was taken, in seconds."""

    @property
    def match(self) -> Match | None:
        """Whom it shows."""

    @property
    def weight(self) -> float:
        """See :func:`weigh`."""


class Rule(Protocol):
    """What the vote needs of ``core.session.Thresholds``, which says what each part means."""

    @property
    def agree(self) -> int:
        """How many must name one resident."""

    @property
    def of(self) -> int:
        """Of how many that are asked."""

    @property
    def recent(self) -> float:
        """How old they may be, in seconds."""

    def names(self, match: Match) -> str | None:
        """The resident that a frame names for certain."""

    def reaches(self, match: Match) -> bool:
        """Whether a frame comes near to its best resident."""


@dataclass(frozen=True, slots=True)
class Vote[T: Voter]:
    """``asked``: the best frames, in order. ``named``: those of them that name ``resident``, who has won if not
    ``None``. ``near``: all recent frames that come near to anybody.
    """

    asked: tuple[T, ...]
    near: tuple[T, ...]
    resident: str | None = None
    named: tuple[T, ...] = ()

    @property
    def best(self) -> Match | None:
        """The match with the highest score among those that count."""
        matches = [voter.match for voter in self.named or self.asked if voter.match is not None]
        return max(matches, key=lambda match: match.score, default=None)


def weigh(quality: Quality) -> float:
    """Return how much of its similarity a face of this quality keeps, 0 to 1 in tenths.

    Measured: turned by 15, 25, 35 and 48 degrees a face keeps 0.91, 0.87, 0.80 and 0.65 of it, nearly the cosine; its
    size takes nothing down to 48 pixels (0.98).
    """
    base, slope = _SOFT
    if not (isfinite(quality.pose.yaw) and isfinite(quality.sharpness)):
        return 0.0
    kept = cos(radians(quality.pose.yaw)) * min(1.0, base + slope * quality.sharpness)
    return max(0.0, round(kept, _DIGITS))


def vote[T: Voter](frames: Sequence[T], at: float, rule: Rule) -> Vote[T]:
    """Ask the best recent frames who it is. ``frames``: of one unbroken run, in order."""
    recent = [frame for frame in frames if 0 <= at - frame.at <= rule.recent]
    # Of two that are as good the newer one: the person has come nearer since.
    best = sorted(range(len(recent)), key=lambda n: (recent[n].weight, n), reverse=True)[: rule.of]
    asked = tuple(recent[number] for number in sorted(best))
    near = tuple(frame for frame in recent if frame.match is not None and rule.reaches(frame.match))
    voices: dict[str, list[T]] = defaultdict(list)
    for frame in asked:
        if frame.match is not None and (name := rule.names(frame.match)) is not None:
            voices[name].append(frame)
    if not voices:
        return Vote(asked, near)
    resident, named = max(voices.items(), key=lambda voice: len(voice[1]))
    loud = 2 * sum(frame.weight for frame in named) > sum(frame.weight for frame in asked)
    others = any(frame.match is not None and frame.match.resident != resident for frame in near)
    if len(named) < rule.agree or not loud or others:
        return Vote(asked, near)
    return Vote(asked, near, resident, tuple(named))
