"""OpenCV's own way over the same frames, to compare with: YuNet, alignCrop, SFace and a cosine with each template.

As OpenCV's sample does it (samples/dnn/face_detect.py): faces are looked for in the frame as it is, and every face in
every frame is embedded. It knows no tracks, no intent, no quality, no proof of life and no decision. The models are
the same files as ours.
"""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from facegate.core.models import Frame, Image
from facegate.settings import default_models
from facegate.vision.zoo import verified_path

LEAST_SCORE, OVERLAP, CANDIDATES = 0.9, 0.3, 5000  # the sample's own


class OpenCvPath:
    """OpenCV's detector and recognizer, and the people of some pictures, the first face of each."""

    def __init__(self, enrolled: Sequence[Path]) -> None:
        models = default_models()
        self._detector = cv2.FaceDetectorYN.create(
            str(verified_path(models, "yunet")), "", (320, 320), LEAST_SCORE, OVERLAP, CANDIDATES
        )
        self._recognizer = cv2.FaceRecognizerSF.create(str(verified_path(models, "sface")), "")
        self._templates = [self._embed(cv2.imread(str(picture)))[0] for picture in enrolled]

    def run(self, frames: Iterable[Frame]) -> tuple[list[float], list[float]]:
        """Milliseconds of each frame, and the best cosine in it, 0 where no face is found."""
        taken, best = [], []
        for frame in frames:
            began = time.perf_counter()
            scores = [
                self._recognizer.match(vector, template, cv2.FaceRecognizerSF_FR_COSINE)
                for vector in self._embed(frame.image)
                for template in self._templates
            ]
            taken.append((time.perf_counter() - began) * 1000)
            best.append(max(scores, default=0.0))
        return taken, best

    def _embed(self, image: Image) -> list[np.ndarray]:
        self._detector.setInputSize((image.shape[1], image.shape[0]))
        _, rows = self._detector.detect(image)
        found = [] if rows is None else rows
        return [self._recognizer.feature(self._recognizer.alignCrop(image, row)).copy() for row in found]
