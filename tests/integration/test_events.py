"""Which messages are believed: whoever may write to the broker can forge, keep, repeat and delay, but not sign."""

import json
from collections.abc import Callable

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.mqtt import ReceiveMessage
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.facegate.messages import MAX_AGE_MS, PASSAGE_TYPES, GateEvent, prove
from tests.integration.conftest import SetUp
from tests.integration.recognizer import (
    EVENT_KEY,
    OTHER_KEY,
    TOPICS,
    Recognizer,
    gate,
    make_event,
    make_state,
    publish,
    publish_event,
    publish_state,
)

ACCESS = "event.main_gate_access"
PASSAGE = "event.main_gate_passage"
LATENCY = "sensor.main_gate_time_to_open"
CAMERA = "binary_sensor.main_gate_camera"
NODE = "binary_sensor.main_gate_gate_node"


@pytest.fixture(autouse=True)
async def _loaded(set_up: SetUp) -> None:
    await set_up()


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, {"event_type": "access_granted", "method": "face", "reason": "recognised", "direction": "entry"}),
        (
            {"type": "access_denied", "reason": "unknown_face", "alias": ""},
            {"event_type": "access_denied", "method": "face", "reason": "unknown_face", "direction": "entry"},
        ),
        (
            {"method": "remote", "reason": "remote", "direction": "exit"},
            {"event_type": "access_granted", "method": "remote", "reason": "remote", "direction": "exit"},
        ),
        (
            {"reason": "a_word_of_a_later_version"},
            {"event_type": "access_granted", "method": "face", "reason": "a_word_of_a_later_version"},
        ),
    ],
)
async def test_believed_event_is_shown_without_the_person(
    hass: HomeAssistant, changes: dict[str, str], shown: dict[str, str]
) -> None:
    assert hass.states.get(ACCESS).state == "unknown"
    await publish_event(hass, make_event(**changes))
    state = hass.states.get(ACCESS)
    assert shown.items() <= state.attributes.items()
    assert set(state.attributes) == {
        "event_types", "event_type", "method", "reason", "direction", "friendly_name",
    }  # fmt: skip
    assert "resident-alias-of-this-event" not in str(state.as_dict())


async def test_each_event_fires(hass: HomeAssistant) -> None:
    await publish_event(hass, make_event())
    first = hass.states.get(ACCESS).state
    await publish_event(hass, make_event())
    assert hass.states.get(ACCESS).state != first


@pytest.mark.parametrize("type_", ["passed", "forced", "a_type_of_a_later_version"])
async def test_other_types_are_not_access(hass: HomeAssistant, entry: MockConfigEntry, type_: str) -> None:
    await publish_event(hass, make_event(type=type_, reason="passage"))
    assert hass.states.get(ACCESS).state == "unknown"
    assert not entry.runtime_data.dropped


@pytest.mark.parametrize("type_", PASSAGE_TYPES)
async def test_passage_is_shown_without_the_person(hass: HomeAssistant, type_: str) -> None:
    await publish_event(hass, make_event(type=type_, reason="passage", method="none", direction="exit"))
    state = hass.states.get(PASSAGE)
    assert state.attributes["event_type"] == type_
    assert (state.attributes["method"], state.attributes["direction"]) == ("none", "exit")
    assert "resident-alias-of-this-event" not in str(state.as_dict())
    assert hass.states.get(ACCESS).state == "unknown"


async def test_time_to_open_is_that_of_the_last_opening(hass: HomeAssistant) -> None:
    assert hass.states.get(LATENCY).state == "unknown"
    await publish_event(hass, make_event(ms={"detect": 9, "total": 412}))
    assert hass.states.get(LATENCY).state == "412"
    await publish_event(hass, make_event(method="remote", reason="remote"))
    await publish_event(hass, make_event(type="access_denied", reason="lockdown", ms={"total": 3}))
    assert hass.states.get(LATENCY).state == "412"


async def test_event_goes_to_its_gate_alone(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await publish_event(hass, make_event(gate="side"))
    assert hass.states.get(ACCESS).state == "unknown"
    assert not entry.runtime_data.dropped


def _without_mac(event: GateEvent) -> bytes:
    content = json.loads(event.sign(EVENT_KEY))
    del content["mac"]
    return json.dumps(content).encode()


def _altered(event: GateEvent) -> bytes:
    return event.sign(EVENT_KEY).replace(b"access_granted", b"access_denied")


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda event: event.sign(OTHER_KEY), "mac"),
        (_without_mac, "mac"),
        (_altered, "mac"),
        (lambda event: event.sign(EVENT_KEY)[:-1], "format"),
        (lambda event: b"", "size"),
        (lambda event: b"\xff\x00", "format"),
        (lambda event: b"access_granted", "format"),
        (lambda event: b"[" * 8000, "format"),
        (lambda event: b"{" + b" " * 9000 + b"}", "size"),
        (lambda event: make_state().sign(EVENT_KEY), "kind"),
        (lambda event: event.sign(EVENT_KEY).replace(b'"v":1', b'"v":2'), "version"),
    ],
)
async def test_forged_event_changes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, forge: Callable[[GateEvent], bytes], reason: str
) -> None:
    await publish(hass, TOPICS.event, forge(make_event()))
    assert hass.states.get(ACCESS).state == "unknown"
    assert entry.runtime_data.dropped == {f"event {reason}": 1}


