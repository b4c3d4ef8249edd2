"""The guards' dashboard: offered to Home Assistant's frontend, and added by whoever wants it."""

from pathlib import Path
from typing import Final

from homeassistant.components import frontend
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from .const import DOMAIN

FILES: Final = Path(__file__).with_name("dashboard")
FIRST: Final = "strategy.js"


async def async_offer_dashboard(hass: HomeAssistant) -> None:
    """Serve the dashboard's files, which hold nothing of anybody, and let the frontend load them."""
    if frontend.DATA_EXTRA_MODULE_URL not in hass.data:  # a core without pages shows no dashboards
        return
    version = (await async_get_integration(hass, DOMAIN)).version
    address = f"/{DOMAIN}_dashboard/{version}"  # browsers keep what they have loaded; another version is another file
    await hass.http.async_register_static_paths([StaticPathConfig(address, str(FILES), cache_headers=True)])
    frontend.add_extra_js_url(hass, f"{address}/{FIRST}")
