"""Whether the parts of a gate are there, and what is wrong at it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FaceGateConfigEntry
from .entity import FaceGateEntity, async_add_for_gates
from .models import Gate

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FaceGateBinarySensorDescription(BinarySensorEntityDescription):
    """A sensor and where its value stands."""

    is_on: Callable[[Gate], bool]


DESCRIPTIONS: Final = (
    FaceGateBinarySensorDescription(
        key="camera",
        translation_key="camera",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on=lambda gate: gate.camera == "ok",
    ),
    FaceGateBinarySensorDescription(
        key="node",
        translation_key="node",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on=lambda gate: gate.node == "online",
    ),
    FaceGateBinarySensorDescription(
        key="tamper",
        translation_key="tamper",
        device_class=BinarySensorDeviceClass.TAMPER,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on=lambda gate: gate.tamper,
    ),
    FaceGateBinarySensorDescription(
        key="held",
        translation_key="held",
        device_class=BinarySensorDeviceClass.PROBLEM,
        is_on=lambda gate: gate.held,
    ),
    FaceGateBinarySensorDescription(
        key="fire",
        translation_key="fire",
        device_class=BinarySensorDeviceClass.SAFETY,
        is_on=lambda gate: gate.fire != "none",
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: FaceGateConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of each gate."""
    async_add_for_gates(
        entry,
        async_add_entities,
        lambda coordinator, gate: [
            FaceGateBinarySensor(coordinator, gate, description) for description in DESCRIPTIONS
        ],
    )


class FaceGateBinarySensor(FaceGateEntity, BinarySensorEntity):
    """One thing about a gate that is so or is not."""

    entity_description: FaceGateBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool:
        """Whether it is so."""
        return self.entity_description.is_on(self.gate)
