"""The trail: every record is a link of one chain of hashes, so that nobody changes or removes one unseen.

A link holds a commitment to its record, not the record: SHA-256 over a random salt and the record's canonical bytes.
Whoever erases record and salt leaves the chain whole, and what is left tells nothing, not even to somebody who guesses
the record. Checkpoints are signed outside of here; a resident who keeps one can show later that the trail was rewritten
or rolled back, also by whoever holds the box (Crosby and Wallach, "Efficient data structures for tamper-evident
logging", 2009).
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

SALT_BYTES: Final = 32
_STATEMENT: Final = "facegate-checkpoint/1 "
START: Final = bytes(32)
"""What the first link follows."""


class Broken(StrEnum):
    """What is wrong with the trail; each is a translation key."""

    MISSING = "missing"
    CHANGED = "changed"
    UNLINKED = "unlinked"
    GONE = "gone"
    CUT = "cut"
    REWRITTEN = "rewritten"
    FORGED = "forged"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Link:
    """One link. ``number`` counts from 1 without a gap; ``commitment`` and ``hash`` are 32 bytes each."""

    number: int
    commitment: bytes
    hash: bytes

    @classmethod
    def after(cls, previous: Link | None, commitment: bytes) -> Link:
        """The link that follows ``previous``."""
        number = previous.number + 1 if previous else 1
        return cls(number, commitment, _hash(previous.hash if previous else START, number, commitment))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the trail came to at one time, signed. ``at``: whole Unix seconds."""

    installation: str
    number: int
    hash: bytes
    at: int
    signature: bytes = b""

    @property
    def statement(self) -> bytes:
        """The very bytes that are signed: one line of text that a person can read, too."""
        return f"{_STATEMENT}{self.installation} {self.number} {self.hash.hex()} {self.at}".encode("ascii")

    def line(self, key: bytes) -> str:
        """All that somebody needs to keep, in one line: the statement, its signature and the key that signs."""
        return f"{self.statement.decode('ascii')} {self.signature.hex()} {key.hex()}"

    @classmethod
    def of_line(cls, line: str) -> Checkpoint:
        """What :meth:`line` gave; raises ValueError for anything else."""
        kind, installation, number, content, at, signature, _ = line.split()
        if f"{kind} " != _STATEMENT:
            raise ValueError("no checkpoint of a trail")
        return cls(installation, int(number), bytes.fromhex(content), int(at), bytes.fromhex(signature))

    def written(self) -> dict[str, str | int]:
        """As plain values, to keep and to send."""
        return {
            "installation": self.installation,
            "number": self.number,
            "hash": self.hash.hex(),
            "at": self.at,
            "signature": self.signature.hex(),
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Checkpoint:
        """What :meth:`written` gave; raises ValueError, KeyError or TypeError for anything else."""
        content, signature = bytes.fromhex(written["hash"]), bytes.fromhex(written["signature"])
        return cls(str(written["installation"]), int(written["number"]), content, int(written["at"]), signature)


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the trail does not hold: the number of the link, or of the checkpoint's.

    Of a record that was added behind the trail's back it is the record's own, and ``kind`` says of which.
    """

    number: int
    what: Broken
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is of one link's record: the ``salt`` and the canonical ``content``."""

    salt: bytes
    content: bytes


def canonical(record: Mapping[str, object]) -> bytes:
    """The one way to write a record down: JSON with sorted keys and no spaces, UTF-8."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def commit(kept: Kept) -> bytes:
    """The commitment to a record; hides it as long as the salt is not known."""
    if len(kept.salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return hashlib.sha256(b"facegate/1 commit\0" + kept.salt + kept.content).digest()


def first_break(
    links: Iterable[Link],
    kept: Callable[[int], Kept | None],
    forgotten: Callable[[int], bool],
    checkpoints: Sequence[Checkpoint] = (),
    signed: Callable[[Checkpoint], bool] = lambda _: True,
) -> Break | None:
    """The first link, in order, that does not hold; ``None`` when all do.

    Args:
        links: from the first to the last.
        kept: what there is of a link's record; ``None`` when there is nothing any more.
        forgotten: whether a record may be gone: it was replaced by a later link, expired, or its person was erased.
        checkpoints: in any order, from this box or from whoever kept one.
        signed: whether a checkpoint's signature is this site's.
    """
    marks = sorted(checkpoints, key=lambda checkpoint: (checkpoint.number, checkpoint.at))
    for checkpoint in marks:
        if not signed(checkpoint):
            return Break(checkpoint.number, Broken.FORGED)
    waiting = iter(marks)
    mark = next(waiting, None)
    last = 0
    for link, broken in _walk(links, kept, forgotten):
        if broken is not None:
            return Break(last + 1 if broken is Broken.MISSING else link.number, broken)
        last = link.number
        while mark is not None and mark.number == last:
            if not hmac.compare_digest(mark.hash, link.hash):
                return Break(last, Broken.REWRITTEN)
            mark = next(waiting, None)
    return Break(last + 1, Broken.CUT) if mark is not None else None


def _walk(
    links: Iterable[Link], kept: Callable[[int], Kept | None], forgotten: Callable[[int], bool]
) -> Iterator[tuple[Link, Broken | None]]:
    previous: Link | None = None
    for link in links:
        yield link, _check(previous, link, kept(link.number), forgotten)
        previous = link


def _check(previous: Link | None, link: Link, kept: Kept | None, forgotten: Callable[[int], bool]) -> Broken | None:
    expected = Link.after(previous, link.commitment)
    if link.number != expected.number:
        return Broken.MISSING
    if not hmac.compare_digest(link.hash, expected.hash):
        return Broken.UNLINKED
    if kept is None:
        return None if forgotten(link.number) else Broken.GONE
    return None if hmac.compare_digest(commit(kept), link.commitment) else Broken.CHANGED


def _hash(previous: bytes, number: int, commitment: bytes) -> bytes:
    return hashlib.sha256(b"facegate/1 link\0" + previous + number.to_bytes(8, "big") + commitment).digest()
