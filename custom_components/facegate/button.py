"""Opening a gate: Home Assistant asks, the recognizer decides and signs."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .asking import async_open
from .coordinator import FaceGateConfigEntry
from .entity import FaceGateEntity, async_add_for_gates

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class FaceGateButtonDescription(ButtonEntityDescription):
    """A button and the direction that it opens."""

    direction: str


DESCRIPTIONS: Final = (
    FaceGateButtonDescription(key="open", translation_key="open", direction="entry"),
    FaceGateButtonDescription(
        key="open_exit", translation_key="open_exit", direction="exit", entity_registry_enabled_default=False
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: FaceGateConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons of each gate."""
    async_add_for_gates(
        entry,
        async_add_entities,
        lambda coordinator, gate: [FaceGateButton(coordinator, gate, description) for description in DESCRIPTIONS],
    )


class FaceGateButton(FaceGateEntity, ButtonEntity):
    """Opens one direction of a gate."""

    entity_description: FaceGateButtonDescription

    @override
    async def async_press(self) -> None:
        """Ask the recognizer to open."""
        await async_open(self.coordinator, self.gate, self.entity_description.direction)
