"""Whoever is being enrolled before a gate stands there for that: meanwhile it neither opens for them nor refuses them.

Everybody else is decided about as ever.
"""

from dataclasses import dataclass, field

from facegate.core.models import Decision, Reason, Verdict

_UNKNOWN = frozenset({Reason.UNKNOWN_FACE, Reason.UNDECIDED, Reason.AMBIGUOUS, Reason.POOR_QUALITY, Reason.NOT_LIVE})


@dataclass(slots=True)
class Sparing:
    """Who is being enrolled at which camera. From any thread: each change puts another mapping in place."""

    _by_camera: dict[str, tuple[str, str]] = field(default_factory=dict)

    def begin(self, camera: str, gate: str, resident: str) -> None:
        """Somebody is being enrolled at a camera of a gate."""
        self._by_camera = {**self._by_camera, camera: (gate, resident)}

    def end(self, camera: str) -> None:
        """They are done."""
        self._by_camera = {one: who for one, who in self._by_camera.items() if one != camera}

    def holds(self, decision: Decision) -> bool:
        """Whether this decision is about whoever is being enrolled, so that nothing is done about it."""
        if decision.verdict is Verdict.GRANTED:
            return (decision.gate, decision.resident) in self._by_camera.values()
        alone = decision.faces <= 1 and decision.reason in _UNKNOWN
        return alone and decision.camera in self._by_camera
