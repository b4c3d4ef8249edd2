"""Persons in automations: switched on with a code of the recognizer's owner, given back without one, off by default."""

from http import HTTPStatus
from typing import Any

import probatio
import pytest
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.trigger import async_validate_trigger_config
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import (
    CODE,
    INSTALLATION,
    TOKEN,
    Recognizer,
    make_event,
    paired,
    problem,
    publish_event,
    told,
)

ACCESS, PASSAGE = "event.main_gate_access", "event.main_gate_passage"
OTHERS = ["read", "manage", "open", "invite"]
NEW = paired(token="fg_new", scopes=[*OTHERS, "persons"])


async def wish(hass: HomeAssistant, entry: MockConfigEntry, *, share: bool, presence: bool = False) -> ConfigFlowResult:
    """Go through the menu as an owner does."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    form = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "sharing"})
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "sharing")
    wished = {"share_persons": share, "presence": presence}
    result = await hass.config_entries.options.async_configure(form["flow_id"], wished)
    await hass.async_block_till_done()
    return result


async def answer(hass: HomeAssistant, form: ConfigFlowResult) -> ConfigFlowResult:
    """Type the code."""
    result = await hass.config_entries.options.async_configure(form["flow_id"], {"code": CODE})
    await hass.async_block_till_done()
    return result


def share(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let an entry that is not set up yet share persons with automations."""
    hass.config_entries.async_update_entry(
        entry, options={"share_persons": True}, data={**entry.data, "persons_told": True}
    )


async def test_sharing_takes_a_code_and_a_new_token_and_gives_the_old_one_back(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer
) -> None:
    await set_up()
    recognizer.answers["post", "pair"] = (HTTPStatus.CREATED, NEW)
    form = await wish(hass, entry, share=True)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "sharing_code")
    assert not entry.options
    done = await answer(hass, form)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"share_persons": True, "presence": False}
    assert (entry.data["token"], entry.data["persons_told"]) == ("fg_new", True)
    assert entry.state is ConfigEntryState.LOADED
    [pairing] = recognizer.asked("pair")
    assert pairing.body["scopes"] == [*OTHERS, "persons"]
    [given_back] = [asked for asked in recognizer.asked("token") if asked.method == "DELETE"]
    assert given_back.headers["Authorization"] == f"Bearer {TOKEN}"
    later = recognizer.asked()[recognizer.asked().index(given_back) + 1 :]
    assert later
    assert not any(asked.carries_token for asked in later)


async def test_both_off_gives_the_scope_back_without_a_code(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer
) -> None:
    share(hass, entry)
    await set_up()
    assert recognizer.asked("token") == []
    done = await wish(hass, entry, share=False)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    [narrowed] = recognizer.asked("token")
    assert (narrowed.method, narrowed.body) == ("PATCH", {"scopes": OTHERS})
    assert entry.data["persons_told"] is False
    await hass.config_entries.async_reload(entry.entry_id)
    assert len(recognizer.asked("token")) == 1


async def test_what_could_not_be_given_back_is_given_back_later(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer
) -> None:
    share(hass, entry)
    await set_up()
    recognizer.refuse("patch", "token", "store", HTTPStatus.SERVICE_UNAVAILABLE)
    await wish(hass, entry, share=False)
    assert (entry.state, entry.data["persons_told"]) == (ConfigEntryState.LOADED, True)
    recognizer.answers["patch", "token"] = (HTTPStatus.OK, {})
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.data["persons_told"] is False


async def test_switching_on_the_second_one_asks_again(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer
) -> None:
    share(hass, entry)
    await set_up()
    assert (await wish(hass, entry, share=True, presence=True))["step_id"] == "sharing_code"
    assert (await wish(hass, entry, share=True))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("reply", "errors"),
    [
        ((HTTPStatus.FORBIDDEN, problem("pairing_refused", 403)), {"code": "invalid_code"}),
        ((HTTPStatus.TOO_MANY_REQUESTS, problem("rate_limited", 429)), {"base": "too_many_attempts"}),
        ((HTTPStatus.CREATED, []), {"base": "unexpected_answer"}),
        ((HTTPStatus.CREATED, NEW | {"installation": "f" * 32}), {"base": "another_installation"}),
        (None, {"base": "cannot_connect"}),
    ],
)
async def test_nothing_changes_without_the_owners_yes(
    hass: HomeAssistant,
    set_up: SetUp,
    entry: MockConfigEntry,
    recognizer: Recognizer,
    reply: tuple[int, Any] | None,
    errors: dict[str, str],
) -> None:
    await set_up()
    before = dict(entry.data)
    form = await wish(hass, entry, share=True)
    recognizer.silent = reply is None
    recognizer.answers["post", "pair"] = reply or (HTTPStatus.OK, None)
    result = await answer(hass, form)
    assert result["errors"] == errors
    assert (dict(entry.data), dict(entry.options)) == (before, {})
    # The token of another installation is of no use here, so it does not stay there.
    given_back = [asked for asked in recognizer.asked("token") if asked.method == "DELETE"]
    assert len(given_back) == (1 if errors == {"base": "another_installation"} else 0)
    recognizer.silent = False
    recognizer.answers["post", "pair"] = (HTTPStatus.CREATED, NEW)
    assert (await answer(hass, result))["type"] is FlowResultType.CREATE_ENTRY


