"""The store as tests fill it, under a clock that they set."""

import numpy as np

from facegate.adapters.store import Intent, Store
from facegate.core.models import Camera, Direction, Gate, LivenessLevel, Method, Reason, Resident, Vector

NOTICE = "ab" * 32
GATE = Gate("main", "Main gate")
CAMERA = Camera(
    "main-in",
    "main",
    "rtsp://viewer:hunter2secret@192.0.2.7/stream",
    Direction.EXIT,
    "udp",
    ((0.1, 0.2), (0.9, 0.2), (0.5, 1.0)),
    64.0,
    0.5,
    LivenessLevel.CHALLENGE,
)


class Clock:
    """Unix seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def vector(seed: int) -> Vector:
    values = np.random.default_rng(seed).standard_normal(128).astype(np.float32)
    return values / np.linalg.norm(values)


def enrolled(store: Store, name: str = "Resident 1", seed: int = 1) -> Resident:
    resident = store.add_resident(name, "person.one")
    consent = store.add_consent(resident.id, notice=NOTICE, language="en", channel="command_line")
    store.add_templates(resident.id, "sface", [vector(seed), vector(seed + 1)], consent.id)
    return store.resident(resident.id)


def intent(number: int, resident: str | None = None) -> Intent:
    return Intent(f"{number:016x}", "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, 100.0 + number, resident)


def reopened(store: Store, clock: Clock) -> Store:
    store.close()
    return Store.open(store.data, clock=clock)
