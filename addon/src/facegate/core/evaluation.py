"""How often recognition is right: figures over pictures of which it is known who is on them.

Identification only: a still picture cannot prove that somebody lives. The words are those of ISO/IEC 19795-1.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from facegate.core.calibration import Calibration, calibrate
from facegate.core.false_opens import SAME_SEX, Reference
from facegate.core.matching import Gallery, Match
from facegate.core.models import Template, Vector
from facegate.core.session import Thresholds
from facegate.core.site_rule import SiteRule
from facegate.core.statistics import Rate
from facegate.core.verification import Scores, compare, none

FPIRS = (0.01, 0.001)
"""The rates of false alarms at which the rate of right answers is asked for."""

ENROL, PROBE, IMPOSTOR, NOFACE, ENROL_REJECT = "enrol", "probe", "impostor", "noface", "enrol_reject"
NOBODY = ("masked_or_crowd", "printed_face")
"""Roles in which nobody may be named: people with masks, faces on banknotes."""

READABLE = ("odd_file", "broken_file")
"""Roles of files that are odd or broken on purpose; only whether they are read is looked at."""

USED = frozenset({ENROL, PROBE, IMPOSTOR, NOFACE, ENROL_REJECT, *NOBODY, *READABLE})


@dataclass(frozen=True, slots=True)
class Sample:
    """What the product made of one picture.

    ``faces``: how many were found. ``vectors``: of the foremost face alone for enrolment, probes and impostors, of each
    face that is good enough where nobody may be named. ``refused``: why there is none.
    """

    file: str
    identity: str
    role: str
    group: str = ""
    faces: int = 0
    vectors: tuple[Vector, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Open-set identification.

    Attributes:
        rank1: probes whose best resident is the right one.
        tpir: by rate of false alarms, probes named rightly at the threshold that the strangers allow for that rate.
        fnir: probes not named rightly at the product's threshold and margin; a face that is not found counts.
        misnamed: probes named as somebody else.
        fpir: strangers named as anybody.
        matches: comparisons of a face with another person's templates that reach the threshold (FMR).
    """

    rank1: Rate
    tpir: Mapping[float, Rate]
    fnir: Rate
    misnamed: Rate
    fpir: Rate
    matches: Rate


@dataclass(frozen=True, slots=True)
class Pairs:
    """Verification of one picture against one: all pairs within one group, pictures of one person with each other."""

    genuine: Rate
    impostor: Rate


