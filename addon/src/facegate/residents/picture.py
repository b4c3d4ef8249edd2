"""One picture on its own: is it good enough to enrol from, and if not, what is wrong with it?

Where no face is found, somebody who handed in a picture with one deserves to hear why. So the picture is looked at
again in ways that would find faces where there are none: for the reason only, never for a template.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from facegate.core import portrait
from facegate.core.alignment import AlignmentError
from facegate.core.models import Face, Image, Vector
from facegate.core.quality import ENROLMENT, Fault, Quality, assess, pick
from facegate.vision import Models
from facegate.vision.chips import cut, cut_portrait
from facegate.vision.errors import PictureError, RuntimeModelError
from facegate.vision.occlusion import find_hidden
from facegate.vision.pictures import MOST_PIXELS, read_picture

DOUBTFUL: Final = 0.5
"""Least score of what may be a face when the question is only what is wrong with it."""

CERTAIN: Final = 0.9
"""Least score of a face in the turned picture that shows that the picture lies: a head that leans has had 0.89."""

TINY: Final = 320
"""Pixels of the longer side up to which a picture is enlarged to look for a face too small to be found."""
_ENLARGE: Final = 4

HINTS: Final = frozenset({Fault.SUNGLASSES})
"""What is said of a picture but does not refuse it: whoever never takes dark glasses off is known by them."""

_TURNS: Final = {1: Fault.SIDEWAYS, 3: Fault.SIDEWAYS, 2: Fault.UPSIDE_DOWN}
"""By quarter turns to the left that put a picture upright, what is wrong with it."""


class Refusal(StrEnum):
    """Why a picture was refused, besides the faults of ``core.quality``; each is a translation key."""

    UNREADABLE = "unreadable"
    NOT_COMPARABLE = "not_comparable"
    REPEATED = "repeated"
    NOT_SAME_PERSON = "not_same_person"
    ANOTHER_RESIDENT = "another_resident"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was made of one picture: a vector, or the reasons against it, the weightiest first.

    ``detail`` says more about a picture that could not be read or compared. ``hints``: what would make a better one.
    """

    vector: Vector | None = field(default=None, repr=False)
    refused: tuple[Fault | Refusal, ...] = ()
    quality: Quality | None = None
    detail: str = ""
    hints: tuple[Fault, ...] = ()


def judge(models: Models, source: bytes | Path, *, most_pixels: int = MOST_PIXELS) -> Judgement:
    """Return what becomes of one picture of one person. No picture raises."""
    try:
        image = read_picture(source, most_pixels=most_pixels)
    except PictureError as error:
        return Judgement(refused=(Refusal.UNREADABLE,), detail=str(error))
    try:
        return judge_image(models, image)
    except (RuntimeModelError, AlignmentError) as error:
        return Judgement(refused=(Refusal.NOT_COMPARABLE,), detail=str(error))


def judge_image(models: Models, image: Image) -> Judgement:
    """Return what becomes of a picture that could be read. Raises RuntimeModelError, AlignmentError."""
    faces = models.detector.detect(image)
    turned = _find_turn(models, image, max((face.score for face in faces), default=0.0))
    if turned is not None:
        return Judgement(refused=(turned,))
    face = pick(faces, image.shape)
    if face is Fault.NO_FACE:
        return Judgement(refused=explain_no_face(models, image))
    return Judgement(refused=(face,)) if isinstance(face, Fault) else judge_face(models, image, face)


def judge_face(models: Models, image: Image, face: Face) -> Judgement:
    """Return what becomes of the one face of a picture. Raises RuntimeModelError, AlignmentError."""
    quality, faults = _find_faults(models, image, face)
    if set(faults) - HINTS:
        return Judgement(refused=faults, quality=quality)
    chip = cut(image, face.landmarks)
    return Judgement(models.embedder.embed(chip[None], mirrored=True)[0], quality=quality, hints=faults)


def explain_no_face(models: Models, image: Image) -> tuple[Fault, ...]:
    """Return why no face was found in a picture, as far as can be told. Raises RuntimeModelError, AlignmentError."""
    doubtful = pick(models.detector.detect(image, least_score=DOUBTFUL), image.shape)
    if isinstance(doubtful, Face):
        return _find_faults(models, image, doubtful)[1] or (Fault.NO_FACE,)
    if doubtful is Fault.NO_FACE and max(image.shape[:2]) <= TINY:
        enlarged = cv2.resize(image, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_CUBIC)
        if models.detector.detect(np.asarray(enlarged, np.uint8), least_score=DOUBTFUL):
            return (Fault.SMALL,)
    return (doubtful,)


def _find_turn(models: Models, image: Image, upright: float) -> Fault | None:
    """Return how the picture lies, if a face is surer in it once it is turned: the detector finds many upside down."""
    best, fault = max(CERTAIN, upright), None
    for turns, lies in _TURNS.items():
        for face in models.detector.detect(np.ascontiguousarray(np.rot90(image, turns)), least_score=CERTAIN):
            if face.score > best:
                best, fault = face.score, lies
    return fault


def _find_faults(models: Models, image: Image, face: Face) -> tuple[Quality, tuple[Fault, ...]]:
    """Return everything against enrolling from this face, what spoils it most first.

    Of a face that is already refused by its landmarks and light nothing more is asked: the finer signs are measured on
    faces that are large, upright and well lit.
    """
    chip = cut(image, face.landmarks)
    quality = assess(face, chip, image.shape, ENROLMENT)
    if Fault.CUT in quality.faults or set(quality.faults) & _LIGHT:
        return quality, quality.faults
    hidden = find_hidden(models.embedder, chip)
    finer = portrait.faults(portrait.measure(cut_portrait(image, face.landmarks), face.landmarks), quality.pose)
    return quality, _once((*hidden, *quality.faults, *finer))


_LIGHT: Final = {Fault.SMALL, Fault.BLURRED, Fault.DARK, Fault.BRIGHT, Fault.FLAT}
"""What leaves too little of a face to say anything finer about it."""


def _once(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    return tuple(dict.fromkeys(faults))
