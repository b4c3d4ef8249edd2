"""What automations and pages may ask for: a gate's mode and an opening, by entity and by action."""

from typing import Any

import probatio
import pytest
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import INSTALLATION, Recognizer, gate, make_state, publish_state

MODE = "select.main_gate_mode"
FACES = "switch.main_gate_face_reader"


def device(hass: HomeAssistant, identifier: str = f"{INSTALLATION}_main") -> str:
    [entry] = hass.config_entries.async_entries(DOMAIN)
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return next(found.id for found in devices if (DOMAIN, identifier) in found.identifiers)


async def act(hass: HomeAssistant, action: str, **data: Any) -> None:
    await hass.services.async_call(DOMAIN, action, data, blocking=True)


async def select(hass: HomeAssistant, option: str) -> None:
    await hass.services.async_call("select", "select_option", {ATTR_ENTITY_ID: MODE, "option": option}, blocking=True)


async def test_mode_is_what_the_recognizer_says(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    assert hass.states.get(MODE).state == "normal"
    await publish_state(hass, make_state(mode="lockdown"))
    assert hass.states.get(MODE).state == "lockdown"
    await publish_state(hass, make_state(mode="a_mode_of_a_later_version"))
    assert hass.states.get(MODE).state == "unknown"


@pytest.mark.parametrize(
    ("option", "body"),
    [
        ("lockdown", {"mode": "lockdown"}),
        ("normal", {"mode": "normal"}),
        ("free", {"mode": "free", "seconds": 900}),
    ],
)
async def test_mode_is_asked_of_the_recognizer_and_not_assumed(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, option: str, body: dict[str, Any]
) -> None:
    await set_up()
    await select(hass, option)
    [asked] = recognizer.asked("gates/main/mode")
    assert (asked.method, asked.body) == ("PUT", body)
    assert hass.states.get(MODE).state == "normal"  # the recognizer has not said otherwise


@pytest.mark.parametrize(
    ("refusal", "key"),
    [
        (("mode_not_set", 409), "mode_not_set"),
        (("unauthenticated", 401), "unauthorized"),
        (("store", 503), "mode_not_set"),
        (None, "mode_not_set_unreachable"),
    ],
)
async def test_refused_mode_is_a_translated_error(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, refusal: tuple[str, int] | None, key: str
) -> None:
    await set_up()
    if refusal is None:
        recognizer.silent = True
    else:
        recognizer.refuse("put", "gates/main/mode", *refusal)
    with pytest.raises(HomeAssistantError) as caught:
        await select(hass, "lockdown")
    assert (caught.value.translation_domain, caught.value.translation_key) == (DOMAIN, key)
    assert caught.value.translation_placeholders == {"gate": "Main gate"}


@pytest.mark.parametrize(("action", "on"), [("turn_on", True), ("turn_off", False)])
async def test_face_reader_is_switched_by_the_recognizer(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, action: str, on: bool
) -> None:
    await set_up()
    assert hass.states.get(FACES).state == "on"
    recognizer.gates = [gate(faces=on)]
    await hass.services.async_call("switch", action, {ATTR_ENTITY_ID: FACES}, blocking=True)
    await hass.async_block_till_done()
    [asked] = recognizer.asked("gates/main/face-reader")
    assert (asked.method, asked.body) == ("PUT", {"on": on})
    assert hass.states.get(FACES).state == ("on" if on else "off")


async def test_face_reader_stays_off_while_somebody_has_no_other_way(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    recognizer.gates = [gate(faces=False)]
    await set_up()
    recognizer.refuse("put", "gates/main/face-reader", "ways_missing", 409, missing=["residents"])
    with pytest.raises(HomeAssistantError) as caught:
        await hass.services.async_call("switch", "turn_on", {ATTR_ENTITY_ID: FACES}, blocking=True)
    assert caught.value.translation_key == "ways_missing"
    assert hass.states.get(FACES).state == "off"


async def test_set_mode_takes_a_duration(hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp) -> None:
    await set_up()
    await act(hass, "set_mode", device_id=device(hass), mode="free", duration={"minutes": 2})
    await act(hass, "set_mode", device_id=device(hass), mode="free")
    await act(hass, "set_mode", device_id=device(hass), mode="lockdown")
    for mode in ("lockdown", "normal"):
        with pytest.raises(ServiceValidationError, match="Only free passage"):
            await act(hass, "set_mode", device_id=device(hass), mode=mode, duration={"minutes": 2})
    assert [request.body for request in recognizer.asked("gates/main/mode")] == [
        {"mode": "free", "seconds": 120},
        {"mode": "free", "seconds": 900},
        {"mode": "lockdown"},
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"mode": "ajar"},
        {"mode": "free", "duration": {"seconds": 0}},
        {"mode": "free", "duration": {"days": 8}},
        {},
    ],
)
async def test_wrong_wish_asks_nobody(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, data: dict[str, Any]
) -> None:
    await set_up()
    with pytest.raises(probatio.Invalid):
        await act(hass, "set_mode", device_id=device(hass), **data)
    assert recognizer.asked("gates/main/mode") == []


@pytest.mark.parametrize("direction", ["entry", "exit"])
async def test_open_gate(hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, direction: str) -> None:
    await set_up()
    await act(hass, "open_gate", device_id=device(hass), direction=direction)
    [wish] = recognizer.asked("gates/main/open")
    assert wish.body["direction"] == direction


async def test_open_gate_opens_the_entry_unless_told(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    await set_up()
    await act(hass, "open_gate", device_id=device(hass))
    [wish] = recognizer.asked("gates/main/open")
    assert wish.body["direction"] == "entry"


async def test_what_is_no_gate_is_not_opened(hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp) -> None:
    await set_up()
    for other in (device(hass, INSTALLATION), "no-device-at-all"):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, "open_gate", device_id=other)
        assert caught.value.translation_key == "no_gate"
    assert recognizer.asked("gates/main/open") == []


async def test_gate_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    known = device(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "open_gate", device_id=known)
    assert caught.value.translation_key == "not_loaded"
    assert recognizer.asked("gates/main/open") == []
