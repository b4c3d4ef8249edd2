"""What an owner has to act on, out of what the recognizer tells: which of its words, at which gate, and how grave."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .models import Gate, Recognizer

if TYPE_CHECKING:
    from .coordinator import FaceGateConfigEntry

CAMERA: Final = "camera_silent"
NODE: Final = "node_silent"
FAILED: Final = "recognition_failed"
LOCKED: Final = "locked"
LEASES: Final = "leases_end"
CONSENTS: Final = "consents_outdated"
UNREADABLE: Final = "unreadable"
RECORDER: Final = "recorder_keeps_persons"
OLD_RECOGNIZER: Final = "recognizer_old"
OLD_INTEGRATION: Final = "integration_old"

CAMERA_FAULTS: Final = {
    "credentials": "camera_refuses",
    "address": "camera_address",
    "no_stream": "camera_address",
    "not_video": "camera_address",
    "file": "camera_address",
    "codec": "camera_codec",
}
"""Whose cause is known; all others are told as a camera from which nothing comes."""

AT_GATES: Final = (
    "cards_to_learn",
    "decoding_software",
    "gate_key",
    "list_full",
    "list_refused",
    "node_boot",
    "node_key",
    "not_commissioned",
    "overloaded",
    "two_factor_camera",
    "two_factor_node",
    "watch_ended",
    "ways_missing",
)
"""Problems of one gate."""

BROKER: Final = ("broker_open", "broker_plain")
IN_THE_HOUSE: Final = (
    "assessment_missing",
    "assessment_outdated",
    *BROKER,
    "calibration_stale",
    "clock_doubted",
    "clock_jumped",
    "clock_unsynchronised",
    "clock_wrong",
    CONSENTS,
    "disk_full",
    "inference_cpu",
    LEASES,
    "liveness_missing",
    "templates_outdated",
    "to_file",
    UNREADABLE,
)
"""Problems of the whole house: told once, though each gate may tell of them."""

RESTARTS: Final = ("liveness_missing", FAILED, "watch_ended")
"""What FaceGate finds out when it starts."""

MENDS_ITSELF: Final = ("list_waiting",)
"""It waits for a node; that the node is silent is told."""

CAMERAS: Final = (CAMERA, *sorted(set(CAMERA_FAULTS.values())))
EVERY: Final = (
    *CAMERAS, NODE, FAILED, *AT_GATES, *IN_THE_HOUSE, LOCKED, RECORDER, OLD_RECOGNIZER, OLD_INTEGRATION,
)  # fmt: skip
"""The translation keys of all of them; ``docs/home-assistant/repairs.md`` has a section for each."""

GRAVE: Final = frozenset(
    {
        *CAMERAS, NODE, FAILED, LOCKED, "broker_open", "clock_wrong", "disk_full", "gate_key", "liveness_missing",
        "node_boot", "node_key", UNREADABLE, "watch_ended",
    }
)  # fmt: skip
"""Residents stand before a closed gate, or somebody may come to where they should not."""

_IDLE: Final = frozenset({"closed", "connecting"})
_VERSION: Final = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to act on, at one gate or in the whole house. ``count``: of residents or entities, where it counts."""

    key: str
    gate: Gate | None = None
    count: int = 0

    def issue(self, entry: FaceGateConfigEntry) -> str:
        """Return the id of its issue, which Home Assistant stores for good: a gate stands in it as a mark.

        Whatever is wrong with a gate's camera is one issue, so that it is ignored once.
        """
        kind = CAMERA if self.key in CAMERAS else self.key
        if self.gate is None:
            return f"{kind}_{entry.entry_id}"
        return f"{kind}_{entry.entry_id}_{mark(entry, self.gate)}"


def mark(entry: FaceGateConfigEntry, gate: Gate) -> str:
    """Return what stands for a gate where its id would tell too much: ids are made of names."""
    return hashlib.sha256(f"{entry.unique_id} {gate.id}".encode()).hexdigest()[:16]


def troubles(known: Recognizer, own_version: str, kept: int) -> Iterator[Trouble]:
    """Tell everything there is to act on now.

    Args:
        known: what the recognizer has told.
        own_version: of this integration.
        kept: how many entities that tell of persons the recorder keeps.
    """
    house = {*known.health.problems, known.health.clock}
    for gate in known.gates.values():
        house.update(gate.problems)
        yield from _at_gate(gate)
    counts = {
        LEASES: known.health.leaving,
        CONSENTS: known.health.outdated,
        UNREADABLE: known.health.unreadable,
    }
    for word in IN_THE_HOUSE:
        if word in house:
            yield Trouble(word, count=counts.get(word, 0))
    if older := older_side(own_version, known.version):
        yield Trouble(older)
    if kept:
        yield Trouble(RECORDER, count=kept)


def older_side(integration: str, recognizer: str) -> str | None:
    """Return which side is to be updated; they belong together by the first two numbers of their versions."""
    ours, theirs = _VERSION.match(integration), _VERSION.match(recognizer)
    if ours is None or theirs is None or ours.groups() == theirs.groups():
        return None
    return OLD_INTEGRATION if _numbers(ours) < _numbers(theirs) else OLD_RECOGNIZER


def _numbers(version: re.Match[str]) -> tuple[int, ...]:
    return tuple(map(int, version.groups()))


def _at_gate(gate: Gate) -> Iterator[Trouble]:
    said = set(gate.problems)
    faults = {word.removeprefix("camera_") for word in said if word.startswith("camera_")} - _IDLE
    if gate.trial:
        faults.discard("ended")  # the clip of a trial is over; nobody stands before that gate
    if faults:
        causes = sorted(CAMERA_FAULTS[fault] for fault in faults if fault in CAMERA_FAULTS)
        yield Trouble(causes[0] if causes else CAMERA, gate)
    if gate.node != "online" and said.isdisjoint({"gate_key", "node_key", "node_boot"}):
        yield Trouble(NODE, gate)
    if any(word.endswith("_failed") for word in said):
        yield Trouble(FAILED, gate)
    for word in AT_GATES:
        if word in said:
            yield Trouble(word, gate)
