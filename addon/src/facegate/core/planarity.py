"""Is everything that changed between two pictures of a face explained by one flat picture that was moved?

A print or a still on a screen is a plane: however it is moved, turned or lit, its second picture is its first under one
homography, a little brighter or darker. A living face blinks, speaks and has depth, and leaves a rest that no
homography explains. Geometry as in Hartley and Zisserman, "Multiple View Geometry", 2nd edition, chapters 2 and 4.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Points = NDArray[np.float64]
"""(n, 2) pixels."""

LEAST_POINTS = 24
"""Three times the unknowns of a homography: fewer tracked points fit whatever they are given."""

FITS = 1.0
"""Pixels of the chip within which a point is where the plane puts it."""

LEAST_SHARE = 0.6
"""Share of the tracked points that must fit: otherwise the plane was not found, and what is left says nothing."""

_ROUNDS = 6
_SCALE = 0.4  # pixels at which a point's weight has halved: the error of a point tracked in a face of 48 pixels or more
_INSIDE = (slice(18, 100, 2), slice(20, 92, 2))  # eyes to chin; at the chip's edge is background


@dataclass(frozen=True, slots=True)
class Plane:
    """The homography (3, 3) that takes the points to where they went, and the share of them that it explains."""

    matrix: NDArray[np.float64]
    share: float


def fit_plane(points: Points, moved: Points) -> Plane | None:
    """Return the plane's motion, fitted robustly; ``None`` where too few points allow one or it degenerates."""
    if len(points) < LEAST_POINTS or points.shape != moved.shape:
        return None
    if not (np.isfinite(points).all() and np.isfinite(moved).all()):
        return None
    weights = np.ones(len(points))
    # The first fit is the shift that most points agree on: least squares alone would follow points that were lost.
    rest = np.linalg.norm(moved - points - np.median(moved - points, axis=0), axis=1)
    matrix = np.eye(3)
    for _ in range(_ROUNDS):
        weights = 1 / (1 + (rest / _SCALE) ** 2)
        solved = _homography(points, moved, weights)
        if solved is None:
            return None
        matrix = solved
        rest = np.linalg.norm(project(matrix, points) - moved, axis=1)
        if not np.isfinite(rest).all():
            return None
    return Plane(matrix, float((rest <= FITS).mean()))


def project(matrix: NDArray[np.float64], points: Points) -> Points:
    """Return where the homography takes ``points``; not finite where it takes them to infinity."""
    lifted = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(lifted[:, :2] / lifted[:, 2:])


def unexplained(before: NDArray[np.float32], after: NDArray[np.float32]) -> float | None:
    """Return what is left of the difference once the plane and the light are taken out.

    The root mean square of the difference in proportion to the picture's own contrast: 0 for the same picture, near 1
    for two that have nothing in common. ``None`` where there is no contrast to compare.

    Args:
        before: (112, 112) grey, smoothed so that the sensor's noise does not count.
        after: the same of a later picture, brought back to ``before`` by the plane's homography.
    """
    one, other = (np.asarray(grey, dtype=np.float64)[_INSIDE] for grey in (before, after))
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return None
    one, other = one - one.mean(), other - other.mean()
    spread, power = float(one.std()), float((other**2).mean())
    if spread < 1 or power < 1:
        return None
    gain = float((one * other).mean()) / power
    return float(np.sqrt(((one - gain * other) ** 2).mean())) / spread


def _homography(points: Points, moved: Points, weights: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Weighted least squares with the last entry 1: near the identity, as between two aligned faces, that is safe."""
    middle, size = points.mean(axis=0), 56.0  # half a chip, so that all entries are of one magnitude
    (x, y), (u, v) = ((points - middle) / size).T, ((moved - middle) / size).T
    nought, one = np.zeros_like(x), np.ones_like(x)
    rows = np.concatenate(
        [
            np.column_stack([x, y, one, nought, nought, nought, -u * x, -u * y]),
            np.column_stack([nought, nought, nought, x, y, one, -v * x, -v * y]),
        ]
    )
    root = np.sqrt(np.concatenate([weights, weights]))
    try:
        solution, _, rank, _ = np.linalg.lstsq(rows * root[:, None], np.concatenate([u, v]) * root, rcond=None)
    except np.linalg.LinAlgError:
        return None
    if rank < 8:
        return None
    to = np.array([[1 / size, 0, -middle[0] / size], [0, 1 / size, -middle[1] / size], [0, 0, 1]])
    back = np.array([[size, 0, middle[0]], [0, size, middle[1]], [0, 0, 1]])
    return np.asarray(back @ np.append(solution, 1.0).reshape(3, 3) @ to)
