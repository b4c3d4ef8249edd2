"""Opening a gate: Home Assistant asks, the recognizer decides and signs."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import FaceGateConfigEntry
from .entity import FaceGateEntity, async_add_for_gates
from .errors import FaceGateError, RefusedError, UnauthorizedError, UnreachableError

PARALLEL_UPDATES = 1

REFUSALS: Final = ("lockdown", "no_answer", "node_busy", "node_refused", "node_silent")
"""Reasons that have a sentence of their own."""


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
        try:
            await self.coordinator.client.open(
                self._gate_id, self.entity_description.direction, issued_at=dt_util.utcnow()
            )
        except FaceGateError as error:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=_sentence(error),
                translation_placeholders={"gate": self.gate.name},
            ) from error


def _sentence(error: FaceGateError) -> str:
    """Return the translation key that says what kept the gate closed."""
    match error:
        case RefusedError(reason=reason) if reason in REFUSALS:
            return f"not_opened_{reason}"
        case RefusedError(problem="open_expired"):
            return "not_opened_expired"
        case UnauthorizedError():
            return "unauthorized"
        case UnreachableError():
            return "not_opened_unreachable"
        case _:
            return "not_opened"
