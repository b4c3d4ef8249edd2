"""What automations can ask for. Actions name a gate by its device, so that any selector of Home Assistant finds it."""

from datetime import timedelta
from typing import Final

import probatio
from homeassistant.const import ATTR_DEVICE_ID, ATTR_MODE
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv

from .asking import async_open, async_set_mode
from .const import DOMAIN, MODES
from .messages import DIRECTIONS
from .person_actions import async_setup_person_actions
from .targets import find_gate

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
        probatio.Optional(ATTR_DURATION): probatio.All(
            cv.positive_time_period, probatio.Range(min=timedelta(seconds=1), max=LONGEST)
        ),
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Offer the actions; they say what is missing where no recognizer is set up."""
    hass.services.async_register(DOMAIN, OPEN_GATE, _open_gate, schema=_OPEN)
    hass.services.async_register(DOMAIN, SET_MODE, _set_mode, schema=_MODE)
    async_setup_person_actions(hass)


async def _open_gate(call: ServiceCall) -> None:
    entry, gate = find_gate(call.hass, call.data[ATTR_DEVICE_ID])
    await async_open(entry.runtime_data, gate, call.data[ATTR_DIRECTION])


async def _set_mode(call: ServiceCall) -> None:
    entry, gate = find_gate(call.hass, call.data[ATTR_DEVICE_ID])
    await async_set_mode(entry.runtime_data, gate, call.data[ATTR_MODE], call.data.get(ATTR_DURATION))