async def test_it_can_be_switched_on_while_the_entry_does_not_run(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer
) -> None:
    recognizer.silent = True
    await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    recognizer.silent = False
    recognizer.answers["post", "pair"] = (HTTPStatus.CREATED, NEW)
    assert (await answer(hass, await wish(hass, entry, share=True)))["type"] is FlowResultType.CREATE_ENTRY
    assert (entry.state, entry.data["token"]) == (ConfigEntryState.LOADED, "fg_new")


async def test_an_old_token_that_stays_is_told_in_the_log(
    hass: HomeAssistant,
    set_up: SetUp,
    entry: MockConfigEntry,
    recognizer: Recognizer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await set_up()
    recognizer.answers["post", "pair"] = (HTTPStatus.CREATED, NEW)
    recognizer.refuse("delete", "token", "store", HTTPStatus.SERVICE_UNAVAILABLE)
    assert (await answer(hass, await wish(hass, entry, share=True)))["type"] is FlowResultType.CREATE_ENTRY
    assert "could not be given back" in caplog.text
    assert "fg_" not in caplog.text


async def test_pairing_again_keeps_what_is_shared(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer
) -> None:
    share(hass, entry)
    await set_up()
    recognizer.answers["post", "pair"] = (HTTPStatus.CREATED, NEW | {"installation": INSTALLATION})
    form = await entry.start_reauth_flow(hass)
    await hass.config_entries.flow.async_configure(form["flow_id"], {"code": CODE})
    await hass.async_block_till_done()
    assert recognizer.asked("pair")[-1].body["scopes"] == [*OTHERS, "persons"]
    assert entry.data["persons_told"] is True


# What automations are told


@pytest.fixture
def calls(hass: HomeAssistant) -> list[ServiceCall]:
    return async_mock_service(hass, "test", "automation")


async def automate(hass: HomeAssistant, trigger: str = "access", **options: Any) -> None:
    entity = ACCESS if trigger == "access" else PASSAGE
    wanted = {"trigger": f"{DOMAIN}.{trigger}", "target": {"entity_id": entity}, "options": options}
    action = {
        "action": "test.automation",
        "data": {"who": "{{ trigger.person if trigger.person is defined else 'not shared' }}"},
    }
    config = {"alias": "under test", "triggers": wanted, "actions": action}
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()


def person(hass: HomeAssistant, number: int = 1, name: str = "") -> None:
    hass.states.async_set(f"person.resident_{number}", "unknown", {"friendly_name": name or f"Person {number}"})


async def test_the_trigger_tells_who_it_was_and_no_entity_does(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer, calls: list[ServiceCall]
) -> None:
    share(hass, entry)
    person(hass)
    await set_up()
    await automate(hass)
    recognizer.people["a1"] = told()
    await publish_event(hass, make_event(alias="a1"))
    [call] = calls
    assert call.data["who"] == {"entity_id": "person.resident_1", "name": "Person 1"}
    assert len(recognizer.asked("events/")) == 1
    written = [state.as_dict_json for state in hass.states.async_all() if state.domain != "person"]
    assert not any(b"resident_1" in text or b"Resident 1" in text or b"Person 1" in text for text in written)


async def test_by_default_nobody_is_asked_about(
    hass: HomeAssistant, set_up: SetUp, recognizer: Recognizer, calls: list[ServiceCall]
) -> None:
    person(hass)
    await set_up()
    await automate(hass)
    recognizer.people["a1"] = told()
    await publish_event(hass, make_event(alias="a1"))
    assert [call.data["who"] for call in calls] == ["not shared"]
    assert recognizer.asked("events/") == []


async def test_presence_alone_tells_automations_nothing(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer, calls: list[ServiceCall]
) -> None:
    hass.config_entries.async_update_entry(entry, options={"presence": True})
    person(hass)
    await set_up()
    await automate(hass)
    recognizer.people["a1"] = told()
    recognizer.agreed = [told()]
    await publish_event(hass, make_event(alias="a1"))
    assert [call.data["who"] for call in calls] == ["not shared"]


@pytest.mark.parametrize(
    ("options", "agreed", "fires"),
    [
        ({"person": "person.resident_1"}, {"groups": ["Office"]}, True),
        ({"person": ["person.resident_2", "person.resident_1"]}, {}, True),
        ({"person": "person.resident_2"}, {}, False),
        ({"person": "person.resident_1"}, {"person": None}, False),
        ({"group": ["Office"]}, {"person": None, "groups": ["Office", "Garden"]}, True),
        ({"group": ["Office"]}, {"groups": ["Garden"]}, False),
        ({"group": ["Office"], "person": "person.resident_1"}, {"groups": ["Office"]}, True),
        ({"group": ["Office"], "person": "person.resident_2"}, {"groups": ["Office"]}, False),
        ({"person": "person.resident_1"}, None, False),
        ({}, None, True),
    ],
)
async def test_filters_by_person_and_group(
    hass: HomeAssistant,
    set_up: SetUp,
    entry: MockConfigEntry,
    recognizer: Recognizer,
    calls: list[ServiceCall],
    options: dict[str, Any],
    agreed: dict[str, Any] | None,
    fires: bool,
) -> None:
    share(hass, entry)
    person(hass)
    person(hass, 2)
    await set_up()
    await automate(hass, **options)
    if agreed is not None:
        recognizer.people["a1"] = told(**agreed)
    await publish_event(hass, make_event(alias="a1"))
    assert len(calls) == fires
    # Nobody is taken for the one who came just before.
    await publish_event(hass, make_event(type="access_denied", reason="unknown_face", alias=""))
    assert len(calls) == fires + (not options)
    assert all(call.data["who"] is None for call in calls[1:])


async def test_a_passage_was_whoever_the_gate_had_opened_for(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer, calls: list[ServiceCall]
) -> None:
    share(hass, entry)
    person(hass)
    await set_up()
    await automate(hass, "passage")
    recognizer.people["a1"] = told()
    await publish_event(hass, make_event(alias="a1", opening="0" * 16))
    for opening in ("0" * 16, "1" * 16):
        await publish_event(hass, make_event(type="passed", reason="passage", alias="", opening=opening))
    assert [call.data["who"] for call in calls] == [{"entity_id": "person.resident_1", "name": "Person 1"}, None]
    assert len(recognizer.asked("events/")) == 1


async def test_a_recognizer_that_does_not_tell_holds_nobody_up(
    hass: HomeAssistant,
    set_up: SetUp,
    entry: MockConfigEntry,
    recognizer: Recognizer,
    calls: list[ServiceCall],
    caplog: pytest.LogCaptureFixture,
) -> None:
    share(hass, entry)
    await set_up()
    await automate(hass)
    recognizer.silent = True
    await publish_event(hass, make_event(alias="a1"))
    assert [call.data["who"] for call in calls] == [None]
    assert hass.states.get(ACCESS).attributes["event_type"] == "access_granted"
    assert "did not tell who" in caplog.text
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"persons_taken_back_{entry.entry_id}") is None


