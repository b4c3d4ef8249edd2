"""What a usable answer of each stage is. Anything else, and anything that raises here, is a failure of that stage."""

from math import isfinite

import numpy as np

from facegate.core.matching import Match
from facegate.core.models import Reason, Verdict
from facegate.core.policy import Ruling
from facegate.core.quality import Pose, Quality
from facegate.core.session import Approach


def are_faces(answer: object) -> bool:
    """Faces whose every number is one."""
    return isinstance(answer, list) and all(
        isfinite(sum((face.box.left, face.box.top, face.box.right, face.box.bottom, face.score)))
        and face.landmarks.shape == (5, 2)
        and bool(np.isfinite(face.landmarks).all())
        for face in answer
    )


def is_chip(answer: object) -> bool:
    """An aligned face."""
    return isinstance(answer, np.ndarray) and answer.shape == (112, 112, 3) and answer.dtype == np.uint8


def is_quality(answer: object) -> bool:
    """A quality whose every number is one."""
    return isinstance(answer, Quality) and isfinite(sum((answer.size, answer.sharpness, answer.brightness)))


def is_probability(answer: object) -> bool:
    """A number from 0 to 1."""
    return isinstance(answer, float) and 0.0 <= answer <= 1.0


def is_change(answer: object) -> bool:
    """Nothing, or a number that is not negative."""
    return answer is None or (isinstance(answer, float) and isfinite(answer) and answer >= 0.0)


def is_answer(answer: object) -> bool:
    """Yes or no."""
    return isinstance(answer, bool)


def is_pose(answer: object) -> bool:
    """A pose."""
    return isinstance(answer, Pose) and isfinite(answer.yaw)


def are_units(answer: object, count: int) -> bool:
    """So many vectors of unit length."""
    if not isinstance(answer, np.ndarray) or answer.ndim != 2 or len(answer) != count:
        return False
    return bool((np.abs(np.linalg.norm(answer, axis=1) - 1.0) < 1e-3).all())  # also false where one is no number


def is_match(answer: object) -> bool:
    """A match."""
    return isinstance(answer, Match) and isfinite(answer.score) and isfinite(answer.runner_up_score)


def is_approach(answer: object) -> bool:
    """An approach with an outcome that is known, or none yet."""
    return (
        isinstance(answer, Approach)
        and isfinite(answer.since)
        and (answer.outcome is None or answer.outcome.reason in Reason)
    )


def is_ruling(answer: object) -> bool:
    """A ruling."""
    return isinstance(answer, Ruling) and answer.verdict in Verdict and answer.reason in Reason
