"""Actions about people, as automations call them: what they ask for, what they answer, and what they say if not."""

import base64
from datetime import timedelta
from typing import Any

import probatio
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.facegate.services import OPEN_GATE
from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import INSTALLATION, INVITED, PASS_MADE, Recognizer, gate
from tests.integration.test_texts import PERSON_ACTIONS

PERSON = {"person": "person.one"}
OTHER = "f" * 32


async def act(hass: HomeAssistant, action: str, *, answers: bool = False, **data: Any) -> Any:
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=answers)


def device(hass: HomeAssistant, name: str, installation: str = INSTALLATION) -> str:
    found = dr.async_get(hass).devices
    return next(one.id for one in found if (DOMAIN, f"{installation}_{name}") in one.identifiers)


def shown(picture: str) -> str:
    """The picture behind an address that holds it."""
    kind, _, content = picture.partition(";base64,")
    assert kind == "data:image/svg+xml"
    return base64.b64decode(content).decode()


@pytest.fixture
async def another(hass: HomeAssistant, entry: MockConfigEntry, set_up: SetUp) -> MockConfigEntry:
    """A second recognizer beside the first one."""
    await set_up()
    data = {**entry.data, "site": "office"}
    other = MockConfigEntry(domain=DOMAIN, title="FaceGate office", unique_id=OTHER, data=data)
    other.add_to_hass(hass)
    await hass.config_entries.async_setup(other.entry_id)
    await hass.async_block_till_done()
    return other


async def test_a_pass_is_for_all_gates_and_a_day_unless_somebody_says_otherwise(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-23 10:00:00+00:00")
    await hass.config.async_set_time_zone("Asia/Shanghai")
    await set_up()
    answer = await act(hass, "create_pass", answers=True)
    [asked] = recognizer.asked("passes")
    now = dt_util.utcnow().timestamp()
    assert asked.body == {"gates": [], "label": "", "valid_from": now, "valid_until": now + 86_400, "uses": None}
    assert set(answer) == {"code", "qr", "valid_from", "valid_until"}
    assert (answer["code"], shown(answer["qr"])) == (PASS_MADE["text"], PASS_MADE["qr"])
    assert answer["valid_from"] == "2026-11-23T18:00:00+08:00"
    assert answer["valid_until"] == "2026-11-24T18:00:00+08:00"


async def test_a_pass_is_bounded_by_gates_times_and_uses(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-23 10:00:00+00:00")
    recognizer.gates = [gate(), gate("side", "Side gate", trial=True), gate("back", "Back gate")]
    await set_up()
    given = {
        "device_id": [device(hass, "side"), device(hass, "main")],
        "valid_from": "2026-11-24 08:00:00+00:00",
        "duration": {"days": 1, "hours": 12},
        "uses": 2,
        "label": " A  parcel ",
    }
    answer = await act(hass, "create_pass", answers=True, **given)
    [asked] = recognizer.asked("passes")
    begins = dt_util.parse_datetime("2026-11-24T08:00:00+00:00")
    assert begins is not None
    assert asked.body == {
        "gates": ["main", "side"],
        "label": "A parcel",
        "valid_from": begins.timestamp(),
        "valid_until": begins.timestamp() + 36 * 3600,
        "uses": 2,
    }
    assert "parcel" not in str(answer)
    await act(hass, "create_pass", answers=True, valid_until="2026-11-25 08:00:00+00:00")
    assert recognizer.asked("passes")[1].body["valid_until"] == begins.timestamp() + 86_400


@pytest.mark.parametrize(
    "given",
    [
        {"valid_until": "2026-11-23 09:00:00+00:00"},
        {"valid_from": "2026-11-25 09:00:00+00:00", "valid_until": "2026-11-24 09:00:00+00:00"},
        {"valid_from": "2026-11-20 09:00:00+00:00", "duration": {"days": 1}},
        {"duration": {"days": 32}},
        {"duration": {"days": 0}},
    ],
)
async def test_a_pass_without_a_time_in_which_it_is_good_is_not_made(
    hass: HomeAssistant,
    recognizer: Recognizer,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    given: dict[str, Any],
) -> None:
    freezer.move_to("2026-11-23 10:00:00+00:00")
    await set_up()
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "create_pass", answers=True, **given)
    assert (caught.value.translation_key, caught.value.translation_placeholders) == ("pass_times", {"days": "31"})
    assert recognizer.asked("passes") == []


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("create_pass", {"uses": 0}),
        ("create_pass", {"label": "x" * 61}),
        ("create_pass", {"duration": {"days": 1}, "valid_until": "2026-11-24 09:00:00"}),
        ("invite_resident", {}),
        ("invite_resident", {"person": "light.lamp"}),
        ("suspend_resident", {"person": ["person.one", "person.two"]}),
    ],
)
async def test_what_makes_no_sense_is_refused_before_it_is_sent(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, action: str, given: dict[str, Any]
) -> None:
    await set_up()
    with pytest.raises(probatio.Invalid):
        await act(hass, action, answers=action != "suspend_resident", **given)
    assert recognizer.asked("pass") == recognizer.asked("persons") == []


