"""QR codes as a camera sees them: on a phone or on paper, near or far, held askew, blurred, dim, and compressed."""

from dataclasses import dataclass

import cv2
import numpy as np
import segno
from numpy.typing import NDArray

type Picture = NDArray[np.uint8]

_FINE = 12  # pixels of a module before the picture is made as small as the camera sees it


@dataclass(frozen=True, slots=True)
class Held:
    """How a code is held before a camera.

    ``side``: pixels of the code without its quiet zone, in the camera's picture. ``turn``: degrees in the picture's
    plane; ``tilt``: degrees away from the camera, about an axis that is ``turn`` as well. ``black``, ``white``: the
    levels of 255 that its darkest and its brightest parts have. ``blur``: sigma in pixels of the camera. ``noise``:
    sigma in levels. ``jpeg``: quality, 0 for none; cameras compress harder than that. ``dark_around``: a phone that
    shows it on a black page.
    """

    side: float = 120.0
    turn: float = 0.0
    tilt: float = 0.0
    black: float = 25.0
    white: float = 230.0
    blur: float = 0.6
    noise: float = 3.0
    jpeg: int = 80
    dark_around: bool = False


PLAIN = Held()


def code_picture(text: str, *, fine: int = _FINE, error: str = "m") -> Picture:
    """The code as it is printed: 0 and 255, with its quiet zone of four modules."""
    matrix = np.array([[255 * (1 - dark) for dark in row] for row in segno.make(text, error=error, micro=False,
                       boost_error=False).matrix_iter(border=4)], np.uint8)  # fmt: skip
    return np.kron(matrix, np.ones((fine, fine), np.uint8))


def hold(frame: Picture, text: str, at: tuple[float, float], held: Held = PLAIN, *, seed: int = 1) -> Picture:
    """Return ``frame`` (BGR) with the code held before it, its centre ``at`` (x, y) in pixels."""
    printed = code_picture(text)
    modules = printed.shape[0] / _FINE
    edge = held.side * modules / (modules - 8)  # with the quiet zone
    levels = (held.black + (held.white - held.black) / 255.0 * printed).astype(np.float32)
    margin = 1.3
    page = round(printed.shape[0] * margin)
    around = held.black if held.dark_around else held.white
    whole = np.full((page, page), around, np.float32)
    first = (page - printed.shape[0]) // 2
    whole[first : first + printed.shape[0], first : first + printed.shape[0]] = levels
    corners = _corners(edge * margin, held) + np.array(at, np.float32)
    source = np.array([[0, 0], [page, 0], [page, page], [0, page]], np.float32)
    seen = frame.astype(np.float32)
    # Large to small in one step would drop modules: warp at four times the camera's size, then average.
    over, (height, width) = 4, frame.shape[:2]
    low = np.floor(corners.min(axis=0) - 4).clip(0).astype(int)
    high = np.ceil(corners.max(axis=0) + 4).clip(0, [width, height]).astype(int)
    size = (int(high[0] - low[0]) * over, int(high[1] - low[1]) * over)
    matrix = cv2.getPerspectiveTransform(source, ((corners - low) * over).astype(np.float32))
    fine = cv2.warpPerspective(cv2.blur(whole, (3, 3)), matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones_like(whole), matrix, size)
    small = (size[0] // over, size[1] // over)
    fine, mask = (cv2.resize(part, small, interpolation=cv2.INTER_AREA) for part in (fine, mask))
    place = (slice(low[1], high[1]), slice(low[0], high[0]))
    seen[place] = seen[place] * (1 - mask[:, :, None]) + (fine * mask)[:, :, None]
    if held.blur:
        seen[place] = cv2.GaussianBlur(seen, (0, 0), held.blur)[place]
    if held.noise:
        seen += np.random.default_rng(seed).normal(0, held.noise, seen.shape)
    image = seen.clip(0, 255).astype(np.uint8)
    if held.jpeg:
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, held.jpeg])[1]
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return image


def _corners(edge: float, held: Held) -> NDArray[np.float32]:
    """The four corners of a square of this edge around nought, turned and tilted, by a camera of 60 degrees."""
    half = edge / 2
    square = np.array([[-half, -half, 0], [half, -half, 0], [half, half, 0], [-half, half, 0]])
    turn, tilt = np.radians(held.turn), np.radians(held.tilt)
    about_z = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])
    points = square @ about_y.T @ about_z.T
    focal = 1100.0  # pixels, of a picture 1280 wide
    away = focal  # at which a pixel on the code is a pixel in the picture
    return (points[:, :2] * focal / (away + points[:, 2:])).astype(np.float32)
