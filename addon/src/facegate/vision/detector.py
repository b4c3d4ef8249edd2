"""Finds faces and five landmarks with YuNet.

Source: Wu, Peng, Yu: YuNet, a tiny millisecond-level face detector (2023); OpenCV Zoo, face_detection_yunet_2023mar.
Input (1, 3, h, w) float32, BGR, 0–255, sides multiples of 32. Outputs for each stride 8, 16, 32, one row a grid cell:
``cls`` and ``obj`` (n, 1), ``bbox`` (n, 4) offset of the centre and log size in strides, ``kps`` (n, 10) in strides.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from facegate.core.models import Box, Face, Image
from facegate.vision.errors import RuntimeModelError
from facegate.vision.runtime import Session

LEAST_SCORE = 0.88
"""Measured at 640 px on 45 pictures without people (dogs, cats, statues) and 546 with one: at 0.6 "faces" on 7 and none
missed, at 0.88 none and 2 missed, at 0.9 none and 9 missed; the best of the faces that are none has 0.84.
"""
LONGEST_SIDE = 640
"""Pixels the longer side is reduced to: faces of 24 px there are still found 97 times in 100."""

_STRIDES = (8, 16, 32)
_OVERLAP = 0.3  # of two boxes that overlap more, the weaker is the same face
_MULTIPLE = 32

type _Floats = NDArray[np.float32]


class Detector:
    """Faces in pictures of any size."""

    def __init__(self, session: Session) -> None:
        wanted = {f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in _STRIDES}
        if missing := wanted - set(session.outputs):
            raise RuntimeModelError(f"The model {session.name} is no YuNet: it has no {min(missing)}.")
        self._session = session

    def detect(
        self,
        image: Image,
        *,
        least_score: float = LEAST_SCORE,
        longest_side: int = LONGEST_SIDE,
        region: Box | None = None,
        again: bool = False,
    ) -> list[Face]:
        """Return the faces, best score first, in pixels of ``image``.

        ``longest_side`` bounds the cost: a larger picture is reduced to it, a smaller one is left as it is.
        ``region`` looks at that part of the picture alone. ``again`` looks once more at half the size where no face was
        found, for a quarter of the cost: the noise of a dark picture is averaged away, and faces in it are found
        (docs/measurements/light.md). Raises RuntimeModelError.
        """
        left, top, part = _part(image, region)
        height, width = part.shape[:2]
        if height == 0 or width == 0:
            return []
        scale = min(1.0, longest_side / max(height, width))
        faces = self._find(part, scale, least_score, (left, top))
        return self._find(part, scale / 2, least_score, (left, top)) if again and not faces else faces

    def _find(self, part: Image, scale: float, least_score: float, corner: tuple[int, int]) -> list[Face]:
        height, width = part.shape[:2]
        blob, grid_width = _blob(part, scale)
        answer = dict(zip(self._session.outputs, self._session.run({self._session.inputs[0]: blob}), strict=True))
        corners, landmarks, scores = _decode(answer, grid_width, least_score)
        kept = _strongest(corners, scores)
        # Undo what the blob did: rounding makes the two sides' scales differ a little.
        shrunk = np.array([max(1, round(width * scale)) / width, max(1, round(height * scale)) / height], np.float32)
        shift = np.array(corner, np.float32)
        corners = corners[kept].reshape(-1, 2, 2) / shrunk + shift
        landmarks = landmarks[kept] / shrunk + shift
        return [
            Face(Box(*map(float, corner.reshape(4))), points, float(score))
            for corner, points, score in zip(corners, landmarks, scores[kept], strict=True)
        ]


def _part(image: Image, region: Box | None) -> tuple[int, int, Image]:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise RuntimeModelError(f"The detector takes 8-bit BGR pictures, not {image.dtype} {image.shape}.")
    if region is None:
        return 0, 0, image
    height, width = image.shape[:2]
    left, right = (int(np.clip(x, 0, width)) for x in (region.left, region.right))
    top, bottom = (int(np.clip(y, 0, height)) for y in (region.top, region.bottom))
    return left, top, image[top:bottom, left:right]


def _blob(image: Image, scale: float) -> tuple[_Floats, int]:
    """Return the network's input, padded with black at the right and the bottom, and its width."""
    if scale < 1.0:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = image.shape[:2]
    padded_height, padded_width = (-(-side // _MULTIPLE) * _MULTIPLE for side in (height, width))
    blob = np.zeros((1, 3, padded_height, padded_width), np.float32)
    for channel in range(3):
        blob[0, channel, :height, :width] = image[:, :, channel]
    return blob, padded_width


def _decode(answer: dict[str, _Floats], width: int, least_score: float) -> tuple[_Floats, _Floats, _Floats]:
    """Return corners (n, 4) and landmarks (n, 5, 2) in pixels of the input, and scores (n,), of what is a face."""
    corners, landmarks, scores = [], [], []
    for stride in _STRIDES:
        belief = np.clip(answer[f"cls_{stride}"], 0, 1) * np.clip(answer[f"obj_{stride}"], 0, 1)
        if not np.isfinite(belief).all():
            raise RuntimeModelError("The detector answers with what is no number: nothing can be said of this frame.")
        score = np.sqrt(belief[0, :, 0])
        cells = np.flatnonzero(score >= least_score)
        origin = np.stack((cells % (width // stride), cells // (width // stride)), axis=1).astype(np.float32)
        box = answer[f"bbox_{stride}"][0, cells]
        centre, half = (origin + box[:, :2]) * stride, np.exp(box[:, 2:]) * stride / 2
        corners.append(np.hstack((centre - half, centre + half)))
        points = answer[f"kps_{stride}"][0, cells].reshape(-1, 5, 2)
        landmarks.append((points + origin[:, None]) * stride)
        scores.append(score[cells])
    found = np.concatenate(corners), np.concatenate(landmarks), np.concatenate(scores)
    if not all(np.isfinite(values).all() for values in found):
        raise RuntimeModelError("The detector answers with what is no number: nothing can be said of this frame.")
    return found


def _strongest(corners: _Floats, scores: _Floats) -> NDArray[np.intp]:
    """Return the indices of the best of each group of overlapping boxes, best first."""
    if len(scores) == 0:
        return np.zeros(0, np.intp)
    boxes = np.hstack((corners[:, :2], corners[:, 2:] - corners[:, :2])).astype(np.float64)
    return np.asarray(cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.0, _OVERLAP), np.intp).reshape(-1)
