"""What Home Assistant's page *System health* shows of FaceGate."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import FaceGateConfigEntry

ENCRYPTED = "broker_encrypted"


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register what is asked for each time that somebody looks."""
    register.async_register_info(async_system_health, f"/config/integrations/integration/{DOMAIN}")


async def async_system_health(hass: HomeAssistant) -> dict[str, Any]:
    """Tell how it stands, of all recognizers together: most houses have one."""
    entries: list[FaceGateConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    known = [entry.runtime_data for entry in entries]
    gates = [gate for coordinator in known for gate in coordinator.data.gates.values()]
    healths = [coordinator.data.health for coordinator in known]
    return {
        "reached": _reach(hass),
        "version": ", ".join(sorted({health.version for health in healths})) or "–",
        "gates_online": f"{sum(gate.node == 'online' for gate in gates)} / {len(gates)}",
        "cameras_working": f"{sum(gate.camera == 'ok' for gate in gates)} / {len(gates)}",
        ENCRYPTED: all(health.tls for health in healths) if healths else "–",
        "broker_anonymous": any(health.anonymous == "accepted" for health in healths) if healths else "–",
        "messages_dropped": sum(coordinator.dropped.total() for coordinator in known),
    }


async def _reach(hass: HomeAssistant) -> str | dict[str, str]:
    """Whether every recognizer answers at its address; the first that does not is what is told."""
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False):
        answer = await system_health.async_check_can_reach_url(hass, f"{entry.data[CONF_URL]}/api/v1/health")
        if answer != "ok":
            return answer
    return "ok"
