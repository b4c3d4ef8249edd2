"""The compose file for Home Assistant Container: what it names is there, and its broker lets in whom it should."""

import os
import re
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import yaml
from typer.testing import CliRunner

from facegate.cli import app
from scripts.lib.image_tree import instructions
from tests.parts.recognizer import free_port
from tests.parts.waiting import wait_for

ROOT = Path(__file__).parents[2]
PASSWORDS = {f"{name}_MQTT_PASSWORD": f"{name.lower()} pass'word \"$1" for name in ("FACEGATE", "GATES", "HOME")}


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "addon" / "compose.yaml").read_text(encoding="utf-8"))
    return content


def test_the_service_is_the_image_and_its_command_is_understood() -> None:
    service = compose()["services"]["facegate"]
    assert service["build"] == ".", "the folder of the Dockerfile"
    arguments = service["command"]
    helped = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).output
    for word in arguments[1:]:
        assert re.search(rf"{re.escape(word.partition('=')[0])}\b", helped), word
    assert "FACEGATE_MQTT_PASSWORD" in helped
    user = next(re.search(r"--uid (\d+) --gid (\d+)", rest) for word, rest in instructions() if "--uid" in rest)
    assert user is not None
    assert service["user"] == f"{user[1]}:{user[2]}"
    volumes = [rest for word, rest in instructions() if word == "VOLUME"]
    assert [volume.split(":")[1] for volume in service["volumes"]] == volumes
    assert {volume.split(":")[0] for volume in service["volumes"]} == compose()["volumes"].keys()


def test_each_container_may_nothing_that_it_does_not_need() -> None:
    for name, service in compose()["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service["user"].startswith("0")
        rights = {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode", "group_add"}
        assert not rights & service.keys(), name
        given = service["environment"]
        assert all(re.fullmatch(r"\$\{\w+:[-?].*\}", value) for value in given.values()), "no password is written here"
        assert not {"configs", "secrets"} & service.keys(), "Compose writes them into the container, which is read-only"
    grace = compose()["services"]["facegate"]["stop_grace_period"]
    app_folder = yaml.safe_load((ROOT / "addon" / "config.yaml").read_text(encoding="utf-8"))
    assert grace == f"{app_folder['timeout']}s"


def test_its_broker_lets_in_who_has_a_password_and_nobody_else(tmp_path: Path) -> None:
    """The entry point and configuration as they stand, with paths in a folder of the test."""
    service, port = compose()["services"]["mosquitto"], free_port()
    *shell, script = (word.replace("$$", "$") for word in service["entrypoint"])
    own = f"listener {port} 127.0.0.1"
    if os.geteuid() == 0:  # Debian's drops to a user who cannot read the folder; the container's never is root
        own += "\nuser root"
    script = script.replace("/tmp/", f"{tmp_path}/").replace("listener 1883", own)
    assert set(service["environment"]) == set(PASSWORDS)
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", **PASSWORDS}
    with ExitStack() as stack:
        process = subprocess.Popen([*shell, script], env=environment, stderr=subprocess.PIPE, cwd=tmp_path)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        for name, user in (("FACEGATE", "facegate"), ("GATES", "gates"), ("HOME", "homeassistant")):
            assert answer(port, user, PASSWORDS[f"{name}_MQTT_PASSWORD"]) == "Success"
            assert answer(port, user, "wrong") == "Not authorized"
        assert answer(port, "", "") == "Not authorized"
    assert (tmp_path / "passwords").stat().st_mode & 0o077 == 0


def answer(port: int, user: str, password: str) -> str:
    """What the broker says to somebody who connects."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    said: list[str] = []
    client.on_connect = lambda _client, _data, _flags, reason, _properties: said.append(str(reason))
    if user:
        client.username_pw_set(user, password)

    def connects() -> bool:
        with suppress(ConnectionRefusedError):
            client.connect("127.0.0.1", port)
            return True
        return False

    wait_for(connects, shows=lambda: "the broker does not start")
    client.loop_start()
    wait_for(lambda: said)
    client.loop_stop()
    client.disconnect()
    return said[0]


def test_the_page_about_it_names_what_is_in_it() -> None:
    page = (ROOT / "docs/home-assistant/container.md").read_text(encoding="utf-8")
    for name in PASSWORDS:
        assert name in page or f"{name.partition('_')[0]} " in page
    assert "--profile mosquitto" in page
    for target in re.findall(r"\]\((?!http)([^)#]+)", page):
        assert (ROOT / "docs/home-assistant" / target).exists(), target
