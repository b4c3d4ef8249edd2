"""Pictures from people: read upright and in colour, or refused with the reason."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from facegate.vision.errors import PictureError
from facegate.vision.pictures import MOST_BYTES, read_picture
from tests.parts.eyes import people_folder

# Four corners of four colours, so that every way to turn it is told apart.
CORNERS = np.zeros((48, 64, 3), np.uint8)
CORNERS[:24, :32], CORNERS[:24, 32:], CORNERS[24:, :32], CORNERS[24:, 32:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), 200

KINDS = [".jpg", ".png", ".webp"]


def encoded(kind: str, image: np.ndarray = CORNERS, exif: bytes = b"") -> bytes:
    kinds, blocks = ([cv2.IMAGE_METADATA_EXIF], [np.frombuffer(exif, np.uint8)]) if exif else ([], [])
    done, content = cv2.imencodeWithMetadata(kind, image, kinds, blocks)
    assert done
    return content.tobytes()


def exif(orientation: int, order: str) -> bytes:
    """The smallest EXIF block: one tag."""
    return (
        {"<": b"II", ">": b"MM"}[order]
        + struct.pack(order + "HIH", 42, 8, 1)
        + struct.pack(order + "HHIHHI", 0x0112, 3, 1, orientation, 0, 0)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_colour_picture_is_bgr(kind):
    image = read_picture(encoded(kind))
    assert image.shape == CORNERS.shape
    assert image.dtype == np.uint8
    assert np.abs(image[4:20, 4:28].astype(int) - (255, 0, 0)).max() < 25


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", KINDS)
def test_a_turned_picture_is_put_upright(kind, orientation, order):
    """Against OpenCV's own turning, which it does for plain colour pictures only."""
    content = encoded(kind, exif=exif(orientation, order))
    expected = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(read_picture(content), expected)


@pytest.mark.parametrize("broken", [b"II", b"XX*\0\x08\0\0\0", exif(9, "<"), exif(0, "<"), exif(6, "<")[:12]])
def test_a_broken_orientation_is_upright(broken):
    assert read_picture(encoded(".png", exif=broken)).shape == CORNERS.shape


@pytest.mark.parametrize("kind", KINDS)
def test_a_grey_picture_becomes_bgr(kind):
    grey = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    image = read_picture(encoded(kind, grey))
    assert image.shape == (48, 64, 3)
    assert np.abs(image.astype(int) - grey[:, :, None]).max() < 12


def test_sixteen_bits_become_eight():
    deep = CORNERS.astype(np.uint16) * 257
    assert np.array_equal(read_picture(encoded(".png", deep)), CORNERS)
    assert np.array_equal(read_picture(encoded(".png", deep[:, :, 0])), np.repeat(CORNERS[:, :, :1], 3, axis=2))


def test_what_is_transparent_is_grey():
    glass = np.dstack([CORNERS, np.full((48, 64), 255, np.uint8)])
    glass[:, 32:, 3] = 0
    for picture in (glass, glass.astype(np.uint16) * 257):
        image = read_picture(encoded(".png", picture))
        assert np.array_equal(image[:, :32], CORNERS[:, :32])
        assert (image[:, 32:] == 128).all()


def test_what_is_half_transparent_is_mixed():
    glass = np.dstack([np.full((8, 8, 3), 255, np.uint8), np.full((8, 8), 127, np.uint8)])
    assert np.abs(read_picture(encoded(".png", glass)).astype(int) - 191).max() <= 1


def test_a_file_is_read_too():
    assert read_picture(people_folder() / "obama.jpg").shape == (1137, 910, 3)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that would take ``width`` × ``height`` pixels of memory."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def large(kind: str) -> bytes:
    """A whole small picture whose header claims 16000 × 16000 pixels."""
    content = bytearray(encoded(kind, exif=exif(1, "<") if kind == ".webp" else b""))
    if kind == ".jpg":
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = struct.pack(">HH", 16000, 16000)
    else:
        content[24:30] = (15999).to_bytes(3, "little") * 2
    return bytes(content)


@pytest.mark.parametrize(
    "content", [bomb(10_000, 10_000), bomb(2**31 - 1, 2**31 - 1), large(".jpg"), large(".webp")],
    ids=["png", "enormous", "jpg", "webp"],
)  # fmt: skip
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(content, monkeypatch):
    def decode(*_):
        pytest.fail("it was decoded")

    monkeypatch.setattr(cv2, "imdecodeWithMetadata", decode)
    with pytest.raises(PictureError, match="at most 50 megapixels"):
        read_picture(content)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left", [0.1, 0.5, 0.9, 0.99])
def test_a_picture_that_is_cut_off_is_refused(kind, left):
    noise = np.random.default_rng(7).integers(0, 256, (200, 200, 3), np.uint8)
    content = encoded(kind, noise)
    with pytest.raises(PictureError, match="send it again"):
        read_picture(content[: int(len(content) * left)])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\0" * 100, "no picture of a kind"),
        (b"GIF89a" + b"\0" * 100, "send JPEG, PNG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "send JPEG, PNG or WebP"),
        (b"%PDF-1.7", "send JPEG, PNG or WebP"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC: send it as JPEG"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC: send it as JPEG"),
        (b"\xff\xd8\xff", "cut off or damaged"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\0" * 50, "cut off or damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\xaa" * 500 + b"IEND", "cut off or damaged"),
        (bomb(0, 10), "cut off or damaged"),
        (bomb(100, 100), "damaged"),
        (b"RIFF\x04\0\0\0WEBP", "cut off or damaged"),
        (b"\xff\xd8\xff" + b"\0" * MOST_BYTES, "larger than 64 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),  # no name of megabytes
)
def test_what_cannot_be_read_is_refused_with_the_reason(content, reason):
    with pytest.raises(PictureError, match=reason):
        read_picture(content)


def test_a_file_that_cannot_be_opened_is_refused_with_the_reason(tmp_path):
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path / "nothing.jpg")
    with pytest.raises(PictureError, match="cannot be read"):
        read_picture(tmp_path)
