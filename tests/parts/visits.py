"""What a camera at a gate sees in tests: nobody, or somebody's picture that comes nearer and stays a while."""

import cv2
import numpy as np

from tests.parts.rtsp import people

FPS = 15
NOBODY, VISIT = 3.0, 3.0  # seconds


def approach(picture: str) -> list[np.ndarray]:
    """A person's picture that comes nearer, and stays a while."""
    still = cv2.imread(str(people() / picture))
    assert still is not None, f"{picture} is missing: run scripts/setup"
    frames = []
    for number in range(round(VISIT * FPS)):
        height = round(300 + 260 * min(1.0, number / FPS))
        person = cv2.resize(still, (round(still.shape[1] * height / still.shape[0]), height))
        frame = np.full((720, 1280, 3), 110, np.uint8)
        left = 400 + number % 5
        frame[720 - height :, left : left + person.shape[1]] = person
        frames.append(frame)
    return frames


def nobody() -> list[np.ndarray]:
    """The empty entrance, with a little noise, as a sensor has."""
    noise = np.random.default_rng(1)
    return [
        np.full((720, 1280, 3), 110, np.uint8) + noise.integers(0, 4, (720, 1280, 1), np.uint8)
        for _ in range(round(NOBODY * FPS))
    ]
