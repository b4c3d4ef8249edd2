"""What a camera sees, for whoever places it: one picture, and of each face in its zone what the recogniser says of it.

Faces outside the zone belong to people who only walk by: they are grey before the picture is encoded, as they are
before anything is recognised. Nobody is compared with anybody here, and nothing is kept.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from facegate.core.intent import in_zone
from facegate.core.masking import mask_out
from facegate.core.models import Box, Camera, Face, Frame, Image
from facegate.core.quality import GATE, Fault, acts, assess
from facegate.vision import Models, chips

WIDEST = 960
"""Pixels across of the picture that is shown: enough to draw a zone, little to send twice a second."""
_FINEST = 1280  # what faces are looked for in: small ones far behind the gate are to be hidden as well
_LEAST_SCORE = 0.6  # rather hide a thing that is no face than show a face: nothing else depends on it
_JPEG = 75


@dataclass(frozen=True, slots=True)
class Seen:
    """One face of the zone. ``box``: parts (0–1) of the picture; ``size``: pixels of the camera's own picture.

    ``large``: not below the camera's least face. ``acts``: large and frontal enough to mean the gate. ``faults``: what
    is wrong with the picture of it.
    """

    box: Box
    size: float
    large: bool
    acts: bool
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """One picture, JPEG. ``width`` and ``height``: of the camera's own; ``hidden``: how many faces are grey in it."""

    jpeg: bytes
    width: int
    height: int
    faces: tuple[Seen, ...]
    hidden: int


def look(models: Models, camera: Camera, frame: Frame) -> Preview:
    """Return what may be shown of a frame. Raises RuntimeModelError."""
    image = frame.image
    found = models.detector.detect(image, least_score=_LEAST_SCORE, longest_side=_FINEST, again=True)
    inside = [face for face in found if in_zone(face.box.centre, image.shape, camera.zone)]
    outside = [_whole_head(face.box) for face in found if not in_zone(face.box.centre, image.shape, camera.zone)]
    shown = mask_out(image, outside, [face.box for face in inside])
    height, width = image.shape[:2]
    return Preview(_encode(shown), width, height, tuple(_seen(face, shown, camera) for face in inside), len(outside))


def _seen(face: Face, image: Image, camera: Camera) -> Seen:
    height, width = image.shape[:2]
    box = Box(face.box.left / width, face.box.top / height, face.box.right / width, face.box.bottom / height)
    try:
        faults = assess(face, chips.cut(image, face.landmarks), image.shape, GATE).faults
        acting = acts(face, GATE, camera.min_face)
    except ValueError:
        faults, acting = (Fault.CUT,), False  # landmarks that are no face's: the recogniser makes nothing of it either
    return Seen(box, face.size, face.size >= camera.min_face, acting, faults)


def _whole_head(box: Box) -> Box:
    """The box of a face ends at its forehead; hair and ears tell who it is as well."""
    across, down = 0.25 * box.width, 0.35 * box.height
    return Box(box.left - across, box.top - down, box.right + across, box.bottom + down)


def _encode(image: Image) -> bytes:
    scale = min(1.0, WIDEST / image.shape[1])
    small = image if scale == 1.0 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, _JPEG))
    assert done, "OpenCV encodes every array of three bytes a pixel"
    return np.asarray(jpeg, np.uint8).tobytes()
