"""The real models and the public-domain people that scripts/setup has fetched."""

import functools
import os
from pathlib import Path

import cv2
import numpy as np

from facegate import vision
from facegate.settings import Settings
from facegate.vision.pictures import read_picture

_CACHE = Path(__file__).parents[2] / ".cache"


def models_folder() -> Path:
    """Where the models lie."""
    return Path(os.environ.get("FACEGATE_MODELS") or _CACHE / "models")


def people_folder() -> Path:
    """Where the pictures lie."""
    return Path(os.environ.get("FACEGATE_PEOPLE") or _CACHE / "people")


@functools.cache
def models() -> vision.Models:
    """The product's own models, loaded once for all tests of a session."""
    return vision.load(Settings(data=Path("unused"), models=models_folder()))


@functools.cache
def portrait(name: str) -> np.ndarray:
    """A picture of one person, BGR; not to be written to."""
    image = read_picture(people_folder() / name)
    image.setflags(write=False)
    return image


def scene(
    name: str, *, size: tuple[int, int] = (1280, 720), height: int = 600, left: int = 400, top: int = 60
) -> np.ndarray:
    """A grey frame of ``size`` (width, height) with the portrait in it, ``height`` pixels high."""
    picture = portrait(name)
    small = cv2.resize(
        picture, (round(picture.shape[1] * height / picture.shape[0]), height), interpolation=cv2.INTER_AREA
    )
    frame = np.full((size[1], size[0], 3), 96, np.uint8)
    frame[top : top + height, left : left + small.shape[1]] = small
    return frame
