"""The checks that Home Assistant's own repository would make, and that each of them finds what it is there for."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import condition, service, trigger

from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.rules import PROOFS, SCALE, SECTIONS, Files, faults

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def files() -> Files:
    return Files.read(ROOT, DOMAIN)


def test_nothing_is_wrong(files: Files) -> None:
    assert faults(files) == []
    assert SECTIONS.keys() | PROOFS.keys() <= SCALE
    assert len(SCALE) == 54


def put(*path: str, value: Any) -> Callable[[Files], None]:
    """Return what puts one thing wrong; ``None`` takes it away."""

    def do(files: Files) -> None:
        place: Any = getattr(files, path[0])
        for key in path[1:-1]:
            place = place[key]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return do


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (put("manifest", "homepage", value="https://example.org"), "manifest: homepage"),
        (put("manifest", "iot_class", value=None), "manifest: iot_class"),
        (put("manifest", "aa", value=1), "by the alphabet"),
        (put("manifest", "version", value="soon"), "manifest: the version"),
        (put("manifest", "codeowners", value=[]), "manifest: the owner"),
        (put("manifest", "documentation", value="docs"), "manifest: documentation"),
        (put("manifest", "quality_scale", value="gold"), "scale: the manifest"),
        (put("hacs", "name", value="Another"), "hacs: the name"),
        (put("hacs", "homeassistant", value=None), "hacs: the oldest core"),
        (put("hacs", "domains", value=["lock"]), "hacs: domains"),
        (put("services", "open_gate", "fields", "device_id", "selector", value={"gadget": {}}), "services: "),
        (put("services", "open_gate", "answer", value=True), "services: "),
        (put("services", "open_gate", "fields", "force", value={"selector": {"boolean": {}}}), "fields of services"),
        (put("triggers", "access", "target", value={"person": 1}), "triggers: "),
        (put("conditions", "is_working", value=None), "conditions differ"),
        (put("texts", "zh-Hans", "conditions", "is_working", value=None), "zh-Hans: conditions differ"),
        (put("texts", "en", "selector", "direction", "options", "exit", value=None), "a choice of services.open_gate"),
        (put("icons", "services", "open_gate", value=None), "icons: services differ"),
        (put("icons", "entity", "select", "mode", "default", value="gate"), "icons: "),
        (put("icons", "entity", "select", "mode", "picture", value="mdi:gate"), "icons: "),
        (put("texts", "en", "config", "step", "user", "subtitle", value="No."), "en: "),
        (put("texts", "en", "config", "error", "refused", value="See https://example.org"), "en: addresses"),
        (put("texts", "en", "config", "error", "refused", value="<b>No</b>"), "en: "),
        (put("texts", "en", "config", "error", "refused", value=" No."), "en: no text"),
        (put("texts", "zh-Hans", "config", "error", "refused", value=None), "config.error.refused is in one language"),
        (put("texts", "zh-Hans", "issues", "moved", "title", value="{name}"), "issues.moved.title has other"),
        (put("texts", "en", "issues", "moved", "fix_flow", value=None), "the issue moved says nothing"),
        (put("rules", "brands", value=None), "scale: brands is named"),
        (put("rules", "brands", value="todo"), "scale: brands is not done"),
        (put("rules", "brands", value={"status": "exempt", "comment": "No."}), "scale: brands is exempt"),
        (put("docs", "README.md", value="# The FaceGate integration\n\n## Use cases\n"), "docs-use-cases is not"),
        (put("code", "config_flow.py", value=""), "scale: reauthentication-flow is not kept"),
        (
            put("code", "lock.py", value="async def async_setup_entry(add: AddConfigEntryEntitiesCallback)"),
            "scale: lock.py",
        ),
        (put("images", "icon@2x.png", value=b"\x89PNG"), "brand: icon@2x.png"),
        (put("images", "logo.png", value=None), "brand: logo.png"),
    ],
)
def test_each_check_finds_its_fault(files: Files, break_it: Callable[[Files], None], told: str) -> None:
    broken = copy.deepcopy(files)
    break_it(broken)
    found = faults(broken)
    assert any(told in fault for fault in found), found


async def test_home_assistant_reads_every_description(
    hass: HomeAssistant, files: Files, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up()
    services = (await service.async_get_all_descriptions(hass))[DOMAIN]
    assert {name for name, described in services.items() if described.get("fields")} == set(files.services)
    triggers = await trigger.async_get_all_descriptions(hass)
    conditions = await condition.async_get_all_descriptions(hass)
    for described, read in ((files.triggers, triggers), (files.conditions, conditions)):
        assert {f"{DOMAIN}.{key}" for key in described} <= {key for key, content in read.items() if content}
    assert "Unable to parse" not in caplog.text
