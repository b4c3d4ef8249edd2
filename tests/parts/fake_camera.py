"""A phone's camera for Chromium: a file of pictures of a real person, one after the other, again and again."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from facegate.core.models import Image
from facegate.vision.pictures import read_picture
from tests.parts.web import PEOPLE

SIZE = (640, 480)
NEAR = 0.6
"""Part of the pictures' height, from above, that a camera at arm's length would show."""
_HELD = 45  # frames of each picture: a second and a half
MIRRORED = "mirrored "
LOOKS = ("obama.jpg", f"{MIRRORED}obama2.jpg", "obama2.jpg")
"""One man from the front and turned to both sides; of the pictures at hand he is turned to one alone."""


def seen(name: str) -> Image:
    """A picture as such a camera shows it, grey beside it."""
    image = read_picture(PEOPLE / name.removeprefix(MIRRORED))
    image = image[: round(NEAR * image.shape[0]), :: -1 if name.startswith(MIRRORED) else 1]
    width = round(image.shape[1] * SIZE[1] / image.shape[0])
    small = cv2.resize(image, (width, SIZE[1]), interpolation=cv2.INTER_AREA)
    whole = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    left = (SIZE[0] - width) // 2
    whole[:, left : left + width] = small
    return whole


def jpeg(image: Image) -> bytes:
    """The picture as a browser sends it."""
    done, content = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, 90))
    assert done
    return content.tobytes()


def film(path: Path, names: Sequence[str] = LOOKS) -> Path:
    """Write the file and return it."""
    path.write_bytes(b"".join(jpeg(seen(name)) * _HELD for name in names))
    return path


def arguments(path: Path) -> list[str]:
    """What makes Chromium see the film."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    ]
