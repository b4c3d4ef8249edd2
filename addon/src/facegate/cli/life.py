"""What the product makes of pictures of living people and of attacks: the frames' part of liveness, as at the gate."""

import re
from collections.abc import Sequence

from facegate.cli.manifest import Row
from facegate.core.alignment import AlignmentError
from facegate.core.evaluation_liveness import ROLES, LifeSample
from facegate.core.liveness import LEAST_CONTEXT, context, weigh
from facegate.core.models import Image
from facegate.core.quality import GATE, Fault, acts, assess, foremost
from facegate.vision import Models, chips
from facegate.vision.antispoof import AntiSpoof
from facegate.vision.errors import PictureError, RuntimeModelError
from facegate.vision.pictures import read_picture

NO_MODEL = "liveness_model_missing"


def look_for_life(models: Models, rows: Sequence[Row]) -> list[LifeSample]:
    """Look at each picture with a liveness role, in the order of their numbers; no picture can end the run."""
    wanted = sorted((row for row in rows if row.role in ROLES), key=lambda row: _natural(row.file))
    return [_look(models, row) for row in wanted]


def _look(models: Models, row: Row) -> LifeSample:
    if models.antispoof is None:
        answer: float | tuple[str, ...] = (NO_MODEL,)
    else:
        try:
            answer = _answer(models, models.antispoof, read_picture(row.path))
        except (PictureError, RuntimeModelError, AlignmentError) as error:
            answer = (str(error),)
    known = (row.file, row.identity, row.role, row.group)
    return LifeSample(*known, refused=answer) if isinstance(answer, tuple) else LifeSample(*known, live=answer)


def _answer(models: Models, antispoof: AntiSpoof, image: Image) -> float | tuple[str, ...]:
    """The weighed answer, or why the gate would not have asked."""
    face = foremost(models.detector.detect(image), image.shape)
    if face is None:
        return (Fault.NO_FACE,)
    quality = assess(face, chips.cut(image, face.landmarks), image.shape, GATE)
    if not quality.good or not acts(face, GATE, GATE.size):
        return quality.faults or (Fault.TURNED,)
    seen = context(image.shape, face.box)
    if seen < LEAST_CONTEXT:
        return (Fault.CUT,)
    live = weigh(antispoof.live_probability(image, face.box), seen)
    return (Fault.CUT,) if live is None else live


def _natural(file: str) -> list[str | int]:
    """Frame 9 comes before frame 10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", file)]
