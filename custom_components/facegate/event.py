"""What was decided and who passed, without who it was."""

from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import ATTR_ENTITY_ID, ATTR_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import FaceGateConfigEntry
from .entity import FaceGateEntity, async_add_for_gates
from .messages import ACCESS_TYPES, PASSAGE_TYPES, GateEvent

PARALLEL_UPDATES = 0

EVENT_LOGBOOK: Final = f"{DOMAIN}_logbook"
"""Fired for the logbook alone: automations have triggers of their own, which leave nothing in the database."""

ATTR_KEY: Final = "key"
ATTR_TYPE: Final = "type"
ATTR_METHOD: Final = "method"
ATTR_REASON: Final = "reason"
ATTR_DIRECTION: Final = "direction"

DESCRIPTIONS: Final = (
    EventEntityDescription(key="access", translation_key="access", event_types=list(ACCESS_TYPES)),
    EventEntityDescription(key="passage", translation_key="passage", event_types=list(PASSAGE_TYPES)),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: FaceGateConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the events of each gate."""
    async_add_for_gates(
        entry,
        async_add_entities,
        lambda coordinator, gate: [FaceGateEvent(coordinator, gate, description) for description in DESCRIPTIONS],
    )


class FaceGateEvent(FaceGateEntity, EventEntity):
    """What happened at a gate. Home Assistant stores attributes in many places, so the person is not among them."""

    entity_description: EventEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Events come over the broker alone: without it, silence would say that nobody came."""
        return super().available and self.coordinator.hears

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the gate's events."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_event_listener(self._gate_id, self._async_receive))

    @callback
    def _async_receive(self, event: GateEvent) -> None:
        if event.type not in self.event_types:
            return
        if (identities := self.coordinator.identities) is not None:
            self.async_set_context(identities.async_context(event))
        said = {ATTR_METHOD: event.method, ATTR_REASON: event.reason, ATTR_DIRECTION: event.direction}
        self._trigger_event(event.type, said)
        self.async_write_ha_state()
        about = {ATTR_ENTITY_ID: self.entity_id, ATTR_NAME: self.gate.name, ATTR_KEY: self.entity_description.key}
        self.hass.bus.async_fire(EVENT_LOGBOOK, {**about, ATTR_TYPE: event.type, **said})
