"""What may be shown to whoever helps: said word by word, so that nothing new gets in by itself.

No name, key, token or address is in it, and no gate's id, which is made of its name: a gate stands there as the mark
that its repair issues bear.
"""

from collections.abc import Iterable
from dataclasses import asdict
from statistics import median
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.loader import async_get_loaded_integration

from .const import CONF_APP, CONF_PERSONS_TOLD, CONF_PRESENCE, CONF_RESIDENTS_PAGES, CONF_SHARE_PERSONS, DOMAIN
from .coordinator import FaceGateConfigEntry
from .devices import gate_identifier
from .models import Gate, Health
from .troubles import mark

OPTIONS: Final = (CONF_SHARE_PERSONS, CONF_PRESENCE, CONF_RESIDENTS_PAGES)


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: FaceGateConfigEntry) -> dict[str, Any]:
    """Return diagnostics of one recognizer and all its gates."""
    return {
        **_recognizer(hass, entry),
        "gates": [_gate(entry, gate) for gate in entry.runtime_data.data.gates.values()],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: FaceGateConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return diagnostics of one gate; of the recognizer's own device those of no gate."""
    gates = entry.runtime_data.data.gates.values()
    of_device = [gate for gate in gates if gate_identifier(entry, gate.id) in device.identifiers]
    return {**_recognizer(hass, entry), "gates": [_gate(entry, gate) for gate in of_device]}


def _recognizer(hass: HomeAssistant, entry: FaceGateConfigEntry) -> dict[str, Any]:
    coordinator = entry.runtime_data
    health: Health = coordinator.data.health
    return {
        "integration": str(async_get_loaded_integration(hass, DOMAIN).version),
        "recognizer": health.version,
        "is_app": CONF_APP in entry.data,
        "learns_persons": entry.data.get(CONF_PERSONS_TOLD, False),
        "options": {option: bool(entry.options.get(option)) for option in OPTIONS},
        "answers": coordinator.last_update_success,
        "last_failure": type(coordinator.last_exception).__name__ if coordinator.last_exception else None,
        "clock": health.clock,
        "problems": list(health.problems),
        "residents": {
            "unreadable": health.unreadable,
            "consents_outdated": health.outdated,
            "leaving": health.leaving,
        },
        "broker": {"encrypted": health.tls, "anonymous": health.anonymous},
        "dropped_messages": dict(coordinator.dropped),
    }


def _gate(entry: FaceGateConfigEntry, gate: Gate) -> dict[str, Any]:
    known = asdict(gate)
    del known["id"], known["name"]
    return {
        "mark": mark(entry, gate),
        **known,
        "milliseconds_to_open": _spread(entry.runtime_data.latencies.get(gate.id, ())),
    }


def _spread(values: Iterable[int]) -> dict[str, float] | None:
    """How long the last openings took; nobody's, and not when."""
    ordered = sorted(values)
    if not ordered:
        return None
    return {
        "openings": len(ordered),
        "median": median(ordered),
        "nineteen_of_twenty": ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))],
        "longest": ordered[-1],
    }
