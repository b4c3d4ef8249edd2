"""What Home Assistant's own checks ask of an integration's files, for an integration that is not in its repository.

Built on what its package carries: its schemas of selectors, targets and icons, and the keys of its manifest. Each check
takes the files as data and returns what is wrong, so that a test can show that it finds a fault.
"""

import json
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import probatio
import yaml
from awesomeversion import AwesomeVersion
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import selector
from homeassistant.loader import Manifest

_BRONZE: Final = (
    "action-setup appropriate-polling brands common-modules config-flow config-flow-test-coverage "
    "dependency-transparency docs-actions docs-conditions docs-high-level-description docs-installation-instructions "
    "docs-removal-instructions docs-triggers entity-event-setup entity-unique-id has-entity-name runtime-data "
    "test-before-configure test-before-setup unique-config-entry"
)
_SILVER: Final = (
    "action-exceptions config-entry-unloading docs-configuration-parameters docs-installation-parameters "
    "entity-unavailable integration-owner log-when-unavailable parallel-updates reauthentication-flow test-coverage"
)
_GOLD: Final = (
    "devices diagnostics discovery discovery-update-info docs-data-update docs-examples docs-known-limitations "
    "docs-supported-devices docs-supported-functions docs-troubleshooting docs-use-cases dynamic-devices "
    "entity-category entity-device-class entity-disabled-by-default entity-translations exception-translations "
    "icon-translations reconfiguration-flow repair-issues stale-devices"
)
_PLATINUM: Final = "async-dependency inject-websession strict-typing"
SCALE: Final = frozenset(f"{_BRONZE} {_SILVER} {_GOLD} {_PLATINUM}".split())
"""The quality scale of November 2026."""

SECTIONS: Final = {
    "docs-actions": ("actions.md", "Open gate"),
    "docs-conditions": ("triggers-and-conditions.md", "Conditions"),
    "docs-configuration-parameters": ("README.md", "Configuration parameters"),
    "docs-data-update": ("README.md", "Data updates"),
    "docs-examples": ("README.md", "Examples"),
    "docs-high-level-description": ("README.md", "The FaceGate integration"),
    "docs-installation-instructions": ("README.md", "Installation"),
    "docs-installation-parameters": ("README.md", "Installation parameters"),
    "docs-known-limitations": ("README.md", "Known limitations"),
    "docs-removal-instructions": ("README.md", "Removing the integration"),
    "docs-supported-devices": ("README.md", "Supported devices"),
    "docs-supported-functions": ("README.md", "Supported functions"),
    "docs-triggers": ("triggers-and-conditions.md", "Triggers"),
    "docs-troubleshooting": ("README.md", "Troubleshooting"),
    "docs-use-cases": ("README.md", "Use cases"),
}
"""Where the documentation that a rule asks for stands."""

PROOFS: Final = {
    "action-setup": ("__init__.py", "async def async_setup("),
    "config-entry-unloading": ("__init__.py", "async def async_unload_entry("),
    "config-flow": ("config_flow.py", "async def async_step_user("),
    "diagnostics": ("diagnostics.py", "async def async_get_config_entry_diagnostics("),
    "discovery": ("config_flow.py", "async def async_step_mqtt("),
    "inject-websession": ("config_flow.py", "async_get_clientsession(self.hass)"),
    "reauthentication-flow": ("config_flow.py", "async def async_step_reauth("),
    "reconfiguration-flow": ("config_flow.py", "async def async_step_reconfigure("),
    "repair-issues": ("repairs.py", "async def async_create_fix_flow("),
    "runtime-data": ("__init__.py", "entry.runtime_data ="),
    "stale-devices": ("__init__.py", "async def async_remove_config_entry_device("),
    "test-before-setup": ("__init__.py", "async_config_entry_first_refresh()"),
    "unique-config-entry": ("config_flow.py", "self._abort_if_unique_id_configured()"),
}
"""The line without which a rule cannot be kept."""

IMAGES: Final = {
    "icon.png": (256, 256),
    "icon@2x.png": (512, 512),
    "logo.png": (500, 128),
    "logo@2x.png": (1000, 256),
    "dark_logo.png": (500, 128),
    "dark_logo@2x.png": (1000, 256),
}
"""Width and height. The icon brings its own ground, so it is the same on dark."""


