"""What is said of a picture that nobody should be enrolled from: real faces, spoilt in one way each, real models."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from facegate.core import portrait
from facegate.core.models import Image
from facegate.core.quality import Fault, Pose
from facegate.residents.picture import Judgement, explain_no_face, judge
from tests.parts.eyes import models
from tests.parts.eyes import portrait as picture_of

PEOPLE = ["obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg", "astronaut.png"]


def judged(image: np.ndarray) -> Judgement:
    return judge(models(), cv2.imencode(".png", image.clip(0, 255).astype(np.uint8))[1].tobytes())


def landmarks(image: Image) -> np.ndarray:
    return models().detector.detect(image)[0].landmarks


def in_closed_eyes(image: Image) -> np.ndarray:
    """A lid in the colour of the cheek over each eye, and lashes where it meets the cheek."""
    shut = image.copy()
    right, left, nose = landmarks(image)[:3]
    apart = float(np.linalg.norm(left - right))
    cheek = ((right + left) / 2 + (nose - (right + left) / 2) * 0.6 + (left - right) * 0.3).astype(int)
    colour = image[cheek[1] - 3 : cheek[1] + 4, cheek[0] - 3 : cheek[0] + 4].reshape(-1, 3).mean(axis=0)
    for eye in (right, left):
        centre = (int(eye[0]), int(eye[1]))
        cv2.ellipse(shut, centre, (int(apart * 0.24), int(apart * 0.13)), 0, 0, 360, colour.tolist(), -1)
        below = (centre[0], int(eye[1] + apart * 0.05))
        cv2.ellipse(
            shut, below, (int(apart * 0.2), int(apart * 0.05)), 0, 0, 180, (20, 20, 30), max(1, int(apart * 0.035))
        )
    return np.asarray(cv2.GaussianBlur(shut, (0, 0), apart / 150))


def in_sunglasses(image: Image) -> np.ndarray:
    shaded = image.copy()
    right, left = landmarks(image)[:2]
    apart = float(np.linalg.norm(left - right))
    for eye in (right, left):
        cv2.ellipse(shaded, eye.astype(int).tolist(), (int(apart * 0.4), int(apart * 0.3)), 0, 0, 360, (15, 15, 15), -1)
    cv2.line(shaded, right.astype(int).tolist(), left.astype(int).tolist(), (15, 15, 15), max(2, int(apart / 12)))
    return shaded


def drawn(image: Image) -> np.ndarray:
    """Few colours in flat patches with dark outlines, as in a cartoon."""
    flat = cv2.medianBlur(cv2.pyrMeanShiftFiltering(image, 20, 50), 7) // 40 * 40
    edges = cv2.Canny(cv2.GaussianBlur(image, (0, 0), 2), 40, 90)
    flat[cv2.dilate(edges, np.ones((2, 2), np.uint8)) > 0] = 0
    return flat


def shaken(image: Image) -> np.ndarray:
    """A hand that moved during the exposure, and the noise of a dark room, which sharpness alone takes for detail."""
    length = int(np.linalg.norm(np.diff(landmarks(image)[:2], axis=0)) * 0.5)
    moved = cv2.filter2D(image, -1, np.full((1, length), 1 / length))
    moved = cv2.GaussianBlur(moved, (0, 0), length / 8)
    return moved + np.random.default_rng(1).normal(0, 2, image.shape)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_good_portrait_gives_a_vector(name: str) -> None:
    found = judged(picture_of(name))
    assert found.refused == ()
    assert found.vector is not None


@pytest.mark.parametrize("name", ["obama.jpg", "biden.jpg", "astronaut.png"])
@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (in_closed_eyes, Fault.EYES_CLOSED),
        (drawn, Fault.DRAWING),
        (shaken, Fault.BLURRED),
        (np.rot90, Fault.SIDEWAYS),
        (lambda image: np.rot90(image, 3), Fault.SIDEWAYS),
        (lambda image: np.rot90(image, 2), Fault.UPSIDE_DOWN),
        (lambda image: cv2.resize(image, (60, 60 * image.shape[0] // image.shape[1])), Fault.SMALL),
    ],
    ids=["eyes closed", "drawing", "blurred", "left side", "right side", "upside down", "tiny"],
)
def test_a_spoilt_portrait_is_refused_with_its_reason(
    spoil: Callable[[Image], np.ndarray], fault: Fault, name: str
) -> None:
    found = judged(spoil(picture_of(name)))
    assert fault in found.refused
    assert found.vector is None


@pytest.mark.parametrize("name", ["obama.jpg", "biden.jpg", "astronaut.png"])
def test_dark_glasses_are_said_but_not_refused(name: str) -> None:
    """Whoever never takes them off is known by them."""
    found = judged(in_sunglasses(picture_of(name)))
    assert (found.hints, found.refused) == ((Fault.SUNGLASSES,), ())
    assert found.vector is not None


def test_where_there_is_no_face_nothing_else_is_claimed() -> None:
    noise = np.random.default_rng(2).integers(0, 255, (300, 300, 3), np.uint8)
    assert explain_no_face(models(), noise) == (Fault.NO_FACE,)


GOOD = portrait.Portrait(portrait.Eyes(0.9, -2, 0.6), 0.3, -0.1, 0.8, 0.75, 0.02)
AHEAD = Pose(0, 8, 0)


@pytest.mark.parametrize(
    ("eyes", "refused"),
    [
        ((0.66, 5, 0.4), True),
        ((0.9, 5, 0.4), False),  # an iris shows
        ((0.66, 0, 0.4), False),  # a smile narrows the eyes where they are
        ((0.66, 5, 0.9), False),  # a shadow
    ],
)
def test_eyes_are_closed_only_where_a_flat_line_lies_low(eyes: tuple[float, float, float], refused: bool) -> None:
    seen = portrait.Portrait(portrait.Eyes(*eyes), 0.3, -0.1, 0.8, 0.75, 0.02)
    assert (Fault.EYES_CLOSED in portrait.faults(seen, AHEAD)) is refused


@pytest.mark.parametrize(
    ("nostrils", "upturned", "pitch", "refused"),
    [
        (0.3, -0.1, 8, False),
        (0.7, 0.6, 5, True),  # nostrils above the tip of the nose
        (0.02, 0.0, 20, True),  # bowed, and no nostrils
        (0.3, -0.1, 20, False),  # the landmarks are good to 10 degrees only
        (0.02, 0.0, 8, False),  # washed out by light from the front
    ],
)
def test_nostrils_tell_a_raised_or_bowed_head(nostrils: float, upturned: float, pitch: float, refused: bool) -> None:
    seen = portrait.Portrait(GOOD.eyes, nostrils, upturned, 0.8, 0.75, 0.02)
    assert (Fault.TILTED in portrait.faults(seen, Pose(0, pitch, 0))) is refused


@pytest.mark.parametrize("wrong", [np.zeros((112, 112, 3), np.uint8), np.zeros((224, 224, 3), np.float32)])
def test_nothing_is_measured_on_what_is_no_portrait(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="portrait"):
        portrait.measure(wrong, np.zeros((5, 2), np.float32))
