"""Cuts aligned faces out of frames."""

import cv2
import numpy as np
from numpy.typing import NDArray

from facegate.core.alignment import CHIP_SIDE, similarity
from facegate.core.models import Image
from facegate.core.portrait import SCALE, SIDE

_REDUCE = 0.7
"""Output pixels per input pixel below which interpolating between neighbours leaves pixels out."""


def cut(image: Image, landmarks: NDArray[np.float32]) -> Image:
    """Return the face as an upright (112, 112, 3) BGR chip; what lies outside the picture is black.

    ``landmarks`` (5, 2) in pixels of ``image``. Raises facegate.core.alignment.AlignmentError.
    """
    chip = cv2.warpAffine(image, similarity(landmarks), (CHIP_SIDE, CHIP_SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, np.uint8)


def cut_portrait(image: Image, landmarks: NDArray[np.float32]) -> Image:
    """Return the same face at ``core.portrait.SCALE`` times the size, for looking at it closely.

    A large face is reduced before it is turned, so that its pores do not turn into noise. Raises AlignmentError.
    """
    matrix = similarity(landmarks) * SCALE
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < _REDUCE:
        shrink = scale / _REDUCE
        image = np.asarray(cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = similarity(landmarks * np.float32(shrink)) * SCALE
    return np.asarray(cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR), np.uint8)
