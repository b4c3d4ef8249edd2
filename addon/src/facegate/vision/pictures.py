"""Reads pictures that people hand in: whatever a phone or a browser makes of a face, and nothing else.

JPEG, PNG and WebP, in grey, colour, 8 or 16 bits, with or without transparency, turned as their EXIF says. Everything
about a picture that can be known from its first bytes is checked before it is decoded.
"""

import struct
from pathlib import Path

import cv2
import numpy as np

from facegate.core.models import Image
from facegate.vision.errors import PictureError

MOST_PIXELS = 50_000_000
"""More than any telephone's camera makes by default; decoded, that is 150 MB."""
MOST_BYTES = 64 << 20

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_JPEG_SIZES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_JPEG_SCAN = 0xDA
_ORIENTATION = 0x0112  # the EXIF tag
_BACKDROP = 128  # grey, so that neither dark nor light hair vanishes


def read_picture(source: bytes | Path, *, most_pixels: int = MOST_PIXELS) -> Image:
    """Return a picture as (h, w, 3) BGR 0–255, upright. Raises PictureError with the reason."""
    content = source if isinstance(source, bytes) else _read(source)
    width, height = _size(content)
    if width * height > most_pixels:
        raise PictureError(f"it has {width} × {height} pixels: send one of at most {most_pixels // 10**6} megapixels")
    try:
        decoded, kinds, blocks = cv2.imdecodeWithMetadata(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        decoded = None
    if decoded is None or decoded.size == 0:
        raise PictureError("it is damaged: send it again, or another one")
    exif = [bytes(block) for kind, block in zip(kinds, blocks, strict=True) if kind == cv2.IMAGE_METADATA_EXIF]
    return _turn(_as_bgr(decoded), _orientation(exif[0]) if exif else 1)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise PictureError("there is no such file") from None
    except OSError as error:
        raise PictureError(f"it cannot be read ({error.strerror})") from error


def _size(content: bytes) -> tuple[int, int]:
    """Return (width, height) from the header of a picture that is all there. Raises PictureError."""
    if not content:
        raise PictureError("it is empty: send it again")
    if len(content) > MOST_BYTES:
        raise PictureError(f"it is larger than {MOST_BYTES >> 20} MB: send a smaller one")
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        raise PictureError("it is HEIC: send it as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)")
    try:
        if content.startswith(b"\xff\xd8\xff"):
            size = _jpeg_size(content)
        elif content.startswith(b"\x89PNG\r\n\x1a\n"):
            size = _png_size(content)
        elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            size = _webp_size(content)
        else:
            raise PictureError("it is no picture of a kind that can be read: send JPEG, PNG or WebP")
    except struct.error, IndexError:
        size = None
    if size is None or 0 in size:
        raise PictureError("it is cut off or damaged: send it again")
    return size


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    position, size = 2, None
    while True:
        (mark, code, length) = struct.unpack_from(">BBH", content, position)
        if mark != 0xFF:
            return None
        if code in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", content, position + 5)
            size = (width, height)
        if code == _JPEG_SCAN:
            break
        position += 2 + length
    # An unfinished file decodes to a picture whose rest is grey.
    return size if content.rfind(b"\xff\xd9") > position else None


def _png_size(content: bytes) -> tuple[int, int] | None:
    width, height = struct.unpack_from(">II", content, 16)
    whole = content[12:16] == b"IHDR" and b"IEND" in content[-64:]
    return (width, height) if whole else None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    (length,) = struct.unpack_from("<I", content, 4)
    if len(content) < length + 8:
        return None
    kind = content[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", content, 26))
    return width, height


def _as_bgr(decoded: cv2.typing.MatLike) -> Image:
    image = (decoded // 256 if decoded.dtype == np.uint16 else decoded).astype(np.uint8)
    if image.ndim == 2:
        return np.repeat(image[:, :, None], 3, axis=2)
    if image.shape[2] == 3:
        return image
    seen = image[:, :, 3:].astype(np.uint16)
    mixed = (image[:, :, :3] * seen + _BACKDROP * (255 - seen) + 127) // 255
    return mixed.astype(np.uint8)


def _orientation(exif: bytes) -> int:
    """Return the EXIF orientation, 1 (upright) to 8; 1 where there is none or the block is broken."""
    block = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, first)
        for entry in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", block, first + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _turn(image: Image, orientation: int) -> Image:
    """Return the picture upright: orientations 5 to 8 are transposed, and each may be flipped."""
    if orientation >= 5:
        image = image.transpose(1, 0, 2)
    if orientation in {3, 4, 7, 8}:  # upside down
        image = image[::-1]
    if orientation in {2, 3, 6, 7}:  # mirrored
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
