"""What may be shown to whoever helps: no key, no token, no name."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_NAME, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant

from .const import CONF_API, CONF_EVENT_KEY
from .coordinator import FaceGateConfigEntry

TO_REDACT: Final = {CONF_TOKEN, CONF_EVENT_KEY, CONF_URL, CONF_API, CONF_NAME}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: FaceGateConfigEntry) -> dict[str, Any]:
    """Return diagnostics of one recognizer."""
    coordinator = entry.runtime_data
    return async_redact_data(
        {
            "entry": dict(entry.data),
            "answers": coordinator.last_update_success,
            "version": coordinator.data.version,
            "gates": [asdict(gate) for gate in coordinator.data.gates.values()],
            "dropped_messages": dict(coordinator.dropped),
        },
        TO_REDACT,
    )
