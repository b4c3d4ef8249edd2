"""Whom an action is about: the recognizer, and the gate of a device. Both say what is missing in words."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .coordinator import FaceGateConfigEntry
from .devices import gate_identifier
from .models import Gate


def find_gate(hass: HomeAssistant, device_id: str) -> tuple[FaceGateConfigEntry, Gate]:
    """Return the gate of a device, with the recognizer that has it. Raises ServiceValidationError."""
    device = dr.async_get(hass).async_get(device_id)
    entry: FaceGateConfigEntry
    for entry in hass.config_entries.async_entries(DOMAIN):
        if device is None or entry.entry_id not in device.config_entries:
            continue
        require_loaded(entry)
        for gate in entry.runtime_data.data.gates.values():
            if gate_identifier(entry, gate.id) in device.identifiers:
                return entry, gate
    raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_gate")


def find_recognizer(hass: HomeAssistant, entry_id: str | None) -> FaceGateConfigEntry:
    """Return the recognizer that was named, or the only one. Raises ServiceValidationError."""
    entries: list[FaceGateConfigEntry] = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    found = [entry for entry in entries if entry_id in (None, entry.entry_id)]
    if not found:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recognizer")
    if len(found) > 1:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="which_recognizer")
    require_loaded(found[0])
    return found[0]


def require_loaded(entry: FaceGateConfigEntry) -> None:
    """Raise ServiceValidationError for a recognizer that is not set up now."""
    if entry.state is not ConfigEntryState.LOADED:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="not_loaded", translation_placeholders={"name": entry.title}
        )
