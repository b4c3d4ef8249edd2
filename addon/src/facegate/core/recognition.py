"""Whom a gate's cameras may recognise: one immutable picture of it, exchanged as a whole when anything changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from facegate.core.matching import Gallery
from facegate.core.models import Gate, Resident
from facegate.core.session import Thresholds


@dataclass(frozen=True, slots=True)
class Recognition:
    """The gallery with the residents it belongs to (by id), the gate, and when two faces are the same person."""

    gallery: Gallery
    residents: Mapping[str, Resident]
    gate: Gate
    thresholds: Thresholds = field(default_factory=Thresholds)
