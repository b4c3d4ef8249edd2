"""Writing a node's two files into a folder, where other gates' files and the owner's own secrets may be."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from facegate.core.node_file import SecretExistsError, merge_secrets, secret_names

SECRETS: Final = "secrets.yaml"


class FolderError(Exception):
    """The folder cannot take the files; the text is one sentence that says what to do."""


def check(folder: Path, file: str) -> None:
    """Raise FolderError unless a new gate's files can be written: before there is a key that would be lost."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / file
        if target.exists():
            raise FolderError(
                f"{target} is there already and is not overwritten: name another folder with --out, or move it away."
            )
        _read(folder / SECRETS)
        probe = folder / f".{file}.probe"
        probe.touch(0o600)
        probe.unlink()
    except OSError as error:
        raise FolderError(
            f"{folder} cannot be written ({error.strerror or error}): name another with --out."
        ) from error


def write(folder: Path, files: Mapping[str, Any], *, own: Mapping[str, str], again: bool = False) -> list[str]:
    """Write both files and return the names of secrets that are still missing.

    ``own``: secrets that the owner has given, such as the Wi-Fi's. ``again``: the gate has new secrets, which take the
    place of its old ones; everything else in ``secrets.yaml`` stays as it is, byte for byte. Raises FolderError.
    """
    try:
        secrets = folder / SECRETS
        before = _read(secrets)
        there = secret_names(before)
        shared = {name: value for name, value in own.items() if name not in there}
        try:
            # A CA that stands there already is the owner's choice.
            new = {n: v for n, v in files["secrets"].items() if again or n != "mqtt_ca" or n not in there}
            merged = merge_secrets(before, new | shared, replace=frozenset(new) if again else frozenset())
        except SecretExistsError as error:
            raise FolderError(
                f"{secrets} has a '{error.name}' already, with another value: name another folder with --out, or "
                "remove that line."
            ) from error
        _write(secrets, merged)
        target = folder / files["file"]
        if not again or not target.exists():
            _write(target, files["yaml"])
    except OSError as error:
        raise FolderError(
            f"{folder} cannot be written ({error.strerror or error}): name another with --out."
        ) from error
    return [name for name in files["missing"] if name not in secret_names(merged)]


def _read(secrets: Path) -> str:
    return secrets.read_text(encoding="utf-8") if secrets.exists() else ""


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner's eyes alone."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "x", encoding="utf-8", opener=_private) as stream:  # Path.open takes no opener
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.rename(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
