"""Gates as devices: they come and go, tell how they do, and open when asked."""

from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.button import SERVICE_PRESS
from homeassistant.components.mqtt.const import MQTT_CONNECTION_STATE
from homeassistant.const import ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.facegate.asking import REFUSALS
from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import (
    INSTALLATION,
    OTHER_KEY,
    TOPICS,
    URL,
    Recognizer,
    gate,
    make_state,
    make_status,
    publish,
    publish_state,
)

ACCESS = "event.main_gate_access"
CAMERA = "binary_sensor.main_gate_camera"
OPEN = "button.main_gate_open"


def gate_devices(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, dr.DeviceEntry]:
    """Gate id → device; the recognizer's own device is ''."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {next(iter(d.identifiers))[1].removeprefix(INSTALLATION).removeprefix("_"): d for d in devices}


async def press(hass: HomeAssistant, entity_id: str = OPEN) -> None:
    await hass.services.async_call(Platform.BUTTON, SERVICE_PRESS, {ATTR_ENTITY_ID: entity_id}, blocking=True)


async def test_a_gate_that_moves_no_door_is_called_so(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    recognizer.gates = [gate(), gate("trial", "Trial", trial=True)]
    await set_up()
    devices = gate_devices(hass, entry)
    assert (devices["main"].model, devices["trial"].model) == ("Gate", "Trial gate")


async def test_entities_of_a_gate(
    hass: HomeAssistant, entry: MockConfigEntry, set_up: SetUp, entity_registry: er.EntityRegistry
) -> None:
    await set_up()
    entities = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    assert {(e.entity_id, e.unique_id, e.entity_category, e.disabled_by) for e in entities} == {
        ("event.main_gate_access", f"{INSTALLATION}_main_access", None, None),
        ("event.main_gate_passage", f"{INSTALLATION}_main_passage", None, None),
        ("button.main_gate_open", f"{INSTALLATION}_main_open", None, None),
        ("button.main_gate_open_exit", f"{INSTALLATION}_main_open_exit", None, er.RegistryEntryDisabler.INTEGRATION),
        (CAMERA, f"{INSTALLATION}_main_camera", "diagnostic", None),
        ("binary_sensor.main_gate_gate_node", f"{INSTALLATION}_main_node", "diagnostic", None),
        ("binary_sensor.main_gate_case", f"{INSTALLATION}_main_tamper", "diagnostic", None),
        ("binary_sensor.main_gate_door_held_open", f"{INSTALLATION}_main_held", None, None),
        ("binary_sensor.main_gate_fire_release", f"{INSTALLATION}_main_fire", None, None),
        ("switch.main_gate_face_reader", f"{INSTALLATION}_main_faces", "config", None),
        ("select.main_gate_mode", f"{INSTALLATION}_main_mode", None, None),
        ("sensor.main_gate_time_to_open", f"{INSTALLATION}_main_latency", "diagnostic", None),
        ("sensor.main_gate_passages_today", f"{INSTALLATION}_main_passages", None, None),
        ("sensor.main_gate_people_inside", f"{INSTALLATION}_main_inside", None, None),
        ("sensor.facegate_home_people_inside", f"{INSTALLATION}_site_inside", None, None),
    }
    assert hass.states.get(CAMERA).attributes["device_class"] == "connectivity"


async def test_devices(hass: HomeAssistant, entry: MockConfigEntry, set_up: SetUp) -> None:
    await set_up()
    devices = gate_devices(hass, entry)
    assert set(devices) == {"", "main"}
    assert (devices[""].name, devices[""].sw_version) == (entry.title, "0.1.0")
    assert (devices["main"].name, devices["main"].via_device_id) == ("Main gate", devices[""].id)


async def test_each_device_leads_into_the_panel(hass: HomeAssistant, entry: MockConfigEntry, set_up: SetUp) -> None:
    await set_up()
    for device in gate_devices(hass, entry).values():  # no app, so nobody knows where the panel is reached
        assert str(device.configuration_url).endswith("/docs/panel.md")
    hass.config_entries.async_update_entry(entry, data={**entry.data, "app": "a0b1c2d3_facegate"})
    await hass.config_entries.async_reload(entry.entry_id)
    links = {gate: device.configuration_url for gate, device in gate_devices(hass, entry).items()}
    panel = "homeassistant://app/a0b1c2d3_facegate"
    assert links == {"": panel, "main": f"{panel}?gate=main"}


@pytest.mark.parametrize(
    ("camera", "node", "shown"),
    [("ok", "online", ("on", "on")), ("silent", "silent", ("off", "off")), ("off", "offline", ("off", "off"))],
)
async def test_connectivity(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, camera: str, node: str, shown: tuple[str, str]
) -> None:
    recognizer.gates = [gate(camera=camera, node=node)]
    await set_up()
    assert (hass.states.get(CAMERA).state, hass.states.get("binary_sensor.main_gate_gate_node").state) == shown


@pytest.mark.parametrize(
    ("changes", "entity"),
    [
        ({"tamper": True}, "binary_sensor.main_gate_case"),
        ({"held": True}, "binary_sensor.main_gate_door_held_open"),
        ({"fire": "active"}, "binary_sensor.main_gate_fire_release"),
        ({"fire": "latched"}, "binary_sensor.main_gate_fire_release"),
    ],
)
async def test_what_is_wrong_at_a_gate(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, changes: dict[str, object], entity: str
) -> None:
    await set_up()
    assert hass.states.get(entity).state == "off"
    await publish_state(hass, make_state(**changes))
    assert hass.states.get(entity).state == "on"
    await publish_state(hass, make_state())
    assert hass.states.get(entity).state == "off"
    recognizer.gates = [gate(**changes)]
    await hass.config_entries.async_reload(hass.config_entries.async_entries(DOMAIN)[0].entry_id)
    await hass.async_block_till_done()
    assert hass.states.get(entity).state == "on"


# Coming and going


async def test_gate_comes_goes_and_comes_back(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up()
    side = "event.side_gate_access"
    for _ in range(2):
        recognizer.gates = [gate(), gate("side", "Side gate")]
        await publish_state(hass, make_state(gate="side", name="Side gate"))
        assert hass.states.get(side) is not None
        assert set(gate_devices(hass, entry)) == {"", "main", "side"}

        _let_hints_through(hass, freezer)
        recognizer.gates = [gate()]
        await publish(hass, TOPICS.state("side"), b"")
        assert hass.states.get(side) is None
        assert set(gate_devices(hass, entry)) == {"", "main"}
        _let_hints_through(hass, freezer)


async def test_only_the_api_makes_and_removes_gates(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    await publish_state(hass, make_state(gate="ghost", name="Ghost"))
    await publish_state(hass, make_state(gate="forged", name="Forged"), key=OTHER_KEY)
    await publish(hass, TOPICS.state("main"), b"")
    assert set(gate_devices(hass, entry)) == {"", "main"}
    assert hass.states.get(CAMERA).state == "on"


async def test_gates_that_went_while_nobody_looked(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    recognizer.gates = [gate(), gate("side", "Side gate")]
    await set_up()
    recognizer.gates = [gate("side", "Side gate")]
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert set(gate_devices(hass, entry)) == {"", "side"}


async def test_renamed_gate(hass: HomeAssistant, entry: MockConfigEntry, set_up: SetUp) -> None:
    await set_up()
    await publish_state(hass, make_state(name="North gate"))
    assert gate_devices(hass, entry)["main"].name == "North gate"
    assert hass.states.get(CAMERA) is not None  # the id of an entity stays as it was


async def test_device_can_be_deleted_only_without_its_gate(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    hass_ws_client: WebSocketGenerator,
    device_registry: dr.DeviceRegistry,
) -> None:
    assert await async_setup_component(hass, "config", {})
    await set_up()
    stale = device_registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, f"{INSTALLATION}_gone")}
    )
    devices = gate_devices(hass, entry)
    client = await hass_ws_client(hass)
    for device, removed in ((devices[""], False), (devices["main"], False), (stale, True)):
        answer = await client.remove_device(device.id)
        assert answer["success"] is removed


async def test_unavailable_while_nobody_answers_and_back_by_a_signed_state(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    await set_up()
    recognizer.silent = True
    await publish(hass, TOPICS.status, make_status(online=False).encode(), retain=True)
    assert hass.states.get(CAMERA).state == "unavailable"
    assert hass.states.get(OPEN).state == "unavailable"
    recognizer.silent = False
    _let_hints_through(hass, freezer)
    await publish_state(hass, make_state(camera="ok"))
    assert hass.states.get(CAMERA).state == "on"


async def test_without_a_broker_no_event_is_awaited_and_the_recognizer_is_asked(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    await set_up()
    for connected, shown in ((False, "unavailable"), (True, "unknown")):
        asked = len(recognizer.asked("gates"))
        async_dispatcher_send(hass, MQTT_CONNECTION_STATE, connected)
        await hass.async_block_till_done()
        assert hass.states.get(ACCESS).state == shown
        assert hass.states.get(CAMERA).state == "on", "what the API tells is still known"
        assert len(recognizer.asked("gates")) == asked + 1
        _let_hints_through(hass, freezer)


async def test_unsigned_status_alone_makes_nothing_unavailable(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    await set_up()
    await publish(hass, TOPICS.status, make_status(online=False).encode(), retain=True)
    assert hass.states.get(CAMERA).state == "on"


async def test_flood_of_hints_is_no_flood_of_requests(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    await set_up()
    asked = len(recognizer.asked("gates"))
    for _ in range(50):
        await publish(hass, TOPICS.status, make_status().encode())
    assert len(recognizer.asked("gates")) == asked + 1


async def test_poll_notices_what_no_message_told(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    await set_up()
    recognizer.silent = True
    freezer.tick(timedelta(seconds=61))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get(CAMERA).state == "unavailable"


# Opening


async def test_button_asks_the_recognizer_once(hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp) -> None:
    await set_up()
    await press(hass)
    await press(hass)
    first, second = recognizer.asked("gates/main/open")
    assert first.body["direction"] == "entry"
    assert set(first.body) == {"direction", "issued_at"}
    assert len(first.headers["Idempotency-Key"]) == 32
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]


async def test_wish_carries_the_moment_it_was_made(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    await set_up()
    freezer.move_to("2026-11-22T12:00:00.500Z")
    await press(hass)
    [wish] = recognizer.asked("gates/main/open")
    assert wish.body["issued_at"] == 1795348800500


async def test_exit_button_opens_the_exit(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    entity_registry: er.EntityRegistry,
) -> None:
    await set_up()
    entity_registry.async_update_entity("button.main_gate_open_exit", disabled_by=None)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await press(hass, "button.main_gate_open_exit")
    [wish] = recognizer.asked("gates/main/open")
    assert wish.body["direction"] == "exit"


@pytest.mark.parametrize(
    ("refusal", "key"),
    [
        *((("not_opened", 409, reason), f"not_opened_{reason}") for reason in REFUSALS),
        (("not_opened", 409, "fault"), "not_opened"),
        (("open_expired", 422, ""), "not_opened_expired"),
        (("not_found", 404, ""), "not_opened"),
        (("store", 503, ""), "not_opened"),
        (("unauthenticated", 401, ""), "unauthorized"),
        (("rate_limited", 429, ""), "not_opened"),
    ],
)
async def test_refused_opening_is_a_translated_error(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, refusal: tuple[str, int, str], key: str
) -> None:
    await set_up()
    problem, status, reason = refusal
    recognizer.refuse("post", "gates/main/open", problem, status, reason=reason)
    with pytest.raises(HomeAssistantError) as caught:
        await press(hass)
    assert (caught.value.translation_domain, caught.value.translation_key) == (DOMAIN, key)
    assert caught.value.translation_placeholders == {"gate": "Main gate"}


async def test_vanished_recognizer_is_a_translated_error(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    await set_up()
    recognizer.silent = True
    with pytest.raises(HomeAssistantError) as caught:
        await press(hass)
    assert caught.value.translation_key == "not_opened_unreachable"
    assert URL not in str(caught.value)


def _let_hints_through(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let the pause between two refreshes pass."""
    freezer.tick(timedelta(seconds=3))
    async_fire_time_changed(hass)
