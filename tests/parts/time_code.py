"""Time codes burnt into frames: black and white cells along the top edge, read back from the decoded picture.

Standard library alone on the writing side, since it runs under the system's Python inside the RTSP server. A code is
16 bits of frame index, 40 bits of monotonic milliseconds, 8 bits of checksum; a cell is 16 pixels square, so that
H.264 at any sensible rate leaves it readable.
"""

CELL = 16
BITS = 16 + 40 + 8
BLACK, WHITE = 16, 235  # the ends of video range, so that no conversion clips them


def _word(index: int, ms: int) -> int:
    body = (index & 0xFFFF) << 40 | (ms & (1 << 40) - 1)
    return body << 8 | sum(body.to_bytes(7, "big")) & 0xFF


def stamp(frame: bytearray, width: int, index: int, ms: int) -> None:
    """Burn the code into an I420 frame of this width (at least 1024 pixels)."""
    word = _word(index, ms)
    cells = b"".join(bytes((WHITE if word >> (BITS - 1 - bit) & 1 else BLACK,)) * CELL for bit in range(BITS))
    for row in range(CELL):
        frame[row * width : row * width + len(cells)] = cells
    # Grey chroma below the cells; the two planes follow the luma, each with half its width and height.
    height = len(frame) * 2 // 3 // width
    half = width // 2
    for plane in (width * height, width * height + half * (height // 2)):
        for row in range(CELL // 2):
            start = plane + row * half
            frame[start : start + len(cells) // 2] = b"\x80" * (len(cells) // 2)


def read(image) -> tuple[int, int] | None:
    """(index, ms) burnt into a decoded BGR picture, an array (height, width, 3); None where there is no valid code."""
    middle = CELL // 2
    cells = image[middle - 4 : middle + 4, : BITS * CELL, 1].reshape(8, BITS, CELL)[:, :, 4:-4].mean(axis=(0, 2))
    word = int("".join("1" if cell > 127 else "0" for cell in cells), 2)
    index, ms = word >> 48, word >> 8 & (1 << 40) - 1
    return (index, ms) if _word(index, ms) == word else None
