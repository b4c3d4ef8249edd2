"""Whether the residents who agreed to it are at home: what the gates saw of them last, and nothing before that."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.components.device_tracker import DOMAIN as DEVICE_TRACKER
from homeassistant.components.person import DOMAIN as PERSON
from homeassistant.components.person import async_add_user_device_tracker
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import Store
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .const import CONF_PRESENCE, DOMAIN, LOGGER, UPDATE_INTERVAL
from .errors import FaceGateError, RefusedError
from .identities import async_note_taken_back
from .messages import GRANTED, GateEvent
from .models import Told

if TYPE_CHECKING:
    from .coordinator import FaceGateConfigEntry

SAVE_DELAY: Final = 10  # seconds; spares flash storage
NOBODY_THERE: Final = ("phone", "remote")
"""Methods that open a gate for somebody who may be anywhere."""
ENTRY: Final = "entry"
NOT_PASSED: Final = "not_passed"


class PresenceCoordinator(DataUpdateCoordinator[Mapping[str, Told]]):
    """Follows who agreed to be told of; ``home`` says of each whether they came in last, or went out."""

    config_entry: FaceGateConfigEntry

    def __init__(self, hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
        """Prepare; nothing is asked yet."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{entry.title} presence",
            update_interval=UPDATE_INTERVAL,
            always_update=False,
        )
        self.home: dict[str, bool] = {}
        self._attached: set[str] = set()
        self._before: dict[str, tuple[str, bool | None]] = {}  # the last opening, and where they were before it
        self._store = presence_store(hass, entry)

    @override
    async def _async_setup(self) -> None:
        if stored := await self._store.async_load():
            self.home, self._attached = dict(stored["home"]), set(stored["attached"])

    @override
    async def _async_update_data(self) -> Mapping[str, Told]:
        try:
            agreed = await self.config_entry.runtime_data.client.presence()
        except RefusedError:  # the recognizer's owner has taken it back: the gates go on, and nobody is shown
            async_note_taken_back(self.hass, self.config_entry)
            agreed = {}
        except FaceGateError as error:
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="presence_not_told") from error
        self._forget_others(agreed)
        return agreed

    async def async_save(self) -> None:
        """Write down who is at home, so that a restart changes nothing for anybody."""
        await self._store.async_save(self._content())

    @callback
    def async_see(self, event: GateEvent, told: Told | None) -> None:
        """Take what a gate saw of somebody. Whoever it opened for is there, unless they turn out not to have passed."""
        if told is None or event.method in NOBODY_THERE:
            return
        who = told.presence
        if event.type == GRANTED:
            self._before[who] = (event.opening, self.home.get(who))
            self.home[who] = event.direction == ENTRY
        elif event.type == NOT_PASSED and self._before.get(who, ("", None))[0] == event.opening:
            _, before = self._before.pop(who)
            if before is None:
                self.home.pop(who, None)
            else:
                self.home[who] = before
        else:
            return
        self._store.async_delay_save(self._content, SAVE_DELAY)
        if who not in self.data:  # they have agreed since the list was asked for
            self.config_entry.async_create_task(self.hass, self.async_request_refresh(), "facegate ask who agreed")
        self.async_update_listeners()

    async def async_attach(self, told: Told, entity_id: str) -> None:
        """Let their person follow the entity, once: whoever undoes that by hand has decided so.

        Home Assistant offers this for persons who may log in; the others are given the entity by hand.
        """
        state = None if told.person is None else self.hass.states.get(told.person)
        user = None if state is None else state.attributes.get("user_id")
        if user is None or told.presence in self._attached or PERSON not in self.hass.config.components:
            return
        self._attached.add(told.presence)
        await async_add_user_device_tracker(self.hass, user, entity_id)
        self._store.async_delay_save(self._content, SAVE_DELAY)

    def _forget_others(self, agreed: Mapping[str, Told]) -> None:
        """Forget whoever does not agree any more, or is gone."""
        self.home = {who: home for who, home in self.home.items() if who in agreed}
        self._before = {who: before for who, before in self._before.items() if who in agreed}
        self._attached &= agreed.keys()
        async_remove_others(self.hass, self.config_entry, agreed)
        self._store.async_delay_save(self._content, SAVE_DELAY)

    def _content(self) -> dict[str, Any]:
        return {"home": self.home, "attached": sorted(self._attached)}


async def async_set_up_presence(hass: HomeAssistant, entry: FaceGateConfigEntry) -> PresenceCoordinator | None:
    """Begin to follow presence where that is switched on; where it is not, leave nothing of it behind."""
    if not entry.options.get(CONF_PRESENCE) or entry.runtime_data.identities is None:
        async_remove_others(hass, entry, {})
        await presence_store(hass, entry).async_remove()
        return None
    presence = PresenceCoordinator(hass, entry)
    await presence.async_config_entry_first_refresh()
    entry.async_on_unload(presence.async_save)
    entry.async_on_unload(entry.runtime_data.identities.async_add_listener(presence.async_see))
    return presence


def presence_store(hass: HomeAssistant, entry: FaceGateConfigEntry) -> Store[dict[str, Any]]:
    """Return where one entry keeps who is at home: words that lead to nobody, and whether."""
    return Store(hass, 1, f"{DOMAIN}.{entry.entry_id}.presence")


def unique_id(entry: FaceGateConfigEntry, presence: str) -> str:
    """Return the unique id of somebody's entity; it leads to nobody."""
    return f"{entry.unique_id}_presence_{presence}"


def opaque_id(presence: str) -> str:
    """Return the entity id of somebody's entity; it leads to nobody, since Home Assistant keeps old ones."""
    return f"{DEVICE_TRACKER}.{DOMAIN}_{presence[:12]}"


@callback
def async_remove_others(hass: HomeAssistant, entry: FaceGateConfigEntry, agreed: Mapping[str, Told]) -> None:
    """Remove the entities of all but those who agreed, and what the recorder has of them."""
    registry, kept = er.async_get(hass), {unique_id(entry, presence) for presence in agreed}
    for known in er.async_entries_for_config_entry(registry, entry.entry_id):
        if known.domain != DEVICE_TRACKER or known.unique_id in kept:
            continue
        _remove(registry, known)
        if hass.services.has_service("recorder", "purge_entities"):
            purge = {ATTR_ENTITY_ID: [known.entity_id], "keep_days": 0}
            entry.async_create_task(
                hass, hass.services.async_call("recorder", "purge_entities", purge), "facegate forget presence"
            )


def _remove(registry: er.EntityRegistry, known: er.RegistryEntry) -> None:
    """Remove an entity and whatever people have called it: the registry remembers what it has removed."""
    registry.async_remove(known.entity_id)
    own = opaque_id(known.unique_id.rpartition("_")[2])
    if known.entity_id == own and known.name is None and not known.aliases and not known.labels:
        return
    # It comes back as it was removed, is given its own id and no name, and goes as that.
    back = registry.async_get_or_create(DEVICE_TRACKER, DOMAIN, known.unique_id)
    changes: dict[str, Any] = {} if back.entity_id == own else {"new_entity_id": own}
    registry.async_update_entity(back.entity_id, name=None, aliases=[], labels=set(), **changes)
    registry.async_remove(own)
