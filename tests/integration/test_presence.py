"""Presence of those who agreed: an entry makes their person home, an exit away; nothing of it outlives their yes."""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
    async_mock_service,
)

from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import Recognizer, make_event, publish_event, told

TRACKER, OTHER = "device_tracker.facegate_000000010000", "device_tracker.facegate_000000020000"
PERSON = "person.resident_1"
STORED = f"{DOMAIN}.%s.presence"


@pytest.fixture(autouse=True)
async def _persons(hass: HomeAssistant, hass_storage: dict[str, Any], hass_admin_user: MockUser) -> None:
    """A real person who may log in, and one who may not."""
    people = [
        {"id": "resident_1", "name": "Resident 1", "user_id": hass_admin_user.id, "device_trackers": []},
        {"id": "resident_2", "name": "Resident 2", "device_trackers": []},
    ]
    hass_storage["person"] = {"version": 2, "minor_version": 1, "key": "person", "data": {"items": people}}
    assert await async_setup_component(hass, "person", {})
    await hass.async_block_till_done()


@pytest.fixture(autouse=True)
def _shown(hass: HomeAssistant, entry: MockConfigEntry, recognizer: Recognizer) -> None:
    """Presence is switched on, and one resident has agreed."""
    show(hass, entry)
    recognizer.agreed = [told()]


def show(hass: HomeAssistant, entry: MockConfigEntry, *, on: bool = True) -> None:
    options = {"share_persons": False, "presence": on}
    hass.config_entries.async_update_entry(entry, options=options, data={**entry.data, "persons_told": True})


async def go(hass: HomeAssistant, recognizer: Recognizer, direction: str, number: int = 1, **changes: Any) -> None:
    """Let the gate open for somebody."""
    event = make_event(**{"alias": f"a{number}", "direction": direction, "opening": "0" * 16, **changes})
    recognizer.people[event.alias] = told(number)
    await publish_event(hass, event)


def where(hass: HomeAssistant, entity: str = TRACKER) -> str | None:
    state = hass.states.get(entity)
    return None if state is None else state.state


