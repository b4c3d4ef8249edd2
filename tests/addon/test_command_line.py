"""Commands end with one clear sentence when something is missing, and never with a traceback."""

import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from facegate.adapters.store import Store
from tests.parts.recognizer import facegate, free_port


def sentence(*arguments: str, data: Path, code: int = 1) -> str:
    done = facegate(*arguments, data=data)
    text = done.stdout + done.stderr
    assert done.returncode == code, text
    assert "Traceback" not in text
    return " ".join(text.split())


@pytest.mark.parametrize(
    "command", [("pair",), ("gate", "list"), ("gate", "add", "Main gate"), ("credentials", "list", "Resident 1")]
)
def test_a_command_for_the_running_service_says_that_none_runs(command: tuple[str, ...], tmp_path: Path) -> None:
    assert "FaceGate is not running" in sentence(*command, data=tmp_path)


def test_run_names_a_port_that_is_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        text = sentence(
            "run", "--data", str(tmp_path), "--api-host", "127.0.0.1", "--api-port", port,
            "--ingress-port", str(free_port()), "--local-pages", data=tmp_path,
        )  # fmt: skip
    assert port in text
    assert "in use" in text


def test_run_names_a_model_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEGATE_MODELS", str(tmp_path / "none"))
    text = sentence("run", "--data", str(tmp_path), data=tmp_path)
    assert "yunet" in text
    assert "facegate models fetch" in text


def test_run_names_settings_that_cannot_be_used(tmp_path: Path) -> None:
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"mqtt_port": "many"}))
    assert "mqtt_port" in sentence("run", "--options", str(options), data=tmp_path)


def test_run_refuses_data_of_a_newer_version(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    database = next(tmp_path.glob("*.db"))
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "newer" in sentence("run", "--data", str(tmp_path), data=tmp_path)


def test_run_refuses_data_that_is_in_use(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    try:
        assert "in use" in sentence("run", "--data", str(tmp_path), data=tmp_path)
    finally:
        store.close()


def test_doctor_names_what_is_missing_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEGATE_MODELS", str(tmp_path / "none"))
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"mqtt_host": "127.0.0.1", "mqtt_port": free_port()}))
    done = facegate("doctor", "--json", "--options", str(options), data=tmp_path)
    assert done.returncode == 1
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert findings["model yunet"]["advice"] == "Run: facegate models fetch"
    assert "does not answer" in findings["broker"]["found"]
    assert findings["clock"]["advice"] == ""


@pytest.mark.parametrize(
    "command", ["run", "doctor", "pair", "gate", "credentials", "enroll", "residents", "models", "people"]
)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = facegate(command, "--help", data=tmp_path)
    assert done.returncode == 0
    assert command in done.stdout
