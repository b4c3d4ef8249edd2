"""Where a face must be turned, scaled and shifted to, so that one embedder sees all faces alike.

The template are the five points of ArcFace's 112-pixel crops (Deng et al., ArcFace, 2019; insightface,
``face_align.py``). The fit is Umeyama's least-squares similarity (1991), which in two dimensions has this closed form:
with points as complex numbers, a similarity is z → a·z + b.
"""

import numpy as np
from numpy.typing import NDArray

CHIP_SIDE = 112
"""Pixels of the square that the template is drawn in."""

TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
"""(5, 2) pixels: the eyes, the nose, the corners of the mouth, the picture's left first."""

_LEAST_SPREAD = 1e-3  # pixels: below it the points are one point


class AlignmentError(ValueError):
    """Landmarks that no face can have."""


def similarity(landmarks: NDArray[np.floating], template: NDArray[np.float64] = TEMPLATE) -> NDArray[np.float64]:
    """Return the (2, 3) matrix that turns, scales and shifts ``landmarks`` (n, 2) best onto ``template`` (n, 2).

    Mirrored faces stay mirrored: a reflection is never the answer. Raises AlignmentError.
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape != template.shape or not np.isfinite(points).all():
        raise AlignmentError(f"There must be {len(template)} finite landmarks, not {points.tolist()}.")
    source, target = points @ (1, 1j), template @ (1, 1j)
    source_middle, target_middle = source.mean(), target.mean()
    spread = source - source_middle
    if np.abs(spread).max() < _LEAST_SPREAD:
        raise AlignmentError("All landmarks are the same point.")
    a = np.vdot(spread, target - target_middle) / np.vdot(spread, spread).real
    b = target_middle - a * source_middle
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
