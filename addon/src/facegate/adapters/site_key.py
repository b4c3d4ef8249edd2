"""The site key's file: 32 bytes as they are, or locked under a passphrase."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from facegate.adapters import key_files, passphrase
from facegate.adapters.passphrase import Lock
from facegate.adapters.sealing import KEY_BYTES, LockedError, SecretError

_FORM: Final = b"facegate locked site key 1\n"  # no site key begins like this: those are 32 random bytes
_PLACE: Final = "site key"


@dataclass(frozen=True, slots=True)
class SiteKey:
    """The key, and what locks its file, if anything does."""

    key: bytes = field(repr=False)
    lock: Lock | None = None

    def content(self) -> bytes:
        """Return what stands in the file."""
        return self.key if self.lock is None else self.lock.close(_FORM, self.key, _PLACE)


def new(lock: Lock | None = None) -> SiteKey:
    """Return a new random key, locked as the one before was."""
    return SiteKey(secrets.token_bytes(KEY_BYTES), lock)


def is_locked(path: Path) -> bool:
    """Whether the file is there and needs a passphrase."""
    with key_files.file_errors(path):
        try:
            with path.open("rb") as stream:
                return stream.read(len(_FORM)) == _FORM
        except FileNotFoundError:
            return False


def read(path: Path, given: str | None) -> SiteKey:
    """Return the site key of a file; raises LockedError where ``given`` does not open it, and SecretError."""
    with key_files.file_errors(path):
        path.chmod(0o600)
        content = path.read_bytes()
    if content.startswith(_FORM):
        if given is None:
            raise LockedError(
                "The site key is locked by a passphrase: start FaceGate, give it with 'facegate keys unlock', and try "
                "again."
            )
        key, lock = passphrase.open_locked(_FORM, content, _PLACE, given)
        return SiteKey(key, lock)
    if len(content) != KEY_BYTES:
        raise SecretError(
            f"The site key {path} is damaged ({len(content)} bytes instead of {KEY_BYTES}): put the right key file "
            "back from where it was kept."
        )
    return SiteKey(content)
