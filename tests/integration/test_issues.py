"""What an owner has to act on: it comes as an issue and goes when it is mended; each has its words."""

import re
from pathlib import Path
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.facegate.issues import SETTLE
from custom_components.facegate.repair_flows import FLOWS
from custom_components.facegate.troubles import (
    AT_GATES,
    CAMERA,
    CAMERA_FAULTS,
    CAMERAS,
    EVERY,
    FAILED,
    GRAVE,
    IN_THE_HOUSE,
    MENDS_ITSELF,
    NODE,
    RECORDER,
    RESTARTS,
    older_side,
)
from facegate.core import problems
from facegate.web.panel import troubles as told_in_panel
from tests.integration.conftest import SetUp
from tests.integration.recognizer import (
    Recognizer,
    gate,
    make_state,
    publish_state,
)
from tests.integration.recognizer import told as resident
from tests.integration.test_texts import LANGUAGES, texts
from tests.integration.troubles import WELL, health, look, told, wait

DOCS = Path(__file__).parents[2] / "docs" / "home-assistant" / "repairs.md"


# What comes and goes


async def test_nothing_is_told_of_a_house_that_is_well(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    await wait(hass, SETTLE + 1)
    assert told(hass) == {}


async def test_a_gate_without_camera_and_node_is_told_after_a_minute_and_only_then(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    await set_up()
    silent: dict[str, Any] = {"camera": "silent", "node": "silent", "problems": ["camera_frozen"]}
    recognizer.gates = [gate(**silent)]
    await publish_state(hass, make_state(**silent))
    await wait(hass, SETTLE - 1)
    assert told(hass) == {}
    await wait(hass, SETTLE + 1)
    assert set(told(hass)) == {CAMERA, NODE}
    for issue in told(hass).values():
        assert issue.translation_placeholders == {
            "name": "Main gate",
            "count": "0",
            "panel": issue.translation_placeholders["panel"],
        }
        assert "main" not in issue.issue_id
        assert issue.severity is ir.IssueSeverity.ERROR
    await publish_state(hass, make_state())
    assert told(hass) == {}


async def test_a_gate_that_was_silent_for_a_moment_is_not_told(hass: HomeAssistant, set_up: SetUp) -> None:
    await set_up()
    await publish_state(hass, make_state(node="silent"))
    await publish_state(hass, make_state())
    await publish_state(hass, make_state(node="silent"))
    await wait(hass, SETTLE - 1)
    await publish_state(hass, make_state())
    await wait(hass, SETTLE + 1)
    assert told(hass) == {}


async def test_what_is_wrong_everywhere_is_told_once(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    wrong = ["assessment_outdated", "list_waiting", "ways_missing"]
    recognizer.gates = [gate(problems=wrong), gate("side", "Side gate", problems=wrong)]
    recognizer.answers["get", "health"] = health("leases_end", "broker_open", residents=WELL | {"leaving": 3})
    await set_up()
    assert set(told(hass)) == {"assessment_outdated", "leases_end", "broker_open"}
    await wait(hass, SETTLE + 1)
    assert set(told(hass)) == {"assessment_outdated", "leases_end", "broker_open", "ways_missing"}
    assert len(ir.async_get(hass).issues) == 5  # the ways are missing at two gates
    assert (told(hass)["leases_end"].translation_placeholders or {})["count"] == "3"


async def test_issues_survive_a_reload_and_end_with_the_entry(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry
) -> None:
    recognizer.gates = [gate(node="offline")]
    recognizer.answers["get", "health"] = health("disk_full")
    await set_up()
    await wait(hass, SETTLE + 1)
    before = told(hass)
    assert set(before) == {NODE, "disk_full"}
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert told(hass) == before
    recognizer.silent = True  # what is not known is neither mended nor broken
    await look(hass, entry)
    assert told(hass) == before
    recognizer.silent = False
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert told(hass) == {}
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await hass.async_block_till_done()
    assert set(told(hass)) == {"disk_full"}
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert ir.async_get(hass).issues == {}


@pytest.mark.parametrize(
    ("fault", "key"), [("unreachable", CAMERA), ("lost", CAMERA), ("ended", CAMERA), *CAMERA_FAULTS.items()]
)
async def test_a_camera_is_told_by_its_cause(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, fault: str, key: str
) -> None:
    recognizer.gates = [
        gate(camera="off", problems=[f"camera_{fault}"]),
        gate("trial", "Trial", trial=True, problems=["camera_ended", "camera_connecting", "camera_closed"]),
    ]
    await set_up()
    await wait(hass, SETTLE + 1)
    assert set(told(hass)) == {key}


async def test_the_key_of_a_node_says_more_than_its_silence(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp
) -> None:
    recognizer.gates = [gate(node="silent", problems=["node_key", "detect_failed"])]
    await set_up()
    await wait(hass, SETTLE + 1)
    assert set(told(hass)) == {"node_key", FAILED}


@pytest.mark.parametrize(
    ("integration", "recognizer", "older"),
    [
        ("0.1.0", "0.1.9", None),
        ("0.1.0", "0.2.0", "integration_old"),
        ("1.10.0", "1.9.3", "recognizer_old"),
        ("0.9.0", "1.0.0b1", "integration_old"),
        ("None", "0.1.0", None),
    ],
)
def test_both_sides_belong_together(integration: str, recognizer: str, older: str | None) -> None:
    assert older_side(integration, recognizer) == older


async def test_another_version_is_told(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry
) -> None:
    recognizer.answers["get", "health"] = health(version="9.0.0")
    await set_up()
    assert set(told(hass)) == {"integration_old"}


@pytest.fixture
async def presence_shown(hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp) -> None:
    """Presence is switched on, and one resident has agreed."""
    options = {"share_persons": False, "presence": True}
    hass.config_entries.async_update_entry(entry, options=options, data={**entry.data, "persons_told": True})
    recognizer.agreed = [resident()]
    await set_up()


@pytest.mark.usefixtures("recorder_mock", "presence_shown")
async def test_a_recorder_that_keeps_presence_is_told(hass: HomeAssistant) -> None:
    issue = told(hass)[RECORDER]
    assert not issue.is_fixable
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["count"] == "1"
    assert (
        issue.learn_more_url
        == f"https://github.com/facegate/facegate/blob/main/docs/home-assistant/repairs.md#{RECORDER}"
    )


@pytest.mark.parametrize("recorder_config", [{"exclude": {"domains": ["device_tracker", "person"]}}])
@pytest.mark.usefixtures("recorder_mock", "presence_shown")
async def test_a_recorder_that_leaves_presence_out_is_not(hass: HomeAssistant) -> None:
    assert hass.states.async_entity_ids("device_tracker")
    assert told(hass) == {}


@pytest.mark.usefixtures("presence_shown")
async def test_without_a_recorder_nothing_is_kept(hass: HomeAssistant) -> None:
    assert told(hass) == {}


async def test_what_no_recognizer_says_is_not_believed(
    hass: HomeAssistant, recognizer: Recognizer, set_up: SetUp, entry: MockConfigEntry
) -> None:
    await set_up()
    for broken in ({"clock": 5}, {"residents": []}, {"broker_safety": 1}, {"residents": {"leaving": "many"}}):
        recognizer.answers["get", "health"] = health(**broken)
        await look(hass, entry)
        assert not entry.runtime_data.last_update_success


# Words


def test_every_problem_of_the_recognizer_is_told_or_mends_itself() -> None:
    known = {*AT_GATES, *IN_THE_HOUSE, *MENDS_ITSELF}
    assert known == {*problems.GATE, *problems.MACHINE}
    assert len([*AT_GATES, *IN_THE_HOUSE, *MENDS_ITSELF]) == len(known)
    assert {f"camera_{fault}" for fault in CAMERA_FAULTS} < set(told_in_panel.CAMERA)
    assert all(word.endswith("_failed") for word in told_in_panel.FAILED)
    assert set(EVERY) > GRAVE
    assert set(FLOWS) == {*EVERY, "moved"}


def test_every_issue_has_texts_for_all_that_its_flow_shows() -> None:
    for language in LANGUAGES:
        issues = texts(language)["issues"]
        for key in EVERY:
            assert set(re.findall(r"{(\w+)}", str(issues[key]))) <= {"name", "count", "panel"}, key
            if key == RECORDER:
                assert set(issues[key]) == {"title", "description"}
                continue
            flow = issues[key]["fix_flow"]
            more = {"init", "camera"} if key in CAMERAS else {"init"} if key in RESTARTS else set()
            steps = {"check", *more}
            assert set(flow["step"]) == steps, key
            assert "gone" in flow["abort"]
            assert {"still", "unreachable"} <= {*flow["error"], *(["still"] if key == "leases_end" else [])}


def test_the_documentation_has_every_issue_and_no_other() -> None:
    sections = re.findall(r'<a id="(\w+)"></a>', DOCS.read_text(encoding="utf-8"))
    assert len(sections) == len(set(sections))
    assert set(EVERY) | {"moved"} <= set(sections) <= set(texts("en")["issues"])
