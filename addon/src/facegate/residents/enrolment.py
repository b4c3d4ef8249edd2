"""From pictures to templates: which pictures are good enough, all of one person, and of nobody who lives here already.

Pictures live in memory while they are looked at and are kept nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facegate.adapters.store import Store
from facegate.core.models import Resident, Template, Vector
from facegate.core.quality import Fault, Quality
from facegate.core.session import Thresholds
from facegate.residents.picture import Refusal, judge
from facegate.vision import Models

__all__ = ["Alike", "EnrolmentReport", "Picture", "PictureVerdict", "Refusal", "enrol", "examine", "keep"]

_THRESHOLDS: Final = Thresholds()

# Measured with SFace on 143 people of two research sets (1,998 pairs of pictures of one person):
REPEATED: Final = 0.985
"""Cosine above which two pictures are the same one: frames of one webcam sitting came to 0.980."""

DUPLICATE: Final = 0.6
"""Cosine of the pictures' mean above which this is another resident rather than somebody who looks like them.

127 of 137 people were above it with their own other pictures (the rest still show as look-alikes), and none of 143
with anybody else's, idols made up alike included (0.579).
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture to enrol from: its name for the report, and its content or the file that has it."""

    name: str
    source: bytes | Path = field(repr=False)


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """What became of one picture. ``detail`` says more about an unreadable one, ``hints`` what would be better."""

    name: str
    refused: tuple[Fault | Refusal, ...] = ()
    quality: Quality | None = None
    detail: str = ""
    hints: tuple[Fault, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the picture gave a template."""
        return not self.refused


@dataclass(frozen=True, slots=True)
class Alike:
    """Another resident whose face is so near that the gate may ask the two for another picture or a second way."""

    resident: str
    score: float


@dataclass(frozen=True, slots=True)
class EnrolmentReport:
    """What became of the pictures. ``duplicate``: the resident whose face this is already, if so.

    ``alike``: nearest first. ``vectors``: what the accepted pictures gave; ``templates``: the same, once stored.
    """

    model: str
    pictures: tuple[PictureVerdict, ...]
    duplicate: str | None = None
    alike: tuple[Alike, ...] = ()
    vectors: tuple[Vector, ...] = field(default=(), repr=False)
    templates: tuple[Template, ...] = field(default=(), repr=False)

    @property
    def accepted(self) -> int:
        """How many pictures gave a template."""
        return len(self.vectors)


def enrol(
    store: Store, models: Models, resident: Resident, pictures: Sequence[Picture], consent: str
) -> EnrolmentReport:
    """Look at ``pictures`` and store a template for each good one. Raises ConsentError before looking, StoreError."""
    store.require_consent(resident.id, consent)
    return keep(store, resident, examine(models, pictures, store.templates(), resident.id), consent)


def keep(store: Store, resident: Resident, report: EnrolmentReport, consent: str) -> EnrolmentReport:
    """Store what :func:`examine` accepted. Raises ConsentError, StoreError."""
    if not report.vectors:
        return report
    return replace(report, templates=tuple(store.add_templates(resident.id, report.model, report.vectors, consent)))


def examine(
    models: Models,
    pictures: Sequence[Picture],
    known: Sequence[Template],
    resident: str | None = None,
    thresholds: Thresholds = _THRESHOLDS,
) -> EnrolmentReport:
    """Look at ``pictures`` and store nothing.

    Args:
        models: the detector and the embedder that the gates use.
        pictures: all of one person.
        known: the templates of everyone who lives here.
        resident: whose pictures they are, if that person is in ``known`` already.
        thresholds: when two faces are the same person.
    """
    comparable = [template for template in known if template.model == models.embedder.model]
    own = [template.vector for template in comparable if template.resident == resident]
    verdicts: list[PictureVerdict] = []
    found: dict[int, Vector] = {}
    for number, picture in enumerate(pictures):
        seen = judge(models, picture.source)
        verdict = PictureVerdict(picture.name, seen.refused, seen.quality, seen.detail, seen.hints)
        vector = seen.vector
        if vector is not None and any(float(vector @ seen) > REPEATED for seen in (*found.values(), *own)):
            verdict, vector = replace(verdict, refused=(Refusal.REPEATED,)), None
        verdicts.append(verdict)
        if vector is not None:
            found[number] = vector

    for number in _strangers(found, own, thresholds.pictures):
        del found[number]
        verdicts[number] = replace(verdicts[number], refused=(Refusal.NOT_SAME_PERSON,))

    vectors = list(found.values())
    duplicate, alike = compare(vectors, comparable, resident, thresholds)
    if duplicate is not None:
        for number in found:
            verdicts[number] = replace(verdicts[number], refused=(Refusal.ANOTHER_RESIDENT,))
        return EnrolmentReport(models.embedder.model, tuple(verdicts), duplicate)
    return EnrolmentReport(models.embedder.model, tuple(verdicts), alike=alike, vectors=tuple(vectors))


def compare(
    vectors: Sequence[Vector], known: Sequence[Template], resident: str | None, thresholds: Thresholds = _THRESHOLDS
) -> tuple[str | None, tuple[Alike, ...]]:
    """Return which other resident these vectors are already, if any, and else whom they look like.

    ``known``: templates of the same model; ``resident``: whose vectors they are, if that person is among them.
    """
    own = [template.vector for template in known if template.resident == resident]
    others = [template for template in known if template.resident != resident]
    duplicate = _duplicate([*vectors, *own], others) if vectors else None
    return duplicate, () if duplicate else _alike(vectors, others, thresholds.score - thresholds.margin)


def _strangers(found: dict[int, Vector], own: Sequence[Vector], same: float) -> list[int]:
    """The pictures that are not of the person whom the others show.

    Templates that the resident has already say who that is; without them the majority of the pictures does, and
    where there is none, nobody can tell, and all are strangers to each other.
    """
    if own:
        return [number for number, vector in found.items() if float(np.max(np.stack(own) @ vector)) < same]
    if len(found) < 2:
        return []
    rows = np.stack(list(found.values()))
    agree: NDArray[np.bool_] = rows @ rows.T >= same
    votes = agree.sum(axis=1)
    if 2 * int(votes.max()) <= len(found):
        return list(found)
    person = agree[int(votes.argmax())]
    return [number for number, agrees in zip(found, person, strict=True) if not agrees]


def _duplicate(vectors: Sequence[Vector], others: Sequence[Template]) -> str | None:
    """The other resident whose templates the mean of the pictures hits."""
    if not others:
        return None
    mean = np.mean(np.stack(vectors), axis=0)
    scores = np.stack([template.vector for template in others]) @ (mean / np.linalg.norm(mean))
    nearest = int(scores.argmax())
    return others[nearest].resident if float(scores[nearest]) >= DUPLICATE else None


def _alike(vectors: Sequence[Vector], others: Sequence[Template], least: float) -> tuple[Alike, ...]:
    if not vectors or not others:
        return ()
    best: dict[str, float] = {}
    for template, score in zip(
        others, (np.stack(vectors) @ np.stack([t.vector for t in others]).T).max(axis=0).tolist(), strict=True
    ):
        best[template.resident] = max(score, best.get(template.resident, score))
    near = sorted(best.items(), key=lambda pair: -pair[1])
    return tuple(Alike(resident, score) for resident, score in near if score >= least)
