"""Which keys guard what: the site key, the keys it wraps, and the sealing of everything personal.

::

    keys/site.key                      32 random bytes, made once, never overwritten
      ├─ HKDF "wrap" ─┬─ keys/residents/<id>   one data key per resident: name, person, cards, PINs
      │               ├─ keys/faces/<id>       one more for their templates: withdrawing destroys it alone
      │               ├─ keys/rotation/<n>     turns all templates, so that they fit no other site
      │               ├─ keys/gates/<id>       one key per gate: signs the wire
      │               ├─ keys/pairing/<id>     the key of events for Home Assistant
      │               └─ keys/trail/<name>     signs what the trail of records has come to
      └─ HKDF "seal" ─── what the whole site may read: camera addresses with their passwords

Everything is AES-256-GCM with a random 96-bit nonce; the associated data binds each sealed thing to its place, so
that nothing can be moved to another resident, gate or template. Whoever destroys a resident's key has made unreadable
whatever was sealed under it, in every copy of the database. Keys are files outside the database, so that an ordinary
backup can leave them out.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from facegate.core.models import Vector

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # 96 bits: the size GCM is specified for (NIST SP 800-38D)
_TAG_BYTES: Final = 16
_FORMAT: Final = b"\x01"  # first byte of everything sealed, so that a later format can be told apart
_PENDING: Final = ".pending"
_UNFINISHED: Final = ".tmp"


class SecretError(Exception):
    """A key or a sealed thing that cannot be used; the text is one sentence that says what to do."""


class KeyGoneError(SecretError):
    """The key was destroyed or is not in this data folder."""


class Kind(StrEnum):
    """What a wrapped key is for; also its folder."""

    RESIDENTS = "residents"
    FACES = "faces"
    ROTATION = "rotation"
    GATES = "gates"
    PAIRING = "pairing"
    TRAIL = "trail"


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


def seal_template(key: bytes, vector: Vector, *bound: str) -> bytes:
    """Return the template as float32, little endian, sealed and bound to its place."""
    return seal(key, vector.astype("<f4").tobytes(), "template", *bound)


def unseal_template(key: bytes, sealed: bytes, *bound: str) -> Vector:
    """Return the read-only (dimensions,) float32 vector; raises SecretError."""
    content = unseal(key, sealed, "template", *bound)
    return np.frombuffer(content, dtype="<f4").astype(np.float32, copy=False)


class KeyRing:
    """The keys of one data folder. One process at a time: the store's lock sees to it.

    A key and the database row it belongs to cannot be written in one step. So a key is *pending* (by its file's
    name) while its row is made or removed, and after a crash the row decides: see :meth:`settle`.
    """

    def __init__(self, folder: Path, *, create: bool) -> None:
        """Open the keys under ``folder``; with ``create`` a missing site key is made. Raises SecretError."""
        self._folder = folder
        with _file_errors(folder):
            for place in (folder, *(folder / kind for kind in Kind)):
                place.mkdir(parents=True, exist_ok=True)
                place.chmod(0o700)
                for unfinished in place.glob(f"*{_UNFINISHED}"):
                    unfinished.unlink()  # a write that a crash cut short; nothing was sealed with it
            site = self._site_key(folder / "site.key", create=create)
        self._wrap = _derive(site, "wrap")
        self._seal = _derive(site, "seal")

    @staticmethod
    def _site_key(path: Path, *, create: bool) -> bytes:
        if not path.exists():
            if not create:
                raise SecretError(
                    f"The site key {path} is missing, and the database cannot be read without it: put the key file "
                    "back from where it was kept; FaceGate makes no new one over existing data."
                )
            _write_new(path, secrets.token_bytes(KEY_BYTES))
        path.chmod(0o600)
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise SecretError(
                f"The site key {path} is damaged ({len(key)} bytes instead of {KEY_BYTES}): put the right key file "
                "back from where it was kept."
            )
        return key

    def seal(self, content: bytes, *bound: str) -> bytes:
        """Return ``content`` sealed under the site key."""
        return seal(self._seal, content, *bound)

    def unseal(self, sealed: bytes, *bound: str) -> bytes:
        """Return what :meth:`seal` sealed; raises SecretError."""
        return unseal(self._seal, sealed, *bound)

    def make(self, kind: Kind, name: str) -> bytes:
        """Make a new key, pending until :meth:`keep`, and return it; a key that exists is never overwritten."""
        path = self._path(kind, name)
        if path.exists():
            raise SecretError(f"The key {path} exists already and is not overwritten: choose another name.")
        key = secrets.token_bytes(KEY_BYTES)
        with _file_errors(path):
            _write_new(_pending(path), seal(self._wrap, key, "key", kind, name))
        return key

    def renew(self, kind: Kind, name: str, key: bytes | None = None) -> bytes:
        """Put a new key (``key``, or one at random) in the place of an old one, which is overwritten; return it."""
        path = self._path(kind, name)
        key = secrets.token_bytes(KEY_BYTES) if key is None else key
        with _file_errors(path), path.open("r+b") as old:
            _write_new(path, seal(self._wrap, key, "key", kind, name))
            _overwrite(old)
        return key

    def keep(self, kind: Kind, name: str) -> None:
        """The row of this pending key is in the database now."""
        path = self._path(kind, name)
        with _file_errors(path):
            _pending(path).rename(path)
            _sync_folder(path.parent)

    def retire(self, kind: Kind, name: str) -> bool:
        """Make a key pending, because its row is about to go; False when there is no key."""
        path = self._path(kind, name)
        with _file_errors(path):
            if not path.exists():
                return False
            path.rename(_pending(path))
            _sync_folder(path.parent)
            return True

    def destroy(self, kind: Kind, name: str) -> None:
        """Overwrite and unlink a key, kept or pending; a key that is gone already is no error.

        Overwriting reaches the medium itself on disks; flash storage may keep an old copy of the block, which is
        one more reason why the file holds the key wrapped under the site key only.
        """
        path = self._path(kind, name)
        with _file_errors(path):
            for file in (path, _pending(path)):
                if file.exists():
                    with file.open("r+b") as old:
                        _overwrite(old)
                    file.unlink()
            _sync_folder(path.parent)

    def key(self, kind: Kind, name: str, *, pending: bool = False) -> bytes:
        """Return a key, with ``pending`` also one that is; raises KeyGoneError, SecretError when it does not open."""
        path = self._path(kind, name)
        if pending and not path.exists():
            path = _pending(path)
        with _file_errors(path):
            try:
                wrapped = path.read_bytes()
            except FileNotFoundError:
                raise KeyGoneError(f"The key {path} is gone: what was sealed under it cannot be read again.") from None
        try:
            return unseal(self._wrap, wrapped, "key", kind, name)
        except SecretError as error:
            raise SecretError(
                f"The key {path} is damaged or belongs to another site: put the right key file back."
            ) from error

    def names(self, kind: Kind) -> frozenset[str]:
        """The keys of this kind, without the pending ones."""
        with _file_errors(self._folder):
            return frozenset(path.name for path in (self._folder / kind).iterdir() if path.suffix != _PENDING)

    def settle(self, kind: Kind, rows: frozenset[str]) -> None:
        """After a start: a pending key whose row exists is kept, one whose row does not is destroyed.

        Keys that are not pending stay, row or not: they may belong to a newer database than one just restored.
        """
        with _file_errors(self._folder):
            pending = [path.stem for path in (self._folder / kind).iterdir() if path.suffix == _PENDING]
        for name in pending:
            if name in rows:
                self.keep(kind, name)
            else:
                self.destroy(kind, name)

    def _path(self, kind: Kind, name: str) -> Path:
        if not name or not all(character.isascii() and (character.isalnum() or character == "-") for character in name):
            raise ValueError(f"{name!r} cannot name a key: use letters, digits and '-'")
        return self._folder / kind / name


def _associated(bound: tuple[str, ...]) -> bytes:
    if not bound or any("\0" in part for part in bound):
        raise ValueError("sealed things are bound to a place, in parts without NUL")
    return "\0".join(("facegate/1", *bound)).encode()


def _derive(site: bytes, purpose: str) -> bytes:
    """HKDF-Expand (RFC 5869): the site key is uniformly random, so the extract step is not needed."""
    return HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=f"facegate/1 site {purpose}".encode()).derive(site)


def _pending(path: Path) -> Path:
    return path.with_name(path.name + _PENDING)


def _write_new(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, and on the medium when this returns."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    try:
        with open(unfinished, "xb", opener=_private) as stream:  # Path.open takes no opener
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.rename(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _overwrite(old: BinaryIO) -> None:
    old.write(secrets.token_bytes(os.fstat(old.fileno()).st_size))
    old.flush()
    os.fsync(old.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SecretError(
            f"{path} cannot be read or written ({error.strerror or error}): check the disk's free space and the "
            "folder's owner and permissions."
        ) from error
