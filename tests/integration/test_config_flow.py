"""Every way to set up, pair again and move; what is proposed from outside proves nothing."""

import json
from typing import Any

import pytest
from homeassistant.config_entries import (
    SOURCE_HASSIO,
    SOURCE_IGNORE,
    SOURCE_MQTT,
    SOURCE_USER,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import (
    API_URL,
    CODE,
    EVENT_KEY,
    GATE_KEY,
    INSTALLATION,
    OTHER_KEY,
    SITE,
    TOKEN,
    TOPICS,
    URL,
    Recognizer,
    gate,
    make_status,
    paired,
    publish,
)

ENTRY_DATA = {"url": URL, "api": API_URL, "token": TOKEN, "event_key": EVENT_KEY.hex(), "site": SITE}
OTHER_INSTALLATION = "f" * 32
STRANGER = "http://192.0.2.66:8711"

pytestmark = pytest.mark.usefixtures("mqtt_mock")


async def start(hass: HomeAssistant) -> dict[str, Any]:
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def fill(hass: HomeAssistant, flow: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return await hass.config_entries.flow.async_configure(flow["flow_id"], fields)


async def announce(hass: HomeAssistant, payload: bytes | str) -> dict[str, Any]:
    info = MqttServiceInfo(
        topic=TOPICS.status, payload=payload, qos=0, retain=True, subscribed_topic="facegate/+/status", timestamp=0.0
    )
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_MQTT}, data=info)


# By hand


@pytest.mark.usefixtures("no_set_up")
async def test_address_and_code_make_an_entry(hass: HomeAssistant, recognizer: Recognizer) -> None:
    flow = await start(hass)
    assert (flow["type"], flow["step_id"], flow["errors"]) == (FlowResultType.FORM, "user", {})
    done = await fill(hass, flow, url="192.0.2.10", code=CODE)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["title"] == f"FaceGate {SITE}"
    assert done["data"] == ENTRY_DATA
    assert done["result"].unique_id == INSTALLATION
    [pairing] = recognizer.asked("pair")
    assert pairing.body == {"code": CODE, "name": "test home", "scopes": ["read", "manage", "open"]}
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
        b"[" * 200_000,
        b"x" * 1_100_000,
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
    flow = await fill(hass, flow, name="Main entrance", camera="camera.door", direction="entry")
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "node")
    assert flow["description_placeholders"] == {"gate_id": "first", "gate_key": GATE_KEY}
    done = await fill(hass, flow)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["data"] == ENTRY_DATA  # nothing of gate, camera or node key stays here
    made, camera = recognizer.asked("gates")[1:]
    assert made.body == {"name": "Main entrance"}
    assert camera.path == "gates/first/cameras"
    assert camera.body == {"source": "rtsp://viewer:secret@192.0.2.7/stream", "direction": "entry"}
    assert camera.headers["Authorization"] == f"Bearer {TOKEN}"


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


# Found over MQTT


@pytest.mark.usefixtures("no_set_up")
async def test_announcement_is_paired_with_a_code(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.addresses = {API_URL}
    await publish(hass, TOPICS.status, make_status().encode().decode(), retain=True)
    [flow] = hass.config_entries.flow.async_progress()
    assert (flow["step_id"], flow["context"]["unique_id"]) == ("discovery_confirm", INSTALLATION)
    assert flow["context"]["title_placeholders"] == {"name": SITE}
    assert not recognizer.asked()  # nothing goes there before the owner has agreed
    done = await fill(hass, flow, code=CODE)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["data"] == ENTRY_DATA | {"url": API_URL}
    assert done["result"].unique_id == INSTALLATION


@pytest.mark.usefixtures("no_set_up")
async def test_announced_form_shows_where_the_code_goes_and_can_be_tried_again(
    hass: HomeAssistant, recognizer: Recognizer
) -> None:
    recognizer.addresses = {API_URL}
    good = recognizer.answers["post", "pair"]
    recognizer.refuse("post", "pair", "pairing_refused", 403)
    flow = await announce(hass, make_status().encode())
    assert flow["description_placeholders"] == {"url": API_URL}
    flow = await fill(hass, flow, code="WRONG")
    assert flow["errors"] == {"code": "invalid_code"}
    recognizer.answers["post", "pair"] = good
    assert (await fill(hass, flow, code=CODE))["type"] is FlowResultType.CREATE_ENTRY


async def test_announced_installation_must_be_the_one_that_answers(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.addresses = {API_URL}
    recognizer.answers["post", "pair"] = (201, paired(OTHER_INSTALLATION))
    done = await fill(hass, await announce(hass, make_status().encode()), code=CODE)
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "another_installation")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "invalid_discovery_info"),
        (b"online", "invalid_discovery_info"),
        (b"\xff\xfe", "invalid_discovery_info"),
        (make_status(installation="short").encode(), "invalid_discovery_info"),
        (make_status(api="file:///etc/passwd").encode(), "invalid_discovery_info"),
        (make_status(api="http://user:secret@192.0.2.66").encode(), "invalid_discovery_info"),
        (make_status(online=False).encode(), "not_online"),
    ],
)
async def test_useless_announcements_propose_nothing(
    hass: HomeAssistant, recognizer: Recognizer, payload: bytes, reason: str
) -> None:
    flow = await announce(hass, payload)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, reason)
    assert not recognizer.asked()


