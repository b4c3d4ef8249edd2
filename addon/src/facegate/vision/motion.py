"""How much of a face has changed between two frames beyond what a moved flat picture would show."""

import cv2
import numpy as np
from numpy.typing import NDArray

from facegate.core.alignment import CHIP_SIDE
from facegate.core.models import Image
from facegate.core.planarity import LEAST_SHARE, fit_plane, unexplained

_STEP = 10  # pixels between two points: 81 of them on the chip
_MARGIN = 16
_WINDOW = (17, 17)  # of the tracker; two levels above it, points may move 30 pixels
_LEVELS = 2
_RETURNS = 0.7  # pixels: a point that is tracked forth and back and ends elsewhere was lost
_LEAST_TRACKED = 0.5  # of the points: with fewer, the face has turned too far to be compared
_SMOOTH = 2.0  # pixels, sigma: noise of the sensor averages out, an eyelid does not

_LINE = np.arange(_MARGIN, CHIP_SIDE - _MARGIN + 1, _STEP, dtype=np.float32)
_GRID: NDArray[np.float32] = np.stack(np.meshgrid(_LINE, _LINE), axis=-1).reshape(-1, 2)


def change(before: Image, after: Image) -> float | None:
    """Return the part of ``after`` that ``before``, moved as a plane and lit differently, does not explain.

    Pyramidal Lucas–Kanade tracking of a grid (Bouguet, 2000), then one homography. ``None`` where no plane could be
    fitted (the head has turned far, or a picture is blurred): nothing is known then.

    Args:
        before: (112, 112, 3) uint8 BGR, an aligned face.
        after: a later one of the same face.
    """
    one, other = cv2.cvtColor(before, cv2.COLOR_BGR2GRAY), cv2.cvtColor(after, cv2.COLOR_BGR2GRAY)
    there, found = _follow(one, other, _GRID)
    back, returned = _follow(other, one, there)
    kept = found & returned & (np.linalg.norm(back - _GRID, axis=1) <= _RETURNS)
    if kept.mean() < _LEAST_TRACKED:
        return None
    plane = fit_plane(_GRID[kept].astype(np.float64), there[kept].astype(np.float64))
    if plane is None or plane.share < LEAST_SHARE:
        return None
    side = (CHIP_SIDE, CHIP_SIDE)
    moved_back = cv2.warpPerspective(other, plane.matrix, side, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return unexplained(_smooth(one), _smooth(moved_back))


def _smooth(grey: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(np.asarray(grey, np.float32), (0, 0), _SMOOTH), np.float32)


def _follow(
    one: NDArray[np.generic], other: NDArray[np.generic], points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    # The stubs know no call without a first guess.
    there, status, _ = cv2.calcOpticalFlowPyrLK(one, other, points, None, winSize=_WINDOW, maxLevel=_LEVELS)  # type: ignore[call-overload]
    return np.asarray(there, np.float32), np.asarray(status).ravel() == 1