@dataclass
class Files:
    """An integration as it lies there."""

    manifest: dict[str, Any]
    services: dict[str, Any]
    triggers: dict[str, Any]
    conditions: dict[str, Any]
    icons: dict[str, Any]
    texts: dict[str, dict[str, Any]]
    """Language → its texts."""
    rules: dict[str, Any]
    code: dict[str, str]
    docs: dict[str, str]
    images: dict[str, bytes]
    hacs: dict[str, Any]

    @classmethod
    def read(cls, root: Path, domain: str) -> Files:
        """Read them."""
        folder = root / "custom_components" / domain

        def described(name: str) -> Any:
            return yaml.safe_load((folder / name).read_text(encoding="utf-8"))

        def texts(where: Path, pattern: str) -> dict[str, str]:
            return {file.name: file.read_text(encoding="utf-8") for file in where.glob(pattern)}

        return cls(
            manifest=json.loads((folder / "manifest.json").read_text(encoding="utf-8")),
            services=described("services.yaml"),
            triggers=described("triggers.yaml"),
            conditions=described("conditions.yaml"),
            icons=json.loads((folder / "icons.json").read_text(encoding="utf-8")),
            texts={
                name.removesuffix(".json"): json.loads(text)
                for name, text in texts(folder / "translations", "*.json").items()
            },
            rules=described("quality_scale.yaml")["rules"],
            code=texts(folder, "*.py"),
            docs=texts(root / "docs" / "home-assistant", "*.md"),
            images={file.name: file.read_bytes() for file in (folder / "brand").iterdir()},
            hacs=json.loads((root / "hacs.json").read_text(encoding="utf-8")),
        )


type Check = Callable[[Files], Iterator[str]]


def manifest(files: Files) -> Iterator[str]:
    """Known keys in order, a version, an owner, addresses."""
    given = files.manifest
    yield from (f"manifest: {key} is no key of a manifest" for key in given.keys() - Manifest.__annotations__.keys())
    needed = {"domain", "name", "version", "codeowners", "documentation", "issue_tracker", "iot_class", "requirements"}
    yield from (f"manifest: {key} is missing" for key in needed - given.keys())
    keys = list(given)
    if keys[:2] != ["domain", "name"] or keys[2:] != sorted(keys[2:]):
        yield "manifest: domain, name, then the others by the alphabet"
    if not AwesomeVersion(str(given.get("version"))).valid:
        yield "manifest: the version is none"
    owners = given.get("codeowners", [])
    if not owners or not all(re.fullmatch(r"@[A-Za-z0-9][A-Za-z0-9-]*(/[a-z0-9-]+)?", owner) for owner in owners):
        yield "manifest: the owner is no handle"
    for key in ("documentation", "issue_tracker"):
        if not str(given.get(key)).startswith("https://"):
            yield f"manifest: {key} is no address"


def hacs(files: Files) -> Iterator[str]:
    """What HACS reads: it installs the first folder of ``custom_components`` of the repository as it is."""
    known = {"name", "homeassistant", "hacs", "render_readme", "content_in_root", "zip_release", "filename", "country"}
    yield from (f"hacs: {key} is not known" for key in files.hacs.keys() - known)
    if files.hacs.get("name") != files.manifest["name"]:
        yield "hacs: the name is another one"
    if not AwesomeVersion(str(files.hacs.get("homeassistant"))).valid:
        yield "hacs: the oldest core is not said"


_FIELD: Final = probatio.Schema(
    {
        probatio.Required("selector"): selector.validate_selector,
        probatio.Optional("required"): bool,
        probatio.Optional("default"): object,
        probatio.Optional("example"): object,
    }
)
_DESCRIBED: Final = probatio.Schema(
    {
        cv.slug: probatio.Any(
            None,
            {
                probatio.Optional("target"): selector.TargetSelector.CONFIG_SCHEMA,
                probatio.Optional("fields"): {cv.slug: _FIELD},
            },
        )
    }
)


def descriptions(files: Files) -> Iterator[str]:
    """Actions, triggers and conditions by the schemas of selectors and targets."""
    for name in ("services", "triggers", "conditions"):
        yield from _wrong(name, _DESCRIBED, getattr(files, name))


