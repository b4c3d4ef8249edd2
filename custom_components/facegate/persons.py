"""Tells the recognizer which persons Home Assistant has, so that its owner is asked when one is gone or renamed.

Only ids and names go, and only there; what follows for a resident is decided in FaceGate's panel, never here.
"""

from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import TrackStates, async_call_later, async_track_state_change_filtered
from homeassistant.helpers.start import async_at_started

from .const import LOGGER
from .coordinator import FaceGateConfigEntry
from .errors import FaceGateError

PERSON: Final = "person"  # the domain of Home Assistant's persons
SETTLE: Final = 10.0
"""Seconds after a change before it is told: a reload takes all persons away for a moment, and gives them back."""

AGAIN: Final = 60.0
"""Seconds after which it is tried again."""


@callback
def async_follow_persons(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Tell it now, or once Home Assistant has started, and after each change; until the entry is unloaded."""
    coordinator = entry.runtime_data
    told: dict[str, str] = {}
    waiting: list[CALLBACK_TYPE] = []

    async def tell() -> None:
        persons = {state.entity_id: state.name for state in hass.states.async_all(PERSON)}
        if persons == told or not (persons or told):  # none at all is no news: they may not be loaded yet
            return
        try:
            await coordinator.client.tell_persons(persons)
        except FaceGateError as error:
            LOGGER.debug("the recognizer could not be told which persons there are: %r", error)
            waiting.append(async_call_later(hass, AGAIN, changed))
            return
        told.clear()
        told.update(persons)

    later = Debouncer(hass, LOGGER, cooldown=SETTLE, immediate=False, function=tell)

    async def changed(*_: object) -> None:
        end()
        waiting.clear()
        await later.async_call()

    @callback
    def end() -> None:
        for cancel in waiting:
            cancel()

    entry.async_on_unload(later.async_shutdown)
    entry.async_on_unload(async_at_started(hass, changed))
    entry.async_on_unload(
        async_track_state_change_filtered(hass, TrackStates(False, set(), {PERSON}), changed).async_remove
    )
    entry.async_on_unload(end)
