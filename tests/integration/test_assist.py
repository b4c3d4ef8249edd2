"""What a language model may do: tell how a gate does, and open it when its user has said so in a turn of their own."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component

from tests.integration.conftest import SetUp
from tests.integration.recognizer import Recognizer, make_event, publish_event

TOOL = "facegate__gate"
OPEN = "button.main_gate_open"


@pytest.fixture(autouse=True)
async def _ready(hass: HomeAssistant, set_up: SetUp) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})
    await set_up()
    async_expose_entity(hass, "conversation", OPEN, True)


def turn(user: str = "one") -> llm.LLMContext:
    """One time that a user speaks."""
    return llm.LLMContext("test", Context(user_id=user), "en", "conversation", None)


async def tools(hass: HomeAssistant, spoken: llm.LLMContext) -> llm.APIInstance:
    return await llm.async_get_api(hass, llm.LLM_API_ASSIST, spoken)


async def call(hass: HomeAssistant, spoken: llm.LLMContext, action: str, gate: str = "Main gate") -> dict[str, Any]:
    api = await tools(hass, spoken)
    answer = await api.async_call_tool(llm.ToolInput(TOOL, {"gate": gate, "action": action}))
    return dict(answer.data)


def openings(recognizer: Recognizer) -> int:
    return len(recognizer.asked("gates/main/open"))


async def test_state_of_a_gate_without_anybody(hass: HomeAssistant, recognizer: Recognizer) -> None:
    await publish_event(hass, make_event())
    told = await call(hass, turn(), "state")
    assert (told["mode"], told["node"], told["fire"]) == ("normal", "online", "none")
    assert set(told) == {"mode", "camera", "node", "fire", "tamper", "held_open", "problems"}
    assert openings(recognizer) == 0


async def test_opens_when_the_user_has_said_so_in_a_turn_of_their_own(
    hass: HomeAssistant, recognizer: Recognizer
) -> None:
    asked = await call(hass, turn(), "open")
    assert asked["opened"] is False
    assert "Main gate" in asked["ask_the_user"]
    assert openings(recognizer) == 0
    assert await call(hass, turn(), "open") == {"opened": True}
    assert openings(recognizer) == 1
    assert (await call(hass, turn(), "open"))["opened"] is False  # one yes opens once
    assert openings(recognizer) == 1


async def test_a_model_cannot_confirm_for_itself(hass: HomeAssistant, recognizer: Recognizer) -> None:
    spoken = turn()
    for _ in range(5):
        assert (await call(hass, spoken, "open"))["opened"] is False
    assert openings(recognizer) == 0


async def test_nobody_confirms_for_somebody_else_or_too_late(
    hass: HomeAssistant, recognizer: Recognizer, freezer: FrozenDateTimeFactory
) -> None:
    await call(hass, turn("one"), "open")
    assert (await call(hass, turn("two"), "open"))["opened"] is False
    freezer.tick(121)
    assert (await call(hass, turn("one"), "open"))["opened"] is False
    assert openings(recognizer) == 0


async def test_no_tool_without_context_of_a_turn(hass: HomeAssistant, recognizer: Recognizer) -> None:
    nobody = llm.LLMContext("test", None, "en", "conversation", None)
    for _ in range(3):
        assert (await call(hass, nobody, "open"))["opened"] is False
    assert openings(recognizer) == 0


async def test_refusal_is_told(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.refuse("post", "gates/main/open", "not_opened", 409, reason="lockdown")
    await call(hass, turn(), "open")
    told = await call(hass, turn(), "open")
    assert told["opened"] is False
    assert "lockdown" in told["error"]


async def test_only_what_the_owner_exposes(hass: HomeAssistant) -> None:
    async_expose_entity(hass, "conversation", OPEN, False)
    assert TOOL not in {tool.name for tool in (await tools(hass, turn())).tools}
