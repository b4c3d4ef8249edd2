"""How long a gate takes to decide, how many went through it today, and how many are inside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from .coordinator import FaceGateConfigEntry, FaceGateCoordinator
from .devices import recognizer_device
from .entity import FaceGateEntity, async_add_for_gates
from .messages import GRANTED, GateEvent
from .models import Figures

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FaceGateFigureDescription(SensorEntityDescription):
    """A number of people, where it stands, and when its count began if that is not this morning."""

    value: Callable[[Figures], int | None]
    since: Callable[[Figures], int] | None = None


LATENCY: Final = SensorEntityDescription(
    key="latency",
    translation_key="latency",
    device_class=SensorDeviceClass.DURATION,
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=UnitOfTime.MILLISECONDS,
    entity_category=EntityCategory.DIAGNOSTIC,
)
PASSAGES: Final = FaceGateFigureDescription(
    key="passages",
    translation_key="passages",
    state_class=SensorStateClass.TOTAL_INCREASING,  # begins anew at midnight
    value=lambda figures: figures.passages,
)
INSIDE: Final = FaceGateFigureDescription(
    key="inside",
    translation_key="inside",
    state_class=SensorStateClass.MEASUREMENT,
    value=lambda figures: figures.inside,
    since=lambda figures: figures.since,
)
SITE_INSIDE: Final = FaceGateFigureDescription(
    key="site_inside",
    translation_key="site_inside",
    state_class=SensorStateClass.MEASUREMENT,
    value=lambda figures: figures.site_inside,
)
DESCRIPTIONS: Final = (LATENCY, PASSAGES, INSIDE, SITE_INSIDE)
_STAGE: Final = "total"  # from the picture to the gate's answer; only what a camera has seen has it


async def async_setup_entry(
    hass: HomeAssistant, entry: FaceGateConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of each gate and the recognizer's own."""
    async_add_for_gates(
        entry,
        async_add_entities,
        lambda coordinator, gate: [
            FaceGateLatency(coordinator, gate, LATENCY),
            FaceGateFigure(coordinator, gate, PASSAGES),
            FaceGateFigure(coordinator, gate, INSIDE),
        ],
    )
    async_add_entities([FaceGateSiteFigure(entry.runtime_data, SITE_INSIDE)])


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


class FaceGateFigure(FaceGateEntity, SensorEntity):
    """A number of people at one gate; unknown where nobody can know it."""

    entity_description: FaceGateFigureDescription

    @property
    @override
    def native_value(self) -> int | None:
        """The number."""
        return self.entity_description.value(self.gate.figures)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """What the number rests on: since when it is counted, and how many of whom nobody knows the way."""
        if self.entity_description.since is None or self.native_value is None:
            return None
        since = dt_util.utc_from_timestamp(self.entity_description.since(self.gate.figures))
        return {"since": since, "unsure": self.gate.figures.unsure}


class FaceGateSiteFigure(CoordinatorEntity[FaceGateCoordinator], SensorEntity):
    """A number of people by all gates of the site together, which is no sum of theirs."""

    _attr_has_entity_name = True
    entity_description: FaceGateFigureDescription

    def __init__(self, coordinator: FaceGateCoordinator, description: FaceGateFigureDescription) -> None:
        """Name and place the entity."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.config_entry.unique_id}_{description.key}"
        self._attr_device_info = recognizer_device(coordinator.config_entry)

    @property
    @override
    def native_value(self) -> int | None:
        """The number, which every gate tells alike; the newest of them is right."""
        gates = self.coordinator.data.gates.values()
        newest = max(gates, key=lambda gate: gate.figures.at, default=None)
        return None if newest is None else self.entity_description.value(newest.figures)