async def minute(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.tick(timedelta(minutes=1, seconds=1))
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_an_entry_makes_the_person_home_and_an_exit_away(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer
) -> None:
    await set_up()
    assert (where(hass), where(hass, PERSON)) == ("unknown", "unknown")
    await go(hass, recognizer, "entry")
    assert (where(hass), where(hass, PERSON)) == ("home", "home")
    await go(hass, recognizer, "exit")
    assert (where(hass), where(hass, PERSON)) == ("not_home", "not_home")
    assert hass.states.get(TRACKER).name == "Presence of Resident 1"


async def test_whoever_did_not_pass_is_where_they_were(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer
) -> None:
    await set_up()
    turned_back = {"type": "not_passed", "reason": "passage", "alias": "", "opening": "0" * 16}
    await go(hass, recognizer, "entry")
    await publish_event(hass, make_event(**turned_back))
    assert where(hass) == "unknown"
    await go(hass, recognizer, "entry")
    await publish_event(hass, make_event(**turned_back | {"type": "passed"}))
    await go(hass, recognizer, "exit")
    assert where(hass) == "not_home"
    await publish_event(hass, make_event(**turned_back))
    assert where(hass) == "home"
    await publish_event(hass, make_event(**turned_back))  # said twice
    assert where(hass) == "home"


async def test_what_became_of_an_earlier_opening_moves_nobody(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer
) -> None:
    await set_up()
    await go(hass, recognizer, "entry", opening="1" * 16)
    await go(hass, recognizer, "exit", opening="2" * 16)
    late = make_event(type="not_passed", reason="passage", alias="", opening="1" * 16)
    await publish_event(hass, late)
    assert where(hass) == "not_home"


@pytest.mark.parametrize("method", ["phone", "remote"])
async def test_a_gate_opened_from_afar_brings_nobody_home(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, method: str
) -> None:
    await set_up()
    await go(hass, recognizer, "entry", method=method)
    assert where(hass) == "unknown"


async def test_somebody_who_did_not_agree_has_no_presence(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, entry: MockConfigEntry
) -> None:
    recognizer.agreed = []
    await set_up()
    await publish_event(hass, make_event(alias="nobody"))
    assert hass.states.async_all("device_tracker") == []


async def test_a_restart_changes_nothing_for_anybody(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await set_up()
    await go(hass, recognizer, "entry")
    await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[STORED % entry.entry_id]
    assert "esident" not in json.dumps(stored)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert (where(hass), where(hass, PERSON)) == ("home", "home")


async def test_a_silent_recognizer_sends_nobody_away(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, freezer: FrozenDateTimeFactory
) -> None:
    await set_up()
    await go(hass, recognizer, "entry")
    recognizer.silent = True
    await minute(hass, freezer)
    assert (where(hass), where(hass, PERSON)) == ("home", "home")


async def test_whoever_says_no_again_leaves_nothing_behind(
    hass: HomeAssistant,
    set_up: SetUp,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    purged = async_mock_service(hass, "recorder", "purge_entities")
    recognizer.agreed = [told(), told(2)]
    await set_up()
    await go(hass, recognizer, "entry")
    await go(hass, recognizer, "entry", 2)
    registry = er.async_get(hass)
    registry.async_update_entity(
        OTHER, new_entity_id="device_tracker.resident_2", name="Resident 2", aliases=["Number 2"]
    )
    recognizer.agreed = []
    await minute(hass, freezer)
    assert hass.states.async_all("device_tracker") == []
    assert [known for known in registry.entities.values() if known.domain == "device_tracker"] == []
    assert hass.states.get(PERSON).attributes["device_trackers"] == []
    assert {entity for call in purged for entity in call.data["entity_id"]} == {TRACKER, "device_tracker.resident_2"}
    await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[STORED % entry.entry_id]["data"] == {"home": {}, "attached": []}
    # The registry keeps what it has removed: ids that lead to nobody.
    kept = [known for known in registry.deleted_entities.values() if known.domain == "device_tracker"]
    assert {known.entity_id for known in kept} == {TRACKER, OTHER}
    assert not any(known.name or known.aliases for known in kept)
    assert not any("resident" in known.unique_id for known in kept)


async def test_whoever_agrees_later_appears_and_is_known_at_once(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer
) -> None:
    recognizer.agreed = []
    await set_up()
    recognizer.agreed = [told()]
    await go(hass, recognizer, "entry")
    assert where(hass) == "home"


async def test_a_person_who_is_linked_later_follows(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, freezer: FrozenDateTimeFactory
) -> None:
    recognizer.agreed = [told(person=None)]
    await set_up()
    assert hass.states.get(PERSON).attributes["device_trackers"] == []
    recognizer.agreed = [told()]
    await minute(hass, freezer)
    assert hass.states.get(PERSON).attributes["device_trackers"] == [TRACKER]


async def test_who_comes_writes_of_nobody_else(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, freezer: FrozenDateTimeFactory
) -> None:
    recognizer.agreed = [told(), told(2)]
    await set_up()
    before = hass.states.get(OTHER).last_reported
    freezer.tick(1)
    await go(hass, recognizer, "entry")
    assert (where(hass), hass.states.get(OTHER).last_reported) == ("home", before)


async def test_switched_off_nothing_of_it_is_left(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await set_up()
    await go(hass, recognizer, "entry")
    show(hass, entry, on=False)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.async_all("device_tracker") == []
    assert STORED % entry.entry_id not in hass_storage
    assert er.async_get(hass).async_get(TRACKER) is None


async def test_a_removed_entry_leaves_nothing_of_it(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await set_up()
    await go(hass, recognizer, "entry")
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.async_all("device_tracker") == []
    assert STORED % entry.entry_id not in hass_storage


async def test_what_is_undone_by_hand_stays_undone(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, entry: MockConfigEntry
) -> None:
    recognizer.agreed = [told(), told(2)]
    await set_up()
    followed = {person: hass.states.get(f"person.resident_{person}").attributes["device_trackers"] for person in (1, 2)}
    assert followed == {1: [TRACKER], 2: []}  # who cannot log in is given the tracker by hand
    collection = hass.data["person"][1]
    await collection.async_update_item("resident_1", {"device_trackers": []})
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get(PERSON).attributes["device_trackers"] == []


async def test_where_the_owner_takes_it_back_nobody_is_shown_and_the_gates_go_on(
    hass: HomeAssistant,
    set_up: SetUp,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up()
    await go(hass, recognizer, "entry")
    recognizer.refuse("get", "presence", "forbidden", HTTPStatus.FORBIDDEN)
    await minute(hass, freezer)
    assert (entry.state, where(hass)) == (ConfigEntryState.LOADED, None)
    assert hass.states.get("event.main_gate_access").state != "unavailable"
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"persons_taken_back_{entry.entry_id}") is not None
