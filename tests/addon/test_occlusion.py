"""A mask is seen by what painting over the mouth does to the vector, on real faces with the real embedder."""

import cv2
import numpy as np
import pytest

from facegate.core.models import Image
from facegate.core.occlusion import hides_mouth, without_mouth
from facegate.vision.chips import cut
from facegate.vision.occlusion import is_masked
from tests.parts.eyes import models, portrait

PEOPLE = ["obama.jpg", "obama2.jpg", "biden.jpg", "astronaut.png"]


def chip_of(name: str) -> Image:
    image = portrait(name)
    return cut(image, models().detector.detect(image)[0].landmarks)


def masked(chip: Image, colour: tuple[int, int, int]) -> Image:
    """The face in a mask from the bridge of the nose down, with a fold and a shadow, as one finds them."""
    worn = chip.copy()
    outline = np.array([[18, 70], [56, 62], [94, 70], [90, 96], [70, 111], [42, 111], [22, 96]])
    cv2.fillPoly(worn, [outline], colour)
    cv2.line(worn, (24, 88), (88, 88), [max(0, c - 25) for c in colour], 1)
    cv2.GaussianBlur(worn, (0, 0), 0.7, dst=worn)
    return worn


@pytest.mark.parametrize("name", PEOPLE)
def test_a_bare_face_wears_no_mask(name: str) -> None:
    assert not is_masked(models().embedder, chip_of(name))


@pytest.mark.parametrize("colour", [(235, 235, 235), (30, 30, 30), (190, 160, 90)], ids=["white", "black", "blue"])
@pytest.mark.parametrize("name", PEOPLE)
def test_a_mask_of_any_colour_is_seen(name: str, colour: tuple[int, int, int]) -> None:
    chip = masked(chip_of(name), colour)
    assert is_masked(models().embedder, chip)
    assert is_masked(models().embedder, cv2.cvtColor(cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))


def test_a_vector_that_is_known_is_not_made_again() -> None:
    chip = masked(chip_of("obama.jpg"), (235, 235, 235))
    (vector,) = models().embedder.embed(chip[None])
    assert is_masked(models().embedder, chip, vector)
    assert not is_masked(models().embedder, chip, -vector)


def test_nothing_is_concluded_from_what_is_no_number() -> None:
    assert not hides_mouth(np.full(128, np.nan, np.float32), np.full(128, np.nan, np.float32))


def test_only_the_mouth_is_painted_and_the_chip_itself_is_left_alone() -> None:
    chip = chip_of("obama.jpg")
    before = chip.copy()
    painted = without_mouth(chip)
    assert np.array_equal(chip, before)
    changed = np.argwhere((painted != chip).any(axis=2))
    assert (changed.min(axis=0) >= (78, 34)).all()
    assert (changed.max(axis=0) < (104, 78)).all()
