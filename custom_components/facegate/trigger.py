"""Triggers where core's ``event.received`` cannot serve: access and passages by method, reason and direction."""

from collections.abc import Mapping
from typing import Final, override

import probatio
from homeassistant.const import CONF_OPTIONS
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
    TriggerConfig,
)

from .const import DOMAIN
from .messages import ACCESS_TYPES, DIRECTIONS, METHODS, PASSAGE_TYPES, REASONS

EVENT_TYPE: Final = "event_type"
FILTERS: Final = (EVENT_TYPE, "method", "reason", "direction")
"""Attributes of our event entities that a trigger may ask for; each with several words, none meaning any."""


def _schema(words: Mapping[str, tuple[str, ...]]) -> probatio.Schema:
    options = {
        probatio.Optional(name): probatio.All(probatio.EnsureList(), probatio.Length(min=1), [probatio.In(choices)])
        for name, choices in words.items()
    }
    return ENTITY_STATE_TRIGGER_SCHEMA.extend({probatio.Optional(CONF_OPTIONS, default={}): options})


class FaceGateTrigger(StatelessEntityTriggerBase):
    """Fires for each event of the targeted gates that has one of the wanted words in each attribute that was named."""

    _domain_specs = {"event": DomainSpec()}  # noqa: RUF012  # a name of the base class, never written to
    _key = ""

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take the wanted words."""
        super().__init__(hass, config)
        self._wanted: dict[str, list[str]] = {name: self._options[name] for name in FILTERS if name in self._options}

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


class AccessTrigger(FaceGateTrigger):
    """Somebody asked for entry."""

    _key = "access"
    _schema = _schema({EVENT_TYPE: ACCESS_TYPES, "method": METHODS, "reason": REASONS, "direction": DIRECTIONS})


class PassageTrigger(FaceGateTrigger):
    """Somebody went through, or nobody did."""

    _key = "passage"
    _schema = _schema({EVENT_TYPE: PASSAGE_TYPES, "method": METHODS, "direction": DIRECTIONS})


TRIGGERS: Final[dict[str, type[Trigger]]] = {"access": AccessTrigger, "passage": PassageTrigger}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by name."""
    return TRIGGERS
