"""Tells the recognizer which persons Home Assistant has, and asks the owner what it wants to know about them.

Only ids and names go, and only there. It is told again from time to time: what it asks may have been answered before
its panel, and it keeps no names over a restart.
"""

from datetime import timedelta
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import (
    TrackStates,
    async_call_later,
    async_track_state_change_filtered,
    async_track_time_interval,
)
from homeassistant.helpers.start import async_at_started

from .const import LOGGER
from .coordinator import FaceGateConfigEntry
from .errors import FaceGateError
from .person_repairs import async_ask

PERSON: Final = "person"  # the domain of Home Assistant's persons
SETTLE: Final = 10.0
"""Seconds after a change before it is told: a reload takes all persons away for a moment, and gives them back."""

AGAIN: Final = 60.0
"""Seconds after which it is tried again."""

EVERY: Final = timedelta(minutes=5)
"""How often what has not changed is told anew."""


@callback
def async_follow_persons(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Tell it now, or once Home Assistant has started, and after each change; until the entry is unloaded."""
    coordinator = entry.runtime_data
    told: dict[str, str] | None = None
    stale = False
    answered = coordinator.last_update_success
    waiting: list[CALLBACK_TYPE] = []

    async def tell() -> None:
        nonlocal told, stale
        persons = {state.entity_id: state.name for state in hass.states.async_all(PERSON)}
        if persons == told and not stale:
            return
        if told is None and not persons:  # none at all is no news: they may not be loaded yet
            return
        try:
            heard = await coordinator.client.people.tell(persons)
        except FaceGateError as error:
            LOGGER.debug("the recognizer could not be told which persons there are: %r", error)
            waiting.append(async_call_later(hass, AGAIN, changed))
            return
        told, stale = persons, False
        async_ask(hass, entry, heard)

    later = Debouncer(hass, LOGGER, cooldown=SETTLE, immediate=False, function=tell)

    async def changed(*_: object) -> None:
        end()
        waiting.clear()
        await later.async_call()

    async def anew(*_: object) -> None:
        nonlocal stale
        stale = True
        await changed()

    @callback
    def back() -> None:
        nonlocal answered
        answered, before = coordinator.last_update_success, answered
        if answered and not before:
            entry.async_create_task(hass, anew(), "facegate tell the persons anew")

    @callback
    def end() -> None:
        for cancel in waiting:
            cancel()

    entry.async_on_unload(later.async_shutdown)
    entry.async_on_unload(async_at_started(hass, changed))
    entry.async_on_unload(
        async_track_state_change_filtered(hass, TrackStates(False, set(), {PERSON}), changed).async_remove
    )
    entry.async_on_unload(async_track_time_interval(hass, anew, EVERY))
    entry.async_on_unload(coordinator.async_add_listener(back))
    entry.async_on_unload(end)
