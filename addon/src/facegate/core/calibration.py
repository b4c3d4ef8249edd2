"""What a site's own templates say: who looks like whom, and how surely each resident is recognised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from facegate.core.false_opens import Estimate, false_opens
from facegate.core.models import Template
from facegate.core.site_rule import SiteRule

MOST_PAIRS = 20
"""Pairs of look-alikes that are listed; whoever has more of them has another problem."""


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Two residents and the highest cosine between their templates."""

    one: str
    other: str
    score: float


@dataclass(frozen=True, slots=True)
class OwnScores:
    """One resident. ``lowest``, ``middle``: of the cosines between the resident's own templates, ``None`` for one.

    ``nearest``: the highest cosine with anybody else's templates, ``None`` for whoever lives here alone.
    """

    name: str
    templates: int
    lowest: float | None
    middle: float | None
    nearest: float | None

    @property
    def margin(self) -> float | None:
        """How far the resident's most different pictures are more alike than anybody else's are."""
        return None if self.lowest is None or self.nearest is None else self.lowest - self.nearest


@dataclass(frozen=True, slots=True)
class Calibration:
    """``people``: the least certain first. ``pairs``: nearest first, at most ``MOST_PAIRS`` of ``compared`` pairs."""

    rule: SiteRule
    templates: int
    people: tuple[OwnScores, ...]
    pairs: tuple[LookAlikes, ...]
    compared: int

    @property
    def residents(self) -> int:
        """How many people are enrolled."""
        return len(self.people)

    @property
    def ceiling(self) -> float | None:
        """The cosine of the two residents who look most alike."""
        return self.pairs[0].score if self.pairs else None

    def expected(self, strangers_per_day: float, threshold: float | None = None) -> Estimate:
        """The strangers a year who are let in at ``threshold``, that of the site if none is given."""
        return false_opens(self.rule.threshold if threshold is None else threshold, self.residents, strangers_per_day)


def calibrate(templates: Sequence[Template], names: Mapping[str, str], rule: SiteRule) -> Calibration:
    """Compare everybody's templates with everybody's. ``templates``: of one model; ``names`` by resident."""
    ordered = sorted(templates, key=lambda template: template.resident)
    own = {who: np.stack([t.vector for t in group]) for who, group in groupby(ordered, key=lambda t: t.resident)}
    residents = list(own)
    called = {who: names.get(who, who) for who in residents}
    everyone = np.concatenate(list(own.values())) if own else np.zeros((0, 0), np.float32)
    starts = np.cumsum([0, *(len(rows) for rows in own.values())], dtype=np.intp)[:-1]
    nearest: dict[str, float] = {}
    pairs: list[LookAlikes] = []
    for number, (resident, rows) in enumerate(own.items()):
        alike = np.maximum.reduceat((rows @ everyone.T).max(axis=0), starts)
        alike[number] = -np.inf
        if len(residents) > 1:
            nearest[resident] = float(alike.max())
        pairs += [
            LookAlikes(
                names.get(resident, resident), names.get(residents[other], residents[other]), float(alike[other])
            )
            for other in range(number + 1, len(residents))
        ]
        pairs = sorted(pairs, key=lambda pair: -pair.score)[:MOST_PAIRS]
    people = [_own(called[who], rows, nearest.get(who)) for who, rows in own.items()]
    return Calibration(
        rule=rule,
        templates=len(ordered),
        people=tuple(sorted(people, key=lambda person: (person.margin is None, person.margin or 0.0, person.name))),
        pairs=tuple(pairs),
        compared=len(residents) * (len(residents) - 1) // 2,
    )


def _own(name: str, rows: np.ndarray, nearest: float | None) -> OwnScores:
    scores = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    if not len(scores):
        return OwnScores(name, len(rows), None, None, nearest)
    return OwnScores(name, len(rows), float(scores.min()), float(np.median(scores)), nearest)
