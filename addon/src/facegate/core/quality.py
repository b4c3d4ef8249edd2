"""Is this face good enough to be compared, and if not, what should the person do about it?

Everything is measured on what the pipeline has anyway: the landmarks and the aligned 112-pixel chip. Where the limits
come from: docs/measurements/quality.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import asin, atan2, cos, degrees, hypot, sin

import numpy as np
from numpy.typing import NDArray

from facegate.core.models import Face, Image


class Fault(StrEnum):
    """What is wrong with a picture of a face; each is a translation key wherever a person sees it."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    SMALL = "small"
    CUT = "cut"
    TURNED = "turned"
    TILTED = "tilted"
    ROLLED = "rolled"
    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    FLAT = "flat"
    MASK = "mask"
    SUNGLASSES = "sunglasses"
    EYES_CLOSED = "eyes_closed"
    DRAWING = "drawing"
    SIDEWAYS = "sideways"
    UPSIDE_DOWN = "upside_down"


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees. ``yaw``: positive to the picture's right; ``pitch``: positive downward; ``roll``: positive clockwise."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a face must meet.

    ``size``: shorter side of the box in pixels. ``yaw``, ``pitch``, ``roll``: degrees to either side. ``sharpness``:
    see :func:`sharpness`. ``dark``, ``bright``: mean grey of the face, 0–255. ``contrast``: standard deviation of its
    grey.
    """

    size: float
    yaw: float
    pitch: float
    roll: float
    sharpness: float
    dark: float
    bright: float
    contrast: float


GATE = Limits(size=48, yaw=55, pitch=35, roll=40, sharpness=0.08, dark=25, bright=235, contrast=12)
ENROLMENT = Limits(size=64, yaw=45, pitch=25, roll=25, sharpness=0.1, dark=40, bright=225, contrast=18)

EDGE = 0.02
"""A landmark nearer to the picture's edge than this part of the face's size means that the face is cut."""

BEYOND = 0.2
"""A box this far beyond the picture's edge, in proportion to itself, means the same."""

RIVAL = 0.5
"""A second face this large in proportion to the largest makes a picture one of several people."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured on one face, and which of its limits it does not meet."""

    size: float
    pose: Pose
    sharpness: float
    brightness: float
    contrast: float
    faults: tuple[Fault, ...]

    @property
    def good(self) -> bool:
        """Whether the face may be evidence."""
        return not self.faults


# Where the five landmarks lie on a head, in millimetres: x to the picture's right, y down, z towards the camera.
# The plane is the frontal template that the embedder was trained on, scaled to eyes 63 mm apart (the adult mean);
# the depths are a grown nose and the roundness of a face, rounded to 5 mm.
_HEAD: NDArray[np.float64] = np.array(
    [[-31.5, -34.0, 0.0], [31.5, -34.0, 0.0], [0.0, 2.0, 25.0], [-26.0, 38.5, 0.0], [26.0, 38.5, 0.0]]
)
_FACE = slice(20, 100)
"""The part of the chip that is skin, eyes, nose and mouth rather than hair and background."""


def assess(face: Face, chip: Image, shape: Sequence[int], limits: Limits) -> Quality:
    """Return the quality of ``face``.

    Args:
        face: as detected, in pixels of the picture.
        chip: (112, 112, 3) uint8, the aligned face.
        shape: height and width of the picture.
        limits: ``GATE`` or ``ENROLMENT``.

    Raises:
        ValueError: a landmark is no number, or the chip is not of that shape: nothing can be said.
    """
    if chip.shape != (112, 112, 3) or chip.dtype != np.uint8:
        raise ValueError("a chip is uint8 (112, 112, 3)")
    grey = chip.astype(np.float32) @ np.array([0.114, 0.587, 0.299], dtype=np.float32)
    skin = grey[_FACE, _FACE]
    measured = Quality(
        size=face.size,
        pose=estimate_pose(face.landmarks),
        sharpness=sharpness(skin),
        brightness=float(skin.mean()),
        contrast=float(skin.std()),
        faults=(),
    )
    return replace(measured, faults=_faults(measured, is_cut(face, shape), limits))


