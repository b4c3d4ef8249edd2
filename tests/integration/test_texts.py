"""What belongs together stays together: copies, keys, languages, the rules of the quality scale."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from custom_components.facegate import PLATFORMS, config_flow, identities, options_flow
from custom_components.facegate.asking import REFUSALS
from custom_components.facegate.binary_sensor import DESCRIPTIONS as BINARY_SENSORS
from custom_components.facegate.button import DESCRIPTIONS as BUTTONS
from custom_components.facegate.const import CONF_RESIDENTS_PAGES, DOMAIN, MODES
from custom_components.facegate.device_tracker import DESCRIPTION as PRESENCE
from custom_components.facegate.event import DESCRIPTIONS as EVENTS
from custom_components.facegate.messages import (
    ACCESS_TYPES,
    DIRECTIONS,
    METHODS,
    PASSAGE_TYPES,
    PREFIX,
    REASONS,
    Topics,
)
from custom_components.facegate.pages_view import TEXTS as PAGES_TEXTS
from custom_components.facegate.person_actions import (
    CREATE_PASS,
    FAULTS,
    INVITE_RESIDENT,
    OF_PASSES,
    OF_PERSONS,
    RESUME_RESIDENT,
    SUSPEND_RESIDENT,
)
from custom_components.facegate.person_repairs import FLOWS as PERSON_FLOWS
from custom_components.facegate.person_repairs import MANY
from custom_components.facegate.residents_pages import ISSUE as PAGES_ISSUE
from custom_components.facegate.select import DESCRIPTIONS as SELECTS
from custom_components.facegate.sensor import DESCRIPTIONS as SENSORS
from custom_components.facegate.services import OPEN_GATE, SET_MODE
from custom_components.facegate.switch import DESCRIPTIONS as SWITCHES
from custom_components.facegate.trigger import TRIGGERS
from custom_components.facegate.troubles import EVERY
from facegate.contract import verbs
from facegate.web import pass_schemas, persons_schemas, problems, schemas, sharing_schemas
from tests.integration.recognizer import GATE_KEY, INVITED, PASS_MADE, gate, heard, paired, problem, told
from tests.integration.troubles import health

ROOT = Path(__file__).resolve().parents[2]
INTEGRATION = ROOT / "custom_components" / DOMAIN
LANGUAGES = ("en", "zh-Hans")
PERSON_ACTIONS = (CREATE_PASS, INVITE_RESIDENT, SUSPEND_RESIDENT, RESUME_RESIDENT)
PLATFORM_DESCRIPTIONS = {
    "binary_sensor": BINARY_SENSORS,
    "button": BUTTONS,
    "device_tracker": [PRESENCE],
    "event": EVENTS,
    "select": SELECTS,
    "sensor": SENSORS,
    "switch": SWITCHES,
}


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def texts(language: str) -> dict[str, Any]:
    content: dict[str, Any] = read_json(INTEGRATION / "translations" / f"{language}.json")
    return content


def flat(content: dict[str, Any], path: str = "") -> dict[str, str]:
    leaves: dict[str, str] = {}
    for key, value in content.items():
        leaves |= flat(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return leaves


def source(name: str) -> ast.Module:
    return ast.parse((INTEGRATION / name).read_text(encoding="utf-8"))


def strings(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def keywords(argument: str, names: str = "*.py") -> set[str]:
    """The literal values of one keyword argument, in all files of the integration or in those of such names."""
    return {
        word.value.value
        for file in INTEGRATION.glob(names)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg == argument and isinstance(word.value, ast.Constant)
    }


def test_contract_is_a_copy_byte_for_byte() -> None:
    original = ROOT / "addon" / "src" / "facegate" / "contract" / "messages.py"
    assert (INTEGRATION / "messages.py").read_bytes() == original.read_bytes()


def test_languages_are_in_parity() -> None:
    english, chinese = (flat(texts(language)) for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", chinese[key])), key
        assert chinese[key].strip()
        assert text.strip()
    assert {file.stem for file in (INTEGRATION / "translations").iterdir()} == set(LANGUAGES)


def test_every_exception_has_its_sentence() -> None:
    told = set(texts("en")["exceptions"])
    words = r"not_opened(_[a-z]+)?|mode_not_set|faces_not_switched|ways_missing|unauthorized"
    used = {key for key in strings(source("asking.py")) if re.fullmatch(words, key)}
    used |= {f"not_opened_{reason}" for reason in REFUSALS} | {
        f"{wish}_unreachable" for wish in ("not_opened", "mode_not_set", "faces_not_switched")
    }
    named = {d.translation_key for descriptions in PLATFORM_DESCRIPTIONS.values() for d in descriptions}
    used |= keywords("translation_key") - named
    used |= {*OF_PERSONS.values(), *OF_PASSES.values(), *FAULTS.values(), "refused"}
    used |= {text for text, _ in PAGES_TEXTS.values()}
    assert used - {"direction"} == told
    assert set(REFUSALS) <= set(REASONS)


def test_every_text_of_the_flow_is_there() -> None:
    told = texts("en")["config"]
    words = strings(source("config_flow.py")) | strings(source("forms.py")) | strings(source("proving.py"))
    steps = {name.removeprefix("async_step_") for name in vars(config_flow.FaceGateConfigFlow) if "async_step" in name}
    # These only lead on to a form of another name.
    assert set(told["step"]) == steps - {"mqtt", "hassio", "reauth"}
    assert keywords("reason", "config_flow.py") | {
        "already_configured",  # said by the core
        "already_in_progress",
        "reauth_successful",
        "reconfigure_successful",
    } == set(told["abort"])
    assert set(told["error"]) <= words
    errors = {word for word in words if word in told["error"]}
    assert errors == set(told["error"])
    for step in told["step"].values():
        assert step.get("data", {}).keys() == step.get("data_description", {}).keys()
    assert told["step"]["gate"]["data"].keys() == {str(key.schema) for key in config_flow._GATE.schema}


def test_every_text_of_the_options_is_there() -> None:
    told = texts("en")["options"]
    words = strings(source("options_flow.py")) | strings(source("forms.py"))
    flow = options_flow.FaceGateOptionsFlow
    steps = {name.removeprefix("async_step_") for name in vars(flow) if "async_step" in name}
    assert set(told["step"]) == steps
    assert set(told["step"]["init"]["menu_options"]) <= steps
    assert set(told["error"]) == {word for word in words if word in told["error"]}
    for step in steps - {"init"}:
        fields = told["step"][step].get("data", {})
        assert fields.keys() == told["step"][step].get("data_description", {}).keys()
    assert told["step"]["sharing"]["data"].keys() == set(identities.SHARING)
    assert set(told["step"]["pages"]["data"]) == {CONF_RESIDENTS_PAGES}
    assert set(told["step"]["init"]["menu_options"]) == {"sharing", "pages"}


def test_every_entity_has_its_name_and_icon() -> None:
    named = texts("en")["entity"]
    icons = read_json(INTEGRATION / "icons.json")["entity"]
    for platform, descriptions in PLATFORM_DESCRIPTIONS.items():
        keys = {description.translation_key for description in descriptions}
        assert set(named[platform]) == keys
        assert set(icons[platform]) == keys
    assert set(named) == set(icons) == set(PLATFORMS)


def test_every_word_of_the_contract_has_its_text() -> None:
    for language in LANGUAGES:
        attributes = texts(language)["entity"]["event"]["access"]["state_attributes"]
        assert set(attributes["event_type"]["state"]) == set(ACCESS_TYPES)
        assert set(attributes["method"]["state"]) == set(METHODS)
        assert set(attributes["reason"]["state"]) == set(REASONS)
        assert set(attributes["direction"]["state"]) == set(DIRECTIONS)
        assert set(texts(language)["selector"]["direction"]["options"]) == set(DIRECTIONS)
        passage = texts(language)["entity"]["event"]["passage"]["state_attributes"]
        assert set(passage["event_type"]["state"]) == set(PASSAGE_TYPES)
        assert set(passage["method"]["state"]) == set(METHODS)
        for text in (
            texts(language)["entity"]["select"]["mode"]["state"],
            texts(language)["selector"]["mode"]["options"],
        ):
            assert set(text) == set(MODES)
    assert MODES == verbs.MODES


def test_every_action_has_its_texts_and_fields() -> None:
    described = yaml.safe_load((INTEGRATION / "services.yaml").read_text(encoding="utf-8"))
    icons = read_json(INTEGRATION / "icons.json")["services"]
    assert set(described) == {OPEN_GATE, SET_MODE, *PERSON_ACTIONS} == set(icons)
    for language in LANGUAGES:
        told = texts(language)["services"]
        assert set(told) == set(described)
        for action, description in described.items():
            assert set(told[action]["fields"]) == set(description["fields"])


def test_every_trigger_has_its_texts_and_all_words_of_the_contract() -> None:
    described = yaml.safe_load((INTEGRATION / "triggers.yaml").read_text(encoding="utf-8"))
    assert set(described) == set(TRIGGERS) == set(read_json(INTEGRATION / "icons.json")["triggers"])
    words = {
        "access_type": ACCESS_TYPES,
        "passage_type": PASSAGE_TYPES,
        "method": METHODS,
        "reason": REASONS,
        "direction": DIRECTIONS,
    }
    for language in LANGUAGES:
        for trigger, description in described.items():
            assert set(texts(language)["triggers"][trigger]["fields"]) == set(description["fields"])
            for field in description["fields"].values():
                if (selector := field["selector"].get("select")) is None:
                    continue
                assert set(selector["options"]) == set(words[selector["translation_key"]])
        for key, options in words.items():
            assert set(texts(language)["selector"][key]["options"]) == set(options)


def test_issues_have_their_texts() -> None:
    assert set(texts("en")["issues"]) == {
        "moved",
        "persons_taken_back",
        "persons_not_shared",
        MANY,
        *PERSON_FLOWS,
        *EVERY,
        PAGES_ISSUE,
    }
    placeholders = set(re.findall(r"{(\w+)}", str(texts("en")["issues"]["moved"])))
    assert placeholders == {"name", "known", "announced", "own"}


def test_manifest() -> None:
    manifest = read_json(INTEGRATION / "manifest.json")
    keys = list(manifest)
    assert keys[:2] == ["domain", "name"]
    assert keys[2:] == sorted(keys[2:])
    assert manifest["domain"] == DOMAIN
    assert manifest["version"] == "0.1.0"
    assert manifest["config_flow"] is True
    assert manifest["dependencies"] == ["http", "mqtt"]
    assert manifest["integration_type"] == "hub"
    assert manifest["iot_class"] == "local_push"
    assert manifest["requirements"] == []
    assert manifest["mqtt"] == [Topics("x").status.replace("/x/", "/+/")]
    assert manifest["mqtt"][0].startswith(f"{PREFIX}/")


def test_integration_stands_alone() -> None:
    for file in INTEGRATION.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert not (node.module or "").startswith(("facegate", "voluptuous")), file


def test_brand_icon() -> None:
    content = (INTEGRATION / "brand" / "icon.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (256, 256)


def test_hacs_knows_the_oldest_core() -> None:
    hacs = read_json(ROOT / "hacs.json")
    assert hacs["name"] == "FaceGate"
    assert hacs["homeassistant"] == "2026.10.0"


def test_quality_scale_is_honest() -> None:
    rules = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text(encoding="utf-8"))["rules"]
    assert len(rules) == 54
    for name, rule in rules.items():
        if isinstance(rule, dict):
            assert rule["status"] == "exempt", name
            assert rule["comment"].strip(), name
        else:
            assert rule in ("done", "todo"), name
    # The manifest may claim the scale only when nothing is left to do.
    claims = "quality_scale" in read_json(INTEGRATION / "manifest.json")
    assert not (claims and "todo" in rules.values())


@pytest.mark.parametrize(
    ("answer", "schema"),
    [
        ([gate(), gate("side", "Side gate", camera="off")], schemas.GATES_ANSWER),
        (gate() | {"key": GATE_KEY}, schemas.GATE_MADE),
        (paired(), schemas.PAIRED),
        ({"opening": "0" * 16, "result": "opened", "reason": "remote"}, schemas.OPENED),
        ({"ok": True, "version": "0.1.0"}, schemas.HEALTH),
        (health("leases_end", "broker_open", unreadable=["r1"])[1], schemas.HEALTH),
        (heard(new=[{"person": "person.one", "mark": "m", "name": "One"}]), persons_schemas.HEARD),
        (INVITED, persons_schemas.INVITED),
        (PASS_MADE, pass_schemas.PASS_MADE),
        ([told(), told(2, person=None, groups=["Office"])], sharing_schemas.PRESENCE),
        ({"resident": "r1", **told()}, sharing_schemas.EVENT_PERSON),
        ({"id": "t1", "name": "Home", "scopes": ["read"]}, sharing_schemas.TOKEN),
        (problem("not_opened", 409, reason="lockdown"), schemas.PROBLEM),
    ],
)
def test_these_tests_answer_as_the_api_does(answer: Any, schema: Any) -> None:
    schema(answer)


def test_problems_that_the_integration_knows_exist() -> None:
    known = {kind.key for kind in problems.KINDS}
    assert {
        "pairing_refused",
        "open_expired",
        "not_opened",
        "unauthenticated",
        "rate_limited",
        "ways_missing",
        "mode_not_set",
    } <= known
