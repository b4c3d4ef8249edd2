"""Turns aligned faces into vectors whose cosine says how alike two faces are.

Default: SFace (Zhong et al., SFace: sigmoid-constrained hypersphere loss, 2021; OpenCV Zoo,
face_recognition_sface_2021dec): input (n, 3, 112, 112) float32, RGB, 0–255, normalised inside the graph; output
(n, 128). Other embedders of the registry take the same chips, normalised as their card says.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from facegate.core.alignment import CHIP_SIDE
from facegate.vision.errors import RuntimeModelError
from facegate.vision.runtime import Session
from facegate.vision.zoo import Role, known

_LEAST_LENGTH = 1e-6  # below it a vector has no direction


class Embedder:
    """One embedding model. ``model`` is the name that templates remember."""

    def __init__(self, session: Session, model: str) -> None:
        self.model = model
        card = known(model, Role.EMBEDDER)
        self.dimensions = card.dimensions
        self._mean, self._deviation = card.mean, card.deviation
        self._session = session

    def embed(self, chips: NDArray[np.uint8], *, mirrored: bool = False) -> NDArray[np.float32]:
        """Return one unit vector (dimensions,) for each BGR chip of ``chips`` (n, 112, 112, 3), as (n, dimensions).

        ``mirrored`` averages each with its mirror image: a little better with pictures of poor light or pose, at twice
        the time. Raises RuntimeModelError, also when an answer has no direction.
        """
        if chips.ndim != 4 or chips.shape[1:] != (CHIP_SIDE, CHIP_SIDE, 3) or chips.dtype != np.uint8:
            raise RuntimeModelError(f"The embedder takes 8-bit (n, 112, 112, 3), not {chips.dtype} {chips.shape}.")
        if len(chips) == 0:
            return np.zeros((0, self.dimensions), np.float32)
        if not mirrored:
            return _unit(self._run(chips))
        both = self._run(np.concatenate((chips, chips[:, :, ::-1])))
        return _unit(_unit(both[: len(chips)]) + _unit(both[len(chips) :]))

    def _run(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        # One at a time: five at once take as long as five alone, and the runtime would keep 90 MB to work on them.
        return np.concatenate([self._run_one(chip) for chip in chips])

    def _run_one(self, chip: NDArray[np.uint8]) -> NDArray[np.float32]:
        mean = (self._mean,) * 3
        blob = cv2.dnn.blobFromImage(chip, 1 / self._deviation, mean=mean, swapRB=True)
        (vector,) = self._session.run({self._session.inputs[0]: blob})
        if vector.shape != (1, self.dimensions):
            raise RuntimeModelError(
                f"The model {self.model} answers {vector.shape} where {(1, self.dimensions)} is wanted."
            )
        return vector


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > _LEAST_LENGTH)).all():
        raise RuntimeModelError("The embedder answers with a vector of no direction: this face cannot be compared.")
    unit: NDArray[np.float32] = (vectors / lengths).astype(np.float32)
    return unit
