"""Presence of the residents who agreed to it: an entry makes them home, an exit away."""

from typing import Final, override

from homeassistant.components.device_tracker import BaseScannerEntity, SourceType
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .coordinator import FaceGateConfigEntry
from .models import Told
from .presence import PresenceCoordinator, opaque_id, unique_id

PARALLEL_UPDATES = 0

DESCRIPTION: Final = EntityDescription(key="presence", translation_key="presence")


async def async_setup_entry(
    hass: HomeAssistant, entry: FaceGateConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the presence of everybody who agreed, and of whoever agrees later; of nobody where it is off."""
    presence = entry.runtime_data.presence
    if presence is None:
        return
    added: set[str] = set()

    @callback
    def add_new() -> None:
        new = sorted(presence.data.keys() - added)
        added.intersection_update(presence.data)
        added.update(new)
        if new:
            async_add_entities(ResidentPresence(presence, presence.data[who]) for who in new)

    add_new()
    entry.async_on_unload(presence.async_add_listener(add_new))


class ResidentPresence(CoordinatorEntity[PresenceCoordinator], BaseScannerEntity):
    """Whether one resident is at home. It keeps what was seen last while the recognizer is away: nobody has moved."""

    _attr_has_entity_name = True
    _attr_source_type = SourceType.ROUTER  # of the kinds there are the one that only knows of here and away

    def __init__(self, coordinator: PresenceCoordinator, told: Told) -> None:
        """Name the entity; its ids say nothing of whose it is."""
        super().__init__(coordinator)
        self.entity_description = DESCRIPTION
        self._told = told
        self._written: tuple[Told | None, bool | None] = (told, None)
        self._attr_unique_id = unique_id(coordinator.config_entry, told.presence)
        self._attr_translation_placeholders = {"name": told.name}
        self.entity_id = opaque_id(told.presence)

    @property
    @override
    def available(self) -> bool:
        """Whether it is known of somebody who still agrees; a silent recognizer sends nobody away."""
        return self._told.presence in self.coordinator.data

    @property
    @override
    def is_connected(self) -> bool | None:
        """Whether they came in last; unknown until a gate has opened for them."""
        return self.coordinator.home.get(self._told.presence)

    @override
    async def async_added_to_hass(self) -> None:
        """Let the person follow."""
        await super().async_added_to_hass()
        await self.coordinator.async_attach(self._told, self.entity_id)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write what has changed: of several hundred residents one comes at a time."""
        told = self.coordinator.data.get(self._told.presence)
        now = (told, self.is_connected)
        if now == self._written:
            return
        self._written = now
        if told is not None and told.person != self._told.person:
            entry = self.coordinator.config_entry
            entry.async_create_task(self.hass, self.coordinator.async_attach(told, self.entity_id), "facegate attach")
        self._told = told or self._told
        super()._handle_coordinator_update()
