"""The app folder: what Supervisor, Docker and the owner find in it fits the program and itself."""

import json
import re
import struct
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from facegate import __version__
from facegate.adapters.store import Store, backups
from facegate.adapters.supervisor import DISCOVERY
from facegate.cli import app as command_line
from facegate.core.models import Gate
from facegate.settings import Settings, SettingsError, make_settings
from facegate.web.operations import BASE, OPERATIONS
from facegate.web.pages.language import LANGUAGES
from tests.parts import supervisor_backup

ROOT = Path(__file__).parents[2]
APP = ROOT / "addon"

OPTION = re.compile(
    r"(?:(?:bool|email|url|port)|(?:str|password|int|float)(?:\(-?\d*,-?\d*\))?|match\(.+\)|list\([^)]+\))\??"
)
"""The kinds of option that Supervisor knows."""

SAMPLES: dict[str, Any] = {
    "site": "tower-2",
    "api_url": "http://192.168.1.10:8711",
    "residents_url": "http://192.168.1.10:8712",
    "mqtt_host": "broker.example",
    "mqtt_port": 8883,
    "mqtt_username": "facegate",
    "mqtt_password": "s3cret",
    "mqtt_tls": True,
    "threads": 2,
    "provider": "OpenVINO",
    "decoding": "auto",
    "trust_clock": True,
    "keep_passages_days": 14,
    "pseudonymise_after_days": 3,
    "keep_acts_years": 2,
    "erase_after_days": 7,
    "erase_absent_days": 180,
    "log_level": "debug",
}


def config() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((APP / "config.yaml").read_text(encoding="utf-8"))
    return content