def acts(face: Face, limits: Limits, least_size: float) -> bool:
    """Whether the face is large and frontal enough to mean the gate; nothing but its landmarks is looked at."""
    pose = estimate_pose(face.landmarks)
    return (
        face.size >= least_size
        and abs(pose.yaw) <= limits.yaw
        and abs(pose.pitch) <= limits.pitch
        and abs(pose.roll) <= limits.roll
    )


def sharpness(grey: NDArray[np.float32]) -> float:
    """Return how much of the contrast lies in the finest detail: 0 for a flat or blurred picture.

    The Laplacian's standard deviation in proportion to the picture's own, so that dim light alone does not count as
    blur (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000, normalised).
    """
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    spread = float(grey.std())
    return float(laplacian.std()) / spread if spread > 1 else 0.0


def estimate_pose(landmarks: NDArray[np.float32]) -> Pose:
    """Return where the head points, from its five landmarks under scaled orthography.

    The least-squares affine camera is fitted to a mean head and its rotation read off (DeMenthon and Davis,
    "Model-based object pose in 25 lines of code", IJCV 1995, first step). Good to about 10 degrees.

    Raises:
        ValueError: a landmark is no number.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape != (5, 2) or not np.isfinite(points).all():
        raise ValueError("landmarks are five points of finite numbers")
    across, down = (_CAMERA @ (points - points.mean(axis=0))).T
    scale = max(float(np.linalg.norm(across)), float(np.linalg.norm(down)), 1e-9)
    roll = atan2(-across[1], down[1])
    # Where the nose points in the picture, as if the head were not rolled.
    nose_x = (cos(roll) * across[2] + sin(roll) * down[2]) / scale
    nose_y = (cos(roll) * down[2] - sin(roll) * across[2]) / scale
    yaw = asin(_unit(nose_x))
    pitch = asin(_unit(nose_y / max(cos(yaw), 1e-9)))
    return Pose(yaw=degrees(yaw), pitch=degrees(pitch), roll=degrees(roll))


def is_cut(face: Face, shape: Sequence[int]) -> bool:
    """Whether the picture's edge cuts the face: a landmark lies on it, or much of the box beyond it."""
    height, width = shape[:2]
    box = face.box
    x, y = face.landmarks[:, 0], face.landmarks[:, 1]
    near = EDGE * face.size
    on_edge = x.min() < near or y.min() < near or x.max() > width - near or y.max() > height - near
    beyond = max(-box.left, box.right - width) > BEYOND * box.width
    return bool(on_edge or beyond or max(-box.top, box.bottom - height) > BEYOND * box.height)


def foremost(faces: Sequence[Face], shape: Sequence[int]) -> Face | None:
    """Return the face that a still picture is of: large and near the middle, the corner counting half."""
    height, width = shape[:2]

    def weight(face: Face) -> float:
        x, y = face.box.centre
        return face.size * (1 - hypot(x - width / 2, y - height / 2) / hypot(width, height))

    return max(faces, key=weight, default=None)


def pick(faces: Sequence[Face], shape: Sequence[int]) -> Face | Fault:
    """Return the one face of a picture to enrol from, or why there is none.

    A face less than half as large is somebody in the background.
    """
    face = foremost(faces, shape)
    if face is None:
        return Fault.NO_FACE
    if any(other is not face and other.size >= RIVAL * face.size for other in faces):
        return Fault.SEVERAL_FACES
    return face


def _faults(measured: Quality, cut: bool, limits: Limits) -> tuple[Fault, ...]:
    pose = measured.pose
    found = {
        Fault.SMALL: measured.size < limits.size,
        Fault.CUT: cut,
        Fault.TURNED: abs(pose.yaw) > limits.yaw,
        Fault.TILTED: abs(pose.pitch) > limits.pitch,
        Fault.ROLLED: abs(pose.roll) > limits.roll,
        Fault.BLURRED: measured.sharpness < limits.sharpness,
        Fault.DARK: measured.brightness < limits.dark,
        Fault.BRIGHT: measured.brightness > limits.bright,
        Fault.FLAT: measured.contrast < limits.contrast,
    }
    return tuple(fault for fault, present in found.items() if present)


def _unit(value: float) -> float:
    return min(1.0, max(-1.0, value))


_CAMERA: NDArray[np.float64] = np.linalg.pinv(_HEAD - _HEAD.mean(axis=0))
"""(3, 5): least squares from five centred points to the affine camera's two rows."""
