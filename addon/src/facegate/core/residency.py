"""Where a resident stands, what may change that, and what follows from it: by face, and by everything else.

One rule runs through all of it (PRIVACY P5): whoever says no to the face is never worse off. A state that lets in by
face lets in by card, PIN and pass as well, at the same gates and hours.

``invited``: told, and has not answered. ``enrolled``: has settled how they want to get in, by face or without; from
outside nobody can tell which. ``withdrawn``: has taken the consent for the face back, and goes in by what else they
have. ``suspended``: let in by nothing, for the time being. ``expired``: their time is over; that follows from the date
and is not stored. ``erased``: the key is destroyed.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from facegate.core.models import PrivacyLevel, Resident, ResidentState

_S = ResidentState


class Change(StrEnum):
    """What may happen to a resident."""

    ENROL = "enrol"
    """The first template of their face is stored."""
    SETTLE = "settle"
    """They choose to be let in without their face."""
    UNSETTLE = "unsettle"
    """They choose to be let in by face after all, which begins with an enrolment."""
    WITHDRAW = "withdraw"
    """They take the consent for their face back."""
    SUSPEND = "suspend"
    RESUME = "resume"
    ERASE = "erase"


_TABLE: Final[Mapping[Change, Mapping[ResidentState, ResidentState]]] = {
    Change.ENROL: {_S.INVITED: _S.ENROLLED, _S.WITHDRAWN: _S.ENROLLED, _S.ENROLLED: _S.ENROLLED},
    Change.SETTLE: {_S.INVITED: _S.ENROLLED, _S.WITHDRAWN: _S.ENROLLED, _S.ENROLLED: _S.ENROLLED},
    Change.UNSETTLE: {_S.ENROLLED: _S.INVITED, _S.INVITED: _S.INVITED, _S.WITHDRAWN: _S.WITHDRAWN},
    Change.WITHDRAW: {_S.ENROLLED: _S.WITHDRAWN, _S.INVITED: _S.INVITED, _S.WITHDRAWN: _S.WITHDRAWN},
    Change.SUSPEND: {
        _S.INVITED: _S.SUSPENDED,
        _S.ENROLLED: _S.SUSPENDED,
        _S.WITHDRAWN: _S.SUSPENDED,
        _S.SUSPENDED: _S.SUSPENDED,
    },
    Change.ERASE: {state: _S.ERASED for state in _S if state is not _S.ERASED},
}

_KEPT: Final = frozenset({Change.ENROL, Change.SETTLE, Change.UNSETTLE, Change.WITHDRAW})
"""What may happen to somebody suspended without letting them in."""

ADMITTED: Final = frozenset({_S.INVITED, _S.ENROLLED, _S.WITHDRAWN})
"""Whom cards, PINs, passes and phones let in."""
BY_FACE: Final = frozenset({_S.ENROLLED})
"""Whom a face lets in."""


class ResidencyError(ValueError):
    """A change that is not possible from where the resident stands."""

    def __init__(self, change: Change, state: ResidentState) -> None:
        super().__init__(f"A resident who is {state} cannot be changed by '{change}': look at their state first.")
        self.change = change
        self.state = state


def after(change: Change, resident: Resident, *, has_templates: bool, withdrew: bool = False) -> ResidentState:
    """Return where a resident stands after a change; raises ResidencyError.

    Args:
        change: what happens.
        resident: to whom, as they are before it.
        has_templates: whether there are templates of their face.
        withdrew: whether they have taken a consent back, for whoever is resumed.
    """
    state = resident.state
    if state is _S.SUSPENDED and change in _KEPT:
        return state
    if change is Change.RESUME:
        if state in ADMITTED:
            return state
        if state is not _S.SUSPENDED:
            raise ResidencyError(change, state)
        if has_templates or resident.level is PrivacyLevel.NO_FACE:
            return _S.ENROLLED
        return _S.WITHDRAWN if withdrew else _S.INVITED
    found = _TABLE[change].get(state)
    if found is None:
        raise ResidencyError(change, state)
    return found


def standing(resident: Resident, now: float) -> ResidentState:
    """Where a resident stands today; ``now``: Unix seconds by a clock that may be believed."""
    over = resident.valid_until is not None and resident.valid_until <= now
    return _S.EXPIRED if over and resident.state is not _S.ERASED else resident.state


def may_pass(resident: Resident, gate: str, now: float) -> bool:
    """Whether the resident may pass this gate at this moment by whatever they have beside their face."""
    begun = resident.valid_from is None or resident.valid_from <= now
    return begun and standing(resident, now) in ADMITTED and (not resident.gates or gate in resident.gates)
