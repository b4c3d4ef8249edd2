"""Conditions of gates: how one is run, whether it works, whether its door is held open or released by a fire.

What is not known is not so: a gate that nobody can see is in no mode and does not work. Core's own conditions leave
out what is unavailable, which would let an automation act on a gate that is not there.
"""

from collections.abc import Mapping
from typing import Any, Final, override

import probatio
from homeassistant.const import CONF_FOR, CONF_OPTIONS, CONF_TARGET, STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import (
    ATTR_BEHAVIOR,
    BEHAVIOR_ALL,
    BEHAVIOR_ANY,
    Condition,
    ConditionConfig,
    EntityConditionBase,
)

from .const import DOMAIN, MODES

CONF_MODE: Final = "mode"


def _schema(options: Mapping[Any, Any] | None = None, *behaviors: str) -> probatio.Schema:
    behaviors = behaviors or (BEHAVIOR_ANY, BEHAVIOR_ALL)
    return probatio.Schema(
        {
            probatio.Required(CONF_TARGET): cv.TARGET_FIELDS,
            probatio.Required(CONF_OPTIONS, default={}): {
                probatio.Required(ATTR_BEHAVIOR, default=behaviors[0]): probatio.In(behaviors),
                probatio.Optional(CONF_FOR): cv.positive_time_period,
                **(options or {}),
            },
        }
    )


class FaceGateCondition(EntityConditionBase):
    """Looks at one kind of entity of the targeted gates."""

    _keys: tuple[tuple[str, str], ...] = ()
    """Domain and translation key of the entities that it looks at."""
    _schema = _schema()

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Have seen no gate yet."""
        super().__init__(hass, config)
        self._found: set[str] = set()

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Leave out what is not asked about: a target may be a whole floor."""
        registry = er.async_get(self._hass)
        found = {
            entity_id
            for entity_id in super().entity_filter(entities)
            if (entry := registry.async_get(entity_id)) is not None
            and entry.platform == DOMAIN
            and (entry.domain, entry.translation_key) in self._keys
        }
        self._found = found
        return found

    @override
    def _should_include(self, _state: State) -> bool:
        return True

    @override
    def _async_check(self, **kwargs: Any) -> bool:
        if not super()._async_check(**kwargs) or not self._found:
            return False
        # The base class looks past entities that are known but have no state, such as those that somebody disabled.
        return self._behavior == BEHAVIOR_ANY or all(map(self._hass.states.get, self._found))

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Whether it is so at this gate."""
        return entity_state.state == STATE_ON


class ModeCondition(FaceGateCondition):
    """How a gate is run."""

    _domain_specs = {"select": DomainSpec()}  # noqa: RUF012  # a name of the base class, never written to
    _keys = (("select", "mode"),)
    _schema = _schema(
        {
            probatio.Required(CONF_MODE): probatio.All(
                probatio.EnsureList(), probatio.Length(min=1), [probatio.In(MODES)]
            )
        }
    )

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Take the modes."""
        super().__init__(hass, config)
        self._modes: list[str] = (config.options or {})[CONF_MODE]

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Whether the gate is run in one of the wanted modes."""
        return entity_state.state in self._modes


class WorksCondition(FaceGateCondition):
    """A gate works while its camera gives pictures and its node answers, so all of them have to be so."""

    _domain_specs = {"binary_sensor": DomainSpec()}  # noqa: RUF012
    _keys = (("binary_sensor", "camera"), ("binary_sensor", "node"))
    _primary_entities_only = False  # these two are diagnostic
    _schema = _schema(None, BEHAVIOR_ALL)


class HeldCondition(FaceGateCondition):
    """A door is held open."""

    _domain_specs = {"binary_sensor": DomainSpec()}  # noqa: RUF012
    _keys = (("binary_sensor", "held"),)


class ReleasedCondition(FaceGateCondition):
    """A gate is released by a fire, or was and has not been reset."""

    _domain_specs = {"binary_sensor": DomainSpec()}  # noqa: RUF012
    _keys = (("binary_sensor", "fire"),)


class FacesCondition(FaceGateCondition):
    """A gate's face reader is on."""

    _domain_specs = {"switch": DomainSpec()}  # noqa: RUF012
    _keys = (("switch", "faces"),)
    _primary_entities_only = False


CONDITIONS: Final[dict[str, type[Condition]]] = {
    "is_in_mode": ModeCondition,
    "is_working": WorksCondition,
    "is_held_open": HeldCondition,
    "is_released": ReleasedCondition,
    "reads_faces": FacesCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by name."""
    return CONDITIONS
