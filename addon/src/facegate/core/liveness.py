"""Is there a living person in front of the camera? Whatever is not proved is not so.

Level ``passive`` asks two independent questions about the very frames that also speak for the identity, and both must
be answered well:

* Does the face with its surroundings look alive? The median of the anti-spoofing model's answers, each weighed by how
  much of the surroundings it could see (``weigh``).
* Has the face changed in a way that no moved flat picture explains (``core.planarity``)? A still on a stand, or a
  frozen picture, never does.

``challenge`` asks both and a movement at a random prompt (``core.challenge``); ``second_factor`` asks both and never
opens by itself (``core.second_factor``). Figures, and where the constants come from: docs/measurements/liveness.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from statistics import median

from facegate.core.models import Box, LivenessEvidence, LivenessLevel, Reason

CONTEXT = 2.7
"""Times the face's box that the anti-spoofing network was trained to see."""

LIVE_AT = 0.5
"""The model's own boundary between its classes, for the median of the weighed answers."""

LEAST_FRAMES = 3
"""A median of fewer frames is one frame's opinion; more than three refused no more attacks of the development set."""

FULL_CONTEXT = 2.0
"""Times the face's box from which the model sees the edge of what is held up. On the development set none of the 246
frames of attacks with as much reached 0.5; of those with less, 9 of 57 did, up to 0.92."""

LEAST_CONTEXT = 1.35
"""Half of what the network was trained to see. With less, tight crops of pictures and of people are answered alike."""

DOUBT = 4.0
"""Odds by which an answer with little context is weaker evidence: it must reach 0.8 where 0.5 is enough else. With 2,
replays passed for a moment, with 3 none did; with 7, one living person in 13 was refused (development sets)."""

CHANGED_AT = 0.03
"""Part of the face that no flat picture explains. A still under a sensor's noise of 2 grey levels and JPEG stays below
it in 14 of 15 made clips (five public-domain portraits, 60 to 200 pixels wide); half of the living of the development
clips pass it within 0.2 s, nine of ten within 0.6 s."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What one frame says of life; ``None`` where there is no answer.

    ``live``: the model's answer, weighed. ``change``: what ``core.planarity.unexplained`` says since the approach's
    first frame; it is no longer asked for once one was enough.
    """

    live: float | None
    change: float | None = None


def context(shape: Sequence[int], box: Box, hidden: Sequence[Box] = ()) -> float:
    """Return how many times the face's box a picture of ``shape`` can show of it, at most ``CONTEXT``.

    What is ``hidden`` nearby, other people's faces that are painted over, counts as not shown: it could be the edge of
    what is held up, and somebody could have put a face there to hide it.
    """
    height, width = shape[:2]
    if box.width < 1 or box.height < 1:
        return 0.0
    shown = min(CONTEXT, (height - 1) / box.height, (width - 1) / box.width)
    unseen = _unseen(box, hidden)
    if not unseen:
        return shown
    return min(shown, sqrt(1 + (1 - unseen) * (FULL_CONTEXT**2 - 1)))  # as wide as what is left of the surroundings


def _unseen(box: Box, hidden: Sequence[Box]) -> float:
    """Which part of the surroundings that matter is hidden, 0 to 1."""
    (x, y), wide, high = box.centre, box.width * FULL_CONTEXT / 2, box.height * FULL_CONTEXT / 2
    around = Box(x - wide, y - high, x + wide, y + high)
    covered = sum(around.shared(other) - box.shared(other) for other in hidden)
    return min(1.0, max(0.0, covered) / (around.shared(around) - box.shared(box)))


def weigh(probability: float, seen: float) -> float | None:
    """Return the model's live probability as evidence, 0 to 1; ``None`` where it is worth nothing.

    Args:
        probability: the model's answer.
        seen: times the face's box that the model could see, see ``context``.
    """
    if not (_is_part(probability) and isfinite(seen)) or seen < LEAST_CONTEXT:
        return None
    if seen >= FULL_CONTEXT:
        return probability
    return probability / (probability + (1 - probability) * DOUBT)


def has_changed(changes: Sequence[float | None]) -> bool:
    """Whether the frames have shown what a flat picture cannot; nothing more need then be compared."""
    return any(_is_change(change) and change >= CHANGED_AT for change in changes if change is not None)


def judge(level: LivenessLevel, signs: Sequence[Sign] | None) -> LivenessEvidence:
    """Return whether the frames meet what ``level`` asks of every face: for all but ``off``, the passive part.

    Args:
        level: the camera's level. ``off`` asks for nothing.
        signs: what each frame of the evidence says, in order.
    """
    given = tuple(signs or ())
    values = [s.live for s in given if s.live is not None and _is_part(s.live)]
    middle = median(values) if values else None
    changes = [s.change for s in given if s.change is not None and _is_change(s.change)]
    change = max(changes, default=None)
    refused = None if level is LivenessLevel.OFF else _refusal(given, values, middle, change)
    return LivenessEvidence(level, len(given), middle, change, refused)


def _refusal(
    given: Sequence[Sign], values: Sequence[float], middle: float | None, change: float | None
) -> Reason | None:
    if middle is None or len(values) != len(given) or len(values) < LEAST_FRAMES:
        return Reason.LIVENESS_MISSING
    if middle < LIVE_AT:
        return Reason.NOT_LIVE
    if change is None:
        return Reason.LIVENESS_MISSING
    return None if change >= CHANGED_AT else Reason.NOT_LIVE


def _is_part(value: object) -> bool:
    return isinstance(value, float) and isfinite(value) and 0.0 <= value <= 1.0


def _is_change(value: object) -> bool:
    return isinstance(value, float) and isfinite(value) and value >= 0.0
