"""FaceGate: gates that open to the faces of their residents."""

from homeassistant.components import mqtt
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.typing import ConfigType

from .address import async_clear_moved
from .const import DOMAIN
from .coordinator import FaceGateConfigEntry, FaceGateCoordinator, kept_store
from .devices import async_follow_gates, is_present
from .guards import async_offer_dashboard
from .identities import async_clear_notes, async_give_back_persons
from .issues import async_clear_issues
from .pages_view import async_register_pages
from .person_repairs import async_ask_no_more
from .persons import async_follow_persons
from .presence import async_set_up_presence, presence_store
from .removal import async_give_back_token
from .residents_pages import async_remove_pages, async_set_up_pages
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.DEVICE_TRACKER,
    Platform.EVENT,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Offer the actions, so that automations are checked even while no recognizer answers, and the dashboard."""
    async_setup_services(hass)
    async_register_pages(hass)
    await async_offer_dashboard(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: FaceGateConfigEntry) -> bool:
    """Set up one recognizer."""
    if not await mqtt.async_wait_for_mqtt_client(hass):
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="mqtt_not_available")

    coordinator = FaceGateCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator

    await async_give_back_persons(hass, entry)
    coordinator.presence = await async_set_up_presence(hass, entry)
    async_follow_gates(hass, entry)
    entry.async_on_unload(coordinator.async_add_listener(lambda: async_follow_gates(hass, entry)))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(coordinator.async_save)  # runs after the subscriptions below have ended
    async_follow_persons(hass, entry)
    await async_set_up_pages(hass, entry)
    coordinator.issues.async_follow()
    try:
        await coordinator.async_subscribe()  # last, so that no entity misses what arrives at once
    except HomeAssistantError as error:  # MQTT has gone meanwhile
        await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="mqtt_not_available") from error
    return True


async def async_unload_entry(hass: HomeAssistant, entry: FaceGateConfigEntry) -> bool:
    """Unload one recognizer."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Leave nothing behind."""
    async_clear_moved(hass, entry)
    async_clear_issues(hass, entry)
    async_clear_notes(hass, entry)
    async_ask_no_more(hass, entry)
    await async_remove_pages(hass, entry)
    await kept_store(hass, entry).async_remove()
    await presence_store(hass, entry).async_remove()
    await async_give_back_token(hass, entry)  # last: what is above may still need it


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: FaceGateConfigEntry, device: DeviceEntry
) -> bool:
    """Let a device be deleted by hand once the recognizer no longer has its gate."""
    return not is_present(entry, device)
