"""Is there a living person in front of the camera? Whatever is not proved is not so.

Level ``passive`` asks the anti-spoofing model about each frame that also speaks for the identity, and takes the median:
one frame at 0.5 lets 28 % of the frames of a telephone's replay in and keeps 6–10 % of people out, while the median
over a clip refused 4 of 4 replays (MiniFASNetV2; docs/measurements/accuracy.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median

from facegate.core.models import LivenessLevel, Reason

LIVE_AT = 0.5
"""The model's own boundary between its classes. No other single threshold served prints and replays both (0.1 lets
64 % of replayed frames in, 0.9 keeps 26 % of people out), so the number of frames does the work instead."""

LEAST_FRAMES = 3
"""A median of fewer frames is one frame's opinion."""


@dataclass(frozen=True, slots=True)
class LivenessEvidence:
    """What was asked and what the frames say; ``median`` is ``None`` where nothing could be measured."""

    level: LivenessLevel
    frames: int
    median: float | None
    refused: Reason | None

    @property
    def passed(self) -> bool:
        """Whether the level's demand is met."""
        return self.refused is None


def judge(level: LivenessLevel, probabilities: Sequence[float | None] | None) -> LivenessEvidence:
    """Return whether the frames meet ``level``.

    Args:
        level: the camera's level. ``off`` asks for nothing.
        probabilities: the model's live probability in each frame of the evidence, in order; ``None`` where the model
            gave no answer.
    """
    given = tuple(probabilities or ())
    if level is LivenessLevel.OFF:
        return LivenessEvidence(level, len(given), None, None)
    values = [value for value in given if value is not None and isfinite(value) and 0.0 <= value <= 1.0]
    middle = median(values) if values else None
    if level is not LivenessLevel.PASSIVE:
        # The evidence that these levels ask for is not among what the frames can say.
        return LivenessEvidence(level, len(given), middle, Reason.LIVENESS_MISSING)
    if middle is None or len(values) != len(given) or len(values) < LEAST_FRAMES:
        return LivenessEvidence(level, len(given), middle, Reason.LIVENESS_MISSING)
    return LivenessEvidence(level, len(given), middle, None if middle >= LIVE_AT else Reason.NOT_LIVE)
