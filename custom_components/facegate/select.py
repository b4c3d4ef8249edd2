"""How a gate is run: the recognizer decides, and the gate's node takes it over."""

from typing import Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .asking import async_set_mode
from .const import MODES
from .coordinator import FaceGateConfigEntry
from .entity import FaceGateEntity, async_add_for_gates

PARALLEL_UPDATES = 1

DESCRIPTIONS: Final = (SelectEntityDescription(key="mode", translation_key="mode", options=list(MODES)),)


async def async_setup_entry(
    hass: HomeAssistant, entry: FaceGateConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the mode of each gate."""
    async_add_for_gates(
        entry,
        async_add_entities,
        lambda coordinator, gate: [FaceGateSelect(coordinator, gate, description) for description in DESCRIPTIONS],
    )


class FaceGateSelect(FaceGateEntity, SelectEntity):
    """The mode of a gate."""

    @property
    @override
    def current_option(self) -> str | None:
        """The mode that the recognizer keeps to; none for a word of a later version."""
        return self.gate.mode if self.gate.mode in self.options else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Ask the recognizer for another mode."""
        await async_set_mode(self.coordinator, self.gate, option)
