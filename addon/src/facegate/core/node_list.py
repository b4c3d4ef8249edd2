"""The cards and PINs that a gate node opens for by itself: the same rules as allow_list.cpp and clock.cpp.

Time is the node's own uptime in ms, and what the recognizer told it of the time of day.
"""

import datetime
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from facegate.contract.verbs import Entry, ListChunk, Time

PIN_ATTEMPTS: Final = 5  # wrong ones in a row, then PINs are locked
PIN_LOCK_S: Final = 60  # at first; twice as long each time
PIN_LOCK_MAX_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Clock:
    """What ``time`` said, and when in the node's uptime."""

    said: Time
    at: int

    def utc(self, now: int) -> int:
        """Unix seconds."""
        return self.said.unix + (now - self.at) // 1000

    def local(self, now: int) -> datetime.datetime:
        """What the clocks on the wall show; the time zone that it bears means nothing."""
        utc, said = self.utc(now), self.said
        changed = said.change_at is not None and utc >= said.change_at
        offset = said.change_to if changed and said.change_to is not None else said.offset
        return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=utc, minutes=offset)


@dataclass(frozen=True, slots=True)
class StoredList:
    """A list in force."""

    version: int
    expires: int
    digest_key: bytes = field(repr=False)
    entries: tuple[Entry, ...]

    def expired(self, clock: Clock | None, now: int) -> bool:
        """Whether it is known to be over."""
        return clock is not None and self.expires != 0 and clock.utc(now) >= self.expires

    def judge(self, kind: str, digest: bytes, relay: int, clock: Clock | None, now: int) -> tuple[str | None, bool]:
        """Return why not, ``None`` if it opens, and whether the digest is on the list at all."""
        reasons = [
            why_not(entry, relay, clock, now) for entry in self.entries if (entry.kind, entry.digest) == (kind, digest)
        ]
        if not reasons:
            return "unknown", False
        return (None if None in reasons else reasons[0]), True


def why_not(entry: Entry, relay: int, clock: Clock | None, now: int) -> str | None:
    """Return why this entry does not open ``relay`` now, or ``None``."""
    if relay not in entry.relays:
        return "relay"
    if not (entry.days or entry.begins or entry.ends):
        return None
    if clock is None:
        return "clock"
    if clock.utc(now) < entry.begins:
        return "not_yet"
    if entry.ends and clock.utc(now) >= entry.ends:
        return "expired"
    return None if not entry.days or _in_window(entry, clock.local(now)) else "window"


def _in_window(entry: Entry, local: datetime.datetime) -> bool:
    minute = local.hour * 60 + local.minute
    today = bool(entry.days >> local.weekday() & 1)
    yesterday = bool(entry.days >> (local.weekday() - 1) % 7 & 1)
    if entry.first < entry.last:
        return today and entry.first <= minute < entry.last
    return (today and minute >= entry.first) or (yesterday and minute < entry.last)


class Stored(Enum):
    """What became of a chunk."""

    STORED = "stored"
    COMMITTED = "committed"
    VERSION = "version"
    CHUNK = "chunk"


class ListWriter:
    """Takes chunks until a list is whole."""

    def __init__(self) -> None:
        """Nothing is begun."""
        self._begun: tuple[int, int, int, bytes] | None = None
        self._chunks: list[tuple[Entry, ...]] = []

    def check(self, chunk: ListChunk, version: int, digest_key: bytes) -> Stored:
        """Return what would become of this chunk beside a list of ``version`` in force; 0 is none."""
        if chunk.version == version:
            return Stored.COMMITTED
        if chunk.version < version:
            return Stored.VERSION
        if chunk.index == 0:
            self._begun = (chunk.version, chunk.count, chunk.expires, digest_key)
            self._chunks = []
        fits = self._begun == (chunk.version, chunk.count, chunk.expires, digest_key)
        if not fits or chunk.index not in (len(self._chunks), len(self._chunks) - 1):
            return Stored.CHUNK
        return Stored.STORED

    def take(self, chunk: ListChunk, digest_key: bytes) -> StoredList | None:
        """Add a chunk that ``check`` has found to be STORED; return the list when it is whole."""
        self._chunks[chunk.index :] = [chunk.entries]
        if len(self._chunks) < chunk.count:
            return None
        entries = tuple(entry for part in self._chunks for entry in part)
        self._begun = None
        self._chunks = []
        return StoredList(chunk.version, chunk.expires, digest_key, entries)
