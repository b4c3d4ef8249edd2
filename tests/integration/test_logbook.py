"""What the logbook tells of a gate, out of Home Assistant's real database and in its own language; nobody's name."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.facegate.logbook import sentence
from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import make_event, publish_event


async def read(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> list[dict[str, Any]]:
    """What the logbook shows of the integration itself."""
    await async_wait_recording_done(hass)
    client = await hass_ws_client()
    begin = (dt_util.utcnow() - timedelta(hours=1)).isoformat()
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": begin})
    shown = (await client.receive_json())["result"]
    return [row for row in shown if row.get("domain") == DOMAIN]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            [
                "granted: Face, Entry",
                "denied: Unknown face (Face, Exit)",
                "Passed (Face, Entry)",
                "Forced (Entry)",
            ],
        ),
        (
            "zh-Hans",
            ["已放行：人脸，进入", "已拒绝：陌生人脸（人脸，离开）", "已通过（人脸，进入）", "强行通过（进入）"],
        ),
    ],
)
async def test_sentences_say_what_happened_and_to_nobody(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    set_up: SetUp,
    hass_ws_client: WebSocketGenerator,
    language: str,
    told: list[str],
) -> None:
    hass.config.language = language
    await set_up()
    hass.config.components.add("frontend")  # its files are in no test's environment, and a database needs no pages
    assert await async_setup_component(hass, "logbook", {})
    await publish_event(hass, make_event())
    await publish_event(hass, make_event(type="access_denied", reason="unknown_face", direction="exit"))
    await publish_event(hass, make_event(type="passed", reason="passage"))
    await publish_event(hass, make_event(type="forced", reason="passage", method="none"))
    await publish_event(hass, make_event(type="tamper", reason="reported"))  # that is a state, not an event entity's
    rows = await read(hass, hass_ws_client)
    assert [row["message"] for row in rows] == told
    assert {row["name"] for row in rows} == {"Main gate"}
    assert [row["entity_id"] for row in rows] == [
        *["event.main_gate_access"] * 2,
        *["event.main_gate_passage"] * 2,
    ]
    assert "alias" not in str(rows)


async def test_a_word_that_nobody_knows_stands_as_it_is(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    data = {"key": "access", "type": "access_denied", "method": "voice", "reason": "tomorrow", "direction": "entry"}
    assert sentence(hass, data) == "denied: tomorrow (voice, Entry)"
