"""Set-up by hand, and the first gate; what somebody types is checked before anything is kept."""

import json
from http import HTTPStatus

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.flows import ENTRY_DATA, STRANGER, fill, start
from tests.integration.recognizer import CODE, GATE_KEY, INSTALLATION, SITE, TOKEN, URL, Recognizer, gate, paired

pytestmark = pytest.mark.usefixtures("mqtt_mock")


# By hand


@pytest.mark.usefixtures("no_set_up")
async def test_address_and_code_make_an_entry(hass: HomeAssistant, recognizer: Recognizer) -> None:
    flow = await start(hass)
    assert (flow["type"], flow["step_id"], flow["errors"]) == (FlowResultType.FORM, "user", {})
    done = await fill(hass, flow, url="192.0.2.10", code=CODE)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["title"] == f"FaceGate {SITE}"
    assert done["description_placeholders"]["panel"].endswith("/docs/panel.md")
    assert done["data"] == ENTRY_DATA
    assert done["result"].unique_id == INSTALLATION
    [pairing] = recognizer.asked("pair")
    scopes = ["read", "manage", "open", "invite"]
    assert pairing.body == {"code": CODE, "name": "Home Assistant (test home)", "scopes": scopes}
    assert "Authorization" not in pairing.headers


@pytest.mark.usefixtures("no_set_up")
@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("192.0.2.10", URL),
        ("  192.0.2.10 ", URL),
        ("192.0.2.10:9000", "http://192.0.2.10:9000"),
        ("http://192.0.2.10:8711/", URL),
        ("http://192.0.2.10", "http://192.0.2.10"),
        ("https://gate.example/panel?x=1", "https://gate.example"),
        ("[2001:db8::1]", "http://[2001:db8::1]:8711"),
    ],
)
async def test_address_is_taken_as_people_write_it(
    hass: HomeAssistant, recognizer: Recognizer, typed: str, used: str
) -> None:
    recognizer.addresses = {used}
    done = await fill(hass, await start(hass), url=typed, code=CODE)
    assert done["data"]["url"] == used


@pytest.mark.parametrize(
    "typed", ["", "ftp://192.0.2.10", "http://", "http://user:secret@192.0.2.10", "http://[broken", "192.0.2.10:port"]
)
async def test_what_is_no_address_is_said_to_be_none(hass: HomeAssistant, recognizer: Recognizer, typed: str) -> None:
    again = await fill(hass, await start(hass), url=typed, code=CODE)
    assert again["errors"] == {"url": "invalid_address"}
    assert not recognizer.asked()


@pytest.mark.usefixtures("no_set_up")
@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        (("pairing_refused", 403), {"code": "invalid_code"}),
        (("invalid", 422), {"base": "unexpected_answer"}),
        (("rate_limited", 429), {"base": "too_many_attempts"}),
        (("unauthenticated", 401), {"base": "unexpected_answer"}),
        (None, {"base": "cannot_connect"}),
    ],
)
async def test_failed_pairing_can_be_tried_again(
    hass: HomeAssistant, recognizer: Recognizer, answer: tuple[str, int] | None, errors: dict[str, str]
) -> None:
    good = recognizer.answers["post", "pair"]
    if answer is None:
        recognizer.silent = True
    else:
        recognizer.refuse("post", "pair", *answer)
    flow = await fill(hass, await start(hass), url=URL, code="WRONG")
    assert (flow["type"], flow["errors"]) == (FlowResultType.FORM, errors)

    recognizer.silent = False
    recognizer.answers["post", "pair"] = good
    done = await fill(hass, flow, url=URL, code=CODE)
    assert done["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"",
        b"[]",
        b"\xff",
        pytest.param(b"[" * 200_000, id="nested deeply"),
        pytest.param(b"x" * 1_100_000, id="too long"),
        json.dumps(paired(token=7)).encode(),
        json.dumps(paired(event_key="not hex")).encode(),
        json.dumps({k: v for k, v in paired().items() if k != "site"}).encode(),
    ],
)
async def test_something_else_answers(hass: HomeAssistant, recognizer: Recognizer, content: bytes) -> None:
    recognizer.answers["post", "pair"] = (200, content)
    again = await fill(hass, await start(hass), url=URL, code=CODE)
    assert again["errors"] == {"base": "unexpected_answer"}


async def test_redirect_is_not_followed(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.answers["post", "pair"] = (307, b"")
    again = await fill(hass, await start(hass), url=URL, code=CODE)
    assert again["errors"] == {"base": "unexpected_answer"}


async def test_same_address_is_set_up_once(hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry) -> None:
    done = await fill(hass, await start(hass), url=URL, code=CODE)
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert not recognizer.asked()  # the code is still good


async def test_same_installation_is_set_up_once(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry
) -> None:
    recognizer.addresses = {STRANGER}
    done = await fill(hass, await start(hass), url=STRANGER, code=CODE)
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert entry.data["url"] == URL


# The first gate


@pytest.mark.usefixtures("no_set_up", "cameras")
async def test_first_gate_with_a_camera_of_home_assistant(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.gates = []
    flow = await fill(hass, await start(hass), url=URL, code=CODE)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "gate")
    flow = await fill(hass, flow, name="Main entrance", camera="camera.door", direction="entry", trial=False)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "node")
    shown = flow["description_placeholders"]
    assert (shown["gate_id"], shown["gate_key"]) == ("first", GATE_KEY)
    assert shown["panel"].endswith("/docs/panel.md")
    done = await fill(hass, flow)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["data"] == ENTRY_DATA  # nothing of gate, camera or node key stays here
    made, camera = recognizer.asked("gates")[1:]
    assert made.body == {"name": "Main entrance", "trial": False}
    assert camera.path == "gates/first/cameras"
    assert camera.body == {"source": "rtsp://viewer:secret@192.0.2.7/stream", "direction": "entry"}
    assert camera.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("no_set_up", "cameras")
