"""Pictures of visitors who were refused: off by default, for hours, and in memory alone.

They are never written: with the process, with a power cut and with whoever carries off the box they are gone. Each is
sealed under a key of its own, which goes first: what the system may have swapped out of a picture is worth nothing
then. Whoever stood outside the gate's zone is grey in them, as in every picture that FaceGate shows, and no picture is
made of a resident.
"""

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from facegate.adapters.sealing import KEY_BYTES, seal, unseal
from facegate.core.models import Decision, Reason, Verdict

MOST_AT_A_GATE: Final = 50
"""So many of the newest: a hundred kilobytes each."""
_HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One picture, sealed. ``at``: Unix seconds; ``ends``: monotonic ones."""

    id: str
    gate: str
    camera: str
    at: float
    reason: Reason
    ends: float
    sealed: bytes = field(repr=False)


class Store(Protocol):
    """The part of ``adapters.store.Store`` that snapshots use; synchronous, raises StoreError."""

    def snapshot_hours(self, gate: str) -> int:
        """For how many hours; 0 for none."""

    def set_snapshot_hours(self, gate: str, hours: int) -> None:
        """Another number of hours."""


class Snapshots:
    """Synchronous and thread-safe.

    Args:
        store: at which gates.
        look: what a camera sees now as JPEG, others than those in the zone grey; ``None`` where nothing comes.
        unix: Unix seconds.
        monotonic: seconds that this process has run, by which pictures end whatever the clock on the wall does.
    """

    def __init__(
        self,
        store: Store,
        look: Callable[[str], bytes | None],
        *,
        unix: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._look = look
        self._unix = unix
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: dict[str, bytes] = {}
        self._kept: defaultdict[str, list[Snapshot]] = defaultdict(list)

    def hours(self, gate: str) -> int:
        """For how many hours a gate's pictures are kept; 0 for none."""
        return self._store.snapshot_hours(gate)

    def keep_for(self, gate: str, hours: int) -> None:
        """Keep pictures for so many hours from now on; those that were kept longer, or at all, go at once."""
        self._store.set_snapshot_hours(gate, hours)
        with self._lock:
            latest = self._monotonic() + hours * _HOUR
            self._keep(gate, [one for one in self._kept[gate] if hours and one.ends <= latest])

    def refused(self, decision: Decision) -> Snapshot | None:
        """Somebody was refused: keep a picture, if their gate keeps any and they are nobody who lives here."""
        if decision.verdict is not Verdict.DENIED or decision.resident is not None:
            return None
        hours = self._store.snapshot_hours(decision.gate)
        jpeg = self._look(decision.camera) if hours else None
        if jpeg is None:
            return None
        ends, name, key = self._monotonic() + hours * _HOUR, secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)
        sealed = seal(key, jpeg, "snapshot", name)
        made = Snapshot(name, decision.gate, decision.camera, self._unix(), decision.reason, ends, sealed)
        with self._lock:
            self._keys[name] = key
            self._keep(decision.gate, [*self._kept[decision.gate], made])
        return made

    def picture(self, snapshot: Snapshot) -> bytes | None:
        """The picture, JPEG; ``None`` where its time is over."""
        self.forget_old()
        with self._lock:
            key = self._keys.get(snapshot.id)
        return None if key is None else unseal(key, snapshot.sealed, "snapshot", snapshot.id)

    def of(self, gate: str) -> list[Snapshot]:
        """A gate's pictures whose time is not over, newest first."""
        self.forget_old()
        with self._lock:
            return list(reversed(self._kept[gate]))

    def forget_old(self) -> int:
        """Let go of every picture whose time is over and return how many there were."""
        now = self._monotonic()
        with self._lock:
            before = len(self._keys)
            for gate, kept in self._kept.items():
                self._keep(gate, [one for one in kept if one.ends > now])
            return before - len(self._keys)

    def _keep(self, gate: str, wanted: list[Snapshot]) -> None:
        """Keep these of a gate, the newest of them, and destroy the keys of all others."""
        left = wanted[-MOST_AT_A_GATE:]
        for gone in {one.id for one in (*self._kept[gate], *wanted)} - {one.id for one in left}:
            del self._keys[gone]
        self._kept[gate] = left
