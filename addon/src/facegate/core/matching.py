"""Who of the residents a face vector resembles most, and who comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from facegate.core.models import Template, Vector

_APART = 0.5  # length of the mean below which unit vectors have little in common: two of cosine below -0.5
_UNIT = 1e-3  # how far from 1 the length of a unit vector in float32 may be

NOTHING_ALIKE = -1.0
"""The lowest cosine: the score where there is nobody to compare with."""


class MatchingError(ValueError):
    """Vectors that cannot be compared."""


@dataclass(frozen=True, slots=True)
class Match:
    """The most similar resident and the most similar other one; scores are cosines of their best templates."""

    resident: str | None = None
    score: float = NOTHING_ALIKE
    runner_up: str | None = None
    runner_up_score: float = NOTHING_ALIKE

    @property
    def margin(self) -> float:
        """How far the first is ahead of the second person."""
        return self.score - self.runner_up_score


class Gallery:
    """The templates of all residents, ready to be compared with. Never changes: a new one is made for new templates.

    A resident with several templates is also compared by their mean: a face between two pictures, say with and
    without a cap, is nearer to it than to either. Measured in docs/measurements/accuracy.md.
    """

    def __init__(self, templates: Sequence[Template]) -> None:
        """Raises MatchingError for templates of several models or lengths, or with vectors that are not of length 1."""
        models = {template.model for template in templates}
        if len(models) > 1:
            raise MatchingError(
                f"Templates of the models {', '.join(sorted(models))} cannot be compared with each other: "
                "enrol the residents again with one model."
            )
        self.model: str | None = next(iter(models), None)
        ordered = sorted(templates, key=lambda template: template.resident)
        for template in ordered:
            _check(template.vector, len(ordered[0].vector), f"The template {template.id}")
        self.residents: tuple[str, ...] = tuple(dict.fromkeys(template.resident for template in ordered))
        self._count = len(ordered)
        # The rows of one resident stand together, so that a match is one product and one reduction.
        rows = [_with_mean([t.vector for t in own]) for _, own in groupby(ordered, key=lambda t: t.resident)]
        self._rows = np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)
        self._starts = np.cumsum([0, *map(len, rows[:-1])], dtype=np.intp)

    def __len__(self) -> int:
        """The number of templates."""
        return self._count

    def wipe(self) -> None:
        """Overwrite every template. Nothing can be compared with it any more."""
        self._rows.fill(0)
        self._rows, self._count, self.residents = np.zeros((0, 0), np.float32), 0, ()

    def match(self, vector: Vector) -> Match:
        """Return the best and the second-best person. Raises MatchingError for a vector that cannot be compared."""
        _check(vector, self._rows.shape[1] if len(self) else len(vector), "The face")
        if not len(self):
            return Match()
        # Not ``rows @ vector``: BLAS splits it among threads, which wait up to 8 ms for each other on a busy machine.
        best_of_each = np.maximum.reduceat(np.vecdot(self._rows, vector), self._starts)
        first = int(best_of_each.argmax())
        resident, score = self.residents[first], float(best_of_each[first])
        if len(self.residents) == 1:
            return Match(resident, score)
        best_of_each[first] = -np.inf
        second = int(best_of_each.argmax())
        return Match(resident, score, self.residents[second], float(best_of_each[second]))


def _with_mean(vectors: Sequence[Vector]) -> NDArray[np.float32]:
    """Return one resident's vectors as rows, and where there are several, their mean's direction as one more."""
    rows = np.array(vectors, np.float32)
    mean = rows.mean(axis=0)
    length = float(np.linalg.norm(mean))
    # Vectors that point apart have no direction in common, and their mean would be nobody's face.
    return np.vstack((rows, mean / length)) if len(rows) > 1 and length > _APART else rows


def _check(vector: Vector, dimensions: int, what: str) -> None:
    if vector.shape != (dimensions,):
        raise MatchingError(f"{what} has {vector.shape} values where {dimensions} are compared.")
    # A comparison with NaN is false, so this refuses it too.
    if not abs(float(np.linalg.norm(vector)) - 1.0) <= _UNIT:
        raise MatchingError(f"{what} is no vector of length 1.")
