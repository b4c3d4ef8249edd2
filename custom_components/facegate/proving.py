"""A new address of a known recognizer counts once whoever answers there has proved the paired key."""

from typing import TYPE_CHECKING

from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .address import parse_address
from .client import FaceGateClient
from .const import CONF_EVENT_KEY
from .errors import FaceGateError
from .forms import form_errors

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry


async def async_prove(hass: HomeAssistant, entry: ConfigEntry, url: str) -> tuple[dict[str, str], str]:
    """Let whoever answers prove the key; return what a form says of it, and the address that the recognizer calls own.

    That address is asked as well, because the token goes there and nowhere else: who answered first may only have
    handed the question on.
    """
    session = async_get_clientsession(hass)
    key, installation = entry.data[CONF_EVENT_KEY], str(entry.unique_id)
    try:
        own = await FaceGateClient(session, url).proven_address(key, installation)
    except FaceGateError as error:
        return form_errors(error), ""
    if own is None:
        return {CONF_URL: "not_proved"}, ""
    try:
        reached = await FaceGateClient(session, parse_address(own)).proven_address(key, installation)
    except FaceGateError, ValueError:
        reached = None
    return {} if reached == own else {"base": "own_address_unreachable"}, own