async def test_announcement_changes_nothing_of_a_known_installation(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    before, asked = dict(entry.data), len(recognizer.asked())
    for api in (STRANGER, "http://192.0.2.67:8711"):
        flow = await announce(hass, make_status(api=api).encode())
        assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "already_configured")
    await hass.async_block_till_done()
    assert dict(entry.data) == before
    assert len(recognizer.asked()) == asked
    assert entry.state is ConfigEntryState.LOADED


# Found by the Supervisor


async def supervise(hass: HomeAssistant, **config: object) -> dict[str, Any]:
    """Let the Supervisor hand over what the app has told it."""
    said = {"installation": INSTALLATION, "site": SITE, "api": API_URL} | config
    info = HassioServiceInfo(config=said, name="FaceGate", slug="a0b1c2d3_facegate", uuid="1234")
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_HASSIO}, data=info)


@pytest.mark.usefixtures("no_set_up")
async def test_app_of_the_supervisor_is_paired_with_a_code(hass: HomeAssistant, recognizer: Recognizer) -> None:
    recognizer.addresses = {API_URL}
    flow = await supervise(hass)
    assert (flow["step_id"], flow["description_placeholders"]) == ("discovery_confirm", {"url": API_URL})
    assert not recognizer.asked()
    done = await fill(hass, flow, code=CODE)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["result"].unique_id == INSTALLATION


async def test_one_installation_is_proposed_once_by_both_ways(hass: HomeAssistant, recognizer: Recognizer) -> None:
    await supervise(hass)
    again = await announce(hass, make_status().encode())
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_in_progress")


@pytest.mark.parametrize(
    "config",
    [{"installation": "short"}, {"installation": 7}, {"api": "file:///etc/passwd"}, {"api": None}, {"api": "x" * 9000}],
)
async def test_useless_words_of_the_supervisor_propose_nothing(
    hass: HomeAssistant, recognizer: Recognizer, config: dict[str, object]
) -> None:
    flow = await supervise(hass, **config)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "invalid_discovery_info")
    assert not recognizer.asked()


async def test_supervisor_changes_nothing_of_a_known_installation(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    before, asked = dict(entry.data), len(recognizer.asked())
    flow = await supervise(hass, api=STRANGER)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert dict(entry.data) == before
    assert len(recognizer.asked()) == asked


async def test_ignored_installation_stays_ignored(hass: HomeAssistant, recognizer: Recognizer) -> None:
    flow = await announce(hass, make_status().encode())
    ignored = {"unique_id": INSTALLATION, "title": "FaceGate"}
    done = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_IGNORE}, data=ignored)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    again = await announce(hass, make_status(api=STRANGER).encode())
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert flow["flow_id"] not in {flow["flow_id"] for flow in hass.config_entries.flow.async_progress()}
    assert not recognizer.asked()


async def test_disabled_entry_is_left_in_peace(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, issue_registry: ir.IssueRegistry
) -> None:
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await announce(hass, make_status(api=STRANGER).encode())
    assert not [issue for issue in issue_registry.issues.values() if issue.domain == DOMAIN]


async def test_second_announcement_does_not_redirect_a_running_flow(
    hass: HomeAssistant, recognizer: Recognizer
) -> None:
    await announce(hass, make_status().encode())
    second = await announce(hass, make_status(api=STRANGER).encode())
    assert (second["type"], second["reason"]) == (FlowResultType.ABORT, "already_in_progress")
    recognizer.addresses = {API_URL}
    [flow] = hass.config_entries.flow.async_progress()
    recognizer.refuse("post", "pair", "pairing_refused", 403)
    await fill(hass, flow, code=CODE)
    assert [request.address for request in recognizer.asked()] == [API_URL]


# Pairing again