def _words(files: Files, kind: str) -> Iterator[str]:
    """Each field of each of them has a name and a description in every language, and nothing else has."""
    described = getattr(files, kind)
    for language, texts in files.texts.items():
        told = texts.get(kind, {})
        if told.keys() != described.keys():
            yield f"{language}: {kind} differ: {sorted(told.keys() ^ described.keys())}"
            continue
        for name, description in described.items():
            fields = (description or {}).get("fields", {})
            if told[name].get("fields", {}).keys() != fields.keys():
                yield f"{language}: the fields of {kind}.{name} differ"
            for field, content in fields.items():
                key = (content["selector"].get("select") or {}).get("translation_key")
                options = (content["selector"].get("select") or {}).get("options", [])
                if key and not set(options) <= texts["selector"].get(key, {}).get("options", {}).keys():
                    yield f"{language}: a choice of {kind}.{name}.{field} has no text"


def words(files: Files) -> Iterator[str]:
    """Actions, triggers and conditions have all their texts and icons."""
    for kind, key in (("services", "service"), ("triggers", "trigger"), ("conditions", "condition")):
        yield from _words(files, kind)
        icons = files.icons.get(kind, {})
        if icons.keys() != getattr(files, kind).keys() or not all(set(icon) == {key} for icon in icons.values()):
            yield f"icons: {kind} differ"


_ICON: Final = probatio.All(cv.icon, probatio.Match(r"^mdi:[a-z0-9-]+$"))
_ICONS: Final = probatio.Schema(
    {
        probatio.Required("entity"): {
            cv.slug: {
                cv.slug: {
                    probatio.Optional("default"): _ICON,
                    probatio.Optional("state"): {cv.string: _ICON},
                    probatio.Optional("state_attributes"): {cv.slug: {"default": _ICON, "state": {cv.string: _ICON}}},
                }
            }
        },
        probatio.Optional("services"): {cv.slug: {"service": _ICON}},
        probatio.Optional("triggers"): {cv.slug: {"trigger": _ICON}},
        probatio.Optional("conditions"): {cv.slug: {"condition": _ICON}},
    }
)


def icons(files: Files) -> Iterator[str]:
    """Icons of known places, none of a state that is the default one."""
    yield from _wrong("icons", _ICONS, files.icons)
    for platform in files.icons["entity"].values():
        for entity, icon in platform.items():
            if icon.get("default") in icon.get("state", {}).values():
                yield f"icons: {entity} names its own icon again"


def _text(value: Any) -> str:
    text = cv.string_with_no_html(value)
    if text != text.strip() or not text:
        raise probatio.Invalid("no text, or one with spaces around it")
    if re.search(r"\b(https?|mqtts?)://\w|\bwww\.\w", text):
        raise probatio.Invalid("addresses are given by placeholders")
    if re.search(r"'{\w+}'", text):
        raise probatio.Invalid("no placeholder within single quotes")
    for _, field, _, _ in string.Formatter().parse(text):
        if field is not None and not field.isidentifier():
            raise probatio.Invalid(f"{field} is no name of a placeholder")
    return text


