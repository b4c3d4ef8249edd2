"""Who of the residents a face vector resembles most, and who comes next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facegate.core.models import Template, Vector

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
    """The templates of all residents, ready to be compared with. Never changes: a new one is made for new templates."""

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
        # One row a template, those of one resident together, so that a match is one product and one reduction.
        self._rows = np.array([t.vector for t in ordered], np.float32) if ordered else np.zeros((0, 0), np.float32)
        names = [template.resident for template in ordered]
        self._starts = np.array([i for i, name in enumerate(names) if i == 0 or name != names[i - 1]], np.intp)

    def __len__(self) -> int:
        return len(self._rows)

    def match(self, vector: Vector) -> Match:
        """Return the best and the second-best person. Raises MatchingError for a vector that cannot be compared."""
        _check(vector, self._rows.shape[1] if len(self) else len(vector), "The face")
        if not len(self):
            return Match()
        best_of_each = np.maximum.reduceat(self._rows @ vector, self._starts)
        first = int(best_of_each.argmax())
        resident, score = self.residents[first], float(best_of_each[first])
        if len(self.residents) == 1:
            return Match(resident, score)
        best_of_each[first] = -np.inf
        second = int(best_of_each.argmax())
        return Match(resident, score, self.residents[second], float(best_of_each[second]))


def _check(vector: Vector, dimensions: int, what: str) -> None:
    if vector.shape != (dimensions,):
        raise MatchingError(f"{what} has {vector.shape} values where {dimensions} are compared.")
    # A comparison with NaN is false, so this refuses it too.
    if not abs(float(np.linalg.norm(vector)) - 1.0) <= _UNIT:
        raise MatchingError(f"{what} is no vector of length 1.")
