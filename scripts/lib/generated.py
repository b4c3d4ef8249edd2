"""Parts of documents that commands write: what stands between two marks is replaced, everything else is left alone."""

from collections.abc import Sequence
from pathlib import Path


class GeneratedError(Exception):
    """A document without the marks; the text says which."""


def replace_block(page: Path, name: str, lines: Sequence[str]) -> None:
    """Put ``lines`` between the marks of ``name`` in ``page``. Raises GeneratedError."""
    text = page.read_text(encoding="utf-8")
    before, after = _around(page, text, name)
    page.write_text(f"{before}\n{'\n'.join(lines)}\n{after}", encoding="utf-8")


def read_block(page: Path, name: str) -> list[str]:
    """Return what stands between the marks of ``name`` in ``page``. Raises GeneratedError."""
    text = page.read_text(encoding="utf-8")
    before, after = _around(page, text, name)
    return text.removeprefix(before).removesuffix(after).strip("\n").split("\n")


def _around(page: Path, text: str, name: str) -> tuple[str, str]:
    """Everything up to and with the first mark, and from the second on."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    start, stop = text.find(begin), text.find(end)
    if not 0 <= start < stop:
        raise GeneratedError(f"{page} has no part between {begin} and {end}: put both marks where it belongs.")
    return text[: start + len(begin)], text[stop:]
