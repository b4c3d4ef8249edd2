"""Cuts aligned faces out of frames."""

import cv2
import numpy as np
from numpy.typing import NDArray

from facegate.core.alignment import CHIP_SIDE, similarity
from facegate.core.models import Image


def cut(image: Image, landmarks: NDArray[np.float32]) -> Image:
    """Return the face as an upright (112, 112, 3) BGR chip; what lies outside the picture is black.

    ``landmarks`` (5, 2) in pixels of ``image``. Raises facegate.core.alignment.AlignmentError.
    """
    chip = cv2.warpAffine(image, similarity(landmarks), (CHIP_SIDE, CHIP_SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, np.uint8)
