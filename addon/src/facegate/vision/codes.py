"""Reads QR codes that are held before a camera.

By zxing-cpp: of codes of 25 modules it reads those of 62 pixels and more, askew, dim, and blurred by a third of a
module, in about 2 ms a picture; OpenCV's detector reads a quarter of those of 125 pixels, in 30 ms
(scripts/lib/codes_measure.py).
"""

from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp

from facegate.core.intent import Zone, in_zone
from facegate.core.models import Image
from facegate.core.passes import TEXT_MAX
from facegate.core.search import bounds

FINEST = 1920
"""Pixels of the longer side: of a larger picture no more is read, as a code that is shown at a gate is larger, too."""
MOST = 4
"""Codes of one picture: more are a poster."""

_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


@dataclass(frozen=True, slots=True)
class Seen:
    """A text that was read, and the middle of its code in pixels of the picture."""

    text: str
    centre: tuple[float, float]


def read_codes(image: Image, zone: Zone = ()) -> list[Seen]:
    """Return the short texts of QR codes whose middle lies in ``zone``, left to right."""
    box = bounds(image.shape, zone)
    left, top = (0, 0) if box is None else (int(box.left), int(box.top))
    part = image if box is None else image[top : int(np.ceil(box.bottom)), left : int(np.ceil(box.right))]
    if part.size == 0:
        return []
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    scale = min(1.0, FINEST / max(grey.shape))
    if scale < 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = zxingcpp.read_barcodes(grey, formats=_FORMATS, try_invert=False)
    seen = [
        Seen(code.text, (left + x / scale, top + y / scale))
        for code in found
        if len(code.text) <= TEXT_MAX
        for x, y in [_middle(code.position)]
    ]
    inside = [one for one in seen if in_zone(one.centre, image.shape, zone)]
    return sorted(inside, key=lambda one: one.centre)[:MOST]


def _middle(position: zxingcpp.Position) -> tuple[float, float]:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    return sum(corner.x for corner in corners) / 4, sum(corner.y for corner in corners) / 4
