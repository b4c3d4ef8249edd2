"""What the entities of a gate share."""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .coordinator import FaceGateConfigEntry, FaceGateCoordinator
from .devices import gate_device
from .models import Gate


class FaceGateEntity(CoordinatorEntity[FaceGateCoordinator]):
    """One entity of one gate."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: FaceGateCoordinator, gate: Gate, description: EntityDescription) -> None:
        """Name and place the entity."""
        super().__init__(coordinator)
        self.entity_description = description
        self._gate_id = gate.id
        self._attr_unique_id = f"{coordinator.config_entry.unique_id}_{gate.id}_{description.key}"
        self._attr_device_info = gate_device(coordinator, gate)

    @property
    @override
    def available(self) -> bool:
        """Whether the recognizer answers and still has the gate."""
        return super().available and self._gate_id in self.coordinator.data.gates

    @property
    def gate(self) -> Gate:
        """The gate as it is now."""
        return self.coordinator.data.gates[self._gate_id]


@callback
def async_add_for_gates(
    entry: FaceGateConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entities: Callable[[FaceGateCoordinator, Gate], Iterable[Entity]],
) -> None:
    """Add the entities of every gate there is, and of every gate that comes."""
    coordinator = entry.runtime_data
    added: set[str] = set()

    @callback
    def add_new() -> None:
        gates = coordinator.data.gates
        new = sorted(gates.keys() - added)
        added.intersection_update(gates)
        added.update(new)
        if new:
            async_add_entities(entity for gate in new for entity in entities(coordinator, gates[gate]))

    add_new()
    entry.async_on_unload(coordinator.async_add_listener(add_new))
