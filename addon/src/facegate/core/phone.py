"""May this resident open this gate by phone now? The same rights as by card, PIN and face (PRIVACY P5)."""

from math import isfinite
from typing import Final

from facegate.core.models import Gate, Mode, Reason, Resident, ResidentState
from facegate.core.residency import ADMITTED, standing

FRESH: Final = 5.0
"""Seconds that a tap may be on its way, over a weak network and a phone's clock; nothing is kept for later."""


def refusal(resident: Resident, gate: Gate, now: float) -> Reason | None:
    """Return why it does not open, ``None`` if it does; ``now``: Unix seconds."""
    if not isfinite(now):
        return Reason.FAULT
    checks = (
        (gate.mode is Mode.LOCKDOWN, Reason.LOCKDOWN),
        (not gate.phone, Reason.NOT_THIS_GATE),
        (resident.state is ResidentState.SUSPENDED, Reason.SUSPENDED),
        (standing(resident, now) not in ADMITTED, Reason.EXPIRED),
        (resident.valid_from is not None and now < resident.valid_from, Reason.OUTSIDE_HOURS),
        (bool(resident.gates) and gate.id not in resident.gates, Reason.NOT_THIS_GATE),
    )
    return next((reason for applies, reason in checks if applies), None)


def offered(resident: Resident, gate: Gate, now: float) -> bool:
    """Whether the page shows a button for this gate: where only a lockdown stands in the way, it says so on a tap."""
    return refusal(resident, gate, now) in {None, Reason.LOCKDOWN}
