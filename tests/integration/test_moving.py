"""Pairing again, and following a recognizer that moved, once it has proved the paired key."""

import json
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.conftest import SetUp
from tests.integration.flows import ENTRY_DATA, OTHER_INSTALLATION, STRANGER, fill, start
from tests.integration.recognizer import API_URL, CODE, INSTALLATION, OTHER_KEY, URL, Recognizer, gate, paired

pytestmark = pytest.mark.usefixtures("mqtt_mock")


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
