"""Chips are cut where the landmarks are."""

import cv2
import numpy as np
import pytest

from facegate.core.alignment import TEMPLATE, AlignmentError
from facegate.vision.chips import cut
from tests.parts.eyes import models, portrait


def test_a_picture_that_lies_right_is_its_own_chip():
    picture = np.random.default_rng(3).integers(0, 256, (112, 112, 3), np.uint8)
    assert np.abs(cut(picture, TEMPLATE.astype(np.float32)).astype(int) - picture).max() <= 1


@pytest.mark.parametrize("name", ["obama.jpg", "biden.jpg", "astronaut.png"])
def test_the_face_found_in_a_chip_lies_on_the_template(name):
    (face,) = models().detector.detect(portrait(name))
    chip = cut(portrait(name), face.landmarks)
    assert chip.shape == (112, 112, 3)
    assert chip.dtype == np.uint8
    found = models().detector.detect(cv2.copyMakeBorder(chip, 24, 24, 24, 24, cv2.BORDER_REPLICATE), least_score=0.6)
    assert np.abs(found[0].landmarks - 24 - TEMPLATE).max() < 9


def test_what_lies_outside_the_picture_is_black():
    white = np.full((100, 100, 3), 255, np.uint8)
    chip = cut(white, (TEMPLATE - 56).astype(np.float32))
    assert chip[:50, :50].max() == 0
    assert chip[60:, 60:].min() == 255


def test_landmarks_that_are_one_point_are_refused():
    with pytest.raises(AlignmentError):
        cut(np.zeros((9, 9, 3), np.uint8), np.zeros((5, 2), np.float32))
