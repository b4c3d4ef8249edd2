"""The life of an entry: set up, refused, reloaded, removed."""

from http import HTTPStatus
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import (
    API_URL,
    OTHER_KEY,
    TOKEN,
    TOPICS,
    URL,
    Recognizer,
    make_event,
    make_status,
    publish,
    publish_event,
)

ACCESS = "event.main_gate_access"
MOVED = "http://192.0.2.66:8711"


async def test_without_mqtt_no_code_is_wasted(hass: HomeAssistant, recognizer: Recognizer) -> None:
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "mqtt_not_available")


async def test_without_mqtt_the_entry_waits(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "mqtt_not_available"
    assert not recognizer.asked()


async def test_set_up_asks_with_the_token(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    assert entry.state is ConfigEntryState.LOADED
    assert [request.path for request in recognizer.asked()] == ["health", "gates"]
    assert all(request.headers["Authorization"] == f"Bearer {TOKEN}" for request in recognizer.asked())


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (None, "unreachable"),
        ((500, b"<html>"), "unexpected_answer"),
        ((200, b"{}"), "unexpected_answer"),
        ((200, b'[{"id": "main"}]'), "unexpected_answer"),
        (
            (200, b'[{"id":"a","name":"A","mode":"normal","camera":"ok","node":"online","problems":[1]}]'),
            "unexpected_answer",
        ),
    ],
)
async def test_useless_answers_are_tried_again_later(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    answer: tuple[int, bytes] | None,
    key: str,
) -> None:
    if answer is None:
        recognizer.silent = True
    else:
        recognizer.answers["get", "gates"] = answer
    await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == key


async def test_a_recognizer_that_cannot_start_yet_is_tried_again_later(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    recognizer.answers["get", "health"] = (200, {"ok": False, "version": "0.1.0", "waiting": "broker"})
    await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "waiting"


async def test_health_without_a_version(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    recognizer.answers["get", "health"] = (200, {"ok": True})
    await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_unload_ends_everything(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.NOT_LOADED
    asked = len(recognizer.asked())
    await publish_event(hass, make_event())
    await publish(hass, TOPICS.status, make_status().encode())
    assert hass.states.get(ACCESS).state == "unavailable"
    assert len(recognizer.asked()) == asked


async def test_reload_readmits_nothing(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    seen, later = make_event(), make_event()
    await publish_event(hass, seen)
    assert hass.states.get(ACCESS).attributes["event_type"] == "access_granted"
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    before = hass.states.get(ACCESS).state
    await publish_event(hass, seen)
    assert hass.states.get(ACCESS).state == before
    assert entry.runtime_data.dropped == {"event repeated": 1}
    await publish_event(hass, later)
    assert hass.states.get(ACCESS).state != before


async def test_new_key_starts_anew(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    await publish_event(hass, make_event(boot=9))
    hass.config_entries.async_update_entry(entry, data={**entry.data, "event_key": OTHER_KEY.hex()})
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    before = hass.states.get(ACCESS).state
    await publish_event(hass, make_event(boot=1), key=OTHER_KEY)
    assert hass.states.get(ACCESS).state != before


async def test_removal_leaves_nothing(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    hass_storage: dict[str, object],
    issue_registry: ir.IssueRegistry,
) -> None:
    await set_up()
    await publish_event(hass, make_event())
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert f"{DOMAIN}.{entry.entry_id}" in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not [key for key in hass_storage if key.startswith(DOMAIN)]
    assert not [issue for issue in issue_registry.issues.values() if issue.domain == DOMAIN]
    [given_back] = recognizer.asked("token")
    assert given_back.method == "DELETE"
    assert given_back.carries_token


@pytest.mark.parametrize("problem", ["silent", "revoked"])
async def test_removal_waits_for_nobody(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp, problem: str
) -> None:
    await set_up()
    recognizer.silent = problem == "silent"
    recognizer.refuse("delete", "token", "unauthenticated", HTTPStatus.UNAUTHORIZED)
    await hass.config_entries.async_remove(entry.entry_id)
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_mqtt_that_goes_during_set_up_is_awaited(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    with patch("custom_components.facegate.coordinator.mqtt.async_subscribe", side_effect=HomeAssistantError("gone")):
        await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "mqtt_not_available"
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED, "and no restart is needed"


async def test_stored_positions_hold_no_secret(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    hass_storage: dict[str, object],
) -> None:
    await set_up()
    await publish_event(hass, make_event(seq=10**6, alias="alias-of-a-resident"))
    await hass.config_entries.async_unload(entry.entry_id)
    stored = str(hass_storage[f"{DOMAIN}.{entry.entry_id}"])
    assert "(1, 1000000)" in stored or "[1, 1000000]" in stored
    for secret in (entry.data["event_key"], TOKEN, "alias-of-a-resident"):
        assert secret not in stored


# Where the recognizer lives now


async def test_announcement_elsewhere_is_told_only_when_nobody_answers(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    issue_registry: ir.IssueRegistry,
) -> None:
    await set_up()
    issue_id = f"moved_{entry.entry_id}"
    await publish(hass, TOPICS.status, make_status(api=MOVED).encode())
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None

    recognizer.silent = True
    await entry.runtime_data.async_refresh()
    for harmless in (
        make_status(api=MOVED, online=False),
        make_status(api=URL),
        make_status(api=API_URL),  # what it called its own when it was paired
        make_status(api="no address://"),
        make_status(api=MOVED, installation="f" * 32),
    ):
        await publish(hass, TOPICS.status, harmless.encode())
        await entry.runtime_data.async_refresh()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None

    await hass.config_entries.flow.async_init(DOMAIN, context={"source": "mqtt"}, data=_announcement(MOVED))
    issue = issue_registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {"name": entry.title, "known": URL, "announced": MOVED}
    assert entry.data["url"] == URL
    assert all(request.address == URL for request in recognizer.asked())

    recognizer.silent = False
    await entry.runtime_data.async_refresh()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


async def test_announcement_is_told_while_the_entry_cannot_start(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    issue_registry: ir.IssueRegistry,
) -> None:
    recognizer.silent = True
    await set_up()
    await hass.config_entries.flow.async_init(DOMAIN, context={"source": "mqtt"}, data=_announcement(MOVED))
    assert issue_registry.async_get_issue(DOMAIN, f"moved_{entry.entry_id}") is not None


async def test_status_of_a_vanished_recognizer_is_told_by_the_coordinator_too(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    issue_registry: ir.IssueRegistry,
) -> None:
    await set_up()
    recognizer.silent = True
    await publish(hass, TOPICS.status, make_status(api=MOVED).encode())
    assert issue_registry.async_get_issue(DOMAIN, f"moved_{entry.entry_id}") is not None
    assert hass.states.get(ACCESS).state == "unavailable"


def _announcement(api: str) -> object:
    return MqttServiceInfo(
        topic=TOPICS.status,
        payload=make_status(api=api).encode(),
        qos=0,
        retain=True,
        subscribed_topic="facegate/+/status",
        timestamp=0.0,
    )
