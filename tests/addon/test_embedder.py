"""The embedder puts pictures of one person together and strangers apart, or says that it cannot."""

import cv2
import numpy as np
import pytest

from facegate.vision import chips
from facegate.vision.embedder import Embedder
from facegate.vision.errors import ModelError, RuntimeModelError
from facegate.vision.runtime import Session
from tests.parts.eyes import models, models_folder, portrait

OBAMA = ["obama.jpg", "obama2.jpg", "obama3.jpg", "obama_partial_face.jpg", "obama_partial_face2.jpg"]
STRANGERS = ["biden.jpg", "astronaut.png"]
APART = 0.425  # the cosine that one pair of strangers in 10,000 exceeds on LFW


def chip(name: str) -> np.ndarray:
    (face,) = models().detector.detect(portrait(name))
    return chips.cut(portrait(name), face.landmarks)


@pytest.fixture(scope="module")
def people() -> np.ndarray:
    return np.stack([chip(name) for name in OBAMA + STRANGERS])


def test_one_person_is_alike_and_strangers_are_not(people):
    vectors = models().embedder.embed(people)
    alike = vectors @ vectors.T
    known = len(OBAMA)
    assert alike[:known, :known].min() > APART + 0.1
    assert alike[:known, known:].max() < APART - 0.1
    assert alike[known, known + 1] < APART - 0.1


def test_vectors_have_length_one_and_the_registered_dimensions(people):
    vectors = models().embedder.embed(people)
    assert vectors.shape == (len(people), models().embedder.dimensions) == (7, 128)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_batch_says_what_each_alone_says(people):
    together = models().embedder.embed(people)
    alone = np.concatenate([models().embedder.embed(one[None]) for one in people])
    assert together == pytest.approx(alone, abs=1e-4)


def test_averaged_with_its_mirror_a_face_and_its_mirror_are_one(people):
    """At enrolment the mirror image is averaged in: the result cannot tell left from right."""
    vectors = models().embedder.embed(people, mirrored=True)
    turned = models().embedder.embed(people[:, :, ::-1].copy(), mirrored=True)
    assert vectors == pytest.approx(turned, abs=1e-4)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    plain = models().embedder.embed(people)
    assert ((vectors * plain).sum(axis=1) > 0.95).all()


def test_nobody_gives_no_vector():
    assert models().embedder.embed(np.zeros((0, 112, 112, 3), np.uint8)).shape == (0, 128)


def test_agrees_with_another_implementation(people):
    """OpenCV's own reader of the same model, on the same chips."""
    reference = cv2.FaceRecognizerSF.create(str(models_folder() / "sface.onnx"), "")
    for one, vector in zip(people, models().embedder.embed(people), strict=True):
        expected = reference.feature(one)[0]
        assert float(vector @ expected / np.linalg.norm(expected)) > 0.9999


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((112, 112, 3), np.uint8),
        np.zeros((1, 3, 112, 112), np.uint8),
        np.zeros((1, 112, 112, 3), np.float32),
        np.zeros((1, 128, 128, 3), np.uint8),
    ],
    ids=["no batch", "channels first", "float", "other size"],
)
def test_what_is_no_batch_of_chips_is_refused(wrong):
    with pytest.raises(RuntimeModelError):
        models().embedder.embed(wrong)


class Answering(Session):
    """A model whose file is intact and whose answers are not."""

    def __init__(self, answer: np.ndarray) -> None:
        self.answer, self.inputs, self.outputs, self.name = answer, ("data",), ("fc1",), "broken"

    def run(self, inputs):
        return [self.answer]


@pytest.mark.parametrize(
    "answer",
    [
        np.zeros((1, 128), np.float32),
        np.full((1, 128), np.nan, np.float32),
        np.full((1, 128), np.inf, np.float32),
        np.ones((1, 512), np.float32),
        np.ones((2, 128), np.float32),
        np.zeros((0, 128), np.float32),
    ],
    ids=["zeros", "no numbers", "infinite", "too long", "two answers", "none"],
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_an_answer_without_direction_is_an_error_and_never_a_vector(answer, mirrored):
    with pytest.raises(RuntimeModelError):
        Embedder(Answering(answer), "sface").embed(np.zeros((1, 112, 112, 3), np.uint8), mirrored=mirrored)


@pytest.mark.parametrize("name", ["yunet", "nobody"])
def test_only_an_embedder_embeds(name):
    with pytest.raises(ModelError, match="choose one of sface"):
        Embedder(Answering(np.zeros(0)), name)