def translation(language: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((APP / "translations" / f"{language}.yaml").read_text(encoding="utf-8"))
    return content


def files_of_the_repository() -> list[str]:
    """Everything that is tracked, or would be if somebody added all files."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


# Supervisor


def test_supervisor_finds_one_app_and_no_other() -> None:
    found = [name for name in files_of_the_repository() if re.fullmatch(r"(.*/)?config\.(yaml|yml|json)", name)]
    assert found == ["addon/config.yaml"]
    assert not list(APP.glob("build.*"))
    repository = yaml.safe_load((ROOT / "repository.yaml").read_text(encoding="utf-8"))
    assert repository.keys() == {"name", "url", "maintainer"}
    assert repository["url"] == config()["url"]


def test_the_app_says_what_supervisor_asks() -> None:
    app = config()
    assert (app["name"], app["slug"]) == ("FaceGate", "facegate")
    assert sorted(app["arch"]) == ["aarch64", "amd64"]
    assert app["description"]
    assert app["services"] == ["mqtt:need"]
    assert app["discovery"] == [DISCOVERY]
    assert DISCOVERY == "facegate"
    assert 10 <= app["timeout"] <= 300
    integration = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    assert app["homeassistant"] == integration["homeassistant"], "app and integration come from one release"
    assert all(OPTION.fullmatch(kind) for kind in app["schema"].values())


def test_supervisor_knows_every_word() -> None:
    """It drops what it does not know without a word, such as a name that was mistyped."""
    known = {
        "name", "version", "slug", "description", "url", "arch", "homeassistant", "stage", "startup", "init", "timeout",
        "tmpfs", "apparmor", "ingress", "ingress_port", "panel_icon", "panel_title", "panel_admin", "ports",
        "ports_description", "watchdog", "services", "discovery", "backup", "backup_pre", "backup_post",
        "backup_exclude", "options", "schema",
    }  # fmt: skip
    assert config().keys() <= known
    assert config()["startup"] in {"initialize", "system", "services", "application", "once"}
    assert config()["stage"] in {"stable", "experimental", "deprecated"}


def test_the_version_is_the_programs() -> None:
    project = tomllib.loads((APP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert config()["version"] == project["version"] == __version__
    assert f"ARG BUILD_VERSION={__version__}\n" in (APP / "Dockerfile").read_text(encoding="utf-8")
    assert f"## {__version__}\n" in (APP / "CHANGELOG.md").read_text(encoding="utf-8")


def test_ports_and_watchdog_lead_to_the_listeners() -> None:
    app, defaults = config(), Settings(Path(), Path())
    assert app["ingress"] is True
    assert app["ingress_port"] == defaults.ingress_port
    assert app["ports"] == {f"{port}/tcp": port for port in (defaults.api_port, defaults.residents_port)}
    assert app["ports"].keys() == app["ports_description"].keys()
    assert app["watchdog"] == f"http://[HOST]:[PORT:{defaults.api_port}]{BASE}/health"
    assert any(operation.path == "/health" and operation.scope is None for operation in OPERATIONS)


GRAVE = frozenset(
    {
        "BPF", "CHECKPOINT_RESTORE", "DAC_READ_SEARCH", "NET_ADMIN", "NET_RAW", "PERFMON", "SYS_ADMIN", "SYS_MODULE",
        "SYS_PTRACE", "SYS_RAWIO",
    }
)  # fmt: skip


def rating(app: dict[str, Any], *, own_profile: bool) -> int:
    """Supervisor's rules for the security rating, from 1 to 8, as its rating_security() has them in 2026."""
    if app.get("docker_api") or app.get("full_access"):
        return 1
    rights = set(app.get("privileged", ()))
    score = 5
    score += -1 if not app.get("apparmor", True) else int(own_profile)
    score += 2 if app.get("ingress") else int(bool(app.get("auth_api")))
    score += bool(app.get("codenotary"))  # "signed"
    score -= bool(GRAVE & rights or app.get("kernel_modules"))
    score -= {"manager": 1, "admin": 2}.get(app.get("hassio_role", "default"), 0)
    score -= bool(app.get("host_network")) + 2 * bool(app.get("host_pid"))
    score -= bool(app.get("host_uts")) and "SYS_ADMIN" in rights
    return max(1, min(8, score))


def test_the_security_rating_is_the_best_there_is() -> None:
    app = config()
    assert rating(app, own_profile=(APP / "apparmor.txt").is_file()) == 8
    assert rating(app, own_profile=False) < 8
    worse = ({"apparmor": False}, {"ingress": False}, {"host_network": True}, {"privileged": ["NET_ADMIN"]})
    assert all(rating(app | more, own_profile=True) < 8 for more in worse)


def test_the_app_asks_for_no_right_that_it_does_not_need() -> None:
    rights = {
        "privileged", "full_access", "docker_api", "hassio_api", "hassio_role", "homeassistant_api", "auth_api",
        "host_network", "host_pid", "host_ipc", "host_uts", "host_dbus", "devices", "usb", "uart", "gpio", "video",
        "audio", "udev", "kernel_modules", "devicetree", "stdin", "map", "realtime", "journald",
    }  # fmt: skip
    assert not rights & config().keys()


def test_keys_that_must_not_travel_stay_out_of_backups(tmp_path: Path) -> None:
    data, copied = tmp_path / "data", tmp_path / "copied"
    with Store.open(data) as store:
        resident = store.add_resident("Resident 1").id
        store.add_gate(Gate("front", "Front gate"))
        backups.prepare(data, 0)
        supervisor_backup.copy(data, copied)
    assert (data / "keys" / "residents" / resident).is_file()
    kept = {str(path.relative_to(copied)) for path in copied.rglob("*") if path.is_file()}
    assert {"backup/facegate.db", "backup/keys/site.key", "backup/keys/gates/front", "backup/complete.json"} <= kept
    # As they lie, for a backup of an app that does not run: Supervisor runs its commands in running ones only.
    assert {"facegate.db", "keys/site.key", "keys/gates/front"} <= kept
    assert not any("residents/" in name or "faces/" in name or name.startswith("run/") for name in kept)


def test_the_commands_around_a_backup_are_commands_of_the_image() -> None:
    app = config()
    assert app["backup"] == "hot"
    for moment, word in (("backup_pre", "prepare"), ("backup_post", "finish")):
        # By the start script, so that what they write belongs to the service's own user.
        assert app[moment] == f"facegate-start backup {word}"
        assert "/usr/local/bin/facegate-start" in " ".join(rest for what, rest in instructions() if what == "COPY")
        assert CliRunner().invoke(command_line, ["backup", word, "--help"]).exit_code == 0


# Options


def test_every_option_is_a_setting() -> None:
    schema = config()["schema"]
    assert schema.keys() == SAMPLES.keys()
    for option, value in SAMPLES.items():
        assert make_settings({option: value}, data=Path(), models=Path()) != Settings(Path(), Path()), option
    assert make_settings(config()["options"], data=Path(), models=Path()) == Settings(Path(), Path())


def test_defaults_cover_what_supervisor_requires() -> None:
    app = config()
    required = {option for option, kind in app["schema"].items() if not kind.endswith("?")}
    assert app["options"].keys() == required


def test_what_the_form_refuses_the_program_refuses_too() -> None:
    pattern = re.compile(re.fullmatch(r"match\((.+)\)", config()["schema"]["site"])[1])  # type: ignore[index]
    for site in ("home", "tower-2", "Home", "-home", "", "a" * 33, "home gate"):
        accepted = pattern.match(site) is not None
        if site:
            try:
                make_settings({"site": site}, data=Path(), models=Path())
            except SettingsError:
                assert not accepted, site
            else:
                assert accepted, site
    levels = re.fullmatch(r"list\((.+)\)", config()["schema"]["log_level"])[1].split("|")  # type: ignore[index]
    for level in levels:
        make_settings({"log_level": level}, data=Path(), models=Path())


def test_secrets_are_asked_for_as_secrets() -> None:
    for option, kind in config()["schema"].items():
        assert ("password" in option) is kind.startswith("password"), option


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_and_port_is_explained(language: str) -> None:
    app, texts = config(), translation(language)
    assert texts["configuration"].keys() == app["schema"].keys()
    for option, text in texts["configuration"].items():
        assert text.keys() == {"name", "description"}, option
        assert text["name"].strip()
        assert text["description"].strip()[-1] in ".。", option
    assert texts["network"].keys() == app["ports"].keys()
    assert {path.stem for path in (APP / "translations").glob("*")} == set(LANGUAGES)


def test_the_translation_is_one() -> None:
    english, chinese = (translation(language)["configuration"] for language in LANGUAGES)
    for option in english:
        assert english[option]["description"] != chinese[option]["description"]


# Docker


def instructions() -> list[tuple[str, str]]:
    text = (APP / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [
        (word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word
    ]


def copied() -> list[str]:
    """What the Dockerfile takes from the app folder."""
    sources = []
    for instruction, rest in instructions():
        if instruction == "COPY" and "--from=" not in rest:
            sources += [word for word in rest.split() if not word.startswith("--")][:-1]
    return sources


def test_the_image_is_built_from_what_is_there_and_nothing_else() -> None:
    sources = copied()
    assert sources
    assert all((APP / source).exists() for source in sources)
    ignore = [
        line
        for line in (APP / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert ignore[0] == "*"
    assert sorted(line.removeprefix("!") for line in ignore if line.startswith("!")) == sorted(sources)
    tracked = files_of_the_repository()
    for source in sources:
        assert any(fnmatch(name, f"addon/{source}") or name.startswith(f"addon/{source}/") for name in tracked), source


def test_the_image_installs_the_lock_and_bakes_in_the_models() -> None:
    runs = [rest for instruction, rest in instructions() if instruction == "RUN"]
    syncs = [run for run in runs if "uv sync" in run]
    assert syncs
    assert all("--locked" in run for run in syncs)
    assert not any(group in run for run in syncs for group in ("--group", "--all-groups", "--extra", "--dev"))
    assert any("facegate models fetch" in run for run in runs)
    project = tomllib.loads((APP / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["readme"] in copied()
    bases = [rest.split()[0] for instruction, rest in instructions() if instruction == "FROM"]
    python = project["project"]["requires-python"]
    assert all(re.fullmatch(r"python:3\.14-slim-[a-z]+", base) for base in bases)
    assert python.startswith(">=3.14")


def test_the_image_says_what_it_is_and_checks_its_health() -> None:
    known = dict(instructions())
    assert 'io.hass.type="app"' in known["LABEL"]
    assert f"127.0.0.1:{Settings(Path(), Path()).api_port}{BASE}/health" in known["HEALTHCHECK"]
    assert known["ENTRYPOINT"] == '["facegate-start"]'
    assert "FACEGATE_DATA_DIR=/data" in known["ENV"]


def test_the_service_gives_up_root_before_it_starts() -> None:
    start = APP / "start"
    assert start.stat().st_mode & 0o111
    user = re.search(r"^user=(\d+)$", start.read_text(encoding="utf-8"), re.MULTILINE)
    assert user
    assert any(f"--uid {user[1]} --gid {user[1]}" in rest for instruction, rest in instructions())
    assert subprocess.run(["sh", "-n", start], check=False).returncode == 0
    text = start.read_text(encoding="utf-8")
    assert re.search(
        r'exec setpriv .*--reuid="\$user" .*--bounding-set=-all .*--no-new-privs', text.replace("\\\n", "")
    )


@pytest.mark.parametrize("uid", [0, 8711])
def test_the_start_script_hands_over_and_starts(tmp_path: Path, uid: int) -> None:
    """The script with its tools replaced by ones that only say how they were called."""
    for tool in ("chown", "setpriv", "facegate"):
        (tmp_path / tool).write_text(f'#!/bin/sh\necho {tool} "$@"\n', encoding="utf-8")
    (tmp_path / "id").write_text(f"#!/bin/sh\necho {uid}\n", encoding="utf-8")
    for tool in tmp_path.iterdir():
        tool.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", APP / "start", "run", "--site", "two words"],
        env={"PATH": str(tmp_path), "FACEGATE_DATA_DIR": "/data"},
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout.splitlines()
    if uid:
        assert said == ["facegate run --site two words"]
    else:
        assert said[0] == "chown -R -h 8711:8711 /data"
        assert said[1].startswith("setpriv --reuid=8711 --regid=8711 --clear-groups ")
        assert said[1].endswith(" facegate run --site two words")
        assert len(said) == 2


# AppArmor


def test_the_profile_grants_files_and_network_but_no_grave_right() -> None:
    profile = (APP / "apparmor.txt").read_text(encoding="utf-8")
    rules = [line.strip() for line in profile.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert rules[0].startswith("profile facegate flags=")
    assert profile.count("{") == profile.count("}")
    granted = {rule.removeprefix("capability ").rstrip(",") for rule in rules if rule.startswith("capability ")}
    assert granted == {"chown", "dac_override", "setgid", "setpcap", "setuid"}
    assert "file," not in rules
    assert "network," not in rules
    assert not any(re.match(r"network \w+ (raw|packet)|network packet", rule) for rule in rules)
    writable = {rule.split()[0] for rule in rules if re.fullmatch(r"/\S+ \w*w\w*,", rule)}
    assert writable == {
        "/data/",
        "/data/**",
        "/tmp/",
        "/tmp/**",
        "/dev/shm/**",
        "/dev/{null,zero,random,urandom,full}",
        "/dev/tty",
    }


# For people


@pytest.mark.parametrize(("name", "size"), [("icon", (128, 128)), ("logo", (250, 100))])
def test_pictures_have_the_sizes_that_home_assistant_shows(name: str, size: tuple[int, int]) -> None:
    content = (APP / f"{name}.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == size
    assert len(content) < 20_000


def test_the_documentation_names_what_the_form_shows() -> None:
    docs = (APP / "DOCS.md").read_text(encoding="utf-8")
    names = {text["name"] for text in translation("en")["configuration"].values()}
    for name in names:
        assert f"**{name}**" in docs or (name.startswith("MQTT") and "**MQTT …**" in docs), name
    assert str(Settings(Path(), Path()).api_port) in docs
