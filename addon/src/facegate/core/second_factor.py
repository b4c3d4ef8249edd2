"""At a gate of level ``second_factor`` a face alone opens nothing: it waits for the same resident's card, PIN or pass.

The order does not matter, but both must be there at once: the factor counts for a few seconds, the face for as long as
its own track goes on naming the resident.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from facegate.core.admission import FRESH, NO_TRACK, Admissions
from facegate.core.models import Method

FACTORS = frozenset({Method.CARD, Method.PIN, Method.QR})
"""What the same person has or knows. A phone or a remote opening comes from somebody who need not stand there."""

LASTS = 10.0
"""Seconds that a factor waits for its face: time to look up from the reader."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor that was shown and found to be the resident's. ``at``: monotonic seconds."""

    resident: str
    method: Method
    at: float

    def counts(self, at: float) -> bool:
        """Whether it may still complete a face at ``at``."""
        return self.method in FACTORS and 0 <= at - self.at <= LASTS


@dataclass(frozen=True, slots=True)
class Completion:
    """A face and a factor of one resident; ``track`` is the face's."""

    factor: Factor
    track: int


def complete(waiting: Admissions, factors: Sequence[Factor], at: float) -> Completion | None:
    """Return the first factor whose resident's face waits and was named within the last second, if there is one."""
    for factor in factors:
        face = waiting.of.get(factor.resident)
        if face is None or face.track == NO_TRACK or not factor.counts(at):
            continue
        if 0 <= at - face.matched <= FRESH:
            return Completion(factor, face.track)
    return None
