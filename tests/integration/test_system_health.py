"""What Home Assistant's page System health shows."""

import asyncio
from http import HTTPStatus
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import OTHER_KEY, Recognizer, gate, make_event, publish_event
from tests.integration.test_texts import LANGUAGES, texts
from tests.integration.troubles import SAFE, health


async def look(hass: HomeAssistant) -> dict[str, Any]:
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    told = await get_system_health_info(hass, DOMAIN)
    return {key: await value if asyncio.iscoroutine(value) else value for key, value in told.items()}


async def test_it_says_what_answers_and_how_the_broker_is(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    recognizer.gates = [gate(), gate("side", "Side gate", node="silent", camera="off")]
    recognizer.answers["get", "health"] = health(broker_safety=SAFE | {"tls": True, "anonymous": "accepted"})
    await set_up()
    await publish_event(hass, make_event(), key=OTHER_KEY)
    told = await look(hass)
    assert told == {
        "reached": "ok",
        "version": "0.1.0",
        "gates_online": "1 / 2",
        "cameras_working": "1 / 2",
        "broker_encrypted": True,
        "broker_anonymous": True,
        "messages_dropped": 1,
    }
    assert not any(request.carries_token for request in recognizer.asked("health")[-1:])
    for language in LANGUAGES:
        assert set(texts(language)["system_health"]["info"]) == set(told)


async def test_it_says_who_does_not_answer(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry
) -> None:
    recognizer.refuse("get", "gates", "fault", HTTPStatus.INTERNAL_SERVER_ERROR)
    await set_up()
    recognizer.silent = True
    told = await look(hass)
    assert told["reached"] == {"type": "failed", "error": "unreachable"}
    assert (told["version"], told["gates_online"], told["broker_encrypted"]) == ("–", "0 / 0", "–")
