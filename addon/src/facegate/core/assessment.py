"""What the law asks of whoever runs this (PRIVACY P14): who is responsible, what was assessed, what changed since.

An impact assessment (PIPL art. 55, GDPR art. 35) is about one way of doing things. It holds until something of that
becomes riskier for people; what becomes milder needs no new one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from facegate.core.calibration import Calibration
from facegate.core.models import Camera, Gate, LivenessLevel, Masks
from facegate.core.retention import Retention

FILING_FACES: Final = 100_000
"""Faces from which China's Measures of 2025 (art. 15) ask for a filing with the cyberspace authority."""
FILING_DAYS: Final = 30
"""Working days within which it is due."""


class Change(StrEnum):
    """Why an assessment does not hold any more; each is a translation key."""

    GATE_ADDED = "gate_added"
    CAMERA_ADDED = "camera_added"
    FACES_ON = "faces_on"
    LIVENESS_LOWERED = "liveness_lowered"
    MASKS_COMPARED = "masks_compared"
    THRESHOLD_LOWERED = "threshold_lowered"
    RETENTION_LONGER = "retention_longer"
    PURPOSE_ADDED = "purpose_added"
    MODEL_CHANGED = "model_changed"
    MORE_PEOPLE = "more_people"
    SNAPSHOTS_KEPT = "snapshots_kept"


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who decides about the data, in the owner's words. ``people``: how many are expected to use it.

    ``officer``: who is asked about data protection, if there is one. ``purposes``: beside opening gates. ``filed_on``:
    the day of the filing that :data:`FILING_FACES` asks for, as YYYY-MM-DD.
    """

    name: str = ""
    contact: str = ""
    officer: str = ""
    purposes: tuple[str, ...] = ()
    people: int = 0
    filed_on: str = ""

    @property
    def known(self) -> bool:
        """Whether people can be told who it is."""
        return bool(self.name and self.contact)

    @property
    def to_file(self) -> bool:
        """Whether a filing is due that nobody has made."""
        return self.people >= FILING_FACES and not self.filed_on


_LIVENESS: Final = tuple(LivenessLevel)  # weakest first
_MORE: Final = 1.5
"""People that were assessed may grow by half: a house fills up, but a second house is another thing."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an assessment is about. ``faces``: gates with a face reader; ``cameras``: level and masks by camera.

    ``snapshots``: hours for which a picture of a refused visitor is kept, the longest of all gates.
    """

    gates: tuple[str, ...] = ()
    faces: tuple[str, ...] = ()
    cameras: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    threshold: float = 0.0
    days: tuple[int, int, int] = (0, 0, 0)
    purposes: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    people: int = 0
    snapshots: int = 0

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex: what stands on the paper, so that paper and configuration can be held side by side."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()

    @property
    def content(self) -> dict[str, Any]:
        """The scope as JSON; :meth:`of` reads it."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]  # an object in, an object out

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Return the scope that :attr:`content` describes."""
        return cls(
            gates=tuple(content["gates"]),
            faces=tuple(content["faces"]),
            cameras={camera: (level, masks) for camera, (level, masks) in content["cameras"].items()},
            threshold=content["threshold"],
            days=tuple(content["days"]),
            purposes=tuple(content["purposes"]),
            models=tuple(content["models"]),
            people=content["people"],
            snapshots=content["snapshots"],
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """That somebody has assessed it. ``at``: Unix seconds; ``by``: the owner."""

    at: float
    by: str
    scope: Scope


def scope_of(
    gates: Iterable[Gate],
    cameras: Iterable[Camera],
    *,
    threshold: float,
    retention: Retention,
    purposes: Iterable[str],
    models: Iterable[str],
    people: int,
    snapshots: int = 0,
) -> Scope:
    """What there is to assess now; trial gates move no door and recognise nobody who has not agreed to try."""
    real = sorted(gate.id for gate in gates if not gate.trial)
    return Scope(
        gates=tuple(real),
        faces=tuple(sorted(gate.id for gate in gates if gate.faces and not gate.trial)),
        cameras={c.id: (str(c.liveness), str(c.masks)) for c in cameras if c.gate in real},
        threshold=round(threshold, 4),
        days=(retention.passages_days, retention.names_days, retention.acts_years),
        purposes=tuple(sorted(purposes)),
        models=tuple(sorted(models)),
        people=people,
        snapshots=snapshots,
    )


def invalidated(assessed: Scope, now: Scope) -> tuple[Change, ...]:
    """Return what has become riskier since; nothing for what has stayed or become milder."""
    found = {
        Change.GATE_ADDED: bool(set(now.gates) - set(assessed.gates)),
        Change.CAMERA_ADDED: bool(now.cameras.keys() - assessed.cameras.keys()),
        Change.FACES_ON: bool(set(now.faces) - set(assessed.faces)),
        Change.LIVENESS_LOWERED: any(
            _LIVENESS.index(LivenessLevel(level)) < _LIVENESS.index(LivenessLevel(assessed.cameras[camera][0]))
            for camera, (level, _) in now.cameras.items()
            if camera in assessed.cameras
        ),
        Change.MASKS_COMPARED: any(
            masks != Masks.DENY and assessed.cameras[camera][1] == Masks.DENY
            for camera, (_, masks) in now.cameras.items()
            if camera in assessed.cameras
        ),
        Change.THRESHOLD_LOWERED: now.threshold < assessed.threshold,
        Change.RETENTION_LONGER: any(days > before for days, before in zip(now.days, assessed.days, strict=True)),
        Change.PURPOSE_ADDED: bool(set(now.purposes) - set(assessed.purposes)),
        Change.MODEL_CHANGED: now.models != assessed.models,
        Change.SNAPSHOTS_KEPT: now.snapshots > assessed.snapshots,
        Change.MORE_PEOPLE: now.people > _MORE * max(assessed.people, 1),
    }
    return tuple(change for change, there in found.items() if there)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the documents print, taken at one moment (``at``, Unix seconds).

    ``residents``: how many by level of privacy; ``enrolled``: how many have templates. ``terms``: days until somebody
    who has left, and somebody who was absent, is erased. ``members``: how many by role. ``calibration``: of the
    residents of this site, ``None`` where nobody is enrolled.
    """

    site: str
    version: str
    at: float
    responsible: Responsible
    scope: Scope
    gates: tuple[tuple[Gate, tuple[Camera, ...]], ...]
    retention: Retention
    terms: tuple[int, int]
    residents: Mapping[str, int]
    enrolled: int
    members: Mapping[str, int]
    paired: bool
    false_opens: str
    calibration: Calibration | None = None
    assessment: Assessment | None = None
    changes: tuple[Change, ...] = ()
