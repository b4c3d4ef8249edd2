"""Which pictures are worth a look: an empty scene costs next to nothing, and nobody who stands there is overlooked.

Nothing that opens or refuses rests on this. Whoever is missed here is found by the look that is taken anyway, once a
second; whatever wakes it in error costs a little electricity.
"""

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from facegate.core.intent import Zone
from facegate.core.models import Luma
from facegate.core.search import bounds

type _Cells = NDArray[np.float32]

PERIOD = 1.0
"""Seconds between two looks while nothing moves. It bounds what an error of the motion gate can cost: with it the
slowest opening (0.8 s) becomes 1.8 s, for a person who came without changing the picture. Two looks a second put an
idle camera at 10.9 % of a core (scripts/bench), which is more than the tenth that it may have."""
EAGER = 1.0
"""Seconds after something began to move in which every picture is looked at: a face is seen as soon as it is there."""
SEARCH = 0.09
"""Seconds between two looks at what has moved for longer without a face in it, such as leaves, rain or a street."""
AFTER_MOTION = 1.0
"""Seconds for which it stays awake after the last motion."""
AFTER_FACE = 3.0
"""Seconds for which it stays awake after the last face: whoever looked away may look back, and hardly move for it."""


class Attention:
    """The attention that one camera's pictures get. Used from one thread.

    Args:
        zone: what moves outside it, and its surroundings, wakes nobody.
    """

    def __init__(self, zone: Zone = ()) -> None:
        self._motion = Motion(zone)
        self._began = self._moved = self._occupied = self._looked = float("-inf")
        self._newest = float("-inf")

    def wants(self, luma: Luma, at: float, *, occupied: bool) -> bool:
        """Whether to look at the picture taken ``at``, of whose brightness ``luma`` is a sample.

        ``occupied``: a face is followed, or something is waited for that a face may answer.
        """
        in_order = isfinite(at) and at >= self._newest
        if not in_order:  # nothing is known of the time between: begin anew, with a look
            self._began = self._moved = self._occupied = self._looked = float("-inf")
        self._newest = at if isfinite(at) else float("-inf")
        if self._motion.saw(luma, at):
            if not self._awake(at):
                self._began = at
            self._moved = at
        if occupied:
            self._occupied = at
        if not in_order or at - self._looked >= self._pause(at, occupied=occupied):
            self._looked = at
            return True
        return False

    def _awake(self, at: float) -> bool:
        return at - self._moved <= AFTER_MOTION or at - self._occupied <= AFTER_FACE

    def _pause(self, at: float, *, occupied: bool) -> float:
        if not self._awake(at):
            return PERIOD
        return 0.0 if occupied or at - self._occupied <= AFTER_FACE or at - self._began <= EAGER else SEARCH


_CELL = 4
"""Samples across a cell: the mean of 16 has a quarter of a sensor's noise, and is no larger than a face at the gate."""
_LEAST = 2
"""Cells that must have changed: one alone is an insect."""
_FOLLOWS = 2.0
"""Seconds in which what is new becomes the background."""
_LEARNS = 10.0
"""Seconds in which the noise of a cell is learnt."""
_FAINTEST = 4.0
"""Levels of 255 below which no change counts: what H.264 does to a still scene from one key frame to the next."""
_TIMES_NOISE = 6.0
"""How far beyond its usual change a cell must go: one that changes by this much by chance does so once in an hour."""
_MOST_NOISE = 2.5
"""Mean change of a cell that counts as noise: somebody who comes and goes all day must not pass for noise."""
_DARK = 8.0
"""Added to brightness before ratios are taken, so that in the dark they are not of noise alone."""


class Motion:
    """Whether something moves in samples of brightness, whatever the light does to all of it.

    Each cell is compared with its own background, after the brightness of its row was taken out: a lamp that flickers,
    the stripes that mains light draws over a rolling shutter, and the camera's own exposure change whole rows.
    """

    def __init__(self, zone: Zone = ()) -> None:
        self._zone = zone
        self._background: _Cells | None = None
        self._noise: _Cells = np.zeros((0, 0), np.float32)
        self._at = float("-inf")

    def saw(self, luma: Luma, at: float) -> bool:
        """Whether something has moved in this sample, taken ``at``; the first one always counts as such."""
        cells = _cells(luma)
        before, since = self._background, at - self._at
        self._at = at
        if before is None or before.shape != cells.shape or not since >= 0:
            self._background, self._noise = cells, np.ones_like(cells)
            return True
        gain = np.median((cells + _DARK) / (before + _DARK), axis=1, keepdims=True)
        change = np.abs(cells + _DARK - gain * (before + _DARK))
        moved = change > np.maximum(_FAINTEST, _TIMES_NOISE * np.minimum(self._noise, _MOST_NOISE))
        self._noise += _share(since, _LEARNS) * (np.minimum(change, 2 * _MOST_NOISE) - self._noise)
        self._background = before + _share(since, _FOLLOWS) * (cells - before)
        return int(np.count_nonzero(self._in_zone(moved))) >= _LEAST

    def _in_zone(self, cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
        box = bounds(cells.shape, self._zone)
        if box is None:
            return cells
        return cells[int(box.top) : int(np.ceil(box.bottom)), int(box.left) : int(np.ceil(box.right))]


def _cells(luma: Luma) -> _Cells:
    rows, columns = (max(1, side // _CELL) for side in luma.shape)
    tall, wide = min(_CELL, luma.shape[0]), min(_CELL, luma.shape[1])
    blocks = luma[: rows * tall, : columns * wide].reshape(rows, tall, columns, wide)
    cells: _Cells = blocks.mean(axis=(1, 3), dtype=np.float32)
    return cells


def _share(seconds: float, of: float) -> np.float32:
    return np.float32(1.0 - np.exp(-seconds / of))