async def test_an_invitation_answers_the_link_and_nothing_of_the_resident(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    await set_up()
    answer = await act(hass, "invite_resident", answers=True, **PERSON)
    assert set(answer) == {"url", "qr", "valid_until"}
    assert (answer["url"], shown(answer["qr"])) == (INVITED["url"], INVITED["qr"])
    until = dt_util.parse_datetime(answer["valid_until"])
    assert until is not None
    assert abs(until.timestamp() - 1_800_000_000.5) < 1
    assert recognizer.asked("persons/invitations")[0].body == PERSON


@pytest.mark.parametrize(("action", "suspended"), [("suspend_resident", True), ("resume_resident", False)])
async def test_a_resident_is_suspended_and_resumed(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, action: str, suspended: bool
) -> None:
    await set_up()
    await act(hass, action, **PERSON)
    assert recognizer.asked("persons/suspensions")[0].body == {**PERSON, "suspended": suspended}


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (("not_found", 404), "no_resident"),
        (("exists", 409), "several_residents"),
        (("not_now", 409), "not_as_it_stands"),
        (("forbidden", 403), "pair_again"),
        (("store", 503), "refused"),
        (("unauthenticated", 401), "unauthorized"),
        (("rate_limited", 429), "too_often"),
        (None, "unreachable"),
    ],
)
async def test_what_is_not_done_is_said_without_repeating_who_it_was(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, refusal: tuple[str, int] | None, sentence: str
) -> None:
    await set_up()
    if refusal is None:
        recognizer.silent = True
    else:
        recognizer.refuse("post", "persons/suspensions", *refusal)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "suspend_resident", **PERSON)
    assert (caught.value.translation_domain, caught.value.translation_key) == (DOMAIN, sentence)
    assert caught.value.translation_placeholders is None
    assert "person.one" not in str(caught.value)
    asks = {flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()}
    assert (SOURCE_REAUTH in asks) is (sentence == "pair_again"), "a pairing from before asks for a new code"


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [("not_found", "no_gate"), ("forbidden", "pair_again"), ("invalid", "pass_refused"), ("store", "refused")],
)
async def test_a_pass_that_is_not_made_says_why(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, refusal: str, sentence: str
) -> None:
    await set_up()
    recognizer.refuse("post", "passes", refusal, 422)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "create_pass", answers=True)
    assert caught.value.translation_key == sentence


async def test_an_answer_that_is_not_understood_is_said_so(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    await set_up()
    recognizer.answers["post", "passes"] = (201, {"text": 1})
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "create_pass", answers=True)
    assert caught.value.translation_key == "unexpected_answer"


async def test_without_a_recognizer_actions_say_what_is_missing(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry
) -> None:
    await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "suspend_resident", **PERSON)
    assert caught.value.translation_key == "not_loaded"
    assert caught.value.translation_placeholders == {"name": entry.title}
    await hass.config_entries.async_remove(entry.entry_id)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "suspend_resident", **PERSON)
    assert caught.value.translation_key == "no_recognizer"


async def test_of_several_recognizers_one_has_to_be_named(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, another: MockConfigEntry
) -> None:
    here, there = device(hass, "main"), device(hass, "main", OTHER)
    for action, given in (
        ("suspend_resident", PERSON),
        ("create_pass", {}),
        ("create_pass", {"device_id": [here, there]}),
        ("create_pass", {"device_id": here, "config_entry_id": another.entry_id}),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, action, answers=action == "create_pass", **given)
        assert caught.value.translation_key == "which_recognizer"
    await act(hass, "suspend_resident", config_entry_id=another.entry_id, **PERSON)
    await act(hass, "create_pass", answers=True, device_id=there, duration=timedelta(hours=1))
    assert len(recognizer.asked("persons/suspensions")) == len(recognizer.asked("passes")) == 1
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "suspend_resident", config_entry_id="gone", **PERSON)
    assert caught.value.translation_key == "no_recognizer"
    await act(hass, OPEN_GATE, device_id=there)


@pytest.mark.parametrize("action", PERSON_ACTIONS)
async def test_people_are_for_administrators_and_for_what_they_automate(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, hass_read_only_user: MockUser, action: str
) -> None:
    await set_up()
    answers = action in {"create_pass", "invite_resident"}
    data = {} if action == "create_pass" else PERSON
    before = len(recognizer.asked())
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=answers, context=Context(hass_read_only_user.id)
        )
    assert len(recognizer.asked()) == before
    await act(hass, action, answers=answers, **data)
    assert len(recognizer.asked()) == before + 1
