"""What a passphrase locks: bytes sealed under a key that takes time and memory to make of it (scrypt, RFC 7914).

A locked file is one line of format, 16 bytes of salt, and what is sealed. The cost is that of OWASP's advice of 2023:
128 MiB and a quarter of a second on a small machine, for each guess.
"""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Final, Self

from facegate.adapters.sealing import KEY_BYTES, LockedError, SecretError, seal, unseal

LEAST: Final = 12
MOST: Final = 1024
"""Characters: too short can be guessed, and what is longer than this was not meant."""

_SALT_BYTES: Final = 16
_N, _R, _P = 2**17, 8, 1


class PassphraseError(SecretError):
    """A passphrase that nobody should choose; the text says why."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A passphrase turned into a key. It can lock again without asking for the passphrase."""

    salt: bytes
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, passphrase: str, salt: bytes | None = None) -> Self:
        """Return the lock that a passphrase makes; takes a quarter of a second."""
        salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
        said = unicodedata.normalize("NFC", passphrase).encode()  # the same on every keyboard
        key = hashlib.scrypt(said, salt=salt, n=_N, r=_R, p=_P, maxmem=2 * 128 * _N * _R, dklen=KEY_BYTES)
        return cls(salt, key)

    def close(self, form: bytes, content: bytes, place: str) -> bytes:
        """Return ``content`` locked, as a file that begins with the line ``form``."""
        return form + self.salt + seal(self.key, content, place)


def chosen(passphrase: str) -> str:
    """Return a passphrase that may be set; raises PassphraseError."""
    if not LEAST <= len(passphrase) <= MOST:
        raise PassphraseError(f"A passphrase has {LEAST} to {MOST} characters: choose a longer one, of several words.")
    return passphrase


def open_locked(form: bytes, locked: bytes, place: str, passphrase: str) -> tuple[bytes, Lock]:
    """Return what :meth:`Lock.close` locked, and its lock. Raises LockedError for another passphrase, SecretError."""
    salt, sealed = locked[len(form) :][:_SALT_BYTES], locked[len(form) + _SALT_BYTES :]
    if not locked.startswith(form) or not sealed:
        raise SecretError("The file is damaged: put the right one back from where it was kept.")
    lock = Lock.of(passphrase, salt)
    try:
        return unseal(lock.key, sealed, place), lock
    except SecretError:
        raise LockedError("That is not the passphrase, or the file was changed: try again.") from None
