"""What happens by itself as time goes by: old records are erased, and what the trail has come to is signed.

It goes by the trusted time alone. While the wall clock is doubted, only time that was really run through counts, so
that a jump of the clock neither erases anything early nor keeps anything for ever.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from facegate.adapters.store.errors import StoreError
from facegate.core.retention import Retention
from facegate.core.trail import Checkpoint
from facegate.core.trusted_time import TrustedTime

LOOK_SECONDS: Final = 60.0
ROUND_SECONDS: Final = 3600.0
REST_SECONDS: Final = 0.05

_LOG = logging.getLogger(__name__)


class Store(Protocol):
    """The part of ``adapters.store.Store`` that housekeeping uses; synchronous, raises StoreError."""

    def trusted_time(self) -> TrustedTime | None:
        """The time at the last look."""

    def save_trusted_time(self, time: TrustedTime) -> None:
        """Keep the time of this look."""

    def forget_access(self, before: float) -> int:
        """Delete old records of the access log."""

    def pseudonymise_access(self, before: float, limit: int = 100) -> int:
        """Take the names out of some old records of the access log."""

    def forget_acts(self, before: float) -> int:
        """Delete old acts."""

    def forget_copies(self, before: float) -> int:
        """Delete old copies of the database."""

    def forget_passes(self, now: float) -> int:
        """Delete passes that have opened nothing for a month."""

    def checkpoint(self) -> Checkpoint | None:
        """Sign what the trail has come to."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did. ``at``: trusted time, Unix seconds; ``signed``: the newest link; the others: how many."""

    at: float
    forgotten: int
    signed: int | None
    nameless: int = 0
    acts: int = 0
    copies: int = 0


class Housekeeping:
    """Looks at the clock every minute and does its round every hour. ``look`` is called from one thread at a time.

    Args:
        store: what is kept.
        retention: how long what is kept.
        wall: Unix seconds.
        monotonic: seconds that this process has run.
        rest: lets others have the store for so many seconds.
        leave: lets residents go whose time is over; told the trusted time, and whether the clock is doubted.
    """

    def __init__(
        self,
        store: Store,
        retention: Retention,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        rest: Callable[[float], None] = time.sleep,
        leave: Callable[[float, bool], object] = lambda _now, _doubted: None,
    ) -> None:
        self.last: Round | None = None
        self._store = store
        self.retention = retention
        self._wall = wall
        self._monotonic = monotonic
        self._rest = rest
        self._leave = leave
        self._ran = 0.0
        self._time: TrustedTime | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def doubts_clock(self) -> bool:
        """Whether the wall clock is not believed: it has jumped, and the owner has not said that it is right."""
        return self._time is not None and self._time.doubted is not None

    @property
    def now(self) -> float:
        """The trusted time, Unix seconds; the wall clock's before the first look."""
        return self._wall() if self._time is None else self._time.now

    def start(self) -> None:
        """Begin; belongs to an event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; a look under way comes to its end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def look(self) -> None:
        """Look at the clock, and do the round if it is time. Raises StoreError."""
        before = self._time or self._store.trusted_time()
        now, ran = self._monotonic(), self._ran
        since, self._ran = None if self._time is None else now - ran, now
        self._time = TrustedTime.begin(self._wall()) if before is None else before.after(self._wall(), since)
        self._store.save_trusted_time(self._time)
        if self.last is None or not 0 <= self._time.now - self.last.at < ROUND_SECONDS:
            self.last = self._do_round(self._time.now)

    def confirm_clock(self) -> bool:
        """The owner has said that the wall clock is right; returns whether it is doubted still. Raises StoreError."""
        self.look()
        if self._time is not None and self._time.doubted is not None:
            self._time = self._time.confirmed()
            self._store.save_trusted_time(self._time)
            _LOG.warning("The clock was confirmed by the owner: erasure goes by it again.")
        return self.doubts_clock

    def _do_round(self, now: float) -> Round:
        self._leave(now, self.doubts_clock)
        keep = self.retention
        forgotten = self._store.forget_access(keep.passages_before(now))
        if forgotten:
            _LOG.info("%d records of the access log were older than kept and are erased", forgotten)
        nameless = self._take_names(keep.names_before(now))
        if nameless:
            _LOG.info("%d records of the access log have lost their names", nameless)
        acts = self._store.forget_acts(keep.acts_before(now))
        copies = self._store.forget_copies(keep.copies_before(now))
        self._store.forget_passes(now)
        checkpoint = self._store.checkpoint()
        return Round(now, forgotten, checkpoint.number if checkpoint else None, nameless, acts, copies)

    def _take_names(self, before: float) -> int:
        """A few records at a time; whoever waits for the store in between, such as a gate, comes first."""
        done = 0
        while some := self._store.pseudonymise_access(before):
            done += some
            self._rest(REST_SECONDS)
        return done

    async def _run(self) -> None:
        while True:
            doubted = self.doubts_clock
            try:
                await asyncio.to_thread(self.look)
            except StoreError as error:
                _LOG.error("Old records cannot be erased (%s); it is tried again in a minute.", error)
            if self.doubts_clock and not doubted:
                _LOG.warning(
                    "The clock has jumped: what cannot be undone waits until it is right again, or until an owner says "
                    "in the panel that it is."
                )
            await asyncio.sleep(LOOK_SECONDS)
