"""The token of an entry that is removed is good for nothing any more."""

from typing import TYPE_CHECKING

from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .client import FaceGateClient
from .const import LOGGER
from .errors import FaceGateError, UnauthorizedError

if TYPE_CHECKING:
    from .coordinator import FaceGateConfigEntry


async def async_give_back_token(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Have the recognizer revoke the token; an entry can be removed whether or not anybody answers."""
    client = FaceGateClient(async_get_clientsession(hass), entry.data[CONF_URL], entry.data[CONF_TOKEN])
    try:
        await client.give_back()
    except UnauthorizedError:
        return  # revoked there already
    except FaceGateError as error:
        LOGGER.warning("The recognizer could not be told that the token is good for nothing any more: %r", error)
