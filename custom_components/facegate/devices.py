"""The recognizer and its gates as devices, following what the recognizer has."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo

from .const import DOMAIN
from .coordinator import FaceGateConfigEntry, FaceGateCoordinator
from .models import Gate
from .panel import device_link

MANUFACTURER = "FaceGate"


def gate_identifier(entry: FaceGateConfigEntry, gate: str) -> tuple[str, str]:
    """Return the device identifier of a gate; both halves of it never change."""
    return (DOMAIN, f"{entry.unique_id}_{gate}")


def recognizer_device(entry: FaceGateConfigEntry) -> DeviceInfo:
    """Return the device of the recognizer itself, which is registered before any entity."""
    return DeviceInfo(identifiers={(DOMAIN, str(entry.unique_id))})


def gate_device(coordinator: FaceGateCoordinator, gate: Gate) -> DeviceInfo:
    """Return the device of one gate, behind the recognizer's."""
    entry = coordinator.config_entry
    return DeviceInfo(
        identifiers={gate_identifier(entry, gate.id)},
        manufacturer=MANUFACTURER,
        model="Trial gate" if gate.trial else "Gate",
        name=gate.name,
        configuration_url=device_link(entry, gate.id),
        via_device_id=dr.async_get_device_id_by_identifier(
            coordinator.hass, (DOMAIN, str(entry.unique_id)), config_entry_id=entry.entry_id
        ),
    )


@callback
def async_follow_gates(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Register the recognizer, drop the devices of gates that are gone, rename those that were renamed."""
    coordinator = entry.runtime_data
    registry = dr.async_get(hass)
    registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, str(entry.unique_id))},
        manufacturer=MANUFACTURER,
        model="Recognizer",
        name=entry.title,
        sw_version=coordinator.data.version,
        configuration_url=device_link(entry),
    )
    gates = {gate_identifier(entry, gate.id): gate for gate in coordinator.data.gates.values()}
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        if not is_present(entry, device):
            registry.async_remove_device(device.id)
            continue
        for identifier in device.identifiers & gates.keys():
            registry.async_update_device(device.id, name=gates[identifier].name)


@callback
def is_present(entry: FaceGateConfigEntry, device: dr.DeviceEntry) -> bool:
    """Whether the recognizer still has what this device stands for."""
    present = {gate_identifier(entry, gate) for gate in entry.runtime_data.data.gates}
    return not device.identifiers.isdisjoint({(DOMAIN, str(entry.unique_id)), *present})
