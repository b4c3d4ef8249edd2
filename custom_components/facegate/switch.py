"""Whether a gate recognises faces: the recognizer refuses while somebody would have no other way in."""

from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .asking import async_switch_faces
from .coordinator import FaceGateConfigEntry
from .entity import FaceGateEntity, async_add_for_gates

PARALLEL_UPDATES = 1

DESCRIPTIONS: Final = (
    SwitchEntityDescription(key="faces", translation_key="faces", entity_category=EntityCategory.CONFIG),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: FaceGateConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the face reader of each gate."""
    async_add_for_gates(
        entry,
        async_add_entities,
        lambda coordinator, gate: [FaceGateSwitch(coordinator, gate, description) for description in DESCRIPTIONS],
    )


class FaceGateSwitch(FaceGateEntity, SwitchEntity):
    """The face reader of a gate."""

    @property
    @override
    def is_on(self) -> bool:
        """Whether it is on by the recognizer's word."""
        return self.gate.faces

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Ask the recognizer to switch it on."""
        await async_switch_faces(self.coordinator, self.gate, on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Ask the recognizer to switch it off."""
        await async_switch_faces(self.coordinator, self.gate, on=False)
