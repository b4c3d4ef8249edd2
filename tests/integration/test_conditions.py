"""Conditions of gates; what is not known is not so."""

from datetime import timedelta
from typing import Any

import probatio
import pytest
import yaml
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import condition
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er

from custom_components.facegate.condition import CONDITIONS
from custom_components.facegate.const import MODES
from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import Recognizer, gate, make_state, publish_state
from tests.integration.test_actions import device
from tests.integration.test_texts import INTEGRATION, LANGUAGES, read_json, texts


async def holds(hass: HomeAssistant, name: str, target: dict[str, Any], **options: Any) -> bool:
    """Ask as an automation does."""
    config = cv.CONDITION_SCHEMA({"condition": f"{DOMAIN}.{name}", "target": target, "options": options})
    checked = await condition.async_validate_condition_config(hass, config)
    test = await condition.async_from_config(hass, checked)
    return bool(test.async_check())


@pytest.mark.parametrize(
    ("name", "options", "now", "expected"),
    [
        ("is_in_mode", {"mode": "normal"}, {}, True),
        ("is_in_mode", {"mode": ["free", "lockdown"]}, {}, False),
        ("is_in_mode", {"mode": ["free", "lockdown"]}, {"mode": "lockdown"}, True),
        ("is_working", {}, {}, True),
        ("is_working", {}, {"camera": "silent"}, False),
        ("is_working", {}, {"node": "silent"}, False),
        ("is_held_open", {}, {}, False),
        ("is_held_open", {}, {"held": True}, True),
        ("is_released", {}, {}, False),
        ("is_released", {}, {"fire": "latched"}, True),
        ("reads_faces", {}, {}, True),
        ("reads_faces", {}, {"faces": False}, False),
    ],
)
async def test_a_gate_is_asked_about_by_its_device(
    hass: HomeAssistant,
    set_up: SetUp,
    recognizer: Recognizer,
    name: str,
    options: dict[str, Any],
    now: dict[str, Any],
    expected: bool,
) -> None:
    recognizer.gates = [gate(**now)]
    await set_up()
    assert await holds(hass, name, {"device_id": device(hass)}, **options) is expected


@pytest.mark.parametrize("name", ["is_in_mode", "is_working"])
@pytest.mark.parametrize("behavior", ["any", "all"])
async def test_what_is_not_known_is_not_so(
    hass: HomeAssistant, set_up: SetUp, entry: Any, name: str, behavior: str
) -> None:
    await set_up()
    options = {"mode": "normal", "behavior": behavior} if name == "is_in_mode" else {}
    target = {"device_id": device(hass)}
    assert await holds(hass, name, target, **options)
    assert not await holds(hass, name, {"entity_id": "binary_sensor.main_gate_fire_release"}, **options)  # no such kind
    await hass.config_entries.async_unload(entry.entry_id)
    assert not await holds(hass, name, target, **options)
    assert not await holds(hass, name, {"device_id": "gone"}, **options)


async def test_what_somebody_has_disabled_is_not_known(hass: HomeAssistant, set_up: SetUp, entry: Any) -> None:
    await set_up()
    target = {"entity_id": ["binary_sensor.main_gate_camera", "binary_sensor.main_gate_gate_node"]}
    assert await holds(hass, "is_working", target)
    er.async_get(hass).async_update_entity(target["entity_id"][1], disabled_by=er.RegistryEntryDisabler.USER)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get(target["entity_id"][1]) is None
    assert not await holds(hass, "is_working", target)


async def test_one_of_several_gates_or_all(hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer) -> None:
    recognizer.gates = [gate(held=True), gate("side", "Side gate")]
    await set_up()
    doors = {"entity_id": ["binary_sensor.main_gate_door_held_open", "binary_sensor.side_gate_door_held_open"]}
    assert await holds(hass, "is_held_open", doors)
    assert not await holds(hass, "is_held_open", doors, behavior="all")


async def test_for_some_time(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, freezer: FrozenDateTimeFactory
) -> None:
    await set_up()
    config = {"condition": f"{DOMAIN}.is_held_open", "options": {"for": {"minutes": 1}}}
    config["target"] = {"entity_id": "binary_sensor.main_gate_door_held_open"}
    checked = await condition.async_validate_condition_config(hass, cv.CONDITION_SCHEMA(config))
    test = await condition.async_from_config(hass, checked)
    await publish_state(hass, make_state(held=True))
    assert not test.async_check()
    freezer.tick(timedelta(seconds=61))
    assert test.async_check()
    await publish_state(hass, make_state())
    assert not test.async_check()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("is_in_mode", {}),
        ("is_in_mode", {"mode": "open"}),
        ("is_working", {"behavior": "any"}),
        ("is_released", {"x": 1}),
    ],
)
async def test_wrong_options_are_refused(
    hass: HomeAssistant, set_up: SetUp, name: str, options: dict[str, Any]
) -> None:
    await set_up()
    with pytest.raises(probatio.Invalid):
        await holds(hass, name, {"device_id": device(hass)}, **options)


async def test_conditions_are_described_for_the_editor(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    described = await condition.async_get_all_descriptions(hass)
    assert {name for name in described if name.startswith(f"{DOMAIN}.")} == {f"{DOMAIN}.{name}" for name in CONDITIONS}


def test_every_condition_has_its_texts_and_icon() -> None:
    described = yaml.safe_load((INTEGRATION / "conditions.yaml").read_text(encoding="utf-8"))
    assert set(described) == set(CONDITIONS) == set(read_json(INTEGRATION / "icons.json")["conditions"])
    for language in LANGUAGES:
        told = texts(language)["conditions"]
        assert set(told) == set(described)
        for name, description in described.items():
            assert set(told[name]["fields"]) == set(description["fields"])
    assert set(described["is_in_mode"]["fields"]["mode"]["selector"]["select"]["options"]) == set(MODES)
