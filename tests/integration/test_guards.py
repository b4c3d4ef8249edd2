"""The guards' dashboard as Home Assistant offers it: served, loaded, and in step with entities and languages."""

import json
import re
from pathlib import Path

from homeassistant.components import frontend
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.facegate.const import MODES
from custom_components.facegate.guards import FILES, FIRST, async_offer_dashboard
from tests.integration.conftest import SetUp
from tests.integration.test_texts import PLATFORM_DESCRIPTIONS

WRITTEN = (FILES / "texts.js").read_text(encoding="utf-8")
TEXTS = json.loads(WRITTEN[WRITTEN.index("TEXTS = ") + len("TEXTS = ") : WRITTEN.index(";\n")])


def scripts() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in FILES.glob("*.js")}


def mock_frontend(hass: HomeAssistant) -> frontend.UrlManager:
    """The pages themselves are no part of the tests' core; what it loads beside its own is."""
    urls = frontend.UrlManager(lambda *_: None, [])
    hass.data[frontend.DATA_EXTRA_MODULE_URL] = urls
    return urls


async def test_every_page_loads_it_and_every_file_of_it_is_there(
    hass: HomeAssistant, set_up: SetUp, hass_client_no_auth: ClientSessionGenerator
) -> None:
    loaded = mock_frontend(hass)
    await set_up()
    [address] = loaded.urls
    assert address == f"/facegate_dashboard/0.1.0/{FIRST}"
    client = await hass_client_no_auth()
    for name, content in scripts().items():
        answer = await client.get(f"{address.removesuffix(FIRST)}{name}")
        assert (answer.status, await answer.text()) == (200, content)
        assert "javascript" in answer.headers["Content-Type"]
        for other in re.findall(r'from "\./([^"]+)"', content):
            assert (FILES / other).is_file()


async def test_a_core_without_pages_needs_no_dashboard(hass: HomeAssistant) -> None:
    await async_offer_dashboard(hass)
    assert frontend.DATA_EXTRA_MODULE_URL not in hass.data


def test_languages_say_the_same() -> None:
    english, chinese = TEXTS["en"], TEXTS["zh-Hans"]
    assert english.keys() == chinese.keys()
    for key, words in english.items():
        assert sorted(re.findall(r"\{\w+\}", words)) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
        assert words.strip()
        assert chinese[key].strip()


def test_every_text_is_used_and_every_used_one_is_there() -> None:
    quoted = set(re.findall(r'[`"](\w+)[`"]', "".join(text for name, text in scripts().items() if name != "texts.js")))
    keys = set(TEXTS["en"])
    built = {"open_question", "open_exit_question"}  # of the button's own key
    assert keys - built <= quoted | set(re.findall(r"alarm_\w+", scripts()["alarms-card.js"]))
    assert set(re.findall(r'(?:_say|say|text\(\S+,) ?\(?"(\w+)"', "".join(scripts().values()))) <= keys


def test_it_reads_entities_that_there_are() -> None:
    ours = {f"{platform}.{one.translation_key}" for platform, all_ in PLATFORM_DESCRIPTIONS.items() for one in all_}
    read = set(re.findall(r'"((?:binary_sensor|button|event|select|sensor|switch)\.\w+)"', "".join(scripts().values())))
    assert {"button.open", "event.access", "select.mode", "binary_sensor.fire"} <= read
    assert read <= ours
    assert set(MODES) > set(re.findall(r"\.(lockdown|free) \{", scripts()["style.js"]))


def test_nobody_is_named_and_nothing_is_fetched() -> None:
    everything = "".join(scripts().values())
    assert not re.search(r"\b(fetch|XMLHttpRequest|eval|innerHTML|localStorage|WebSocket)\b", everything)
    assert not re.search(r"person|resident|alias|history", everything, re.IGNORECASE)


def test_the_documentation_is_where_the_dialog_links_to() -> None:
    [link] = re.findall(r"documentationURL: \"\S+/blob/main/(\S+)\"", scripts()[FIRST])
    assert (Path(__file__).resolve().parents[2] / link).is_file()
