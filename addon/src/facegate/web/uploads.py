"""Pictures that are handed in: read from the wire into memory, within limits, and never into a file."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from facegate.web.problems import MALFORMED, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, ProblemError

GIVEN: Final = "given"
"""The part that is JSON."""
PICTURES: Final = "pictures"
MOST_PICTURES: Final = 10
PICTURE_BYTES: Final = 8_000_000
_GIVEN_BYTES: Final = 16_384
_SECONDS: Final = 60.0  # ten pictures over a slow wireless network


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent. ``pictures``: the name that the sender gave each, for the answer alone, and its bytes."""

    given: bytes = field(repr=False)
    pictures: Sequence[tuple[str, bytes]] = field(repr=False)


async def read(request: web.Request) -> Form:
    """Return the form that a request holds. Raises ProblemError."""
    if request.content_type != "multipart/form-data":
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, "Send the pictures as 'Content-Type: multipart/form-data'.")
    if (request.content_length or 0) > MOST_PICTURES * PICTURE_BYTES + 2 * _GIVEN_BYTES:
        raise _too_large()
    try:
        async with asyncio.timeout(_SECONDS):
            return await _read(await request.multipart())
    except TimeoutError as error:
        raise ProblemError(MALFORMED, "The pictures did not arrive in time: send fewer at once.") from error
    # What aiohttp's reader of parts raises, and its parser of their headers.
    except (ValueError, RuntimeError, AssertionError, web.HTTPException, HttpProcessingError) as error:
        if isinstance(error, web.HTTPRequestEntityTooLarge):
            raise _too_large() from error
        raise ProblemError(MALFORMED, "The form cannot be read: send it again.") from error


async def _read(reader: MultipartReader) -> Form:
    given = b""
    pictures: list[tuple[str, bytes]] = []
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or hdrs.CONTENT_ENCODING in part.headers:
            raise ProblemError(MALFORMED, "Send the parts of the form as they are.")
        if part.name == GIVEN:
            given = await _content(part, _GIVEN_BYTES)
        elif part.name == PICTURES and len(pictures) < MOST_PICTURES:
            pictures.append((_shown(part.filename or "", len(pictures) + 1), await _content(part, PICTURE_BYTES)))
        else:
            raise ProblemError(MALFORMED, f"Send one part '{GIVEN}' and up to {MOST_PICTURES} parts '{PICTURES}'.")
    return Form(given, pictures)


async def _content(part: BodyPartReader, most: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(65_536):
        content += chunk
        if len(content) > most:
            raise _too_large()
    return bytes(content)


def _shown(name: str, number: int) -> str:
    """A picture's name as it is said back: printable and short; it names nothing on this machine."""
    printable = "".join(character for character in name if character.isprintable())[-60:]
    return printable or str(number)


def _too_large() -> ProblemError:
    return ProblemError(TOO_LARGE, f"Send up to {MOST_PICTURES} pictures of at most {PICTURE_BYTES // 10**6} MB each.")
