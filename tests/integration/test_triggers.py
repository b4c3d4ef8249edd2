"""Automations react to what happened at which gate, by method, reason and direction, and never to a forged message."""

from typing import Any

import probatio
import pytest
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import async_get_all_descriptions, async_validate_trigger_config
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_mock_service

from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import OTHER_KEY, Recognizer, gate, make_event, publish_event

ACCESS = "event.main_gate_access"


@pytest.fixture
def calls(hass: HomeAssistant) -> list[ServiceCall]:
    return async_mock_service(hass, "test", "automation")


async def automate(hass: HomeAssistant, trigger: str, options: dict[str, Any], *entities: str) -> None:
    wanted = {"trigger": f"{DOMAIN}.{trigger}", "target": {"entity_id": list(entities)}, "options": options}
    action = {"action": "test.automation", "data": {"what": "{{ trigger.to_state.attributes.event_type }}"}}
    assert await async_setup_component(
        hass, "automation", {"automation": {"alias": "under test", "triggers": wanted, "actions": action}}
    )
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("options", "happened", "fires"),
    [
        ({}, {}, True),
        ({"event_type": "access_granted"}, {}, True),
        ({"event_type": "access_denied"}, {}, False),
        ({"method": ["card", "face"]}, {}, True),
        ({"method": ["card", "pin"]}, {}, False),
        (
            {"event_type": "access_denied", "reason": ["not_live"]},
            {"type": "access_denied", "reason": "not_live"},
            True,
        ),
        ({"event_type": "access_denied", "reason": ["not_live"]}, {"type": "access_denied", "reason": "mask"}, False),
        ({"direction": "exit"}, {"direction": "exit"}, True),
        ({"direction": "exit"}, {}, False),
        ({}, {"type": "passed", "reason": "passage"}, False),
        ({}, {"gate": "side"}, False),
    ],
)
async def test_access(
    hass: HomeAssistant,
    recognizer: Recognizer,
    set_up: SetUp,
    calls: list[ServiceCall],
    options: dict[str, Any],
    happened: dict[str, str],
    fires: bool,
) -> None:
    recognizer.gates = [gate(), gate("side", "Side gate")]
    await set_up()
    await automate(hass, "access", options, ACCESS)
    await publish_event(hass, make_event(**happened))
    assert [call.data["what"] for call in calls] == ([happened.get("type", "access_granted")] if fires else [])


async def test_passage_and_not_access(hass: HomeAssistant, set_up: SetUp, calls: list[ServiceCall]) -> None:
    await set_up()
    # A target may hold more than the trigger is for, as a device or a floor does.
    await automate(hass, "passage", {"event_type": ["tailgated", "forced"]}, ACCESS, "event.main_gate_passage")
    for type_ in ("access_granted", "passed", "tailgated"):
        await publish_event(hass, make_event(type=type_))
    assert [call.data["what"] for call in calls] == ["tailgated"]


async def test_no_message_that_is_not_believed_runs_an_automation(
    hass: HomeAssistant, set_up: SetUp, calls: list[ServiceCall]
) -> None:
    await set_up()
    await automate(hass, "access", {}, ACCESS)
    event = make_event()
    await publish_event(hass, event, key=OTHER_KEY)
    await publish_event(hass, event, retain=True)
    await publish_event(hass, make_event(at=event.at - 60_000))
    assert calls == []
    await publish_event(hass, event)
    await publish_event(hass, event)  # repeated
    assert len(calls) == 1


@pytest.mark.parametrize("options", [{"method": "key"}, {"event_type": []}, {"person": "person.one"}])
async def test_wrong_options_are_refused(hass: HomeAssistant, set_up: SetUp, options: dict[str, Any]) -> None:
    await set_up()
    wanted = {"trigger": f"{DOMAIN}.access", "target": {"entity_id": ACCESS}, "options": options}
    with pytest.raises(probatio.Invalid):
        await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([wanted]))


async def test_triggers_are_described_for_the_editor(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    described = await async_get_all_descriptions(hass)
    assert set(described[f"{DOMAIN}.access"]["fields"]) == {
        "event_type",
        "method",
        "reason",
        "direction",
        "person",
        "group",
    }
    assert set(described[f"{DOMAIN}.passage"]["fields"]) == {"event_type", "method", "direction"}
