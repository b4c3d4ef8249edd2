"""The challenge: does a movement that is measured by landmarks tell a head from a moved picture and from a film?

There are no clips of people who follow a prompt. What there is: a man who turns his head as he likes, alive and as a
film on a screen; people who stand; and portraits moved as a hand moves a print. Each is asked each prompt, beginning at
each of several moments; the challenge alone is asked here, without what ``passive`` refuses before it.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from liveness_measure import PORTRAITS, people_folder
from measure_table import Measure, none_of, rate_of

from facegate.adapters.camera import frames
from facegate.core.challenge import REACTION, SECONDS, Challenge, Prompt
from facegate.core.models import Image
from facegate.core.quality import GATE, acts, estimate_pose
from facegate.vision import Models
from facegate.vision.pictures import read_picture

TURNS = (Prompt.TURN_LEFT, Prompt.TURN_RIGHT)
STANDING = ("grid_1", "grid_2", "grid_3", "grid_4")
PRINT = 120
"""Pixels of a portrait's face."""

_EVERY = 0.5  # seconds between two moments at which a prompt is given
_SKIPPED = 2  # every second frame of a clip: 15 a second
_FPS = 8
_MOVE = 1.0  # seconds in which a hand turns a print, or brings it nearer
_ANGLES = (25, 35, 45)
_NEARER = 1.4

type Pose = tuple[float, float, float]
"""Seconds, degrees of yaw, pixels."""


def measures(models: Models, data: Path) -> Iterator[Measure]:
    """Clips first, moved portraits after."""
    clips = data / "gate-dev" / "clips"
    for name, said in (("live_A", "a living man turns his head as he likes"), ("replay_A", "the same as a film")):
        poses = list(_poses(models, _read(clips / f"{name}.mp4")))
        for prompt in Prompt:
            met = rate_of(_meets(prompt, poses, start) for start in _starts(poses))
            yield Measure(f"challenge, {name}.mp4: {said}", f"{prompt} met, of the moments to ask at", met)
    stood = {name: list(_poses(models, _read(clips / f"{name}.mp4"))) for name in STANDING}
    met = rate_of(_meets(prompt, poses, 0.0) for poses in stood.values() for prompt in Prompt)
    yield none_of("challenge, grid_1 to grid_4: people who stand", "any prompt met", met)
    yield from _prints(models, people_folder())


def _prints(models: Models, people: Path) -> Iterator[Measure]:
    part = f"challenge, {len(PORTRAITS)} portraits moved as prints"
    portraits = [_portrait(models, people / name) for name in PORTRAITS]
    for angle in _ANGLES:
        met = [
            _meets(prompt, list(_poses(models, _turned(image, sign * angle))), 0.0)
            for image in portraits
            for prompt in TURNS
            for sign in (-1, 1)
        ]
        yield none_of(part, f"turned about the upright by up to {angle} degrees: a turn met", rate_of(met))
    nearer = [_meets(Prompt.COME_CLOSER, list(_poses(models, _nearer(image))), 0.0) for image in portraits]
    yield Measure(part, f"brought {_NEARER} times as near: come_closer met", rate_of(nearer))


def _read(clip: Path) -> Iterator[tuple[float, Image]]:
    return ((frame.clip_time, frame.image) for frame in islice(frames(str(clip)), 0, None, _SKIPPED))


def _poses(models: Models, film: Iterable[tuple[float, Image]]) -> Iterator[Pose]:
    """What the pipeline would hand to the challenge: of faces that it goes on watching."""
    for at, image in film:
        face = max(models.detector.detect(image), key=lambda found: found.size, default=None)
        if face is not None and acts(face, GATE, GATE.size):
            yield at, estimate_pose(face.landmarks).yaw, face.size


def _starts(poses: list[Pose]) -> list[float]:
    """Moments from which on there is time to follow the prompt before the clip ends."""
    first, last = poses[0][0], poses[-1][0]
    return [float(at) for at in np.arange(first, max(first, last - SECONDS) + _EVERY / 2, _EVERY)]


def _meets(prompt: Prompt, poses: list[Pose], start: float) -> bool:
    challenge = Challenge(prompt, start - REACTION)
    for at, yaw, size in poses:
        challenge = challenge.saw(yaw, size, at)
    return challenge.met


def _portrait(models: Models, path: Path) -> Image:
    image = read_picture(path)
    face = max(models.detector.detect(image), key=lambda found: found.size)
    scale = PRINT / face.box.width
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _turned(image: Image, degrees: float) -> Iterator[tuple[float, Image]]:
    return _film(image, lambda part: (np.radians(degrees) * part, 1.0))


def _nearer(image: Image) -> Iterator[tuple[float, Image]]:
    return _film(image, lambda part: (0.0, 1 + (_NEARER - 1) * part))


def _film(image: Image, move: Callable[[float], tuple[float, float]]) -> Iterator[tuple[float, Image]]:
    """A print at arm's length that is moved for a second and held; ``move``: how far of the way → turn and scale."""
    height, width = image.shape[:2]
    lens = np.array([[2.0 * width, 0, width / 2], [0, 2.0 * width, height / 2], [0, 0, 1.0]])
    for number in range(round(2 * _MOVE * _FPS)):
        at = number / _FPS
        angle, scale = move(min(1.0, max(0.0, at - REACTION) / _MOVE))
        turn = cv2.Rodrigues(np.array([0.0, angle, 0.0]))[0]
        plane = lens @ np.diag([scale, scale, 1.0]) @ turn @ np.linalg.inv(lens)
        moved = cv2.warpPerspective(image, plane, (width, height), borderMode=cv2.BORDER_REPLICATE)
        yield at, np.asarray(moved, np.uint8)
