"""May this person pass this gate now? Recognition says who it is; this says what follows from that."""

from dataclasses import dataclass
from math import isfinite

from facegate.core.models import Gate, Masks, Mode, Reason, Resident, ResidentState, Verdict


@dataclass(frozen=True, slots=True)
class Ruling:
    """What follows, and for whom. ``resident`` is ``None`` where nobody may be named."""

    verdict: Verdict
    reason: Reason
    resident: str | None


def decide(resident_id: str, resident: Resident | None, gate: Gate, now: float) -> Ruling:
    """Return whether the recognised person may pass.

    Args:
        resident_id: whom recognition named.
        resident: what is known of that person, ``None`` if nothing is.
        gate: the gate that the camera watches.
        now: Unix seconds.
    """
    if resident is None or resident.id != resident_id:
        return Ruling(Verdict.DENIED, Reason.FAULT, None)
    if resident.state in _STRANGERS:
        return Ruling(Verdict.DENIED, Reason.UNKNOWN_FACE, None)
    reason = _refusal(resident, gate, now)
    if reason is not None:
        return Ruling(Verdict.DENIED, reason, resident.id)
    return Ruling(Verdict.GRANTED, Reason.RECOGNISED, resident.id)


def asks_for_mask(verdict: Verdict, reason: Reason, masks: Masks) -> bool:
    """Whether a mask, if there is one, is the reason to give: half a face names nobody, and lets nobody in.

    Where masked faces are compared, a mask is no reason.
    """
    return masks is Masks.DENY and (verdict is Verdict.GRANTED or reason in _BY_THE_FACE)


_BY_THE_FACE = frozenset({Reason.UNKNOWN_FACE, Reason.AMBIGUOUS, Reason.UNDECIDED, Reason.SECOND_FACTOR_MISSING})

_STRANGERS = frozenset({ResidentState.INVITED, ResidentState.WITHDRAWN, ResidentState.ERASED})
"""Whoever has not agreed to be recognised, or no longer does, is nobody to a camera."""


def _refusal(resident: Resident, gate: Gate, now: float) -> Reason | None:
    if not isfinite(now):
        return Reason.FAULT
    checks = (
        (gate.mode is Mode.LOCKDOWN, Reason.LOCKDOWN),
        (resident.state is ResidentState.SUSPENDED, Reason.SUSPENDED),
        (resident.state is not ResidentState.ENROLLED, Reason.EXPIRED),
        (resident.valid_until is not None and not now < resident.valid_until, Reason.EXPIRED),
        (resident.valid_from is not None and not now >= resident.valid_from, Reason.OUTSIDE_HOURS),
        (bool(resident.gates) and gate.id not in resident.gates, Reason.NOT_THIS_GATE),
    )
    return next((reason for applies, reason in checks if applies), None)
