"""Sealing: AES-256-GCM with a random nonce, bound to a place, so that nothing sealed can be moved to another one."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # 96 bits: the size GCM is specified for (NIST SP 800-38D)
_TAG_BYTES: Final = 16
_FORMAT: Final = b"\x01"  # first byte of everything sealed, so that a later format can be told apart


class SecretError(Exception):
    """A key or a sealed thing that cannot be used; the text is one sentence that says what to do."""


class KeyGoneError(SecretError):
    """The key was destroyed or is not in this data folder."""


class LockedError(SecretError):
    """What is asked for lies under a passphrase that was not given, or was another one."""


def seal(key: bytes, content: bytes, *bound: str) -> bytes:
    """Return ``content`` sealed under ``key`` and bound to its place: format, nonce, ciphertext with tag."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, content, _associated(bound))


def unseal(key: bytes, sealed: bytes, *bound: str) -> bytes:
    """Return what was sealed under ``key`` at this very place; raises SecretError for anything else."""
    if len(sealed) < len(_FORMAT) + _NONCE_BYTES + _TAG_BYTES or sealed[:1] != _FORMAT:
        raise SecretError("A sealed record is damaged: restore the data folder from a backup.")
    nonce, content = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, content, _associated(bound))
    except InvalidTag as error:
        raise SecretError(
            "A sealed record does not open with its key: database and keys do not belong together, or one of them "
            "was changed; restore both from the same backup."
        ) from error


def _associated(bound: tuple[str, ...]) -> bytes:
    if not bound or any("\0" in part for part in bound):
        raise ValueError("sealed things are bound to a place, in parts without NUL")
    return "\0".join(("facegate/1", *bound)).encode()
