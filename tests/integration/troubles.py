"""What the recognizer tells of how the house stands, and what Home Assistant's repairs make of it."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from tests.integration.conftest import DOMAIN

WELL = {"outdated": 0, "leaving": 0, "absent": 0}
SAFE = {"tls": False, "same_machine": True, "anonymous": "refused"}


def health(*wrong: str, **changes: Any) -> tuple[int, dict[str, Any]]:
    """What the recognizer tells of itself to whoever may read."""
    told = {
        "ok": True,
        "version": "0.1.0",
        "installation": "0" * 32,
        "site": "home",
        "broker": True,
        "clock": "",
        "unreadable": [],
        "problems": list(wrong),
        "residents": WELL,
        "broker_safety": SAFE,
        "gates": [],
        **changes,
    }
    return HTTPStatus.OK, told


def told(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """The issues that stand, by the key of their texts."""
    found = ir.async_get(hass).issues
    return {str(one.translation_key): one for (domain, _), one in found.items() if domain == DOMAIN and one.active}


async def look(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let Home Assistant ask the recognizer."""
    await entry.runtime_data.async_refresh()
    await hass.async_block_till_done()


async def wait(hass: HomeAssistant, seconds: float) -> None:
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done()
