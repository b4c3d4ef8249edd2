"""Keeps count of passages and of people inside while the recognizer runs, and over its restarts: numbers alone.

The count is kept as it stands now, each one over the one before: no list of passages comes of it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from facegate.adapters.node_voice import NodeReport
from facegate.adapters.store.errors import StoreError
from facegate.core.models import Gate
from facegate.core.node_events import read
from facegate.core.tally import Figures, SiteTally

_LOG = logging.getLogger(__name__)


class Store(Protocol):
    """The part of ``adapters.store.Store`` that counting uses; synchronous, raises StoreError."""

    def tally(self) -> SiteTally | None:
        """The numbers as they stood last."""

    def save_tally(self, tally: SiteTally) -> None:
        """Keep the numbers as they stand now, and nothing of those before."""


class Counting:
    """Belongs to one event loop.

    Args:
        store: where the numbers are kept.
        unix: Unix seconds; days begin and end by this machine's time zone.
    """

    def __init__(self, store: Store, *, unix: Callable[[], float] = time.time) -> None:
        self._store = store
        self._unix = unix
        self._tally = SiteTally(unix())
        self._real: frozenset[str] = frozenset()
        self._saved = self._tally
        self._saving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up where the last run ended."""
        kept = await asyncio.to_thread(self._store.tally)
        self._tally = self._saved = kept or self._tally

    def follow(self, gates: Mapping[str, Gate]) -> None:
        """Count at these gates, and at no others. A trial gate moves no door, so nobody is inside by it."""
        self._real = frozenset(gate.id for gate in gates.values() if not gate.trial)
        if gates.keys() != self._tally.gates.keys():
            self._keep(self._tally.follow(gates, at=self._unix()))

    def hear(self, report: NodeReport) -> None:
        """Take what a node reports. What came late counts when it came: people have gone through all the same."""
        if report.gate in self._tally.gates:
            now, real = self._unix(), report.gate in self._real
            self._keep(self._tally.count(report.gate, read(report.event), day=_day(now), at=now, real=real))

    def figures(self, gate: str) -> Figures:
        """The numbers of one gate as they are now."""
        tally = self._tally.gates.get(gate)
        if tally is None:
            return Figures()
        return Figures(
            passages=tally.passages_on(_day(self._unix())),
            inside=tally.known_inside,
            unsure=tally.unsure,
            since=tally.since,
            site_inside=self._tally.known_inside(self._real),
        )

    async def settled(self) -> None:
        """Return when the numbers are kept."""
        if self._saving is not None:
            await self._saving

    def _keep(self, tally: SiteTally) -> None:
        self._tally = tally
        if self._saving is None or self._saving.done():
            self._saving = asyncio.get_running_loop().create_task(self._save())

    async def _save(self) -> None:
        while self._saved != self._tally:  # another passage may come while this one is written down
            self._saved = self._tally
            try:
                await asyncio.to_thread(self._store.save_tally, self._saved)
            except StoreError as error:
                _LOG.error("A restart would lose how many have passed today and are inside: %s", error)


def _day(unix: float) -> str:
    return datetime.fromtimestamp(unix).astimezone().date().isoformat()
