"""What the owner is asked about persons, through the same requests as the frontend makes, and what is answered."""

import inspect
import json
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.facegate.panel import DOCS
from custom_components.facegate.person_repairs import FLOWS, MANY
from custom_components.facegate.person_repairs import NEW as NEW_PERSON
from tests.integration.conftest import DOMAIN, Settle, SetUp
from tests.integration.recognizer import INVITED, Recognizer, heard
from tests.integration.test_texts import LANGUAGES, flat, texts

type Asked = dict[str, str]

PANEL = {"panel": f"{DOCS}/panel.md"}
NEW = {"person": "person.two", "mark": "0a1b2c", "name": "Two"}
GONE = {"person": "person.gone", "mark": "0d0e0f", "name": "Gone"}
RENAMED = {"person": "person.one", "mark": "010203", "name": "First", "before": "One"}


@pytest.fixture
async def frontend(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, set_up: SetUp, recognizer: Recognizer
) -> TestClient[Any, Any]:
    """Home Assistant with one person, before the owner."""
    assert await async_setup_component(hass, "repairs", {})
    hass.states.async_set("person.one", "home", {"friendly_name": "One"})
    await set_up()
    return await hass_client()


type Ask = Callable[..., Awaitable[None]]


@pytest.fixture
def ask(hass: HomeAssistant, recognizer: Recognizer, settle: Settle) -> Ask:
    """Let the recognizer ask exactly this, the next time that persons are told."""

    async def ask(**questions: list[Asked]) -> None:
        recognizer.answers["put", "persons"] = (HTTPStatus.OK, heard(**questions))
        hass.states.async_set("person.one", "home", {"friendly_name": str(hass.loop.time())})
        await settle()

    return ask


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """The questions, by the key of their texts and the mark."""
    found = ir.async_get(hass).issues
    return {issue.issue_id: issue for (domain, _), issue in found.items() if domain == DOMAIN and issue.active}


async def begin(frontend: TestClient[Any, Any], issue: str) -> dict[str, Any]:
    reply = await frontend.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue})
    assert reply.status == 200, await reply.text()
    content: dict[str, Any] = await reply.json()
    return content


async def go_on(frontend: TestClient[Any, Any], flow: dict[str, Any], **given: Any) -> dict[str, Any]:
    reply = await frontend.post(f"/api/repairs/issues/fix/{flow['flow_id']}", json=given)
    assert reply.status == 200, await reply.text()
    content: dict[str, Any] = await reply.json()
    return content


async def test_a_new_person_becomes_a_resident_in_two_clicks(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask
) -> None:
    await ask(new=[NEW])
    [(issue, shown)] = issues(hass).items()
    assert shown.translation_key == "person_new"
    assert shown.translation_placeholders == {"name": "Two", **PANEL}
    menu = await begin(frontend, issue)  # the first click
    assert menu["menu_options"] == ["resident", "invite", "no_resident"]
    done = await go_on(frontend, menu, next_step_id="resident")  # the second one
    assert done["type"] == "create_entry"
    [made] = recognizer.asked("persons/residents")
    assert made.body == {"person": "person.two"}
    assert issues(hass) == {}


async def test_whoever_shall_be_no_resident_is_asked_about_no_more(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask
) -> None:
    await ask(new=[NEW])
    menu = await begin(frontend, next(iter(issues(hass))))
    assert (await go_on(frontend, menu, next_step_id="no_resident"))["type"] == "create_entry"
    assert recognizer.asked("persons/answers")[0].body == {"person": "person.two", "outcome": "no_resident"}
    assert recognizer.asked("persons/residents") == []


async def test_the_invitation_is_shown_once_where_it_is_wished(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask
) -> None:
    await ask(new=[NEW])
    menu = await begin(frontend, next(iter(issues(hass))))
    shown = await go_on(frontend, menu, next_step_id="invite")
    assert (shown["step_id"], shown["description_placeholders"]["url"]) == ("invited", INVITED["url"])
    assert shown["data_schema"][0]["selector"]["qr_code"]["data"] == INVITED["url"]
    assert recognizer.asked("persons/invitations")[0].body == {"person": "person.two"}
    assert (await go_on(frontend, shown))["type"] == "create_entry"


async def test_without_an_invitation_the_person_is_a_resident_all_the_same(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask
) -> None:
    recognizer.refuse("post", "persons/invitations", "forbidden", 403)
    await ask(new=[NEW])
    menu = await begin(frontend, next(iter(issues(hass))))
    assert (await go_on(frontend, menu, next_step_id="invite"))["reason"] == "not_invited"
    recognizer.refuse("post", "persons/residents", "exists", 409)
    menu = await begin(frontend, next(iter(issues(hass))))
    assert (await go_on(frontend, menu, next_step_id="invite"))["reason"] == "taken"


@pytest.mark.parametrize("choice", ["take_name", "keep_name"])
async def test_a_new_name_is_a_choice(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask, choice: str
) -> None:
    await ask(renamed=[RENAMED])
    [(issue, shown)] = issues(hass).items()
    assert shown.translation_placeholders == PANEL, "everybody may list issues, and learns of no resident by that"
    menu = await begin(frontend, issue)
    assert menu["description_placeholders"] == {"name": "First", "before": "One", **PANEL}
    assert menu["menu_options"] == ["take_name", "keep_name"]
    assert (await go_on(frontend, menu, next_step_id=choice))["type"] == "create_entry"
    assert recognizer.asked("persons/answers")[0].body == {"person": "person.one", "outcome": choice}


