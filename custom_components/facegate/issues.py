"""Issues in Home Assistant's repairs for whatever an owner has to act on: they come and go with what is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from homeassistant.components.person import persons_with_entity
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later
from homeassistant.loader import async_get_loaded_integration

from .const import CONF_PRESENCE, DOMAIN
from .panel import DOCS, panel_link
from .troubles import EVERY, GRAVE, LOCKED, RECORDER, Trouble, troubles

if TYPE_CHECKING:
    from .coordinator import FaceGateConfigEntry, FaceGateCoordinator

ATTR_ENTRY: Final = "entry_id"
ATTR_GATE: Final = "gate"
ATTR_COUNT: Final = "count"

SETTLE: Final = 60
"""Seconds that something at a gate has to last: nodes and cameras that restart need no repair."""


@dataclass(slots=True)
class Issues:
    """Follows what the coordinator knows; nothing is asked for this alone.

    ``looked``: how many the owner has looked at who are there still, by issue; it is told again when there are more,
    and kept by the coordinator over a restart.
    """

    hass: HomeAssistant
    coordinator: FaceGateCoordinator
    looked: dict[str, int] = field(default_factory=dict)
    _waiting: dict[str, CALLBACK_TYPE] = field(default_factory=dict)
    _lasting: set[str] = field(default_factory=set)

    @callback
    def async_follow(self) -> None:
        """Begin; until the entry is unloaded. Issues of before a reload stand until it is known better."""
        entry = self.coordinator.config_entry
        entry.async_on_unload(self._async_end)
        entry.async_on_unload(self.coordinator.async_add_listener(self.async_look))
        if self.coordinator.presence is not None:
            entry.async_on_unload(self.coordinator.presence.async_add_listener(self.async_look))
        self.async_look()

    @callback
    def async_look(self) -> None:
        """Tell what is so now. While the recognizer is silent, nothing is known to be mended or broken."""
        if not self.coordinator.last_update_success:
            return
        entry = self.coordinator.config_entry
        version = str(async_get_loaded_integration(self.hass, DOMAIN).version)
        found = {
            trouble.issue(entry): trouble
            for trouble in troubles(self.coordinator.data, version, _kept(self.hass, entry))
        }
        for issue in self._waiting.keys() - found.keys():
            self._waiting.pop(issue)()
        self._lasting &= found.keys()
        looked = {issue: min(count, found[issue].count) for issue, count in self.looked.items() if issue in found}
        if looked != self.looked:
            self.looked = looked
            self.coordinator.async_keep()
        for issue in _ours(self.hass, entry) - found.keys():
            ir.async_delete_issue(self.hass, DOMAIN, issue)
        for issue, trouble in found.items():
            if trouble.count <= self.looked.get(issue, -1):
                ir.async_delete_issue(self.hass, DOMAIN, issue)
            elif trouble.gate is None or issue in self._lasting or is_told(self.hass, issue):
                _create(self.hass, entry, issue, trouble)
            elif issue not in self._waiting:
                self._waiting[issue] = async_call_later(self.hass, SETTLE, self._lasts(issue))

    @callback
    def async_looked(self, issue: str, count: int) -> None:
        """The owner has looked at so many: take the issue back until there are more."""
        self.looked[issue] = count
        self.coordinator.async_keep()
        self.async_look()

    @callback
    def async_give_time(self, issue: str) -> None:
        """Take back what was just changed, and wait again before it is told."""
        self._lasting.discard(issue)
        ir.async_delete_issue(self.hass, DOMAIN, issue)
        self.async_look()

    def _lasts(self, issue: str) -> Callable[[datetime], None]:
        @callback
        def lasts(_: datetime) -> None:
            del self._waiting[issue]
            self._lasting.add(issue)
            self.async_look()

        return lasts

    @callback
    def _async_end(self) -> None:
        for cancel in self._waiting.values():
            cancel()
        self._waiting.clear()
        entry = self.coordinator.config_entry
        if entry.disabled_by is not None:
            async_clear_issues(self.hass, entry)


@callback
def async_tell_locked(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Tell that the site key waits for its passphrase, which stands before everything else."""
    trouble = Trouble(LOCKED)
    _create(hass, entry, trouble.issue(entry), trouble)


@callback
def async_clear_issues(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Take them all back, also those that were ignored."""
    for issue in _ours(hass, entry):
        ir.async_delete_issue(hass, DOMAIN, issue)


@callback
def is_told(hass: HomeAssistant, issue: str) -> bool:
    """Whether an issue stands; one of before a restart stands only once it is told anew."""
    known = ir.async_get(hass).async_get_issue(DOMAIN, issue)
    return known is not None and known.active


def _create(hass: HomeAssistant, entry: FaceGateConfigEntry, issue: str, trouble: Trouble) -> None:
    gate = trouble.gate
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        data={
            "kind": trouble.key,
            ATTR_ENTRY: entry.entry_id,
            ATTR_GATE: gate.id if gate else None,
            ATTR_COUNT: trouble.count,
        },
        is_fixable=trouble.key != RECORDER,  # it is configured in a file
        learn_more_url=f"{DOCS}/home-assistant/repairs.md#{trouble.key}",
        severity=ir.IssueSeverity.ERROR if trouble.key in GRAVE else ir.IssueSeverity.WARNING,
        translation_key=trouble.key,
        translation_placeholders=placeholders(entry, gate.name if gate else entry.title, trouble.count),
    )


def placeholders(entry: FaceGateConfigEntry, name: str, count: int) -> dict[str, str]:
    """What the texts of an issue and of its flow may hold."""
    return {"name": name, "count": str(count), "panel": panel_link(entry)}


def _ours(hass: HomeAssistant, entry: FaceGateConfigEntry) -> set[str]:
    """Ids of this entry's issues, also of those that were ignored before a restart."""
    beginnings = tuple(f"{key}_{entry.entry_id}" for key in EVERY)
    return {issue for domain, issue in ir.async_get(hass).issues if domain == DOMAIN and issue.startswith(beginnings)}


def _kept(hass: HomeAssistant, entry: FaceGateConfigEntry) -> int:
    """How many entities that tell whether somebody is at home the recorder keeps for days."""
    if not entry.options.get(CONF_PRESENCE) or "recorder" not in hass.config.components:
        return 0
    # Here and not above: where there is no recorder, its libraries are not there either.
    from homeassistant.components.recorder import is_entity_recorded  # noqa: PLC0415

    ours = {
        known.entity_id
        for known in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if known.domain == Platform.DEVICE_TRACKER
    }
    persons = {person for entity in ours for person in persons_with_entity(hass, entity)}
    return sum(is_entity_recorded(hass, entity) for entity in ours | persons)
