"""How long a gate takes to decide."""

from typing import Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FaceGateConfigEntry
from .entity import FaceGateEntity, async_add_for_gates
from .messages import GRANTED, GateEvent

PARALLEL_UPDATES = 0

DESCRIPTIONS: Final = (
    SensorEntityDescription(
        key="latency",
        translation_key="latency",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)
_STAGE: Final = "total"  # from the picture to the relay; only what a camera has seen has it


async def async_setup_entry(
    hass: HomeAssistant, entry: FaceGateConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of each gate."""
    async_add_for_gates(
        entry,
        async_add_entities,
        lambda coordinator, gate: [FaceGateLatency(coordinator, gate, description) for description in DESCRIPTIONS],
    )


class FaceGateLatency(FaceGateEntity, SensorEntity):
    """How long the last opening took, from the picture that decided to the gate."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the gate's events."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_event_listener(self._gate_id, self._async_receive))

    @callback
    def _async_receive(self, event: GateEvent) -> None:
        if event.type == GRANTED and _STAGE in event.ms:
            self._attr_native_value = event.ms[_STAGE]
            self.async_write_ha_state()
