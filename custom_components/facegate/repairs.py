"""Which flow mends which issue: the issue's data names its kind, and each kind's flow lives with its own question."""

from collections.abc import Callable, Mapping
from typing import Final

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.core import HomeAssistant

from . import person_repairs, repair_flows

KIND: Final = "kind"
"""Member of an issue's data: a key of :data:`FLOWS`."""

type IssueData = dict[str, str | int | float | None]

FLOWS: Final[Mapping[str, Callable[[IssueData], RepairsFlow]]] = {**person_repairs.FLOWS, **repair_flows.FLOWS}


async def async_create_fix_flow(hass: HomeAssistant, issue_id: str, data: IssueData | None) -> RepairsFlow:
    """Return the flow of an issue; one that only has to be read is closed by reading it."""
    known = data or {}
    make = FLOWS.get(str(known.get(KIND)))
    return ConfirmRepairFlow() if make is None else make(known)