async def test_trial_gate_has_no_node_to_flash_and_looks_for_faces_at_once(
    hass: HomeAssistant, recognizer: Recognizer
) -> None:
    recognizer.gates = []
    made = gate("first", "First") | {"key": GATE_KEY, "trial": True}
    recognizer.answers["post", "gates"] = (HTTPStatus.CREATED, made)
    recognizer.answers["put", "gates/first/face-reader"] = (HTTPStatus.OK, gate("first", "First"))
    flow = await fill(hass, await start(hass), url=URL, code=CODE)
    done = await fill(hass, flow, name="Trial gate", camera="camera.door", direction="entry")  # a trial gate by default
    assert done["type"] is FlowResultType.CREATE_ENTRY
    told = {request.path: request.body for request in recognizer.asked("gates") if request.method.lower() != "get"}
    assert told["gates"] == {"name": "Trial gate", "trial": True}
    assert told["gates/first/face-reader"] == {"on": True}


@pytest.mark.usefixtures("no_set_up")
@pytest.mark.parametrize(("cameras", "suggested"), [(["door"], "camera.door"), (["door", "yard"], None), ([], None)])
async def test_the_only_camera_is_suggested(
    hass: HomeAssistant, recognizer: Recognizer, cameras: list[str], suggested: str | None
) -> None:
    recognizer.gates = []
    for name in cameras:
        hass.states.async_set(f"camera.{name}", "idle")
    flow = await fill(hass, await start(hass), url=URL, code=CODE)
    [camera] = [key for key in flow["data_schema"].schema if key == "camera"]
    assert (camera.description or {}).get("suggested_value") == suggested


@pytest.mark.usefixtures("no_set_up")
async def test_first_gate_without_a_camera(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.gates = []
    flow = await fill(hass, await start(hass), url=URL, code=CODE)
    flow = await fill(hass, flow, name="Main entrance", direction="entry")
    assert (await fill(hass, flow))["type"] is FlowResultType.CREATE_ENTRY
    assert [request.path for request in recognizer.asked("gates") if request.method.lower() == "post"] == ["gates"]


@pytest.mark.usefixtures("no_set_up")
async def test_first_gate_can_wait(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.gates = []
    flow = await fill(hass, await start(hass), url=URL, code=CODE)
    assert (await fill(hass, flow, direction="entry"))["type"] is FlowResultType.CREATE_ENTRY
    assert [request.method.lower() for request in recognizer.asked("gates")] == ["get"]


@pytest.mark.usefixtures("no_set_up")
async def test_failing_list_of_gates_does_not_waste_the_code(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.refuse("get", "gates", "fault", 500)
    done = await fill(hass, await start(hass), url=URL, code=CODE)
    assert done["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("no_set_up", "cameras")
@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"camera": "camera.door"}, {"name": "name_missing"}),
        ({"name": "  ", "camera": "camera.door"}, {"name": "name_missing"}),
        ({"name": "Gate", "camera": "camera.still"}, {"camera": "camera_without_stream"}),
        ({"name": "Gate", "camera": "camera.asleep"}, {"camera": "camera_unavailable"}),
        ({"name": "Gate", "camera": "camera.nowhere"}, {"camera": "camera_unavailable"}),
    ],
)
async def test_unusable_first_gate_is_said_so(
    hass: HomeAssistant, recognizer: Recognizer, fields: dict[str, str], errors: dict[str, str]
) -> None:
    recognizer.gates = []
    flow = await fill(hass, await start(hass), url=URL, code=CODE)
    flow = await fill(hass, flow, direction="entry", **fields)
    assert (flow["step_id"], flow["errors"]) == ("gate", errors)
    assert [request.method.lower() for request in recognizer.asked("gates")] == ["get"]
    assert (await fill(hass, flow, direction="entry"))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("no_set_up", "cameras")
async def test_refused_camera_does_not_make_the_gate_twice(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.gates = []
    good = recognizer.answers["post", "gates/first/cameras"]
    flow = await fill(hass, await start(hass), url=URL, code=CODE)
    for answer, errors in (
        (("invalid", 422), {"camera": "refused"}),
        (("rate_limited", 429), {"base": "too_many_attempts"}),
    ):
        recognizer.refuse("post", "gates/first/cameras", *answer)
        flow = await fill(hass, flow, name="Gate", camera="camera.door", direction="exit")
        assert flow["errors"] == errors
    recognizer.answers["post", "gates/first/cameras"] = good
    flow = await fill(hass, flow, name="Gate", camera="camera.door", direction="exit")
    assert flow["step_id"] == "node"
    posts = [request.path for request in recognizer.asked("gates") if request.method.lower() == "post"]
    assert posts.count("gates") == 1
    assert posts.count("gates/first/cameras") == 3


@pytest.mark.usefixtures("no_set_up")
async def test_refused_gate_is_said_so(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.gates = []
    recognizer.refuse("post", "gates", "invalid", 422)
    flow = await fill(hass, await start(hass), url=URL, code=CODE)
    flow = await fill(hass, flow, name="Gate", direction="entry")
    assert flow["errors"] == {"name": "refused"}