@dataclass(frozen=True, slots=True)
class Margin:
    """How surely one person's probes are that person: the lowest score with the own templates, the least lead."""

    identity: str
    probes: int
    lowest: float
    lead: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one manifest.

    Attributes:
        scores: of all pairs of pictures, within each group where there are groups: strangers to each other who also
            differ in origin say too little about neighbours.
        open_set: (FPIR, FNIR) at every threshold at which either changes, without the margin rule.
        enrolled: how alike those are who were enrolled.
        margins: the least certain person first.
        reference: what tells false opens at other thresholds: the pairs of this manifest, or those that FaceGate
            ships where they are harder or too few match here.
        refusals: by role, how often which reason was given.
    """

    thresholds: Thresholds
    residents: int
    templates: int
    not_enrolled: tuple[str, ...]
    overall: Figures
    groups: Mapping[str, Figures]
    pairs: Mapping[str, Pairs]
    scores: Scores
    group_scores: Mapping[str, Scores]
    open_set: Sequence[tuple[float, float]]
    enrolled: Calibration
    margins: Sequence[Margin]
    reference: Reference
    noface: Rate
    enrol_reject: Rate
    nobody: Mapping[str, Rate]
    refusals: Mapping[str, Mapping[str, int]]
    roles: Mapping[str, int]

    @property
    def not_used(self) -> dict[str, int]:
        """How many rows of which role say nothing here."""
        return {role: count for role, count in self.roles.items() if role not in USED}


@dataclass(frozen=True, slots=True)
class _Answer:
    """The gallery's answer to one probe or stranger.

    ``others``: the scores of everyone else; ``own``: of the person it is, if enrolled.
    """

    sample: Sample
    match: Match | None
    others: NDArray[np.float32]
    own: float | None = None


def evaluate(samples: Sequence[Sample], model: str, thresholds: Thresholds) -> Report:
    """Return the figures of ``samples``, whose vectors ``model`` made."""
    templates = [
        Template(sample.file, sample.identity, model, vector)
        for sample in samples
        if sample.role == ENROL
        for vector in sample.vectors
    ]
    gallery = Gallery(templates)
    alone = {resident: Gallery([t for t in templates if t.resident == resident]) for resident in gallery.residents}
    answers = [_ask(s, gallery, alone) for s in samples if s.role in (PROBE, IMPOSTOR)]
    groups = sorted({s.group for s in samples if s.group})
    scores = {g: _scores([s for s in samples if s.group == g]) for g in sorted({s.group for s in samples})}
    together = sum(scores.values(), none())
    by_role = {role: [s for s in samples if s.role == role] for role in {s.role for s in samples}}
    return Report(
        thresholds=thresholds,
        residents=len(gallery.residents),
        templates=len(gallery),
        not_enrolled=tuple(sorted({s.identity for s in by_role.get(ENROL, ())} - set(gallery.residents))),
        overall=_figures(answers, thresholds),
        groups={g: _figures([a for a in answers if a.sample.group == g], thresholds) for g in groups},
        pairs={g: _pairs([s for s in samples if s.group == g], thresholds) for g in groups},
        scores=together,
        group_scores={g: scores[g] for g in groups},
        open_set=_open_set(answers),
        enrolled=calibrate(templates, {}, SiteRule(thresholds.score)),
        margins=_margins(answers),
        reference=_reference(together, len({s.identity for s in samples if s.vectors}), thresholds.score),
        noface=_rate([s.faces > 0 for s in by_role.get(NOFACE, ())]),
        enrol_reject=_rate([bool(s.refused) for s in by_role.get(ENROL_REJECT, ())]),
        nobody={
            role: _rate([_names_anybody(s, gallery, thresholds) for s in by_role[role]])
            for role in NOBODY
            if role in by_role
        },
        refusals={
            role: dict(Counter(reason for s in found for reason in s.refused))
            for role, found in sorted(by_role.items())
            if any(s.refused for s in found)
        },
        roles=dict(sorted(Counter(s.role for s in samples).items())),
    )


def _ask(sample: Sample, gallery: Gallery, alone: Mapping[str, Gallery]) -> _Answer:
    if not sample.vectors:
        return _Answer(sample, None, np.zeros(0, np.float32))
    vector = sample.vectors[0]
    others = [own.match(vector).score for resident, own in alone.items() if resident != sample.identity]
    mine = alone.get(sample.identity)
    own = None if mine is None else mine.match(vector).score
    return _Answer(sample, gallery.match(vector), np.array(others, np.float32), own)


def _figures(answers: Sequence[_Answer], thresholds: Thresholds) -> Figures:
    probes = [a for a in answers if a.sample.role == PROBE]
    strangers = [a for a in answers if a.sample.role == IMPOSTOR]
    named = [(a.sample.identity, thresholds.names(a.match) if a.match else None) for a in probes]
    compared = [bool(hit) for a in answers for hit in a.others >= thresholds.score]
    return Figures(
        rank1=_rate([_is_right(a) for a in probes]),
        tpir={fpir: _tpir(probes, strangers, fpir) for fpir in FPIRS},
        fnir=_rate([name != identity for identity, name in named]),
        misnamed=_rate([name not in (None, identity) for identity, name in named]),
        fpir=_rate([a.match is not None and thresholds.names(a.match) is not None for a in strangers]),
        matches=_rate(compared),
    )


def _tpir(probes: Sequence[_Answer], strangers: Sequence[_Answer], fpir: float) -> Rate:
    """The right answers above the lowest score at which no more strangers than ``fpir`` are named.

    Without strangers there is no such score, and nothing is said.
    """
    if not strangers:
        return Rate(0, 0)
    scores = sorted((a.match.score if a.match else -inf for a in strangers), reverse=True)
    limit = scores[int(fpir * len(strangers))]
    return _rate([_is_right(a) and a.match is not None and a.match.score > limit for a in probes])


def _is_right(answer: _Answer) -> bool:
    return answer.match is not None and answer.match.resident == answer.sample.identity


def _names_anybody(sample: Sample, gallery: Gallery, thresholds: Thresholds) -> bool:
    return any(thresholds.names(gallery.match(vector)) is not None for vector in sample.vectors)


def _pairs(samples: Sequence[Sample], thresholds: Thresholds) -> Pairs:
    seen = [s for s in samples if s.vectors and s.role in (ENROL, PROBE, IMPOSTOR)]
    if len(seen) < 2:
        return Pairs(Rate(0, 0), Rate(0, 0))
    vectors = np.stack([s.vectors[0] for s in seen])
    people = np.array([s.identity for s in seen])
    upper = np.triu_indices(len(seen), 1)
    reaches = (vectors @ vectors.T >= thresholds.score)[upper]
    same = (people[:, None] == people[None, :])[upper]
    genuine, impostor = reaches[same], reaches[~same]
    return Pairs(Rate(int(genuine.sum()), len(genuine)), Rate(int(impostor.sum()), len(impostor)))


def _scores(samples: Sequence[Sample]) -> Scores:
    seen = [s for s in samples if s.vectors and s.role in (ENROL, PROBE, IMPOSTOR)]
    return compare([s.vectors[0] for s in seen], [s.identity for s in seen])


def _open_set(answers: Sequence[_Answer]) -> list[tuple[float, float]]:
    right = np.sort([a.match.score if _is_right(a) and a.match else -inf for a in answers if a.sample.role == PROBE])
    strangers = np.sort([a.match.score if a.match else -inf for a in answers if a.sample.role == IMPOSTOR])
    if not len(right) or not len(strangers):
        return []
    limits = np.unique(np.concatenate((right, strangers)))
    limits = np.append(limits[np.isfinite(limits)], inf)
    fnir = np.searchsorted(right, limits) / len(right)
    fpir = 1 - np.searchsorted(strangers, limits) / len(strangers)
    return list(dict.fromkeys(zip(fpir.tolist(), fnir.tolist(), strict=True)))[::-1]


def _margins(answers: Sequence[_Answer]) -> list[Margin]:
    own: dict[str, list[tuple[float, float]]] = {}
    for answer in answers:
        match, identity = answer.match, answer.sample.identity
        if answer.sample.role != PROBE or match is None or not len(answer.others) or answer.own is None:
            continue
        own.setdefault(identity, []).append((answer.own, answer.own - float(answer.others.max())))
    margins = [
        Margin(identity, len(seen), min(s for s, _ in seen), min(lead for _, lead in seen))
        for identity, seen in own.items()
    ]
    return sorted(margins, key=lambda margin: margin.lead)


def _reference(scores: Scores, people: int, threshold: float) -> Reference:
    steps = range(len(SAME_SEX.reached))
    reached = [scores.false_matches(SAME_SEX.start + number * SAME_SEX.step) for number in steps]
    if reached[0].count < _ENOUGH or reached[1].count == 0:
        return SAME_SEX
    counts = tuple(rate.count for rate in reached)
    here = Reference("manifest", people, reached[0].of, SAME_SEX.start, SAME_SEX.step, counts)
    return max(here, SAME_SEX, key=lambda reference: reference.fmr(max(threshold, reference.start)).value)


_ENOUGH = 30
"""Matching pairs from which on the fall of their number can be followed: its doubt is then below a fifth."""


def _rate(hits: Sequence[bool]) -> Rate:
    return Rate(sum(hits), len(hits))