async def test_somebody_who_is_gone_is_never_erased_from_here(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask
) -> None:
    for choice, given, body in (
        ("stays", None, {"outcome": "stays"}),
        ("other", {"other": "person.one"}, {"outcome": "other", "other": "person.one"}),
        ("moved_out", {}, {"outcome": "moved_out"}),
    ):
        await ask(gone=[GONE])
        [(issue, shown)] = issues(hass).items()
        assert shown.translation_placeholders == PANEL
        menu = await begin(frontend, issue)
        assert menu["menu_options"] == ["stays", "other", "moved_out"]
        assert menu["description_placeholders"]["name"] == "Gone"
        said = len(recognizer.asked("persons/answers"))
        answer = await go_on(frontend, menu, next_step_id=choice)
        if given is not None:
            assert (answer["type"], answer["step_id"]) == ("form", choice)
            assert len(recognizer.asked("persons/answers")) == said, "what cannot be taken back is asked twice"
            answer = await go_on(frontend, answer, **given)
        assert answer["type"] == "create_entry"
        assert recognizer.asked("persons/answers")[-1].body == {"person": "person.gone", **body}
    assert {request.method for request in recognizer.asked()} == {"GET", "POST", "PUT"}


@pytest.mark.parametrize(
    ("problem", "status", "reason"),
    [
        ("not_now", 409, "settled"),
        ("not_found", 404, "settled"),
        ("exists", 409, "taken"),
        ("forbidden", 403, "forbidden"),
        ("invalid", 422, "refused"),
        ("unauthenticated", 401, "unreachable"),
    ],
)
async def test_a_refusal_says_what_to_do_and_leaves_the_question(
    hass: HomeAssistant,
    recognizer: Recognizer,
    frontend: TestClient[Any, Any],
    ask: Ask,
    problem: str,
    status: int,
    reason: str,
) -> None:
    recognizer.refuse("post", "persons/answers", problem, status)
    await ask(renamed=[RENAMED])
    menu = await begin(frontend, next(iter(issues(hass))))
    answer = await go_on(frontend, menu, next_step_id="take_name")
    assert (answer["type"], answer["reason"]) == ("abort", reason)
    assert len(issues(hass)) == 1


async def test_without_a_recognizer_nothing_is_lost(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask, entry: MockConfigEntry
) -> None:
    await ask(new=[NEW], renamed=[RENAMED])
    new, renamed = [await begin(frontend, issue) for issue in issues(hass)]
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert (await go_on(frontend, new, next_step_id="resident"))["reason"] == "not_loaded"
    assert (await go_on(frontend, renamed, next_step_id="keep_name"))["reason"] == "not_loaded"
    assert len(issues(hass)) == 2


async def test_what_is_settled_elsewhere_is_asked_no_more_and_what_is_ignored_stays_so(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask
) -> None:
    await ask(new=[NEW], gone=[GONE])
    ignored, other = issues(hass)
    ir.async_ignore_issue(hass, DOMAIN, ignored, True)
    await ask(new=[{**NEW, "name": "Renamed"}])
    assert other not in ir.async_get(hass).issues
    assert issues(hass)[ignored].dismissed_version is not None
    await ask()
    assert issues(hass) == {}


async def test_many_are_asked_about_in_one(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask
) -> None:
    await ask(new=[NEW], gone=[GONE])
    many = [{**NEW, "mark": f"{number:04x}", "person": f"person.p{number}"} for number in range(300)]
    await ask(new=many)
    [(issue, shown)] = issues(hass).items()
    assert (shown.translation_key, shown.translation_placeholders) == ("persons_many", {"count": "300", **PANEL})
    assert not shown.is_fixable
    await ask(new=[NEW])
    assert issue not in issues(hass)
    assert len(issues(hass)) == 1


async def test_nothing_that_home_assistant_stores_of_a_question_tells_of_anybody(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask
) -> None:
    happened: list[str] = []
    hass.bus.async_listen(ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED, lambda event: happened.append(str(event.data)))
    await ask(new=[NEW], renamed=[RENAMED], gone=[GONE])
    for issue in issues(hass):
        ir.async_ignore_issue(hass, DOMAIN, issue, True)
    registry = ir.async_get(hass)
    stored = json.dumps(registry._data_to_save()) + "".join(happened)
    assert NEW["mark"] in stored
    for told in ("Two", "Gone", "First", "person.", "two", "gone_one"):
        assert told not in stored


async def test_a_removed_entry_asks_nothing(
    hass: HomeAssistant, recognizer: Recognizer, frontend: TestClient[Any, Any], ask: Ask, entry: MockConfigEntry
) -> None:
    await ask(new=[NEW])
    assert len(issues(hass)) == 1
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues(hass) == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_and_every_step_has_its_texts(language: str) -> None:
    told = texts(language)["issues"]
    assert {"title", "description"} == set(told[MANY])
    for kind, flow in FLOWS.items():
        code = inspect.getsource(flow)
        steps = {name.removeprefix("async_step_") for name in vars(flow) if name.startswith("async_step_")}
        assert set(re.findall(r"{(\w+)}", told[kind]["title"])) == ({"name"} if kind == NEW_PERSON else set())
        shown = told[kind]["fix_flow"]["step"]
        options = set(shown["init"]["menu_options"])
        assert steps == set(shown) | options
        assert options == set(re.findall(r'"(\w+)"', re.findall(r"menu_options=\[(.*?)\]", code)[0]))
        assert set(re.findall(r"{(\w+)}", str(flat(told[kind])))) <= {"name", "before", "url", "panel"}
        aborts = {"forbidden", "not_loaded", "refused", "settled", "taken", "unreachable"}
        assert set(told[kind]["fix_flow"]["abort"]) == aborts | set(re.findall(r'_end\("(not_invited)', code))
