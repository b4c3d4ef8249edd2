"""What is wrong with a picture of a face, measured on faces whose truth is known."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.models import Box, Face
from facegate.core.quality import ENROLMENT, GATE, Fault, acts, assess, estimate_pose, foremost, pick, sharpness
from facegate.vision.chips import cut
from tests.parts.eyes import models, portrait

HEAD = np.array([[-31.5, -34, 0], [31.5, -34, 0], [0, 2, 25], [-26, 38.5, 0], [26, 38.5, 0]])


def seen_from(yaw: float, pitch: float, roll: float, scale: float = 1.5, shift: tuple[float, float] = (300, 200)):
    """The landmarks of a head that is turned: about the vertical, then up or down, then to a shoulder."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    lean = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return ((scale * HEAD @ (lean @ nod @ turn).T)[:, :2] + shift).astype(np.float32)


def face_of(landmarks: np.ndarray, size: float = 120.0) -> Face:
    x, y = landmarks.mean(axis=0)
    return Face(
        Box(float(x - size / 2), float(y - size / 2), float(x + size / 2), float(y + size / 2)), landmarks, 0.95
    )


def judged(image: np.ndarray, limits=ENROLMENT) -> set[Fault]:
    face = foremost(models().detector.detect(image), image.shape)
    assert face is not None
    return set(assess(face, cut(image, face.landmarks), image.shape, limits).faults)


@given(st.floats(-70, 70), st.floats(-60, 60), st.floats(-80, 80), st.floats(0.3, 5), st.floats(-500, 500))
def test_the_pose_of_a_head_is_read_from_its_landmarks(yaw, pitch, roll, scale, shift):
    pose = estimate_pose(seen_from(yaw, pitch, roll, scale, (shift, -shift)))
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=0.5)


@pytest.mark.parametrize(
    "broken", [np.full((5, 2), np.nan), np.full((5, 2), np.inf), np.zeros((4, 2)), np.zeros((0, 2))]
)
def test_no_pose_without_five_points(broken):
    with pytest.raises(ValueError, match="five points"):
        estimate_pose(broken.astype(np.float32))


@pytest.mark.parametrize("name", ["obama.jpg", "obama2.jpg", "biden.jpg", "astronaut.png"])
@pytest.mark.parametrize("limits", [GATE, ENROLMENT], ids=["gate", "enrolment"])
def test_a_good_portrait_has_no_faults(name, limits):
    assert judged(portrait(name), limits) == set()


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda image: image * 0.08, Fault.DARK),
        (lambda image: 230 + image * 0.1, Fault.BRIGHT),
        (lambda image: 110 + image * 0.08, Fault.FLAT),
        (lambda image: cv2.GaussianBlur(image, (0, 0), image.shape[1] / 80), Fault.BLURRED),
    ],
    ids=["dark", "bright", "flat", "blurred"],
)
def test_bad_light_and_blur_are_refused_with_their_reason(spoil, fault):
    """The face is where it was in the good picture: the detector need not find it in the spoilt one."""
    image = portrait("obama.jpg")
    (face,) = models().detector.detect(image)
    spoilt = spoil(image).astype(np.uint8)
    assert fault in assess(face, cut(spoilt, face.landmarks), image.shape, ENROLMENT).faults


def test_a_head_that_leans_is_refused():
    image = portrait("obama.jpg")
    lean = cv2.getRotationMatrix2D((image.shape[1] / 2, image.shape[0] / 3), 34, 0.8)
    assert judged(cv2.warpAffine(image, lean, image.shape[1::-1])) == {Fault.ROLLED}


def test_a_face_from_afar_is_refused():
    image = portrait("obama.jpg")
    (face,) = models().detector.detect(image)
    assert Fault.SMALL in judged(cv2.resize(image, None, fx=55 / face.size, fy=55 / face.size))


def test_a_face_at_the_edge_is_cut():
    image = portrait("obama.jpg")
    (face,) = models().detector.detect(image)
    half = image[:, int(face.landmarks[:, 0].min()) :]
    shifted = Face(
        Box(face.box.left - face.landmarks[:, 0].min(), face.box.top, face.box.right, face.box.bottom),
        face.landmarks - np.array([face.landmarks[:, 0].min(), 0], np.float32),
        face.score,
    )
    assert Fault.CUT in assess(shifted, cut(half, shifted.landmarks), half.shape, GATE).faults


@pytest.mark.parametrize(("yaw", "faults"), [(0, []), (30, []), (50, [Fault.TURNED]), (-50, [Fault.TURNED])])
def test_enrolment_is_stricter_than_the_gate_about_a_turned_head(yaw, faults):
    chip = cut(portrait("obama.jpg"), models().detector.detect(portrait("obama.jpg"))[0].landmarks)
    face = face_of(seen_from(yaw, 0, 0))
    assert [f for f in assess(face, chip, (480, 640), ENROLMENT).faults if f is Fault.TURNED] == faults
    assert Fault.TURNED not in assess(face, chip, (480, 640), GATE).faults


@pytest.mark.parametrize("chip", [np.zeros((112, 112), np.uint8), np.zeros((112, 112, 3), np.float32)])
def test_nothing_is_said_of_what_is_no_chip(chip):
    with pytest.raises(ValueError, match="chip"):
        assess(face_of(seen_from(0, 0, 0)), chip, (480, 640), GATE)


@given(st.floats(0, 30), st.floats(0.1, 10))
def test_sharpness_does_not_depend_on_the_light(offset, gain):
    noise = np.random.default_rng(3).normal(0, 20, (80, 80)).astype(np.float32)
    expected = sharpness(noise)
    assert sharpness((noise * max(gain, 0.2) + offset).astype(np.float32)) == pytest.approx(expected, rel=0.01)


def test_blur_takes_sharpness_away_step_by_step():
    noise = np.random.default_rng(3).normal(0, 40, (80, 80)).astype(np.float32)
    measured = [sharpness(cv2.GaussianBlur(noise, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4)]
    assert measured == sorted(measured, reverse=True)
    assert sharpness(np.full((80, 80), 7, np.float32)) == 0


@pytest.mark.parametrize(
    ("yaw", "pitch", "size", "acting"),
    [(0, 0, 60, True), (0, 0, 47, False), (70, 0, 60, False), (0, 50, 60, False), (40, 10, 48, True)],
)
def test_only_a_large_and_frontal_face_acts(yaw, pitch, size, acting):
    assert acts(face_of(seen_from(yaw, pitch, 0), size), GATE, 48) is acting


def test_the_face_that_a_picture_is_of_is_large_and_central():
    aside, central = (
        face_of(seen_from(0, 0, 0, shift=(80, 80)), 110),
        face_of(seen_from(0, 0, 0, shift=(320, 240)), 100),
    )
    assert foremost([aside, central], (480, 640)) is central
    assert foremost([], (480, 640)) is None
    assert pick([], (480, 640)) is Fault.NO_FACE
    assert pick([aside, central], (480, 640)) is Fault.SEVERAL_FACES
    assert pick([face_of(seen_from(0, 0, 0, shift=(80, 80)), 40), central], (480, 640)) is central
