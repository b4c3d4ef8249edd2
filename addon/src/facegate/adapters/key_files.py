"""Key files: whole on the medium or not there at all, private to their owner, overwritten before they go."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from facegate.adapters.sealing import SecretError

UNFINISHED: Final = ".tmp"
"""How a file is called while it is written; after a crash such a file holds nothing that anybody relies on."""


def write_new(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, and on the medium when this returns."""
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        with open(unfinished, "xb", opener=_private) as stream:  # Path.open takes no opener
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.rename(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Put a file in the place of an old one, which is overwritten."""
    with path.open("r+b") as old:
        write_new(path, content)
        overwrite(old)


def overwrite(old: BinaryIO) -> None:
    """Write random bytes over an open file: on disks they reach the medium, flash storage may keep the old block."""
    old.write(secrets.token_bytes(os.fstat(old.fileno()).st_size))
    old.flush()
    os.fsync(old.fileno())


def sync_folder(folder: Path) -> None:
    """Bring what was renamed or removed in a folder onto the medium."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn errors of files into sentences."""
    try:
        yield
    except OSError as error:
        raise SecretError(
            f"{path} cannot be read or written ({error.strerror or error}): check the disk's free space and the "
            "folder's owner and permissions."
        ) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
