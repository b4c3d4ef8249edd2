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

import secrets
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from facegate.adapters import key_files, site_key
from facegate.adapters.key_files import file_errors
from facegate.adapters.passphrase import Lock, chosen
from facegate.adapters.sealing import KEY_BYTES, KeyGoneError, LockedError, SecretError, seal, unseal
from facegate.adapters.site_key import SiteKey
from facegate.core.models import Vector

__all__ = [
    "KEY_BYTES",
    "KeyGoneError",
    "KeyRing",
    "Kind",
    "LockedError",
    "SecretError",
    "seal",
    "seal_template",
    "unseal",
    "unseal_template",
]

_PENDING: Final = ".pending"
_NEXT: Final = "site.key.next"
"""The site key that is taking over; both are there until everything stands under the new one."""


class Kind(StrEnum):
    """What a wrapped key is for; also its folder."""

    RESIDENTS = "residents"
    FACES = "faces"
    ROTATION = "rotation"
    GATES = "gates"
    PAIRING = "pairing"
    TRAIL = "trail"


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

    def __init__(self, folder: Path, *, create: bool, passphrase: str | None = None) -> None:
        """Open the keys under ``folder``; with ``create`` a missing site key is made. Raises SecretError.

        ``passphrase`` opens a site key that is locked; without it LockedError is raised.
        """
        self._folder = folder
        with file_errors(folder):
            for place in (folder, *(folder / kind for kind in Kind)):
                place.mkdir(parents=True, exist_ok=True)
                place.chmod(0o700)
                for unfinished in place.glob(f"*{key_files.UNFINISHED}"):
                    unfinished.unlink()  # a write that a crash cut short; nothing was sealed with it
            if not self._path_of_site.exists():
                if not create:
                    raise SecretError(
                        f"The site key {self._path_of_site} is missing, and the database cannot be read without it: "
                        "put the key file back from where it was kept; FaceGate makes no new one over existing data."
                    )
                key_files.write_new(self._path_of_site, site_key.new().content())
            files = [path for path in (folder / _NEXT, self._path_of_site) if path.exists()]
        self._sites = [_Site(site_key.read(path, passphrase)) for path in files]  # newest first

    @property
    def _path_of_site(self) -> Path:
        return self._folder / "site.key"

    @property
    def locked(self) -> bool:
        """Whether the site key's file is under a passphrase."""
        return self._sites[0].held.lock is not None

    def seal(self, content: bytes, *bound: str) -> bytes:
        """Return ``content`` sealed under the site key, the newer one while it takes over."""
        return seal(self._sites[0].sealing, content, *bound)

    def unseal(self, sealed: bytes, *bound: str) -> bytes:
        """Return what :meth:`seal` sealed; raises SecretError."""
        return self._opened(sealed, [site.sealing for site in self._sites], *bound)

    def site(self) -> bytes:
        """The site key itself, for an export under a passphrase."""
        return self._sites[0].held.key

    def lock(self, passphrase: str | None) -> None:
        """Put the site key under another passphrase, or under none; raises PassphraseError."""
        lock = None if passphrase is None else Lock.of(chosen(passphrase))
        with file_errors(self._path_of_site):
            held = SiteKey(self._sites[0].held.key, lock)
            key_files.replace(self._path_of_site, held.content())
        self._sites = [_Site(held)]

    @property
    def is_changing(self) -> bool:
        """Whether a new site key is taking over, as after a crash in the middle of it."""
        return len(self._sites) > 1

    def begin_change(self) -> None:
        """Make the site key that takes over, locked as the one before; from now on it seals and wraps."""
        held = site_key.new(self._sites[0].held.lock)
        with file_errors(self._folder):
            key_files.write_new(self._folder / _NEXT, held.content())
        self._sites.insert(0, _Site(held))

    def rewrap(self) -> int:
        """Wrap every key, kept or pending, under the new site key and return how many there are; may be repeated."""
        count = 0
        with file_errors(self._folder):
            for kind in Kind:
                for path in sorted((self._folder / kind).iterdir()):
                    count += self._rewrap(kind, path)
        return count

    def end_change(self) -> None:
        """Everything stands under the new site key: the old one goes, overwritten."""
        with file_errors(self._folder), self._path_of_site.open("r+b") as old:
            (self._folder / _NEXT).rename(self._path_of_site)
            key_files.sync_folder(self._folder)
            key_files.overwrite(old)
        del self._sites[1:]

    def _rewrap(self, kind: Kind, path: Path) -> bool:
        bound = ("key", kind, path.stem)
        wrapped = path.read_bytes()
        try:
            key = self._opened(wrapped, [site.wrapping for site in self._sites], *bound)
        except SecretError:
            return False  # it was damaged before, which unreadable() reports; a good copy is as lost as the old key
        key_files.replace(path, seal(self._sites[0].wrapping, key, *bound))
        return True

    @staticmethod
    def _opened(sealed: bytes, keys: list[bytes], *bound: str) -> bytes:
        for older in keys[:-1]:
            try:
                return unseal(older, sealed, *bound)
            except SecretError:
                continue  # the other site key has sealed it
        return unseal(keys[-1], sealed, *bound)

    def make(self, kind: Kind, name: str, key: bytes | None = None) -> bytes:
        """Make a new key (``key``, or one at random), pending until :meth:`keep`, and return it.

        A key that exists is never overwritten.
        """
        path = self._path(kind, name)
        if path.exists():
            raise SecretError(f"The key {path} exists already and is not overwritten: choose another name.")
        key = secrets.token_bytes(KEY_BYTES) if key is None else key
        with file_errors(path):
            key_files.write_new(_pending(path), seal(self._sites[0].wrapping, key, "key", kind, name))
        return key

    def renew(self, kind: Kind, name: str, key: bytes | None = None) -> bytes:
        """Put a new key (``key``, or one at random) in the place of an old one, which is overwritten; return it."""
        path = self._path(kind, name)
        key = secrets.token_bytes(KEY_BYTES) if key is None else key
        with file_errors(path):
            key_files.replace(path, seal(self._sites[0].wrapping, key, "key", kind, name))
        return key

    def keep(self, kind: Kind, name: str) -> None:
        """The row of this pending key is in the database now."""
        path = self._path(kind, name)
        with file_errors(path):
            _pending(path).rename(path)
            key_files.sync_folder(path.parent)

    def retire(self, kind: Kind, name: str) -> bool:
        """Make a key pending, because its row is about to go; False when there is no key."""
        path = self._path(kind, name)
        with file_errors(path):
            if not path.exists():
                return False
            path.rename(_pending(path))
            key_files.sync_folder(path.parent)
            return True

    def destroy(self, kind: Kind, name: str) -> None:
        """Overwrite and unlink a key, kept or pending; a key that is gone already is no error.

        Overwriting reaches the medium itself on disks; flash storage may keep an old copy of the block, which is
        one more reason why the file holds the key wrapped under the site key only.
        """
        path = self._path(kind, name)
        with file_errors(path):
            for file in (path, _pending(path)):
                if file.exists():
                    with file.open("r+b") as old:
                        key_files.overwrite(old)
                    file.unlink()
            key_files.sync_folder(path.parent)

    def key(self, kind: Kind, name: str, *, pending: bool = False) -> bytes:
        """Return a key, with ``pending`` also one that is; raises KeyGoneError, SecretError when it does not open."""
        path = self._path(kind, name)
        if pending and not path.exists():
            path = _pending(path)
        with file_errors(path):
            try:
                wrapped = path.read_bytes()
            except FileNotFoundError:
                raise KeyGoneError(f"The key {path} is gone: what was sealed under it cannot be read again.") from None
        try:
            return self._opened(wrapped, [site.wrapping for site in self._sites], "key", kind, name)
        except SecretError as error:
            raise SecretError(
                f"The key {path} is damaged or belongs to another site: put the right key file back."
            ) from error

    def names(self, kind: Kind) -> frozenset[str]:
        """The keys of this kind, without the pending ones."""
        with file_errors(self._folder):
            return frozenset(path.name for path in (self._folder / kind).iterdir() if path.suffix != _PENDING)

    def settle(self, kind: Kind, rows: frozenset[str]) -> None:
        """After a start: a pending key whose row exists is kept, one whose row does not is destroyed.

        Keys that are not pending stay, row or not: they may belong to a newer database than one just restored.
        """
        with file_errors(self._folder):
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


class _Site:
    """A site key at work: what it wraps and seals with."""

    __slots__ = ("held", "sealing", "wrapping")

    def __init__(self, held: SiteKey) -> None:
        self.held = held
        self.wrapping = _derive(held.key, "wrap")
        self.sealing = _derive(held.key, "seal")


def _derive(site: bytes, purpose: str) -> bytes:
    """HKDF-Expand (RFC 5869): the site key is uniformly random, so the extract step is not needed."""
    return HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=f"facegate/1 site {purpose}".encode()).derive(site)


def _pending(path: Path) -> Path:
    return path.with_name(path.name + _PENDING)
