"""What a user copies is valid for the ESP32; what would be a second way in is refused, with the way out."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firmware.compiled import ROOT

ESPHOME = Path(os.environ.get("FACEGATE_ESPHOME_PYTHON", ROOT / ".cache/environments/esphome/bin/python"))
SECRETS = """
gate_key: "8f5b0a7e3c1d94626be2f7a80914cd35e6a1b2780fd34c59913e6ad7c204bb18"
mqtt_username: "gate"
mqtt_password: "not a real one"
mqtt_ca: |
  -----BEGIN CERTIFICATE-----
  not a real one
  -----END CERTIFICATE-----
wifi_ssid: "home"
wifi_password: "not a real one"
ota_password: "not a real one"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of esphome_configs with secrets beside it, as a user has it."""
    copy = tmp_path / "esphome_configs"
    shutil.copytree(ROOT / "esphome_configs", copy, ignore=shutil.ignore_patterns("__pycache__", ".esphome"))
    (copy / "secrets.yaml").write_text(SECRETS)
    return copy


def esphome(*arguments: str | Path, environment: dict[str, str] | None = None) -> tuple[int, str]:
    result = subprocess.run(
        [str(ESPHOME), "-m", "esphome", *map(str, arguments)],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return result.returncode, " ".join((result.stdout + result.stderr).split())  # ESPHome wraps its messages


def test_the_file_to_copy_is_valid_and_generates(folder: Path) -> None:
    code, output = esphome("config", folder / "facegate-gate.yaml")
    assert code == 0, output
    code, output = esphome("compile", "--only-generate", folder / "facegate-gate.yaml")
    assert code == 0, output
    (main,) = (folder / ".esphome").rglob("main.cpp")
    generated = main.read_text()
    for call in (
        'gate->set_gate("main-entrance")',
        "gate->set_fail_safe(false)",
        "gate->set_exit_relay(2)",
        "broker_client->set_clean_session(true)",
        "broker_client->set_reboot_timeout(0)",
        "broker_client->disable_discovery()",
        'broker_client->set_topic_prefix(""',
    ):
        assert call in generated, call


def test_the_smallest_node_is_valid(folder: Path) -> None:
    """One relay, no inputs, a broker without TLS: every package but the needed ones is optional."""
    file = folder / "facegate-gate.yaml"
    optional = ("two_way:", "mqtt_tls:", "ota:", "exit_button:", "fire_input:", "passage_sensor:")
    file.write_text(
        "\n".join(
            line for line in file.read_text().splitlines() if not line.startswith(tuple(f"  {o}" for o in optional))
        )
    )
    code, output = esphome("config", file)
    assert code == 0, output
    assert "relay_2:" not in output


def test_outside_a_checkout_a_release_is_used(folder: Path, tmp_path: Path) -> None:
    """The commented block, switched on, with a repository of our own in the place of the public one."""
    remote = tmp_path / "remote"
    shutil.copytree(ROOT / "esphome_configs", remote / "esphome_configs", ignore=shutil.ignore_patterns("__pycache__"))
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Release"], ["tag", "v0.1.0"]):
        subprocess.run(["git", *identity, "-C", str(remote), *command], check=True, capture_output=True)
    original, _, commented = (folder / "facegate-gate.yaml").read_text().partition("# Outside a checkout")
    block = "\n".join(line.removeprefix("# ") for line in commented.splitlines()[1:])
    away = tmp_path / "away"
    away.mkdir()
    (away / "secrets.yaml").write_text(SECRETS)
    wanted = block.replace("passage-sensor.yaml", "passage-sensor.yaml\n      - packages/feedback-lamp.yaml")
    (away / "gate.yaml").write_text(original.partition("# Leave out")[0] + wanted + "\n")
    code, output = esphome(
        "config",
        away / "gate.yaml",
        environment={
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{remote}.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/facegate/facegate",
        },
    )
    assert code == 0, output
    assert "passage_sensor: passage_sensor" in output
    assert "pattern: challenge_right" in output  # of a file that one of the listed files includes


@pytest.mark.parametrize(
    ("addition", "sentence"),
    [
        (
            "switch: [{platform: gpio, pin: GPIO32, name: Gate}]",
            "the switch 'Gate' would take unsigned commands from anyone on the broker; set 'internal: true' on it",
        ),
        ("switch: [{platform: output, output: relay_1, name: Gate}]", "the switch 'Gate' would take unsigned commands"),
        (
            "lock: [{platform: template, name: Gate, optimistic: true, unlock_action: [output.turn_on: relay_1]}]",
            "the lock 'Gate' would take unsigned commands",
        ),
        (
            "button: [{platform: output, name: Open, output: relay_1, duration: 1s}]",
            "the button 'Open' would take unsigned commands",
        ),
        (
            "button: [{platform: template, id: press, name: Open, on_press: [output.turn_on: relay_1]}]",
            "the button 'Open' would take unsigned commands",
        ),
        (
            "cover: [{platform: template, name: Gate, open_action: [output.turn_on: relay_1]}]",
            "the cover 'Gate' would take unsigned commands",
        ),
        (
            "valve: [{platform: template, name: Gate, open_action: [output.turn_on: relay_1]}]",
            "the valve 'Gate' would take unsigned commands",
        ),
        (
            "switch: [{platform: output, output: relay_1, id: hidden, internal: true}]",
            "the switch 'hidden' moves 'relay_1', which is the gate's alone; remove it",
        ),
        (
            "light: [{platform: binary, output: relay_2, name: Lamp}]",
            "the light 'Lamp' moves 'relay_2', which is the gate's alone; remove it",
        ),
        ("mqtt: {clean_session: false}", "set 'clean_session: true' in 'mqtt'"),
        ("mqtt: {reboot_timeout: 5min}", "set 'reboot_timeout: 0s' in 'mqtt'"),
        ("mqtt: {discovery: true}", "set 'discovery: false' in 'mqtt'"),
        ("mqtt: {discovery: CLEAN}", "set 'discovery: false' in 'mqtt'"),
        (
            "mqtt: {on_message: [{topic: gate/open, then: [output.turn_on: relay_1]}]}",
            "remove 'on_message' from 'mqtt'",
        ),
        (
            "mqtt: {on_json_message: [{topic: gate/open, then: [output.turn_on: relay_1]}]}",
            "remove 'on_json_message' from 'mqtt'",
        ),
        ("wifi: {ap: {}}", "remove 'ap' from 'wifi'"),
        ("wifi: {ap: {}}\ncaptive_portal:", "may not have 'captive_portal'"),
        ("web_server:", "may not have 'web_server'"),
        ("api:", "may not have 'api'"),
        (
            "web_server_base:\nota: [{platform: web_server}]",
            "may not be flashed from a web page; use 'ota' with platform",
        ),
        ("substitutions: {ota_password: ''}", "give 'ota' a 'password'"),
        ("substitutions: {gate_key: abc}", "the gate's key has 64 hex digits"),
        (
            "substitutions: {gate_key: '" + "00" * 32 + "'}",
            "this key is not random; make one with: openssl rand -hex 32",
        ),
        ("substitutions: {gate_id: Main}", "an id has 1 to 32 of a-z, 0-9 and '-'"),
        ("substitutions: {site: -home}", "an id has 1 to 32 of a-z, 0-9 and '-'"),
        ("substitutions: {pulse: 6s}", "pulse is longer than max_pulse; raise the one or shorten the other"),
        ("facegate_gate: {max_pulse: 2min}", "max_pulse"),
        ("facegate_gate: {relay_2: relay_1}", "both relays are the same output; give each its own"),
        ("facegate_gate: {exit_relay: 3}", "exit_relay"),
        ("facegate_gate: {press_relay: 3}", "press_relay"),
    ],
)
def test_refused_with_the_way_out(folder: Path, addition: str, sentence: str) -> None:
    file = folder / "changed.yaml"
    file.write_text(f"packages:\n  gate: !include facegate-gate.yaml\n{addition}\n")
    code, output = esphome("config", file)
    assert code != 0
    assert sentence in output


def test_a_reset_without_a_fire_is_refused(folder: Path) -> None:
    file = folder / "facegate-gate.yaml"
    text = file.read_text()
    reset = "  fire_reset: !include packages/fire-reset.yaml"
    assert f"  # {reset.strip()}" in text
    file.write_text(
        text.replace(f"  # {reset.strip()}", reset).replace("  fire_input: !include packages/fire-input.yaml\n", "")
    )
    code, output = esphome("config", file)
    assert code != 0
    assert "fire_reset ends the release of a fire, which this gate cannot hear of; set fire_input" in output


def test_an_internal_entity_beside_the_relays_is_allowed(folder: Path) -> None:
    file = folder / "changed.yaml"
    file.write_text(
        "packages:\n  gate: !include facegate-gate.yaml\n"
        "output: [{platform: gpio, id: buzzer, pin: GPIO25}]\n"
        "switch: [{platform: output, output: buzzer, id: sound, internal: true}]\n"
    )
    code, output = esphome("config", file)
    assert code == 0, output
