"""What the logbook tells of a gate: what was decided, how and which way. Nobody's name, whatever is shared elsewhere.

The logbook's texts cannot be translated in the browser, so they are in the language of Home Assistant itself.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.components.logbook import LOGBOOK_ENTRY_ENTITY_ID, LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.const import ATTR_ENTITY_ID, ATTR_NAME
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .const import DOMAIN
from .event import ATTR_DIRECTION, ATTR_KEY, ATTR_METHOD, ATTR_REASON, ATTR_TYPE, EVENT_LOGBOOK

_NO_METHOD: Final = "none"


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Callable[[Event], dict[str, Any]]], None]
) -> None:
    """Describe them."""

    @callback
    def describe(event: Event) -> dict[str, Any]:
        data = event.data
        return {
            LOGBOOK_ENTRY_NAME: data.get(ATTR_NAME, ""),
            LOGBOOK_ENTRY_MESSAGE: sentence(hass, data),
            LOGBOOK_ENTRY_ENTITY_ID: data.get(ATTR_ENTITY_ID),
        }

    async_describe_event(DOMAIN, EVENT_LOGBOOK, describe)


def sentence(hass: HomeAssistant, data: Mapping[str, Any]) -> str:
    """Return what happened, in the words that the entity has for it; a word that nobody knows stands as it is."""
    language = hass.config.language
    words = async_get_cached_translations(hass, language, "entity", DOMAIN)
    forms = async_get_cached_translations(hass, language, "common", DOMAIN)
    at = f"component.{DOMAIN}.entity.event.{data.get(ATTR_KEY)}.state_attributes"

    def word(attribute: str, value: str) -> str:
        return words.get(f"{at}.{attribute}.state.{value}", value)

    said = {
        "what": word("event_type", str(data.get(ATTR_TYPE))),
        **{a: word(a, str(data.get(a))) for a in (ATTR_METHOD, ATTR_REASON, ATTR_DIRECTION)},
    }
    usual = "method" if data.get(ATTR_METHOD) != _NO_METHOD else "plain"
    found = [forms.get(f"component.{DOMAIN}.common.logbook_{form}") for form in (data.get(ATTR_TYPE), usual)]
    return next((form for form in found if form), "{what}").format(**said)
