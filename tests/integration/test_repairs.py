"""What an owner has to act on: it comes as an issue, goes when it is mended, and its flow does what it says."""

import re
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed, async_mock_service
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.facegate.issues import SETTLE
from custom_components.facegate.repair_flows import FLOWS
from custom_components.facegate.troubles import (
    AT_GATES,
    CAMERA,
    CAMERA_FAULTS,
    CAMERAS,
    EVERY,
    FAILED,
    GRAVE,
    IN_THE_HOUSE,
    MENDS_ITSELF,
    NODE,
    RECORDER,
    RESTARTS,
    older_side,
)
from facegate.core import problems
from facegate.web.panel import troubles as told_in_panel
from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import (
    EVENT_KEY,
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
from tests.integration.recognizer import told as resident
from tests.integration.test_texts import LANGUAGES, texts

DOCS = Path(__file__).parents[2] / "docs" / "home-assistant" / "repairs.md"
WELL = {"outdated": 0, "leaving": 0, "absent": 0}
MOVED = "http://elsewhere.example:8711"
SAFE = {"tls": False, "same_machine": True, "anonymous": "refused"}


def health(*wrong: str, **changes: Any) -> tuple[int, dict[str, Any]]:
    """What the recognizer tells of itself to whoever may read."""
    told = {
        "ok": True,
        "version": "0.1.0",
        "installation": "0" * 32,
        "site": "home",
        "broker": True,
        "clock": "",
        "unreadable": [],
        "problems": list(wrong),
        "residents": WELL,
        "broker_safety": SAFE,
        "gates": [],
        **changes,
    }
    return HTTPStatus.OK, told


def told(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """The issues that stand, by the key of their texts."""
    found = ir.async_get(hass).issues
    return {str(one.translation_key): one for (domain, _), one in found.items() if domain == DOMAIN and one.active}


async def look(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let Home Assistant ask the recognizer."""
    await entry.runtime_data.async_refresh()
    await hass.async_block_till_done()


async def wait(hass: HomeAssistant, seconds: float) -> None:
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done()


class Frontend:
    """The requests of whoever sits before Home Assistant's repairs."""

    def __init__(self, connect: ClientSessionGenerator) -> None:
        self._connect = connect
        self._client: TestClient[Any, Any] | None = None

    async def post(self, path: str, **content: Any) -> dict[str, Any]:
        if self._client is None:  # not before: nothing can register pages with a server that runs
            self._client = await self._connect()
        reply = await self._client.post(f"/api/repairs/issues/fix{path}", json=content)
        assert reply.status == HTTPStatus.OK, await reply.text()
        return dict(await reply.json())


@pytest.fixture
async def frontend(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Frontend:
    """An owner before the repairs."""
    assert await async_setup_component(hass, "repairs", {})
    return Frontend(hass_client)


async def begin(frontend: Frontend, issue: ir.IssueEntry) -> dict[str, Any]:
    return await frontend.post("", handler=DOMAIN, issue_id=issue.issue_id)


async def go_on(frontend: Frontend, flow: dict[str, Any], **given: Any) -> dict[str, Any]:
    return await frontend.post(f"/{flow['flow_id']}", **given)


# What comes and goes


async def test_nothing_is_told_of_a_house_that_is_well(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    await wait(hass, SETTLE + 1)
    assert told(hass) == {}


async def test_a_gate_without_camera_and_node_is_told_after_a_minute_and_only_then(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    await set_up()
    silent: dict[str, Any] = {"camera": "silent", "node": "silent", "problems": ["camera_frozen"]}
    recognizer.gates = [gate(**silent)]
    await publish_state(hass, make_state(**silent))
    await wait(hass, SETTLE - 1)
    assert told(hass) == {}
    await wait(hass, SETTLE + 1)
    assert set(told(hass)) == {CAMERA, NODE}
    for issue in told(hass).values():
        assert issue.translation_placeholders == {
            "name": "Main gate",
            "count": "0",
            "panel": issue.translation_placeholders["panel"],
        }
        assert "main" not in issue.issue_id
        assert issue.severity is ir.IssueSeverity.ERROR
    await publish_state(hass, make_state())
    assert told(hass) == {}


async def test_a_gate_that_was_silent_for_a_moment_is_not_told(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    await publish_state(hass, make_state(node="silent"))
    await publish_state(hass, make_state())
    await publish_state(hass, make_state(node="silent"))
    await wait(hass, SETTLE - 1)
    await publish_state(hass, make_state())
    await wait(hass, SETTLE + 1)
    assert told(hass) == {}


async def test_what_is_wrong_everywhere_is_told_once(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    wrong = ["assessment_outdated", "list_waiting", "ways_missing"]
    recognizer.gates = [gate(problems=wrong), gate("side", "Side gate", problems=wrong)]
    recognizer.answers["get", "health"] = health("leases_end", "broker_open", residents=WELL | {"leaving": 3})
    await set_up()
    assert set(told(hass)) == {"assessment_outdated", "leases_end", "broker_open"}
    await wait(hass, SETTLE + 1)
    assert set(told(hass)) == {"assessment_outdated", "leases_end", "broker_open", "ways_missing"}
    assert len(ir.async_get(hass).issues) == 5  # the ways are missing at two gates
    assert (told(hass)["leases_end"].translation_placeholders or {})["count"] == "3"


async def test_issues_survive_a_reload_and_end_with_the_entry(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry
) -> None:
    recognizer.gates = [gate(node="offline")]
    recognizer.answers["get", "health"] = health("disk_full")
    await set_up()
    await wait(hass, SETTLE + 1)
    before = told(hass)
    assert set(before) == {NODE, "disk_full"}
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert told(hass) == before
    recognizer.silent = True  # what is not known is neither mended nor broken
    await look(hass, entry)
    assert told(hass) == before
    recognizer.silent = False
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert told(hass) == {}
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await hass.async_block_till_done()
    assert set(told(hass)) == {"disk_full"}
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert ir.async_get(hass).issues == {}


@pytest.mark.parametrize(
    ("fault", "key"), [("unreachable", CAMERA), ("lost", CAMERA), ("ended", CAMERA), *CAMERA_FAULTS.items()]
)
async def test_a_camera_is_told_by_its_cause(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, fault: str, key: str
) -> None:
    recognizer.gates = [
        gate(camera="off", problems=[f"camera_{fault}"]),
        gate("trial", "Trial", trial=True, problems=["camera_ended", "camera_connecting", "camera_closed"]),
    ]
    await set_up()
    await wait(hass, SETTLE + 1)
    assert set(told(hass)) == {key}


async def test_the_key_of_a_node_says_more_than_its_silence(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    recognizer.gates = [gate(node="silent", problems=["node_key", "detect_failed"])]
    await set_up()
    await wait(hass, SETTLE + 1)
    assert set(told(hass)) == {"node_key", FAILED}


@pytest.mark.parametrize(
    ("integration", "recognizer", "older"),
    [
        ("0.1.0", "0.1.9", None),
        ("0.1.0", "0.2.0", "integration_old"),
        ("1.10.0", "1.9.3", "recognizer_old"),
        ("0.9.0", "1.0.0b1", "integration_old"),
        ("None", "0.1.0", None),
    ],
)
def test_both_sides_belong_together(integration: str, recognizer: str, older: str | None) -> None:
    assert older_side(integration, recognizer) == older


async def test_another_version_is_told(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry
) -> None:
    recognizer.answers["get", "health"] = health(version="9.0.0")
    await set_up()
    assert set(told(hass)) == {"integration_old"}


@pytest.fixture
async def presence_shown(hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp) -> None:
    """Presence is switched on, and one resident has agreed."""
    options = {"share_persons": False, "presence": True}
    hass.config_entries.async_update_entry(entry, options=options, data={**entry.data, "persons_told": True})
    recognizer.agreed = [resident()]
    await set_up()


@pytest.mark.usefixtures("recorder_mock", "presence_shown")
async def test_a_recorder_that_keeps_presence_is_told(hass: HomeAssistant) -> None:
    issue = told(hass)[RECORDER]
    assert not issue.is_fixable
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["count"] == "1"
    assert (
        issue.learn_more_url
        == f"https://github.com/facegate/facegate/blob/main/docs/home-assistant/repairs.md#{RECORDER}"
    )


@pytest.mark.parametrize("recorder_config", [{"exclude": {"domains": ["device_tracker", "person"]}}])
@pytest.mark.usefixtures("recorder_mock", "presence_shown")
async def test_a_recorder_that_leaves_presence_out_is_not(hass: HomeAssistant) -> None:
    assert hass.states.async_entity_ids("device_tracker")
    assert told(hass) == {}


@pytest.mark.usefixtures("presence_shown")
async def test_without_a_recorder_nothing_is_kept(hass: HomeAssistant) -> None:
    assert told(hass) == {}


async def test_what_no_recognizer_says_is_not_believed(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry
) -> None:
    await set_up()
    for broken in ({"clock": 5}, {"residents": []}, {"broker_safety": 1}, {"residents": {"leaving": "many"}}):
        recognizer.answers["get", "health"] = health(**broken)
        await look(hass, entry)
        assert not entry.runtime_data.last_update_success


# Flows


async def test_asking_again_closes_what_is_mended_and_nothing_else(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, frontend: Frontend
) -> None:
    recognizer.answers["get", "health"] = health("disk_full")
    await set_up()
    flow = await begin(frontend, told(hass)["disk_full"])
    assert (flow["type"], flow["step_id"]) == ("form", "check")
    assert (await go_on(frontend, flow))["errors"] == {"base": "still"}
    recognizer.silent = True
    assert (await go_on(frontend, flow))["errors"] == {"base": "unreachable"}
    assert set(told(hass)) == {"disk_full"}
    recognizer.silent = False
    recognizer.answers["get", "health"] = health()
    assert (await go_on(frontend, flow))["type"] == "create_entry"
    assert told(hass) == {}


async def test_a_node_is_asked_for_again(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, frontend: Frontend
) -> None:
    recognizer.gates = [gate(node="silent")]
    await set_up()
    await wait(hass, SETTLE + 1)
    flow = await begin(frontend, told(hass)[NODE])
    assert flow["description_placeholders"]["name"] == "Main gate"
    assert (await go_on(frontend, flow))["errors"] == {"base": "still"}
    recognizer.gates = [gate()]
    assert (await go_on(frontend, flow))["type"] == "create_entry"
    assert told(hass) == {}


async def test_the_recognizer_tries_the_broker_before_it_says_that_it_is_closed(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, frontend: Frontend
) -> None:
    recognizer.answers["get", "health"] = health("broker_open", broker_safety=SAFE | {"anonymous": "accepted"})
    recognizer.answers["post", "broker/check"] = (HTTPStatus.OK, SAFE | {"anonymous": "accepted"})
    await set_up()
    flow = await begin(frontend, told(hass)["broker_open"])
    assert (await go_on(frontend, flow))["errors"] == {"base": "still"}
    assert len(recognizer.asked("broker/check")) == 1
    recognizer.answers["get", "health"] = health()
    assert (await go_on(frontend, flow))["type"] == "create_entry"
    recognizer.answers["get", "health"] = health("broker_plain")
    await look(hass, hass.config_entries.async_entries(DOMAIN)[0])
    recognizer.refuse("post", "broker/check", "fault", 500)
    flow = await begin(frontend, told(hass)["broker_plain"])
    assert (await go_on(frontend, flow))["errors"] == {"base": "unreachable"}


async def test_an_app_is_restarted_before_it_is_asked_again(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry, frontend: Frontend
) -> None:
    recognizer.answers["get", "health"] = health("liveness_missing")
    await set_up()
    assert (await begin(frontend, told(hass)["liveness_missing"]))["step_id"] == "check"  # it is no app
    hass.config_entries.async_update_entry(entry, data={**entry.data, "app": "a0b1c2d3_facegate"})
    assert (await begin(frontend, told(hass)["liveness_missing"]))["step_id"] == "check"  # there is no Supervisor
    restarts = async_mock_service(hass, "hassio", "app_restart")
    menu = await begin(frontend, told(hass)["liveness_missing"])
    assert menu["menu_options"] == ["restart", "check"]
    form = await go_on(frontend, menu, next_step_id="restart")
    assert [call.data for call in restarts] == [{"app": "a0b1c2d3_facegate"}]
    assert (await go_on(frontend, form))["errors"] == {"base": "still"}
    recognizer.answers["get", "health"] = health()
    assert (await go_on(frontend, form))["type"] == "create_entry"
    recognizer.answers["get", "health"] = health("liveness_missing")
    await look(hass, entry)
    menu = await begin(frontend, told(hass)["liveness_missing"])
    async_mock_service(hass, "hassio", "app_restart", raise_exception=HomeAssistantError("no"))
    assert (await go_on(frontend, menu, next_step_id="restart"))["reason"] == "not_restarted"


async def test_who_leaves_is_told_again_when_there_are_more(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry, frontend: Frontend
) -> None:
    recognizer.answers["get", "health"] = health("leases_end", residents=WELL | {"leaving": 2})
    await set_up()
    flow = await begin(frontend, told(hass)["leases_end"])
    assert (await go_on(frontend, flow))["type"] == "create_entry"
    await look(hass, entry)
    assert told(hass) == {}
    recognizer.answers["get", "health"] = health("leases_end", residents=WELL | {"leaving": 3})
    await look(hass, entry)
    flow = await begin(frontend, told(hass)["leases_end"])
    await hass.config_entries.async_unload(entry.entry_id)
    assert (await go_on(frontend, flow))["errors"] == {"base": "unreachable"}
    await hass.config_entries.async_setup(entry.entry_id)
    recognizer.answers["get", "health"] = health()
    await look(hass, entry)
    assert told(hass) == {}


async def test_a_locked_house_is_told_although_nothing_is_set_up(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry, frontend: Frontend
) -> None:
    recognizer.answers["get", "health"] = (HTTPStatus.OK, {"ok": False, "version": "0.1.0", "locked": True})
    await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    flow = await begin(frontend, told(hass)["locked"])
    assert (await go_on(frontend, flow))["errors"] == {"base": "still"}
    recognizer.answers["get", "health"] = health()
    assert (await go_on(frontend, flow))["type"] == "create_entry"
    assert entry.state is ConfigEntryState.LOADED
    assert told(hass) == {}


@pytest.fixture
async def moved(hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, frontend: Frontend) -> ir.IssueEntry:
    """A recognizer that no longer answers, and is announced elsewhere."""
    await set_up()
    recognizer.silent = True
    await publish(hass, TOPICS.status, make_status(api=MOVED).encode())
    recognizer.silent = False
    recognizer.own = MOVED
    recognizer.addresses = {MOVED}
    return told(hass)["moved"]


async def test_a_recognizer_that_moved_is_followed_once_it_has_proved_its_key(
    hass: HomeAssistant,
    recognizer: Recognizer,
    moved: ir.IssueEntry,
    entry: MockConfigEntry,
    frontend: Frontend,
) -> None:
    form = await begin(frontend, moved)
    assert (form["step_id"], form["description_placeholders"]["announced"]) == ("follow", MOVED)
    recognizer.proof_key = OTHER_KEY
    assert (await go_on(frontend, form))["errors"] == {"base": "not_proved"}
    recognizer.silent = True
    assert (await go_on(frontend, form))["errors"] == {"base": "cannot_connect"}
    assert entry.data["url"] == URL
    assert not any(request.carries_token for request in recognizer.asked(at=MOVED))
    recognizer.silent, recognizer.proof_key = False, EVENT_KEY
    recognizer.own = "no address://"
    assert (await go_on(frontend, form))["errors"] == {"base": "own_address_unreachable"}
    recognizer.own = MOVED
    assert (await go_on(frontend, form))["type"] == "create_entry"
    await hass.async_block_till_done()
    assert (entry.data["url"], entry.data["api"]) == (MOVED, MOVED)
    assert entry.state is ConfigEntryState.LOADED
    assert told(hass) == {}


async def test_nobody_is_followed_for_an_entry_that_is_gone(
    hass: HomeAssistant, moved: ir.IssueEntry, entry: MockConfigEntry, frontend: Frontend
) -> None:
    form = await begin(frontend, moved)
    await hass.config_entries.async_remove(entry.entry_id)
    assert (await go_on(frontend, form))["reason"] == "gone"


@pytest.fixture
async def blind(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, cameras: None, frontend: Frontend
) -> ir.IssueEntry:
    """A gate with two cameras, one of which shows nothing."""
    recognizer.gates = [gate(camera="off", problems=["camera_unreachable"])]
    recognizer.answers["get", "gates/main/cameras"] = (
        HTTPStatus.OK,
        [{"id": "c1", "direction": "entry", "state": "ok"}, {"id": "c2", "direction": "exit", "state": "off"}],
    )
    recognizer.answers["patch", "gates/main/cameras/c2"] = (HTTPStatus.OK, {})
    await set_up()
    await wait(hass, SETTLE + 1)
    return told(hass)[CAMERA]


async def test_another_camera_takes_the_place_of_the_silent_one(
    hass: HomeAssistant,
    recognizer: Recognizer,
    blind: ir.IssueEntry,
    frontend: Frontend,
    entry: MockConfigEntry,
) -> None:
    menu = await begin(frontend, blind)
    assert (menu["type"], menu["menu_options"]) == ("menu", ["check", "camera"])
    form = await go_on(frontend, menu, next_step_id="camera")
    assert [field["name"] for field in form["data_schema"]] == ["camera", "direction"]
    assert form["data_schema"][1]["default"] == "exit"  # the one from which nothing comes
    for camera, wrong in (("camera.still", "camera_without_stream"), ("camera.asleep", "camera_unavailable")):
        form = await go_on(frontend, form, camera=camera, direction="exit")
        assert form["errors"] == {"camera": wrong}
    recognizer.refuse("patch", "gates/main/cameras/c2", "recognition_only", 422)
    form = await go_on(frontend, form, camera="camera.door", direction="exit")
    assert form["errors"] == {"camera": "refused"}
    recognizer.answers["patch", "gates/main/cameras/c2"] = (HTTPStatus.OK, {})
    assert (await go_on(frontend, form, camera="camera.door", direction="exit"))["type"] == "create_entry"
    assert recognizer.asked("gates/main/cameras/c2")[-1].body == {"source": "rtsp://viewer:secret@192.0.2.7/stream"}
    await look(hass, entry)
    assert told(hass) == {}  # it is given its minute
    await wait(hass, SETTLE + 1)
    assert set(told(hass)) == {CAMERA}


async def test_a_gate_with_one_camera_asks_only_for_the_other(
    recognizer: Recognizer, blind: ir.IssueEntry, frontend: Frontend
) -> None:
    recognizer.answers["get", "gates/main/cameras"] = (
        HTTPStatus.OK,
        [{"id": "c2", "direction": "exit", "state": "off"}],
    )
    form = await go_on(frontend, await begin(frontend, blind), next_step_id="camera")
    assert [field["name"] for field in form["data_schema"]] == ["camera"]
    recognizer.answers["patch", "gates/main/cameras/c2"] = (HTTPStatus.OK, b"no JSON")
    form = await go_on(frontend, form, camera="camera.door")
    assert form["errors"] == {"base": "unreachable"}
    recognizer.answers["patch", "gates/main/cameras/c2"] = (HTTPStatus.OK, {})
    assert (await go_on(frontend, form, camera="camera.door"))["type"] == "create_entry"


async def test_a_camera_that_is_well_again_is_only_asked_for(
    hass: HomeAssistant, recognizer: Recognizer, blind: ir.IssueEntry, frontend: Frontend
) -> None:
    form = await go_on(frontend, await begin(frontend, blind), next_step_id="check")
    assert (await go_on(frontend, form))["errors"] == {"base": "still"}
    recognizer.gates = [gate()]
    assert (await go_on(frontend, form))["type"] == "create_entry"


async def test_flows_end_where_there_is_nothing_left(
    hass: HomeAssistant,
    recognizer: Recognizer,
    blind: ir.IssueEntry,
    frontend: Frontend,
    entry: MockConfigEntry,
) -> None:
    menu = await begin(frontend, blind)
    recognizer.refuse("get", "gates/main/cameras", "fault", 500)
    assert (await go_on(frontend, menu, next_step_id="camera"))["reason"] == "unreachable"
    menu = await begin(frontend, blind)
    recognizer.silent = True
    assert (await go_on(frontend, menu, next_step_id="camera"))["reason"] == "unreachable"
    recognizer.silent = False
    recognizer.answers["get", "gates/main/cameras"] = (HTTPStatus.OK, [])
    menu = await begin(frontend, blind)
    assert (await go_on(frontend, menu, next_step_id="camera"))["reason"] == "gone"
    check = await go_on(frontend, await begin(frontend, blind), next_step_id="check")
    menu = await begin(frontend, blind)
    await hass.config_entries.async_unload(entry.entry_id)
    assert (await go_on(frontend, check))["errors"] == {"base": "unreachable"}
    assert (await go_on(frontend, menu, next_step_id="camera"))["reason"] == "gone"
    await hass.config_entries.async_remove(entry.entry_id)
    assert (await go_on(frontend, check))["reason"] == "gone"


# Words


def test_every_problem_of_the_recognizer_is_told_or_mends_itself() -> None:
    known = {*AT_GATES, *IN_THE_HOUSE, *MENDS_ITSELF}
    assert known == {*problems.GATE, *problems.MACHINE}
    assert len([*AT_GATES, *IN_THE_HOUSE, *MENDS_ITSELF]) == len(known)
    assert {f"camera_{fault}" for fault in CAMERA_FAULTS} < set(told_in_panel.CAMERA)
    assert all(word.endswith("_failed") for word in told_in_panel.FAILED)
    assert set(EVERY) > GRAVE
    assert set(FLOWS) == {*EVERY, "moved"}


def test_every_issue_has_texts_for_all_that_its_flow_shows() -> None:
    for language in LANGUAGES:
        issues = texts(language)["issues"]
        for key in EVERY:
            assert set(re.findall(r"{(\w+)}", str(issues[key]))) <= {"name", "count", "panel"}, key
            if key == RECORDER:
                assert set(issues[key]) == {"title", "description"}
                continue
            flow = issues[key]["fix_flow"]
            more = {"init", "camera"} if key in CAMERAS else {"init"} if key in RESTARTS else set()
            steps = {"check", *more}
            assert set(flow["step"]) == steps, key
            assert "gone" in flow["abort"]
            assert {"still", "unreachable"} <= {*flow["error"], *(["still"] if key == "leases_end" else [])}


def test_the_documentation_has_every_issue_and_no_other() -> None:
    sections = re.findall(r'<a id="(\w+)"></a>', DOCS.read_text(encoding="utf-8"))
    assert len(sections) == len(set(sections))
    assert set(EVERY) | {"moved"} <= set(sections) <= set(texts("en")["issues"])
