"""The liveness model answers as published, sees the surroundings, and fails closed."""

import numpy as np
import pytest

from facegate.core.liveness import CONTEXT, context
from facegate.core.models import Box
from facegate.settings import Inference
from facegate.vision import prepare, zoo
from facegate.vision.antispoof import AntiSpoof
from facegate.vision.errors import RuntimeModelError
from facegate.vision.runtime import Runtime, Session
from tests.parts.eyes import models, models_folder, portrait, scene

# Logits of the published TensorFlow Lite file, computed with LiteRT 2.3.0 on these inputs.
REFERENCE = [
    (lambda: np.random.default_rng(0).uniform(0, 255, (1, 3, 80, 80)), [-2.4616473, 4.05283, -1.5938418]),
    (lambda: np.random.default_rng(1).uniform(0, 255, (1, 3, 80, 80)), [-2.6408923, 4.116296, -1.4781015]),
    (lambda: np.full((1, 3, 80, 80), 100.0), [-1.7129654, 1.1083145, 0.60406417]),
    (lambda: np.full((1, 3, 80, 80), 140.0), [-1.9043583, 0.20553471, 1.6989145]),
]


@pytest.mark.parametrize(("picture", "logits"), REFERENCE)
def test_the_model_answers_as_the_published_one(picture, logits):
    content = zoo.verified_bytes(models_folder(), "minifasnet_v2")
    session = Runtime(Inference()).session(prepare.classifier(content))
    (answer,) = session.run({session.inputs[0]: picture().astype(np.float32)})
    assert answer[0] == pytest.approx(logits, abs=2e-5)


def photo_of(frame: np.ndarray) -> np.ndarray:
    """The frame as a paper held before a wall, a hand's width larger than the face."""
    (face,) = models().detector.detect(frame)
    x, y = face.box.centre
    half = face.size
    paper = frame[max(0, int(y - half)) : int(y + half), max(0, int(x - half)) : int(x + half)]
    wall = np.full((720, 1280, 3), (150, 160, 170), np.uint8)
    wall[200 : 200 + paper.shape[0], 500 : 500 + paper.shape[1]] = paper
    return wall


def test_a_probability_for_every_face():
    for name in ("obama.jpg", "biden.jpg", "astronaut.png"):
        (face,) = models().detector.detect(portrait(name))
        assert 0.0 <= models().antispoof.live_probability(portrait(name), face.box) <= 1.0


def test_a_paper_before_a_wall_looks_less_alive_than_the_portrait():
    frame = scene("obama.jpg")
    paper = photo_of(frame)
    (after,) = models().detector.detect(paper)
    (face,) = models().detector.detect(portrait("obama.jpg"))
    live = models().antispoof.live_probability(portrait("obama.jpg"), face.box)
    assert models().antispoof.live_probability(paper, after.box) < live


def test_the_surroundings_count():
    """The same face pixels, with something else around them, are judged differently."""
    image = portrait("obama.jpg").copy()
    (face,) = models().detector.detect(image)
    first = models().antispoof.live_probability(image, face.box)
    keep = np.zeros(image.shape[:2], bool)
    keep[int(face.box.top) : int(face.box.bottom), int(face.box.left) : int(face.box.right)] = True
    image[~keep] = 255
    assert models().antispoof.live_probability(image, face.box) != pytest.approx(first, abs=1e-3)


def test_how_much_surroundings_there_are():
    frame = np.zeros((301, 401, 3), np.uint8)
    assert context(frame.shape, Box(150, 100, 250, 200)) == CONTEXT
    assert context(frame.shape, Box(100, 50, 300, 250)) == 1.5
    assert context(frame.shape, Box(10, 10, 10, 10)) == 0.0


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 0, 80, 100),
        Box(1200, 650, 1280, 720),
        Box(-50, -50, 60, 60),
        Box(0, 0, 1280, 720),
        Box(-9, 300, 1300, 400),
    ],
)
def test_a_face_at_the_edge_is_judged_by_what_is_there(box):
    assert 0.0 <= models().antispoof.live_probability(scene("obama.jpg"), box) <= 1.0


@pytest.mark.parametrize("box", [Box(5, 5, 5, 5), Box(9, 9, 2, 2), Box(5000, 5000, 5100, 5100)])
def test_a_face_that_is_nowhere_is_an_error(box):
    with pytest.raises(RuntimeModelError, match="nothing is known"):
        models().antispoof.live_probability(scene("obama.jpg"), box)


class Answering(Session):
    """A model whose file is intact and whose answers are these."""

    def __init__(self, answer: np.ndarray) -> None:
        self.answer, self.inputs, self.outputs, self.name = answer, ("input",), ("logits",), "broken"

    def run(self, inputs):
        return [self.answer]


@pytest.mark.parametrize(
    "answer",
    [np.full((1, 3), np.nan), np.array([[0, np.inf, 0]]), np.zeros((1, 2)), np.zeros((0, 3)), np.zeros(3)],
    ids=["no numbers", "infinite", "two classes", "empty", "flat"],
)
def test_an_answer_that_is_none_is_an_error_and_never_alive(answer):
    with pytest.raises(RuntimeModelError):
        AntiSpoof(Answering(answer.astype(np.float32))).live_probability(scene("obama.jpg"), Box(10, 10, 99, 99))


@pytest.mark.parametrize(
    ("logits", "live"), [([0, 0, 0], 1 / 3), ([0, 90, 0], 1.0), ([900, 0, 0], 0.0), ([0, 0, 900], 0.0)]
)
def test_the_second_class_is_the_live_one(logits, live):
    answer = np.array([logits], np.float32)
    assert AntiSpoof(Answering(answer)).live_probability(scene("obama.jpg"), Box(10, 10, 99, 99)) == pytest.approx(live)
