"""The detector finds the people's faces wherever they are, and nothing where nobody is."""

import cv2
import numpy as np
import pytest

from facegate.core.models import Box
from facegate.vision.detector import Detector
from facegate.vision.errors import RuntimeModelError
from facegate.vision.runtime import Session
from tests.parts.eyes import models, models_folder, portrait, scene

PEOPLE = ["astronaut.png", "biden.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg", "obama_partial_face.jpg"]


@pytest.mark.parametrize("name", PEOPLE)
def test_one_face_in_each_portrait(name):
    (face,) = models().detector.detect(portrait(name))
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    assert all(face.box.left < x < face.box.right and face.box.top < y < face.box.bottom for x, y in face.landmarks)


def in_the_dark(name: str, photons: float) -> np.ndarray:
    """The portrait with a face of 95 pixels, as few photons show it."""
    image = portrait(name)
    scale = 95 / models().detector.detect(image)[0].size
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(1)
    counted = noise.poisson(small / 255 * photons) + noise.normal(0, 1, small.shape)
    return (counted / photons * 180).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", ["obama.jpg", "obama2.jpg", "biden.jpg", "astronaut.png"])
def test_a_second_look_finds_the_face_in_the_noise_of_the_dark(name):
    dark = in_the_dark(name, 15)
    assert models().detector.detect(dark) == []
    (found,) = models().detector.detect(dark, again=True)
    (there,) = models().detector.detect(cv2.GaussianBlur(dark, (0, 0), 1.5))
    assert np.abs(found.landmarks - there.landmarks).max() < 0.1 * there.size


def test_a_second_look_changes_nothing_where_a_face_was_found():
    image = portrait("obama.jpg")
    once, twice = models().detector.detect(image), models().detector.detect(image, again=True)
    assert [face.box for face in once] == [face.box for face in twice]


def test_a_second_look_keeps_to_its_region():
    dark = in_the_dark("obama2.jpg", 15)
    (found,) = models().detector.detect(dark, again=True)
    beside = Box(0, 0, found.box.left, dark.shape[0])
    assert models().detector.detect(dark, region=beside, again=True) == []


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    "nobody",
    [
        np.zeros((720, 1280, 3), np.uint8),
        np.full((50, 50, 3), 255, np.uint8),
        np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8),
        np.zeros((1, 5000, 3), np.uint8),
        np.zeros((5000, 1, 3), np.uint8),
        np.zeros((0, 0, 3), np.uint8),
    ],
    ids=["black", "small", "noise", "wide", "high", "empty"],
)
def test_no_face_where_nobody_is(nobody, again):
    assert models().detector.detect(nobody, again=again) == []


@pytest.mark.parametrize("size", [(1280, 720), (1000, 701), (641, 715), (1920, 1080), (3840, 2160)])
@pytest.mark.parametrize("left", [0, 137])
def test_boxes_are_in_pixels_of_the_whole_picture(size, left):
    """The same portrait is found in the same place, whatever frame it stands in."""
    (alone,) = models().detector.detect(cv2.resize(portrait("obama.jpg"), (480, 600), interpolation=cv2.INTER_AREA))
    frame = np.full((size[1], size[0], 3), 96, np.uint8)
    frame[50:650, left : left + 480] = cv2.resize(portrait("obama.jpg"), (480, 600), interpolation=cv2.INTER_AREA)
    (face,) = models().detector.detect(frame)
    expected = Box(alone.box.left + left, alone.box.top + 50, alone.box.right + left, alone.box.bottom + 50)
    assert face.box.iou(expected) > 0.8
    assert np.abs(face.landmarks - alone.landmarks - (left, 50)).max() < 0.1 * face.size


def test_several_faces_come_best_first():
    frame = np.hstack([scene(name, size=(640, 720), left=60) for name in ("obama.jpg", "biden.jpg", "obama2.jpg")])
    faces = models().detector.detect(frame)
    assert len(faces) == 3
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)
    assert sorted(int(face.box.centre[0] // 640) for face in faces) == [0, 1, 2]


def test_a_region_hides_the_rest_and_keeps_the_pixels():
    frame = np.hstack([scene(name, size=(640, 720), left=60) for name in ("obama.jpg", "biden.jpg")])
    everywhere = sorted(models().detector.detect(frame), key=lambda face: face.box.left)
    (right,) = models().detector.detect(frame, region=Box(640, 0, 1280, 720))
    assert right.box.iou(everywhere[1].box) > 0.8
    assert models().detector.detect(frame, region=Box(5000, 0, 6000, 10)) == []


def test_a_lower_score_never_finds_less():
    frame = scene("obama.jpg")
    assert len(models().detector.detect(frame, least_score=0.3)) >= len(models().detector.detect(frame)) == 1
    assert models().detector.detect(frame, least_score=1.1) == []


def test_agrees_with_another_implementation():
    """OpenCV's own reader of the same model, at a size where neither scales."""
    frame = scene("obama3.jpg", size=(640, 384), height=360, left=200, top=10)
    reference = cv2.FaceDetectorYN.create(str(models_folder() / "yunet.onnx"), "", (640, 384), 0.9)
    _, rows = reference.detect(frame)
    (face,) = models().detector.detect(frame)
    left, top, width, height = rows[0][:4]
    assert (face.box.left, face.box.top, face.box.width, face.box.height) == pytest.approx(
        (left, top, width, height), abs=0.5
    )
    assert face.landmarks.reshape(-1) == pytest.approx(rows[0][4:14], abs=0.5)
    assert face.score == pytest.approx(rows[0][14], abs=0.01)


@pytest.mark.parametrize(
    "picture",
    [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3), np.float32)],
    ids=["grey", "alpha", "float"],
)
def test_what_is_no_bgr_picture_is_refused(picture):
    with pytest.raises(RuntimeModelError):
        models().detector.detect(picture)


class BrokenYuNet(Session):
    """A model whose file is intact and whose answers are not: a broken driver's or memory's."""

    def __init__(self, broken_output: str) -> None:
        self.broken_output = broken_output
        self.intact = models().detector._session
        self.name, self.inputs, self.outputs = "broken", self.intact.inputs, self.intact.outputs

    def run(self, inputs):
        answers = self.intact.run(inputs)
        for name, answer in zip(self.outputs, answers, strict=True):
            if name.startswith(self.broken_output):
                answer[:] = np.nan
        return answers


@pytest.mark.parametrize("output", ["cls", "obj", "bbox", "kps"])
def test_answers_that_are_no_numbers_are_an_error_and_never_an_empty_gate(output):
    with pytest.raises(RuntimeModelError, match="no number"):
        Detector(BrokenYuNet(output)).detect(scene("obama.jpg"))


def test_another_model_is_refused_at_once():
    with pytest.raises(RuntimeModelError, match="no YuNet"):
        Detector(models().embedder._session)
