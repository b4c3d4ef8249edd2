"""Tells a face from a picture of a face, in one frame, by how the face and its surroundings look.

MiniFASNetV2 (Minivision, Silent-Face-Anti-Spoofing, 2020, the 2.7 × 80 × 80 network): input (1, 3, 80, 80) float32,
BGR, 0–255; output (1, 3) logits, class 1 is a live face. It looks at 2.7 times the face's box, since the edge of a
paper or a telephone lies there: on pictures cut close to the face its answer is worth nothing.
"""

from math import log

import cv2
import numpy as np

from facegate.core.liveness import context
from facegate.core.models import Box, Image
from facegate.vision.errors import RuntimeModelError
from facegate.vision.runtime import Session

_SIDE = 80
_LIVE = 1
_FACE = slice(25, 55)  # where the face lies in the middle of its surroundings

_BRIGHTNESS = 150.0
_LEAST_GAMMA = 0.8
"""A dark face before a bright wall looks like a print to the network, so its surroundings are brightened first, up to a
mean of 150 by a gamma not below 0.8: in one source 2.7 instead of 4.9 % of the frames of the living are refused, in
the other 10 instead of 21 %, while no attack gains a frame. Stronger gammas refuse people on a dark stage;
contrast equalisation, white balance, shifted crops, the mirror image and a linear gain were tried and did no good
(docs/measurements/liveness.md)."""


class AntiSpoof:
    """How likely a face is live, as far as one frame can tell."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def live_probability(self, image: Image, box: Box) -> float:
        """Return 0 (a picture of a face) to 1 (a live face) for the face at ``box`` of the full frame.

        Raises RuntimeModelError, also when the answer is no number: nothing may then be concluded.
        """
        blob = cv2.dnn.blobFromImage(_brighten(_surroundings(image, box)))
        (logits,) = self._session.run({self._session.inputs[0]: blob})
        if logits.shape != (1, 3) or not np.isfinite(logits).all():
            raise RuntimeModelError("The liveness model answers with what is no number: nothing is known of this face.")
        weights = np.exp(logits[0].astype(np.float64) - logits.max())
        return float(weights[_LIVE] / weights.sum())


def _surroundings(image: Image, box: Box) -> Image:
    """Return the face with its surroundings, scaled to the network's side; at the picture's edge what is there."""
    height, width = image.shape[:2]
    scale = context((height, width), box)
    if scale == 0.0:
        raise RuntimeModelError("The face has no size: nothing is known of it.")
    (x, y), half_width, half_height = box.centre, box.width * scale / 2, box.height * scale / 2
    left, top = max(0, int(x - half_width)), max(0, int(y - half_height))
    right, bottom = min(width - 1, int(x + half_width)), min(height - 1, int(y + half_height))
    if left > right or top > bottom:
        raise RuntimeModelError("The face lies outside the picture: nothing is known of it.")
    part = cv2.resize(image[top : bottom + 1, left : right + 1], (_SIDE, _SIDE))
    return np.asarray(part, np.uint8)


def _brighten(part: Image) -> Image:
    mean = min(max(float(part[_FACE, _FACE].mean()), 1.0), 254.0)
    gamma = log(_BRIGHTNESS / 255) / log(mean / 255)
    if gamma >= 1:
        return part
    table = 255 * (np.arange(256) / 255) ** max(gamma, _LEAST_GAMMA)
    return np.asarray(np.round(table).astype(np.uint8)[part])
