"""What Home Assistant has written once it stops: nothing personal by default, with sharing what the options announce.

The same is searched for in a real core's files, database and broker by tests/e2e/at_home/left_behind.py.
"""

import json
from typing import Any

import pytest
from homeassistant.components.persistent_notification import async_register_callback
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.conftest import SetUp
from tests.integration.recognizer import Recognizer, make_event, publish_event, told

PERSONAL = {"name": "Jane Unheard-of", "presence": "ab12" * 8, "id": "resident-id-r1", "alias": "alias-of-this-event"}
PERSON = "person.resident_1"


@pytest.fixture
async def notes(hass: HomeAssistant) -> list[str]:
    """What the bell has shown."""
    shown: list[str] = []
    assert await async_setup_component(hass, "persistent_notification", {})
    async_register_callback(hass, lambda _, changed: shown.extend(note["message"] for note in changed.values()))
    return shown


async def live(hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer) -> None:
    """Let somebody in, with an automation that keeps traces and repeats all it was told in a notification."""
    hass.states.async_set(PERSON, "unknown", {"friendly_name": "Person 1"})
    resident = told(name=PERSONAL["name"], presence=PERSONAL["presence"], groups=["Unheard-of group"])
    recognizer.agreed = [resident]
    await set_up()
    trigger = {"trigger": "facegate.access", "target": {"entity_id": "event.main_gate_access"}}
    action = {"action": "persistent_notification.create", "data": {"message": "{{ trigger }}", "notification_id": "1"}}
    config = {"id": "told", "alias": "told", "triggers": trigger, "actions": action}
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    recognizer.people[PERSONAL["alias"]] = resident | {"resident": PERSONAL["id"]}
    await publish_event(hass, make_event(alias=PERSONAL["alias"]))


async def written(hass: HomeAssistant, storage: dict[str, Any]) -> str:
    """All that is on disk after an end in order, and the states that were shown before."""
    shown = [state.as_dict() for state in hass.states.async_all()]
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    return json.dumps([storage, shown], default=str)


async def test_by_default_nothing_personal_is_written(
    hass: HomeAssistant,
    set_up: SetUp,
    recognizer: Recognizer,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    notes: list[str],
) -> None:
    await live(hass, set_up, recognizer)
    assert "access_granted" in str(notes)
    said = [record.getMessage() for record in caplog.records if "facegate" in record.name]
    text = await written(hass, hass_storage) + str(said) + str(notes)
    assert "access_granted" in text  # it was told, and it was kept
    assert [what for what, word in PERSONAL.items() if word in text] == []
    assert "nheard-of group" not in text


async def test_shared_persons_are_in_traces_alone(
    hass: HomeAssistant,
    set_up: SetUp,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    notes: list[str],
) -> None:
    hass.config_entries.async_update_entry(entry, options={"share_persons": True})
    await live(hass, set_up, recognizer)
    assert PERSON in str(notes)  # where an automation sends it, it goes
    text = await written(hass, hass_storage) + str(notes)
    assert [what for what, word in PERSONAL.items() if word in text] == []
    kept = {key for key, content in hass_storage.items() if PERSON in json.dumps(content, default=str)}
    assert kept <= {"trace.saved_traces", "core.restore_state"}
    assert "trace.saved_traces" in kept


@pytest.mark.usefixtures("notes")
async def test_shown_presence_is_called_by_the_name_and_by_nothing_else(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    hass.config_entries.async_update_entry(entry, options={"presence": True})
    await live(hass, set_up, recognizer)
    text = await written(hass, hass_storage)
    assert [what for what, word in PERSONAL.items() if word in text] == ["name", "presence"]
    named = {key for key, content in hass_storage.items() if PERSONAL["name"] in json.dumps(content, default=str)}
    assert named == {"core.entity_registry"}
