"""One face against one: how the scores of same and of different people lie apart (ISO/IEC 19795-1: FMR, FNMR, DET).

Scores are counted in steps of 0.001, so that millions of pairs need no more room than a thousand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facegate.core.models import Vector
from facegate.core.statistics import Rate

type Counts = NDArray[np.int64]

STEPS_PER_COSINE: Final = 1000
_STEPS: Final = 2 * STEPS_PER_COSINE + 1  # cosines from -1 to 1
_ROWS: Final = 512  # vectors compared at once with all: bounds the memory of large manifests
_ROUNDING: Final = 1e-4  # of a step: a score that float32 puts just below a step belongs to it


@dataclass(frozen=True, slots=True)
class Scores:
    """How often which cosine was seen. ``genuine``, ``impostor``: counts from -1 to 1, of same and different people."""

    genuine: Counts
    impostor: Counts

    def __add__(self, other: Scores) -> Scores:
        return Scores(self.genuine + other.genuine, self.impostor + other.impostor)

    def matches(self, threshold: float) -> Rate:
        """Pairs of one person that reach the threshold (true accept rate)."""
        return _reaching(self.genuine, threshold)

    def false_matches(self, threshold: float) -> Rate:
        """Pairs of two people that reach the threshold (FMR, also called FAR)."""
        return _reaching(self.impostor, threshold)

    def threshold_at(self, fmr: float) -> float | None:
        """The lowest threshold at which no more than ``fmr`` of the impostor pairs match; ``None`` without pairs."""
        total = int(self.impostor.sum())
        if total == 0:
            return None
        allowed = np.flatnonzero(_survivors(self.impostor) <= fmr * total)
        return _cosine(int(allowed[0])) if len(allowed) else _cosine(_STEPS)

    def equal_error(self) -> tuple[float, float] | None:
        """The equal error rate and its threshold; ``None`` unless both kinds of pairs are there."""
        genuine, impostor = int(self.genuine.sum()), int(self.impostor.sum())
        if not genuine or not impostor:
            return None
        missed = 1 - _survivors(self.genuine) / genuine
        taken = _survivors(self.impostor) / impostor
        at = int(np.abs(missed - taken).argmin())
        return float((missed[at] + taken[at]) / 2), _cosine(at)

    def tradeoff(self) -> list[tuple[float, float]]:
        """The points (FMR, FNMR) of the DET curve, one for each threshold at which either changes."""
        genuine, impostor = int(self.genuine.sum()), int(self.impostor.sum())
        if not genuine or not impostor:
            return []
        taken = (_survivors(self.impostor) / impostor).tolist()
        missed = (1 - _survivors(self.genuine) / genuine).tolist()
        return sorted(set(zip(taken, missed, strict=True)), key=lambda point: (point[0], -point[1]))


def compare(vectors: Sequence[Vector], people: Sequence[str]) -> Scores:
    """Count the scores of all pairs of ``vectors``; ``people`` says whose each is."""
    scores = none()
    if len(vectors) < 2:
        return scores
    rows = np.stack(vectors)
    who = np.unique(np.array(people), return_inverse=True)[1]
    for start in range(0, len(rows), _ROWS):
        part = slice(start, min(start + _ROWS, len(rows)))
        cosines = rows[part] @ rows.T
        later = np.arange(len(rows)) > np.arange(part.start, part.stop)[:, None]
        same = who[part, None] == who
        scores += Scores(count(cosines[later & same]), count(cosines[later & ~same]))
    return scores


def none() -> Scores:
    """No pairs at all."""
    return Scores(np.zeros(_STEPS, np.int64), np.zeros(_STEPS, np.int64))


def count(cosines: NDArray[np.floating]) -> Counts:
    """Return how often which step was seen."""
    steps = np.floor((cosines.astype(np.float64) + 1) * STEPS_PER_COSINE + _ROUNDING).astype(np.int64)
    return np.bincount(np.clip(steps, 0, _STEPS - 1), minlength=_STEPS).astype(np.int64)


def _reaching(counts: Counts, threshold: float) -> Rate:
    first = int(np.ceil((threshold + 1) * STEPS_PER_COSINE - _ROUNDING))
    return Rate(int(counts[max(0, first) :].sum()), int(counts.sum()))


def _survivors(counts: Counts) -> Counts:
    """How many reach each step."""
    return np.asarray(counts[::-1].cumsum()[::-1], np.int64)


def _cosine(step: int) -> float:
    return round(step / STEPS_PER_COSINE - 1, 3)
