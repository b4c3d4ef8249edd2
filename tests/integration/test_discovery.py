"""Found over MQTT or by the Supervisor: what is proposed proves nothing."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_HASSIO, SOURCE_IGNORE, ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.facegate.panel import panel_link, panel_path
from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.flows import ENTRY_DATA, OTHER_INSTALLATION, STRANGER, announce, fill
from tests.integration.recognizer import (
    API_URL,
    CODE,
    INSTALLATION,
    SITE,
    TOPICS,
    Recognizer,
    make_status,
    paired,
    publish,
)

pytestmark = pytest.mark.usefixtures("mqtt_mock")


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


async def supervise(hass: HomeAssistant, *, slug: str = "a0b1c2d3_facegate", **config: object) -> dict[str, Any]:
    """Let the Supervisor hand over what the app has told it."""
    said = {"installation": INSTALLATION, "site": SITE, "api": API_URL} | config
    info = HassioServiceInfo(config=said, name="FaceGate", slug=slug, uuid="1234")
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
    assert panel_path(done["result"]) == "/app/a0b1c2d3_facegate"
    assert done["description_placeholders"] == {"panel": "/app/a0b1c2d3_facegate"}, "the last form leads on"


@pytest.mark.usefixtures("set_up")
async def test_an_entry_learns_later_that_its_recognizer_is_an_app(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert panel_path(entry) is None
    assert panel_link(entry).startswith("https://")
    await supervise(hass)
    assert panel_link(entry) == "/app/a0b1c2d3_facegate"
    assert entry.data == ENTRY_DATA | {"app": "a0b1c2d3_facegate"}
    await supervise(hass, slug="another_app")  # whoever comes later leads nobody away
    assert panel_link(entry) == "/app/a0b1c2d3_facegate"


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