async def test_what_the_recognizers_owner_takes_back_is_an_issue(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, recognizer: Recognizer
) -> None:
    share(hass, entry)
    await set_up()
    recognizer.refuse("get", "events/a1", "forbidden", HTTPStatus.FORBIDDEN)
    await publish_event(hass, make_event(alias="a1"))
    issues = ir.async_get(hass)
    assert issues.async_get_issue(DOMAIN, f"persons_taken_back_{entry.entry_id}") is not None
    await hass.config_entries.async_reload(entry.entry_id)
    assert issues.async_get_issue(DOMAIN, f"persons_taken_back_{entry.entry_id}") is None
    await publish_event(hass, make_event(alias="a1"))
    assert issues.async_get_issue(DOMAIN, f"persons_taken_back_{entry.entry_id}") is not None
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues.async_get_issue(DOMAIN, f"persons_taken_back_{entry.entry_id}") is None


@pytest.mark.parametrize("options", [{"person": "person.resident_1"}, {"group": "Office"}])
async def test_a_filter_that_nothing_can_match_is_refused(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, options: dict[str, Any]
) -> None:
    wanted = {"trigger": f"{DOMAIN}.access", "target": {"entity_id": ACCESS}, "options": options}
    with pytest.raises(probatio.Invalid, match="Share persons with automations"):
        await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([wanted]))
    share(hass, entry)
    await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([wanted]))


async def test_an_automation_that_waits_in_vain_is_an_issue(
    hass: HomeAssistant, set_up: SetUp, entry: MockConfigEntry, calls: list[ServiceCall]
) -> None:
    share(hass, entry)
    await set_up()
    await automate(hass, person="person.resident_1")
    await wish(hass, entry, share=False)
    await publish_event(hass, make_event())
    assert calls == []
    issues = ir.async_get(hass)
    assert issues.async_get_issue(DOMAIN, f"persons_not_shared_{entry.entry_id}") is not None
    share(hass, entry)
    await hass.config_entries.async_reload(entry.entry_id)
    assert issues.async_get_issue(DOMAIN, f"persons_not_shared_{entry.entry_id}") is None
