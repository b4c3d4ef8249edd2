"""Triggers where core's ``event.received`` cannot serve: access and passages by method, reason and direction.

Where the owner shares persons with automations, they also tell whom a gate has opened for, of those who agreed; the
entities of a gate, which are written down in many places, never do.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, override

import probatio
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, State, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    NotTriggeredInfo,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .const import CONF_SHARE_PERSONS, DOMAIN
from .coordinator import FaceGateConfigEntry
from .identities import Identities, async_note_not_shared
from .messages import ACCESS_TYPES, DIRECTIONS, METHODS, PASSAGE_TYPES, REASONS
from .models import Told

EVENT_TYPE: Final = "event_type"
FILTERS: Final = (EVENT_TYPE, "method", "reason", "direction")
"""Attributes of our event entities that a trigger may ask for; each with several words, none meaning any."""


PERSON: Final = "person"
GROUP: Final = "group"
WHOM: Final = {
    probatio.Optional(PERSON): probatio.All(cv.entities_domain("person"), probatio.Length(min=1)),
    probatio.Optional(GROUP): probatio.All(probatio.EnsureList(), probatio.Length(min=1), [cv.string]),
}
"""Filters that need to know who it was; none of them is a reason to fire for somebody unknown."""


def _schema(words: Mapping[str, tuple[str, ...]], whom: Mapping[Any, Any] | None = None) -> probatio.Schema:
    options: dict[Any, Any] = {
        probatio.Optional(name): probatio.All(probatio.EnsureList(), probatio.Length(min=1), [probatio.In(choices)])
        for name, choices in words.items()
    }
    options.update(whom or {})
    return ENTITY_STATE_TRIGGER_SCHEMA.extend({probatio.Optional(CONF_OPTIONS, default={}): options})


class FaceGateTrigger(StatelessEntityTriggerBase):
    """Fires for each event of the targeted gates that has one of the wanted words in each attribute that was named."""

    _domain_specs = {"event": DomainSpec()}  # noqa: RUF012  # a name of the base class, never written to
    _key = ""

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take the wanted words."""
        super().__init__(hass, config)
        self._wanted: dict[str, list[str]] = {name: self._options[name] for name in FILTERS if name in self._options}
        self._whom: dict[str, list[str]] = {
            name: self._options[name] for name in (PERSON, GROUP) if name in self._options
        }

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Refuse an automation that could never run: nobody would learn of it otherwise."""
        config = await super().async_validate_config(hass, config)
        if {PERSON, GROUP} & config[CONF_OPTIONS].keys() and not any(
            entry.options.get(CONF_SHARE_PERSONS) for entry in hass.config_entries.async_entries(DOMAIN)
        ):
            raise probatio.Invalid(
                "Filters by person and group need FaceGate's option 'Share persons with automations', which is off"
            )
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Leave out what is no event of a gate of ours: a target may be a whole floor."""
        registry = er.async_get(self._hass)
        return {
            entity_id
            for entity_id in super().entity_filter(entities)
            if (entry := registry.async_get(entity_id)) is not None
            and (entry.platform, entry.translation_key) == (DOMAIN, self._key)
        }

    @override
    def is_valid_state(self, state: State, report_not_triggered: NotTriggeredReasonReporter) -> bool:
        """Whether the event is one that is waited for."""
        for name, words in self._wanted.items():
            if (word := state.attributes.get(name)) not in words:
                report_not_triggered(f"{name}_not_wanted", **{name: word})
                return False
        return True

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Attach the trigger; where persons are shared, the action runs once it is known who it was."""

        async def run(
            identities: Identities | None, extra: dict[str, Any], description: str, context: Context | None
        ) -> None:
            told = None
            if identities is not None:
                told = None if context is None else await identities.async_person(context.id)
                extra = {**extra, PERSON: self._person(told)}
            if self._is_wanted(told):
                await run_action(extra, description, context)
            elif did_not_trigger is not None:  # a trace is written down, so that it does not say who it was
                did_not_trigger(NotTriggeredInfo("person_not_wanted"), context)

        @callback
        def run_when_known(
            extra_trigger_payload: dict[str, Any], description: str, context: Context | None = None
        ) -> asyncio.Task[Any]:
            identities = self._shared(extra_trigger_payload[ATTR_ENTITY_ID])
            if identities is None and not self._whom:
                return run_action(extra_trigger_payload, description, context)
            return self._hass.async_create_task(run(identities, extra_trigger_payload, description, context))

        return await super().async_attach_runner(run_when_known, did_not_trigger)

    def _shared(self, entity_id: str) -> Identities | None:
        """Who knows whom a gate has opened for, where its owner shares that with automations."""
        known = er.async_get(self._hass).async_get(entity_id)
        entry: FaceGateConfigEntry | None = (
            None if known is None else self._hass.config_entries.async_get_entry(known.config_entry_id or "")
        )
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        if entry.options.get(CONF_SHARE_PERSONS):
            return entry.runtime_data.identities
        if self._whom:
            async_note_not_shared(self._hass, entry)
        return None

    def _is_wanted(self, told: Told | None) -> bool:
        """Whether it is somebody who is waited for."""
        known = {PERSON: set(), GROUP: set()} if told is None else {PERSON: {told.person}, GROUP: told.groups}
        return all(not known[name].isdisjoint(wanted) for name, wanted in self._whom.items())

    def _person(self, told: Told | None) -> dict[str, str] | None:
        """The person of Home Assistant that somebody is, in its own words; ``None`` where they are none."""
        state = None if told is None or told.person is None else self._hass.states.get(told.person)
        return None if state is None else {ATTR_ENTITY_ID: state.entity_id, "name": state.name}


class AccessTrigger(FaceGateTrigger):
    """Somebody asked for entry."""

    _key = "access"
    _schema = _schema({EVENT_TYPE: ACCESS_TYPES, "method": METHODS, "reason": REASONS, "direction": DIRECTIONS}, WHOM)


class PassageTrigger(FaceGateTrigger):
    """Somebody went through, or nobody did."""

    _key = "passage"
    _schema = _schema({EVENT_TYPE: PASSAGE_TYPES, "method": METHODS, "direction": DIRECTIONS})


TRIGGERS: Final[dict[str, type[Trigger]]] = {"access": AccessTrigger, "passage": PassageTrigger}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by name."""
    return TRIGGERS
