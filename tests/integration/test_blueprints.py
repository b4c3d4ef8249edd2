"""The blueprints, taken over by Home Assistant itself: each does what it says, and keeps no trace of who came."""

import asyncio
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation import DATA_COMPONENT
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.template import render_complex
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    async_fire_mqtt_message,
    async_fire_time_changed,
    async_mock_service,
    mock_integration,
    mock_platform,
)

from tests.integration.conftest import SetUp
from tests.integration.recognizer import (
    EVENT_KEY,
    TOPICS,
    Recognizer,
    gate,
    make_event,
    make_state,
    publish_event,
    publish_state,
    told,
)
from tests.integration.test_actions import device

FOLDER = Path(__file__).resolve().parents[2] / "blueprints" / "automation" / "facegate"
SOURCE = "https://github.com/facegate/facegate/blob/main/blueprints/automation/facegate/"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
ACCESS = "event.main_gate_access"
DENIED = {"type": "access_denied", "reason": "unknown_face", "alias": ""}
ACTION = [{"action": "test.act", "data": {"what": "{{ what | default('') }}"}}]


@pytest.fixture
def acts(hass: HomeAssistant) -> list[ServiceCall]:
    return async_mock_service(hass, "test", "act")


@pytest.fixture(autouse=True)
async def _ready(hass: HomeAssistant, set_up: SetUp) -> None:
    folder = Path(hass.config.path("blueprints", "automation", "facegate"))
    await hass.async_add_executor_job(lambda: shutil.copytree(FOLDER, folder, dirs_exist_ok=True))
    await set_up()


