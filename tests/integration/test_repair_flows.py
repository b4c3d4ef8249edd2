"""What the repairs do: each flow through the requests that the frontend makes, and nothing closed on a word."""

from http import HTTPStatus
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.facegate.issues import SETTLE
from custom_components.facegate.troubles import (
    CAMERA,
    NODE,
)
from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import (
    EVENT_KEY,
    OTHER_KEY,
    TOPICS,
    URL,
    Recognizer,
    gate,
    make_status,
    publish,
)
from tests.integration.troubles import SAFE, WELL, health, look, told, wait

MOVED = "http://elsewhere.example:8711"


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
    await hass.config_entries.async_reload(entry.entry_id)
    await look(hass, entry)
    assert told(hass) == {}, "a restart is no news"
    recognizer.answers["get", "health"] = health("leases_end", residents=WELL | {"leaving": 1})
    await look(hass, entry)
    assert told(hass) == {}
    recognizer.answers["get", "health"] = health("leases_end", residents=WELL | {"leaving": 2})
    await look(hass, entry)
    flow = await begin(frontend, told(hass)["leases_end"])
    assert flow["description_placeholders"]["count"] == "2", "one has gone, and another has come"
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
