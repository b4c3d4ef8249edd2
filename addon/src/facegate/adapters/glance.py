"""A decoded picture that nobody has looked at yet: mostly it never is, so it is not converted either."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from facegate.core.models import Frame, Image, Luma

_ACROSS = 160  # columns of a sample; with fewer, a face at the gate would be lost between them


@dataclass(frozen=True, slots=True)
class Glance:
    """What is known of a picture before it is converted. ``luma``: a sample of its brightness."""

    camera: str
    number: int
    luma: Luma
    captured_at: float
    clip_time: float
    image: Callable[[], Image] = field(repr=False)

    def frame(self) -> Frame:
        """The whole picture, converted now. Raises CameraError."""
        return Frame(self.camera, self.number, self.image(), self.captured_at, self.clip_time)


def step(width: int) -> int:
    """Of how many pixels one is taken, across and down."""
    return max(1, round(width / _ACROSS))


class Stillness:
    """Whether the camera shows the same picture again and again; outlives a reconnection, as a hung encoder does."""

    def __init__(self) -> None:
        self._sample: Luma | None = None
        self.still = False

    def same(self, sample: Luma) -> bool:
        """Whether the sample is the last one: noise and motion show in it as everywhere."""
        self.still = self._sample is not None and np.array_equal(self._sample, sample)
        self._sample = sample
        return self.still
