"""What may be shown to whoever helps."""

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.integration.conftest import SetUp
from tests.integration.recognizer import EVENT_KEY, OTHER_KEY, TOKEN, Recognizer, gate, make_event, publish_event


async def test_diagnostics_tell_no_secret_and_no_name(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    recognizer.gates = [gate(name="Stairs of Resident 1", camera="silent", problems=["camera_frozen"])]
    await set_up()
    await publish_event(hass, make_event())
    await publish_event(hass, make_event(), key=OTHER_KEY)
    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert told["gates"] == [
        {
            "id": "main",
            "name": "**REDACTED**",
            "mode": "normal",
            "camera": "silent",
            "node": "online",
            "problems": ["camera_frozen"],
            "fire": "none",
            "tamper": False,
            "held": False,
            "faces": True,
            "trial": False,
            "figures": {"passages": 0, "inside": None, "unsure": 0, "since": 0, "site_inside": None, "at": 0},
        }
    ]
    assert told["answers"] is True
    assert told["version"] == "0.1.0"
    assert told["dropped_messages"] == {"event mac": 1}
    for secret in (TOKEN, EVENT_KEY.hex(), "Resident 1", "resident-alias-of-this-event", "192.0.2.10"):
        assert secret not in str(told)
