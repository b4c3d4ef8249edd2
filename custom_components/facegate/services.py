"""What automations can ask for. Actions name a gate by its device, so that any selector of Home Assistant finds it."""

from datetime import timedelta
from typing import Final

import probatio
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID, ATTR_MODE
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr

from .asking import FREE_FOR, async_open, async_set_mode
from .const import DOMAIN, MODES
from .coordinator import FaceGateCoordinator
from .devices import gate_identifier
from .messages import DIRECTIONS
from .models import Gate

OPEN_GATE: Final = "open_gate"
SET_MODE: Final = "set_mode"
ATTR_DIRECTION: Final = "direction"
ATTR_DURATION: Final = "duration"

LONGEST: Final = timedelta(days=7)
"""What the recognizer takes; the node cuts it to its own maximum."""

_DEVICE = {probatio.Required(ATTR_DEVICE_ID): cv.string}
_OPEN: Final = probatio.Schema(
    {**_DEVICE, probatio.Optional(ATTR_DIRECTION, default=DIRECTIONS[0]): probatio.In(DIRECTIONS)}
)
_MODE: Final = probatio.Schema(
    {
        **_DEVICE,
        probatio.Required(ATTR_MODE): probatio.In(MODES),
        probatio.Optional(ATTR_DURATION, default=FREE_FOR): probatio.All(
            cv.positive_time_period, probatio.Range(min=timedelta(seconds=1), max=LONGEST)
        ),
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Offer the actions; they say what is missing where no recognizer is set up."""
    hass.services.async_register(DOMAIN, OPEN_GATE, _open_gate, schema=_OPEN)
    hass.services.async_register(DOMAIN, SET_MODE, _set_mode, schema=_MODE)


async def _open_gate(call: ServiceCall) -> None:
    coordinator, gate = _gate(call)
    await async_open(coordinator, gate, call.data[ATTR_DIRECTION])


async def _set_mode(call: ServiceCall) -> None:
    coordinator, gate = _gate(call)
    await async_set_mode(coordinator, gate, call.data[ATTR_MODE], call.data[ATTR_DURATION])


def _gate(call: ServiceCall) -> tuple[FaceGateCoordinator, Gate]:
    """The gate of the device that was named. Raises ServiceValidationError."""
    device = dr.async_get(call.hass).async_get(call.data[ATTR_DEVICE_ID])
    for entry in call.hass.config_entries.async_entries(DOMAIN):
        if device is None or entry.entry_id not in device.config_entries:
            continue
        if entry.state is not ConfigEntryState.LOADED:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="not_loaded",
                translation_placeholders={"name": entry.title},
            )
        for gate in entry.runtime_data.data.gates.values():
            if gate_identifier(entry, gate.id) in device.identifiers:
                return entry.runtime_data, gate
    raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_gate")
