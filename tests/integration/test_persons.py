"""What the recognizer is told of persons, and when."""

from http import HTTPStatus

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.conftest import Settle, SetUp
from tests.integration.recognizer import Recognizer, heard


def told(recognizer: Recognizer) -> list[dict[str, str]]:
    return [{one["id"]: one["name"] for one in request.body["persons"]} for request in recognizer.asked("persons")]


async def test_persons_are_told_once_and_again_when_one_is_renamed_or_gone(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, settle: Settle
) -> None:
    hass.states.async_set("person.one", "home", {"friendly_name": "One"})
    hass.states.async_set("person.two", "away", {"friendly_name": "Two"})
    await set_up()
    await settle()
    assert told(recognizer) == [{"person.one": "One", "person.two": "Two"}]
    hass.states.async_set("person.one", "away", {"friendly_name": "One"})
    await settle()
    assert len(told(recognizer)) == 1, "where somebody is, is nobody's business"
    hass.states.async_set("person.one", "away", {"friendly_name": "First"})
    hass.states.async_remove("person.two")
    await settle()
    assert told(recognizer)[1:] == [{"person.one": "First"}]


async def test_a_reload_of_all_persons_is_no_news(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, settle: Settle
) -> None:
    hass.states.async_set("person.one", "home", {"friendly_name": "One"})
    await set_up()
    await settle()
    hass.states.async_remove("person.one")
    await hass.async_block_till_done()
    hass.states.async_set("person.one", "home", {"friendly_name": "One"})
    await settle()
    assert len(told(recognizer)) == 1


async def test_where_nobody_is_known_nothing_is_told(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, settle: Settle
) -> None:
    await set_up()
    await settle()
    assert told(recognizer) == []


async def test_what_could_not_be_told_is_told_later(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry, settle: Settle
) -> None:
    hass.states.async_set("person.one", "home", {"friendly_name": "One"})
    recognizer.refuse("put", "persons", "store", HTTPStatus.SERVICE_UNAVAILABLE)
    await set_up()
    await settle()
    assert len(told(recognizer)) == 1
    recognizer.answers["put", "persons"] = (HTTPStatus.OK, heard())
    for _ in range(2):
        await settle(61)
        await settle()
    assert len(told(recognizer)) == 2, "once it is told, it is told"
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.states.async_remove("person.one")
    await settle()
    assert len(told(recognizer)) == 2


async def test_they_are_told_anew_when_the_recognizer_is_back_and_from_time_to_time(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, settle: Settle
) -> None:
    hass.states.async_set("person.one", "home", {"friendly_name": " One\u200b\n(flat 1) "})
    await set_up()
    await settle()
    assert told(recognizer) == [{"person.one": "One (flat 1)"}], "as the recognizer takes it"
    recognizer.silent = True
    await settle(61)
    recognizer.silent = False
    await settle(61)
    await settle()
    assert len(told(recognizer)) == 2, "the recognizer is back"
    await settle(300)
    await settle()
    assert len(told(recognizer)) == 3, "five minutes are over"
    hass.states.async_remove("person.one")
    await settle()
    assert told(recognizer)[3:] == [{}]