async def test_retained_event_changes_nothing(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await publish_event(hass, make_event(), retain=True)
    assert hass.states.get(ACCESS).state == "unknown"
    assert entry.runtime_data.dropped == {"event retained": 1}


async def test_event_of_another_site_changes_nothing(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await publish_event(hass, make_event(site="office"))
    assert hass.states.get(ACCESS).state == "unknown"
    assert entry.runtime_data.dropped == {"event site": 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"boot": 5, "seq": 100}, "repeated"),
        ({"boot": 5, "seq": 99}, "old"),
        ({"boot": 4, "seq": 10**6}, "old"),
    ],
)
async def test_event_that_is_not_newer_changes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, changes: dict[str, int], reason: str
) -> None:
    await publish_event(hass, make_event(boot=5, seq=100))
    before = hass.states.get(ACCESS).state
    await publish_event(hass, make_event(**changes))
    assert hass.states.get(ACCESS).state == before
    assert entry.runtime_data.dropped == {f"event {reason}": 1}


@pytest.mark.parametrize("changes", [{"boot": 5, "seq": 101}, {"boot": 6, "seq": 1}])
async def test_newer_event_is_believed(hass: HomeAssistant, changes: dict[str, int]) -> None:
    await publish_event(hass, make_event(boot=5, seq=100))
    before = hass.states.get(ACCESS).state
    await publish_event(hass, make_event(**changes))
    assert hass.states.get(ACCESS).state != before


@pytest.mark.parametrize(
    ("shift", "believed"),
    [(-MAX_AGE_MS, True), (-MAX_AGE_MS - 1, False), (MAX_AGE_MS, True), (MAX_AGE_MS + 1, False)],
)
async def test_event_must_be_of_this_moment(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, shift: int, believed: bool
) -> None:
    freezer.move_to("2026-11-22T12:00:00Z")
    event = make_event()
    await publish_event(hass, make_event(at=event.at + shift))
    assert (hass.states.get(ACCESS).state != "unknown") is believed
    assert entry.runtime_data.dropped == ({} if believed else {"event age": 1})


async def test_aged_event_does_not_hold_up_the_next(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    aged = make_event(seq=10**6)
    await publish_event(hass, make_event(seq=10**6, at=aged.at - 10 * MAX_AGE_MS))
    await publish_event(hass, make_event())
    assert hass.states.get(ACCESS).state != "unknown"


async def test_event_cannot_be_made_from_a_proof(hass: HomeAssistant, recognizer: Recognizer) -> None:
    """The proof of the key is under the same key: its text must never be the body of a message."""
    body = json.loads(make_event().sign(EVENT_KEY))
    del body["mac"]
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    body["mac"] = prove(EVENT_KEY, nonce=canonical, installation="", api="")
    await publish(hass, TOPICS.event, json.dumps(body))
    assert hass.states.get(ACCESS).state == "unknown"


# States


async def test_believed_state_is_shown_even_retained(hass: HomeAssistant) -> None:
    assert (hass.states.get(CAMERA).state, hass.states.get(NODE).state) == ("on", "on")
    await publish_state(hass, make_state(camera="silent", node="offline"), retain=True)
    assert (hass.states.get(CAMERA).state, hass.states.get(NODE).state) == ("off", "off")


async def test_same_state_again_changes_nothing(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    state = make_state(camera="off")
    await publish_state(hass, state)
    before = hass.states.get(CAMERA)
    await publish_state(hass, state)
    assert hass.states.get(CAMERA) is before
    assert not entry.runtime_data.dropped


@pytest.mark.parametrize(
    ("state", "key", "reason"),
    [
        (make_state(boot=5, camera="off"), OTHER_KEY, "mac"),
        (make_state(boot=4, seq=10**6, camera="off"), EVENT_KEY, "old"),
        (make_state(boot=5, site="office", camera="off"), EVENT_KEY, "site"),
    ],
)
async def test_state_that_is_not_believed(
    hass: HomeAssistant, entry: MockConfigEntry, state: object, key: bytes, reason: str
) -> None:
    await publish_state(hass, make_state(boot=5, seq=1))
    await publish_state(hass, state, key=key)
    assert hass.states.get(CAMERA).state == "on"
    assert entry.runtime_data.dropped == {f"state {reason}": 1}


async def test_state_of_one_gate_does_not_do_for_another(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await publish(hass, TOPICS.state("main"), make_state(gate="side", camera="off").sign(EVENT_KEY), retain=True)
    assert hass.states.get(CAMERA).state == "on"
    assert entry.runtime_data.dropped == {"state gate": 1}


async def test_state_is_no_event(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await publish(hass, TOPICS.state("main"), make_event().sign(EVENT_KEY), retain=True)
    assert entry.runtime_data.dropped == {"state kind": 1}


async def test_state_that_comes_while_the_api_answers_is_newer(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry
) -> None:
    answer = recognizer._answer

    async def slow(method: str, url: object, body: object) -> object:
        response = await answer(method, url, body)
        if str(url).endswith("/gates"):
            entry.runtime_data._async_receive_state(_delivered(make_state(camera="off")))
        return response

    for mock in recognizer._mock._mocks:
        mock.side_effect = slow
    await entry.runtime_data.async_refresh()
    entry.runtime_data.async_update_listeners()
    assert hass.states.get(CAMERA).state == "off"


def _delivered(state: object) -> object:
    return ReceiveMessage(TOPICS.state("main"), state.sign(EVENT_KEY), 0, True, "facegate/home/gate/+/state", 0.0)


@pytest.mark.parametrize("payload", [b"", b"offline", b'{"v":1,"kind":"status","installation":"x"}'])
async def test_unreadable_status_asks_nobody(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, payload: bytes
) -> None:
    asked = len(recognizer.asked())
    await publish(hass, TOPICS.status, payload)
    assert len(recognizer.asked()) == asked
    assert gate()["camera"] == "ok"
