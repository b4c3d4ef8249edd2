"""What entities and actions ask of the recognizer about a gate, and how a refusal reads to whoever asked."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from .const import DOMAIN, FREE
from .coordinator import FaceGateCoordinator
from .errors import FaceGateError, RefusedError, UnauthorizedError, UnreachableError
from .models import Gate

REFUSALS: Final = ("lockdown", "no_answer", "node_busy", "node_refused", "node_silent")
"""Reasons for a gate that stays closed which have a sentence of their own."""

FREE_FOR: Final = timedelta(minutes=15)
"""How long free passage lasts where nobody says: a gate that is held open must not be forgotten."""


async def async_open(coordinator: FaceGateCoordinator, gate: Gate, direction: str) -> None:
    """Ask for one opening. Raises HomeAssistantError."""
    wish = coordinator.client.open(gate.id, direction, issued_at=dt_util.utcnow())
    await _ask(wish, gate, "not_opened")


async def async_set_mode(
    coordinator: FaceGateCoordinator, gate: Gate, mode: str, duration: timedelta | None = None
) -> None:
    """Ask for a mode; ``duration`` is of free passage alone. Raises HomeAssistantError.

    A lockdown that ended by itself would open the gate while nobody looks.
    """
    if mode != FREE and duration is not None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="duration_of_free_alone")
    seconds = round((duration or FREE_FOR).total_seconds()) if mode == FREE else None
    await _ask(coordinator.client.set_mode(gate.id, mode, seconds=seconds), gate, "mode_not_set")
    await coordinator.async_request_refresh()


async def async_switch_faces(coordinator: FaceGateCoordinator, gate: Gate, *, on: bool) -> None:
    """Ask for a gate's face reader to be on or off. Raises HomeAssistantError."""
    await _ask(coordinator.client.switch_faces(gate.id, on=on), gate, "faces_not_switched")
    await coordinator.async_request_refresh()


async def _ask(wish: Awaitable[None], gate: Gate, failed: str) -> None:
    try:
        await wish
    except FaceGateError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=_sentence(error, failed),
            translation_placeholders={"gate": gate.name},
        ) from error


def _sentence(error: FaceGateError, failed: str) -> str:
    """Return the translation key that says what went wrong."""
    match error:
        case RefusedError(problem="not_opened", reason=reason) if reason in REFUSALS:
            return f"not_opened_{reason}"
        case RefusedError(problem="open_expired"):
            return "not_opened_expired"
        case RefusedError(problem="ways_missing"):
            return "ways_missing"
        case UnauthorizedError():
            return "unauthorized"
        case UnreachableError():
            return f"{failed}_unreachable"
        case _:
            return failed