async def use(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    """Make an automation of a blueprint, as its import and form do."""
    config = {"alias": "under test", "use_blueprint": {"path": f"facegate/{name}.yaml", "input": inputs}}
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    assert hass.states.get("automation.under_test").state == "on"


@pytest.mark.parametrize("name", NAMES)
def test_no_blueprint_keeps_traces_and_one_asks_for_a_person(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert "stored_traces: 0" in text
    assert f"source_url: {SOURCE}{name}.yaml\n" in text
    assert "to_state.context" not in text
    assert ("trigger.person" in text) is (name == "welcome_scene")
    yaml.compose(text)


def test_each_blueprint_is_imported_by_one_click_from_its_page() -> None:
    page = (FOLDER.parents[2] / "docs" / "home-assistant" / "blueprints.md").read_text(encoding="utf-8")
    links = {
        unquote(link)
        for link in re.findall(r"https://my\.home-assistant\.io/redirect/blueprint_import/\S+=(\S+?)\)", page)
    }
    assert links == {f"{SOURCE}{name}.yaml" for name in NAMES}
    for name in NAMES:
        [title] = re.findall(r'name: "FaceGate: (.*)"', (FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
        assert f"## {title[0].upper()}{title[1:]}\n" in page
    assert len(NAMES) == 8


async def test_no_trace_is_kept(hass: HomeAssistant, acts: list[ServiceCall]) -> None:
    await use(hass, "notify", access=[ACCESS], action=ACTION)
    await publish_event(hass, make_event(**DENIED))
    assert len(acts) == 1
    [automation] = hass.data[DATA_COMPONENT].entities
    assert automation._trace_config["stored_traces"] == 0


async def test_notify(hass: HomeAssistant, acts: list[ServiceCall]) -> None:
    await use(hass, "notify", access=[ACCESS], types=["access_denied"], action=ACTION)
    await publish_event(hass, make_event())
    await publish_event(hass, make_event(**DENIED))
    assert [act.data["what"] for act in acts] == ["access_denied"]


async def test_welcome_scene_is_for_whom_it_was_made(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, acts: list[ServiceCall]
) -> None:
    hass.config_entries.async_update_entry(entry, options={"share_persons": True})
    await hass.config_entries.async_reload(entry.entry_id)
    for number in (1, 2):
        hass.states.async_set(f"person.resident_{number}", "unknown", {"friendly_name": f"Person {number}"})
    scenes = async_mock_service(hass, "scene", "turn_on")
    action = [{"action": "test.act", "data": {"what": "{{ name }}"}}]
    await use(
        hass, "welcome_scene", access=[ACCESS], persons=["person.resident_1"], scene="scene.welcome", action=action
    )
    comings = [(2, {}), (1, {"direction": "exit"}), (1, {"type": "access_denied", "reason": "lockdown"}), (1, {})]
    for number, changes in comings:
        event = make_event(alias=f"a{number}", **changes)
        recognizer.people[event.alias] = told(number)
        await publish_event(hass, event)
    await publish_event(hass, make_event(**DENIED))
    assert [scene.data["entity_id"] for scene in scenes] == [["scene.welcome"]]
    assert [act.data["what"] for act in acts] == ["Person 1"]


async def test_delivery_window(hass: HomeAssistant, recognizer: Recognizer, freezer: FrozenDateTimeFactory) -> None:
    hass.states.async_set("calendar.deliveries", "off")
    hass.states.async_set("event.bell", "2026-11-22T08:00:00+00:00")
    await use(hass, "delivery_window", calendar="calendar.deliveries", bell="event.bell", gate=device(hass))

    async def ring(at: str) -> int:
        hass.states.async_set("event.bell", at)
        await settle(hass)
        return len(recognizer.asked("gates/main/open"))

    assert await ring("2026-11-22T09:00:00+00:00") == 0
    hass.states.async_set("calendar.deliveries", "on")
    await hass.async_block_till_done()
    assert len(recognizer.asked("gates/main/open")) == 0  # the calendar alone opens nothing
    assert await ring("2026-11-22T10:00:00+00:00") == 1
    assert await ring("2026-11-22T10:00:01+00:00") == 1, "bells tell of one press more than once"
    await pass_time(hass, freezer, seconds=4)
    assert await ring("unavailable") == 1
    assert await ring("2026-11-22T10:00:00+00:00") == 1  # the bell is back, nobody has pressed it
    assert await ring("2026-11-22T11:00:00+00:00") == 2


async def test_bell_that_comes_to_be_is_no_press(hass: HomeAssistant, recognizer: Recognizer) -> None:
    hass.states.async_set("calendar.deliveries", "on")
    await use(hass, "delivery_window", calendar="calendar.deliveries", bell="binary_sensor.bell", gate=device(hass))
    for state in ("on", "unknown", "on"):
        hass.states.async_set("binary_sensor.bell", state)
        await hass.async_block_till_done()
    assert recognizer.asked("gates/main/open") == []
    hass.states.async_set("binary_sensor.bell", "off")
    hass.states.async_set("binary_sensor.bell", "on")
    await settle(hass)
    assert len(recognizer.asked("gates/main/open")) == 1


async def test_face_off_while_armed(hass: HomeAssistant, recognizer: Recognizer) -> None:
    hass.states.async_set("alarm_control_panel.home", "disarmed")
    await use(
        hass, "face_off_while_armed", alarm="alarm_control_panel.home", face_reader="switch.main_gate_face_reader"
    )
    for state in ("arming", "armed_away", "pending", "disarmed", "armed_home", "armed_night", "unavailable"):
        hass.states.async_set("alarm_control_panel.home", state)
        await hass.async_block_till_done()
    asked = [False, True, False]
    assert [wish.body["on"] for wish in recognizer.asked("gates/main/face-reader")] == asked
    hass.states.async_set("alarm_control_panel.home", "disarmed")
    await hass.async_block_till_done()
    assert [wish.body["on"] for wish in recognizer.asked("gates/main/face-reader")] == asked, "it was only away"


async def settle(hass: HomeAssistant) -> None:
    """Let everything happen that can: an automation that waits never ends, so that nothing may wait for it."""
    for _ in range(500):
        await asyncio.sleep(0)


async def tell(hass: HomeAssistant, **changes: Any) -> None:
    async_fire_mqtt_message(hass, TOPICS.event, make_event(**changes).sign(EVENT_KEY))
    await settle(hass)


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, **time: float) -> None:
    freezer.tick(timedelta(**time))
    async_fire_time_changed(hass, dt_util.utcnow())
    await settle(hass)


async def test_stranger_lingers(hass: HomeAssistant, freezer: FrozenDateTimeFactory, acts: list[ServiceCall]) -> None:
    await use(hass, "stranger_lingers", access=ACCESS, times=3, minutes=2, action=ACTION)
    for _ in range(2):
        await tell(hass, **DENIED)
    await tell(hass, type="access_denied", reason="mask")
    assert acts == []
    await tell(hass, **DENIED)
    assert len(acts) == 1

    await tell(hass, **DENIED)
    await pass_time(hass, freezer, minutes=3)
    for _ in range(2):
        await tell(hass, **DENIED)
    assert len(acts) == 1  # too slow: the count has begun anew
    await tell(hass, **DENIED)
    assert len(acts) == 2


async def test_held_open(
    hass: HomeAssistant, recognizer: Recognizer, freezer: FrozenDateTimeFactory, acts: list[ServiceCall]
) -> None:
    held = "binary_sensor.main_gate_door_held_open"
    await use(hass, "held_open", held=held, minutes=1, again=5, action=ACTION)
    recognizer.gates = [gate(held=True)]
    await publish_state(hass, make_state(held=True))
    await pass_time(hass, freezer, seconds=30)
    assert acts == []
    await pass_time(hass, freezer, seconds=31)
    assert len(acts) == 1
    await pass_time(hass, freezer, seconds=301)
    assert len(acts) == 2
    recognizer.gates = [gate()]
    async_fire_mqtt_message(hass, TOPICS.state("main"), make_state(held=False).sign(EVENT_KEY))
    await settle(hass)
    await pass_time(hass, freezer, seconds=301)
    assert len(acts) == 2


@pytest.fixture
def asked(hass: HomeAssistant) -> list[dict[str, Any]]:
    """What a phone was asked to show; the phone itself, and what the app for it loads, cannot be had here."""
    shown: list[dict[str, Any]] = []

    class Phone(MockPlatform):
        ACTION_SCHEMA = cv.DEVICE_ACTION_BASE_SCHEMA.extend(
            {"type": "notify", "title": cv.template, "message": cv.template, "data": cv.template_complex}
        )

        @staticmethod
        async def async_call_action_from_config(
            hass: HomeAssistant, config: dict[str, Any], variables: dict[str, Any], context: Context | None
        ) -> None:
            shown.append(render_complex({key: config[key] for key in ("title", "message", "data")}, variables))

    mock_integration(hass, MockModule("mobile_app"))
    mock_platform(hass, "mobile_app.device_action", Phone())
    return shown


async def test_denial_storm_asks_before_it_locks_down(
    hass: HomeAssistant, recognizer: Recognizer, asked: list[dict[str, Any]]
) -> None:
    phone = MockConfigEntry(domain="mobile_app", state=ConfigEntryState.LOADED)
    phone.add_to_hass(hass)
    held = dr.async_get(hass).async_get_or_create(
        config_entry_id=phone.entry_id, identifiers={("mobile_app", "phone")}, name="Phone"
    )
    await use(hass, "denial_storm", access=ACCESS, gate=device(hass), phone=held.id, times=3, minutes=2)
    for _ in range(3):
        assert asked == []
        await tell(hass, **DENIED)
    [question] = asked
    assert recognizer.asked("gates/main/mode") == []
    [yes] = question["data"]["actions"]
    hass.bus.async_fire("mobile_app_notification_action", {"action": "SOMETHING_ELSE"})
    await settle(hass)
    assert recognizer.asked("gates/main/mode") == []
    hass.bus.async_fire("mobile_app_notification_action", {"action": yes["action"]})
    await settle(hass)
    assert [request.body for request in recognizer.asked("gates/main/mode")] == [{"mode": "lockdown"}]


async def test_fire_announcement(hass: HomeAssistant, acts: list[ServiceCall]) -> None:
    await use(hass, "fire_announcement", fire=["binary_sensor.main_gate_fire_release"], action=ACTION)
    await publish_state(hass, make_state(fire="active"))
    await publish_state(hass, make_state(fire="latched"))
    assert len(acts) == 1
