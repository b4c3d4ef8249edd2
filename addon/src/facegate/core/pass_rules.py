"""May whoever shows this pass go through this gate now? The pass has its say, and so has whoever it belongs to."""

from dataclasses import dataclass
from math import isfinite
from typing import Final

from facegate.core.models import Gate, Mode, Reason, Resident, ResidentState
from facegate.core.passes import Pass, Refused, refusal
from facegate.core.residency import ADMITTED, standing

REASONS: Final = {
    Refused.UNKNOWN: Reason.PASS_UNKNOWN,
    Refused.REVOKED: Reason.PASS_REVOKED,
    Refused.NOT_YET: Reason.OUTSIDE_HOURS,
    Refused.EXPIRED: Reason.PASS_EXPIRED,
    Refused.USED_UP: Reason.PASS_USED,
    Refused.USED: Reason.PASS_USED,
    Refused.PASSBACK: Reason.PASS_AGAIN,
    Refused.NOT_THIS_GATE: Reason.NOT_THIS_GATE,
}
"""Why a pass is not good, as everybody else says it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a pass that was shown.

    ``resident``: whom it lets in, ``None`` for a guest and for a pass that is nobody's. ``before``: uses, step, time
    and direction before this use, to be given back where no gate has moved; ``step``: of the code that was used.
    """

    reason: Reason
    resident: str | None = None
    pass_id: str = ""
    before: tuple[int | None, int | None, float | None, str | None] | None = None
    step: int | None = None

    @property
    def granted(self) -> bool:
        """Whether it opens."""
        return self.reason is Reason.PASS_GOOD


def judge(
    bearer: Pass, resident: Resident | None, gate: Gate, direction: str, unix: float, *, clock: bool
) -> Reason | None:
    """Return why a pass that is genuine does not open, ``None`` if it does.

    Args:
        bearer: the pass.
        resident: whose it is or who vouches for the guest; ``None`` where the house does.
        gate: where it is shown.
        direction: on which side.
        unix: the time, by a clock that may be believed if ``clock`` is true.
        clock: whether it may; without it nothing that has a time window is good.
    """
    if not isfinite(unix):
        return Reason.FAULT
    if gate.mode is Mode.LOCKDOWN:
        return Reason.LOCKDOWN
    refused = refusal(bearer, gate.id, direction, unix)
    if refused is Refused.REVOKED:
        return REASONS[refused]
    if not clock and (bearer.valid_from is not None or bearer.valid_until is not None):
        return Reason.CLOCK
    if resident is not None and (reason := _of_resident(resident, gate, unix)) is not None:
        return reason
    return None if refused is None else REASONS[refused]


def _of_resident(resident: Resident, gate: Gate, unix: float) -> Reason | None:
    """The same rights as by card, PIN and face (PRIVACY P5)."""
    if resident.state is ResidentState.SUSPENDED:
        return Reason.SUSPENDED
    if standing(resident, unix) not in ADMITTED:
        return Reason.EXPIRED
    if resident.valid_from is not None and unix < resident.valid_from:
        return Reason.OUTSIDE_HOURS
    return Reason.NOT_THIS_GATE if resident.gates and gate.id not in resident.gates else None
