"""How many passed today and are inside, in Home Assistant: what is told, and nothing where nobody can know."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.facegate.models import Figures
from tests.integration.conftest import SetUp
from tests.integration.recognizer import INSTALLATION, Recognizer, gate, make_state, publish_state

SINCE = 1_790_000_000
PASSAGES, INSIDE = "sensor.main_gate_passages_today", "sensor.main_gate_people_inside"


def site_inside(hass: HomeAssistant) -> Any:
    entity_id = er.async_get(hass).async_get_entity_id("sensor", "facegate", f"{INSTALLATION}_site_inside")
    assert entity_id is not None
    return hass.states.get(entity_id)


def state(hass: HomeAssistant, entity_id: str) -> str:
    found = hass.states.get(entity_id)
    assert found is not None
    return found.state


def tally(**numbers: Any) -> dict[str, Any]:
    return {"passages": 0, "inside": None, "unsure": 0, "since": SINCE + 0.5, "site_inside": None, **numbers}


async def test_numbers_come_with_the_state_and_outlive_the_next_look(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer
) -> None:
    recognizer.gates = [gate(tally=tally(passages=3))]
    await set_up()
    assert (state(hass, PASSAGES), state(hass, INSIDE), site_inside(hass).state) == ("3", "unknown", "unknown")
    await publish_state(hass, make_state(passages=5, inside=2, unsure=1, since=SINCE, site_inside=7))
    assert (state(hass, PASSAGES), state(hass, INSIDE), site_inside(hass).state) == ("5", "2", "7")
    shown = hass.states.get(INSIDE)
    assert shown is not None
    assert (shown.attributes["since"].timestamp(), shown.attributes["unsure"]) == (SINCE, 1)
    assert shown.attributes["state_class"] == "measurement"
    recognizer.gates = [gate(tally=tally(passages=6, inside=0, site_inside=6))]
    await hass.config_entries.async_entries("facegate")[0].runtime_data.async_refresh()
    await hass.async_block_till_done()
    assert (state(hass, PASSAGES), state(hass, INSIDE), site_inside(hass).state) == ("6", "0", "6")


async def test_nobody_knows_how_many_are_inside_after_a_fire(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    await publish_state(hass, make_state(passages=5, inside=2, since=SINCE, site_inside=2))
    await publish_state(hass, make_state(passages=5, since=SINCE, fire="active"))
    assert (state(hass, PASSAGES), state(hass, INSIDE), site_inside(hass).state) == ("5", "unknown", "unknown")
    shown = hass.states.get(INSIDE)
    assert shown is not None
    assert "since" not in shown.attributes


async def test_the_site_follows_the_gate_that_has_told_last(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer
) -> None:
    recognizer.gates = [gate(), gate("side", "Side gate")]
    await set_up()
    first = make_state(passages=1, site_inside=4)
    await publish_state(hass, first)
    await publish_state(hass, make_state(gate="side", name="Side gate", at=first.at + 1, site_inside=5))
    assert site_inside(hass).state == "5"


async def test_a_recognizer_that_counts_nothing_is_no_fault(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer
) -> None:
    older = gate()
    del older["tally"]
    recognizer.gates = [older]
    await set_up()
    await publish_state(hass, make_state())
    assert (state(hass, PASSAGES), state(hass, INSIDE), site_inside(hass).state) == ("unknown",) * 3


async def test_a_site_without_gates_has_nobody_to_count(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer
) -> None:
    recognizer.gates = []
    await set_up()
    assert site_inside(hass).state == "unknown"


@pytest.mark.parametrize("wrong", [["a list"], {"passages": "many"}, {"passages": True}])
async def test_numbers_that_are_none_are_not_believed(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, wrong: Any
) -> None:
    recognizer.gates = [gate(tally=wrong)]
    await set_up()
    assert hass.states.get(PASSAGES) is None


def test_numbers_are_unknown_before_anybody_tells_them() -> None:
    assert Figures() == Figures.from_answer(None)