_OPTIONAL: Final = probatio.Optional
_TEXTS_OF: Final = {str: _text}
_STEP: Final = {
    _OPTIONAL("title"): _text,
    _OPTIONAL("description"): _text,
    _OPTIONAL("data"): _TEXTS_OF,
    _OPTIONAL("data_description"): _TEXTS_OF,
    _OPTIONAL("menu_options"): _TEXTS_OF,
    _OPTIONAL("menu_option_descriptions"): _TEXTS_OF,
    _OPTIONAL("submit"): _text,
}
_FLOW: Final = {
    _OPTIONAL("flow_title"): _text,
    _OPTIONAL("step"): {cv.slug: _STEP},
    _OPTIONAL("error"): _TEXTS_OF,
    _OPTIONAL("abort"): _TEXTS_OF,
    _OPTIONAL("create_entry"): _TEXTS_OF,
    _OPTIONAL("progress"): _TEXTS_OF,
}
_NAMED: Final = {
    cv.slug: {
        probatio.Required("name"): _text,
        probatio.Required("description"): _text,
        _OPTIONAL("fields"): {cv.slug: {probatio.Required("name"): _text, probatio.Required("description"): _text}},
    }
}
_TEXTS: Final = probatio.Schema(
    {
        probatio.Required("config"): _FLOW,
        _OPTIONAL("options"): _FLOW,
        _OPTIONAL("issues"): {
            cv.slug: {
                probatio.Required("title"): _text,
                probatio.Exclusive("description", "told"): _text,
                probatio.Exclusive("fix_flow", "told"): _FLOW,
            }
        },
        _OPTIONAL("exceptions"): {cv.slug: {probatio.Required("message"): _text}},
        _OPTIONAL("services"): _NAMED,
        _OPTIONAL("triggers"): _NAMED,
        _OPTIONAL("conditions"): _NAMED,
        _OPTIONAL("selector"): {cv.slug: {_OPTIONAL("options"): _TEXTS_OF, _OPTIONAL("choices"): _TEXTS_OF}},
        _OPTIONAL("system_health"): {"info": _TEXTS_OF},
        _OPTIONAL("common"): _TEXTS_OF,
        _OPTIONAL("entity"): {
            cv.slug: {
                cv.slug: {
                    _OPTIONAL("name"): _text,
                    _OPTIONAL("unit_of_measurement"): _text,
                    _OPTIONAL("state"): _TEXTS_OF,
                    _OPTIONAL("state_attributes"): {cv.slug: {_OPTIONAL("name"): _text, _OPTIONAL("state"): _TEXTS_OF}},
                }
            }
        },
    }
)


def texts(files: Files) -> Iterator[str]:
    """Texts of known places, and the same keys and placeholders in every language."""
    for language, content in files.texts.items():
        yield from _wrong(language, _TEXTS, content)
        for name, issue in content.get("issues", {}).items():
            if not issue.keys() & {"description", "fix_flow"}:
                yield f"{language}: the issue {name} says nothing"
    english = dict(_leaves(files.texts["en"]))
    for language, content in files.texts.items():
        leaves = dict(_leaves(content))
        yield from (f"{language}: {key} is in one language only" for key in leaves.keys() ^ english.keys())
        for key in leaves.keys() & english.keys():
            if _placeholders(leaves[key]) != _placeholders(english[key]):
                yield f"{language}: {key} has other placeholders"


def scale(files: Files) -> Iterator[str]:
    """Every rule is done or exempt for a reason, and what is done can be found."""
    yield from (f"scale: {rule} is named twice or not at all" for rule in SCALE ^ files.rules.keys())
    if files.manifest.get("quality_scale") != "platinum":
        yield "scale: the manifest does not say platinum"
    for rule, said in files.rules.items():
        if isinstance(said, dict):
            if said.get("status") != "exempt" or len(str(said.get("comment", "")).split()) < 5:
                yield f"scale: {rule} is exempt for no reason"
            continue
        if said != "done":
            yield f"scale: {rule} is not done"
        if rule in SECTIONS and not _section(files, *SECTIONS[rule]):
            yield f"scale: {rule} is not documented"
        if rule in PROOFS and PROOFS[rule][1] not in files.code.get(PROOFS[rule][0], ""):
            yield f"scale: {rule} is not kept"
    for name, code in files.code.items():
        if "async def async_setup_entry(" in code and "AddConfigEntry" in code and "PARALLEL_UPDATES" not in code:
            yield f"scale: {name} does not say how many updates run at once"


def brand(files: Files) -> Iterator[str]:
    """Pictures of the names and sizes that Home Assistant serves."""
    yield from (f"brand: {name} is missing, or not known" for name in files.images.keys() ^ IMAGES.keys())
    for name in files.images.keys() & IMAGES.keys():
        head = files.images[name][:24]
        if head[:4] != b"\x89PNG" or (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) != IMAGES[name]:
            yield f"brand: {name} is no picture of its size"


CHECKS: Final[tuple[Check, ...]] = (manifest, hacs, descriptions, words, icons, texts, scale, brand)


def faults(files: Files) -> list[str]:
    """Return all that is wrong."""
    return [fault for check in CHECKS for fault in check(files)]


def _wrong(name: str, schema: Callable[[Any], Any], content: Any) -> Iterator[str]:
    try:
        schema(content)
    except probatio.Invalid as error:
        yield f"{name}: {error}"


def _leaves(content: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"{\w+}", text))


def _section(files: Files, name: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n+(?!#)(.+?)(?=^#|\Z)", files.docs.get(name, ""), re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""