async def test_revoked_token_asks_to_pair_again(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    recognizer.refuse("get", "gates", "unauthenticated", 401)
    await set_up()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "reauth_confirm"

    good = recognizer.answers["post", "pair"]
    recognizer.refuse("post", "pair", "pairing_refused", 403)
    flow = await fill(hass, flow, code="WRONG")
    assert flow["errors"] == {"code": "invalid_code"}
    assert flow["description_placeholders"]["url"] == URL

    del recognizer.answers["get", "gates"]
    recognizer.answers["post", "pair"] = (201, good[1] | {"token": "fg_new", "event_key": OTHER_KEY.hex()})
    done = await fill(hass, flow, code=CODE)
    await hass.async_block_till_done()
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert (entry.data["token"], entry.data["event_key"]) == ("fg_new", OTHER_KEY.hex())
    assert entry.state is ConfigEntryState.LOADED


async def test_pairing_again_needs_the_same_installation(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry
) -> None:
    before = dict(entry.data)
    recognizer.answers["post", "pair"] = (201, paired(OTHER_INSTALLATION, token="fg_other"))
    flow = await entry.start_reauth_flow(hass)
    done = await fill(hass, flow, code=CODE)
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "another_installation")
    assert dict(entry.data) == before


# Moving


async def test_moved_recognizer_proves_its_key_before_it_gets_the_token(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    recognizer.addresses = {API_URL}
    flow = await entry.start_reconfigure_flow(hass)
    assert flow["step_id"] == "reconfigure"
    done = await fill(hass, flow, url=API_URL)
    await hass.async_block_till_done()
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.data == ENTRY_DATA | {"url": API_URL}
    assert entry.state is ConfigEntryState.LOADED
    there = recognizer.asked(at=API_URL)
    assert there[0].path == "proof"
    assert "Authorization" not in there[0].headers
    assert there[-1].carries_token


async def test_token_goes_to_the_address_that_the_recognizer_calls_its_own(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp
) -> None:
    await set_up()
    recognizer.addresses = {STRANGER, API_URL}  # whoever listens at the first hands questions on to the second
    done = await fill(hass, await entry.start_reconfigure_flow(hass), url=STRANGER)
    await hass.async_block_till_done()
    assert done["reason"] == "reconfigure_successful"
    assert entry.data["url"] == API_URL
    assert not any(request.carries_token for request in recognizer.asked(at=STRANGER))


async def test_stranger_gets_no_token(hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry) -> None:
    before = dict(entry.data)
    recognizer.addresses = {STRANGER}
    recognizer.own = STRANGER
    recognizer.proof_key = OTHER_KEY
    flow = await fill(hass, await entry.start_reconfigure_flow(hass), url=STRANGER)
    assert flow["errors"] == {"url": "not_proved"}
    assert dict(entry.data) == before
    assert not any(request.carries_token for request in recognizer.asked())


async def test_proof_that_is_no_text_proves_nothing(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry
) -> None:
    for proof in ("\ud800", "ü", ""):
        answer = {"installation": INSTALLATION, "api": URL, "proof": proof}
        recognizer.answers["get", "proof"] = (200, json.dumps(answer).encode())
        flow = await fill(hass, await entry.start_reconfigure_flow(hass), url=URL)
        assert flow["errors"] in ({"url": "not_proved"}, {"base": "unexpected_answer"})
        hass.config_entries.flow.async_abort(flow["flow_id"])


@pytest.mark.parametrize("own", ["nonsense://", "http://192.0.2.99:8711"])
async def test_own_address_that_cannot_be_used(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, own: str
) -> None:
    recognizer.addresses = {STRANGER, "http://192.0.2.99:8711"}
    recognizer.own = own
    answered = 0

    async def first_only(method: str, url: Any, body: Any) -> Any:
        nonlocal answered
        answered += 1
        recognizer.silent = answered > 1
        return await Recognizer._answer(recognizer, method, url, body)

    for response in recognizer._mock._mocks:
        response.side_effect = first_only
    flow = await fill(hass, await entry.start_reconfigure_flow(hass), url=STRANGER)
    assert flow["errors"] == {"base": "own_address_unreachable"}
    assert flow["description_placeholders"]["own"] == own
    assert entry.data["url"] == URL


async def test_moving_to_nowhere(hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry) -> None:
    flow = await entry.start_reconfigure_flow(hass)
    flow = await fill(hass, flow, url="ftp://x")
    assert flow["errors"] == {"url": "invalid_address"}
    recognizer.silent = True
    flow = await fill(hass, flow, url=URL)
    assert flow["errors"] == {"base": "cannot_connect"}
    assert entry.data["url"] == URL


async def test_gates_are_not_offered_twice(hass: HomeAssistant, recognizer: Recognizer, no_set_up: None) -> None:
    recognizer.gates = [gate(), gate("side", "Side gate")]
    done = await fill(hass, await start(hass), url=URL, code=CODE)
    assert done["type"] is FlowResultType.CREATE_ENTRY
