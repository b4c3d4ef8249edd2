"""From no gate to one in use, by the command line: files, wiring, the walk with a real node, and new keys."""

import os
import re
import secrets
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.broker import Mosquitto
from tests.parts.eyes import models_folder
from tests.parts.node import NativeNode
from tests.parts.recognizer import Recognizer, facegate
from tests.parts.waiting import PATIENCE, wait_for


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def recognizer(tmp_path: Path, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recognizer]:
    monkeypatch.setenv("FACEGATE_MODELS", str(models_folder()))
    running = Recognizer(tmp_path / "data", broker.port)
    running.start()
    running.pair()
    yield running
    running.stop()


def add(recognizer: Recognizer, out: Path, name: str, *more: str) -> subprocess.CompletedProcess[str]:
    return facegate(
        "gate", "add", name, "--board", "esp32-relay-x4", "--lock", "fail-secure", "--broker", "broker.example",
        "--out", str(out), *more, data=recognizer.data,
    )  # fmt: skip


def secret(out: Path, name: str) -> str:
    found = re.search(rf'^{name}: "(.*)"$', (out / "secrets.yaml").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def opens(recognizer: Recognizer) -> None:
    """Open once from afar; raises where it does not open."""
    wish = {"direction": "entry", "issued_at": time.time_ns() // 1_000_000}
    recognizer.api("POST", "/gates/main/open", wish, headers={"Idempotency-Key": secrets.token_hex(16)})


class Screen:
    """The walk on its screen: what it says, and the keys that somebody presses."""

    def __init__(self, recognizer: Recognizer, gate: str, out: Path, *more: str) -> None:
        self.said = ""
        self._read = 0
        environment = {**os.environ, "FACEGATE_DATA_DIR": str(recognizer.data), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "facegate.cli", "gate", "test", gate, "--out", str(out), *more]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while data := os.read(self._process.stdout.fileno(), 4096):
            self.said += data.decode(errors="replace")

    def until(self, text: str) -> None:
        """Wait until it has said this, after what was waited for before."""
        wait_for(lambda: text in self.said[self._read :], shows=lambda: self.said)
        self._read = self.said.index(text, self._read) + len(text)

    def press(self, keys: str = "") -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{keys}\n".encode())
        self._process.stdin.flush()

    def ended(self) -> int:
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code


def test_a_gate_is_added_tested_and_given_new_keys(tmp_path: Path, recognizer: Recognizer, broker: Mosquitto) -> None:
    out, sheets = tmp_path / "nodes", tmp_path / "sheets"
    done = add(recognizer, out, "Main", "--inputs", "exit,fire", "--wifi-ssid", "home", "--wifi-password", "x y")
    assert done.returncode == 0, done.stderr
    assert re.search(r"exit button\s.* 13 ", done.stdout), done.stdout
    assert "esphome run" in done.stdout
    assert "opens for nobody before that test" in done.stdout
    assert (out / "secrets.yaml").stat().st_mode & 0o777 == 0o600
    assert (out / "main.yaml").stat().st_mode & 0o777 == 0o600
    key = secret(out, "main_gate_key")
    assert key not in done.stdout + (out / "main.yaml").read_text()

    with NativeNode(tmp_path / "node", broker, key=bytes.fromhex(key)) as node:
        wait_for(lambda: recognizer.api("GET", "/gates/main")["node"] == "online")
        with pytest.raises(urllib.error.HTTPError, match="not_commissioned"):
            opens(recognizer)
        assert node.relay.pulses() == []

        screen = Screen(recognizer, "main", sheets)
        screen.until("Enter to begin")
        screen.press()
        screen.until("lock again by itself?")
        node.relay.wait_for_pulses(1)
        screen.press("y")
        screen.until("Press the exit button.")
        screen.press()
        screen.until("waiting for the node")
        node.touch_input("exit", 0.2)
        screen.until("opened at once?")
        screen.press("n")
        screen.until("NOT SEEN: you said no")
        screen.press("r")
        screen.until("waiting for the node")
        node.touch_input("exit", 0.2)
        screen.until("opened at once?")
        screen.press("y")
        screen.until("take one wire off FIRE")
        screen.press()
        screen.until("waiting for the node")
        node.set_input("fire", True)
        screen.until("stand open?")
        screen.press("y")
        screen.until("End the alarm")
        screen.press()
        screen.until("waiting for the node")
        node.set_input("fire", False)
        screen.until("still stand open?")
        screen.press("y")
        screen.until("resets the fire")
        screen.press()
        screen.until("locked again?")
        screen.press("y")
        for _ in range(3):
            screen.until("y or n: ")
            screen.press("y")
        screen.until("Your name")
        screen.press("Resident 1")
        assert screen.ended() == 0, screen.said
        assert "may be taken into use" in screen.said
        (sheet,) = sheets.glob("main-*.html")
        assert "May be taken into use" in sheet.read_text()
        assert "May be taken into use" in sheet.with_suffix(".txt").read_text()
        assert '"passed": true' in sheet.with_suffix(".json").read_text()

        before = len(node.relay.pulses(relay=1))
        opens(recognizer)
        changed = facegate("gate", "rekey", "main", data=recognizer.data)
        assert "the one before is erased on both sides" in changed.stdout
        wait_for(lambda: len(node.relay.pulses(relay=1)) == before + 1)
        time.sleep(1)
        opens(recognizer)
        assert secret(out, "main_gate_key") == key

        dead = facegate("gate", "rekey", "main", "--compromised", "--yes", "--out", str(out), data=recognizer.data)
        assert dead.returncode == 0, dead.stderr
        assert "BY CABLE" in dead.stdout
        assert secret(out, "wifi_password") == "x y"
        with pytest.raises(urllib.error.HTTPError, match="node_silent"):  # the old key is dead at once
            opens(recognizer)
        count = len(node.relay.pulses())
    new = secret(out, "main_gate_key")
    assert new != key
    with NativeNode(tmp_path / "node", broker, key=bytes.fromhex(new)) as node:
        wait_for(lambda: recognizer.api("GET", "/gates/main")["node"] == "online")
        opens(recognizer)
    assert len(node.relay.pulses()) == count + 1


def test_several_gates_share_a_folder_and_nothing_is_overwritten(tmp_path: Path, recognizer: Recognizer) -> None:
    out = tmp_path / "nodes"
    out.mkdir()
    (out / "secrets.yaml").write_text('# mine\nwifi_ssid: "home"\n')
    for name in ("Main", "Side"):
        assert add(recognizer, out, name).returncode == 0
    text = (out / "secrets.yaml").read_text()
    assert text.startswith('# mine\nwifi_ssid: "home"\n')
    assert secret(out, "main_gate_key") != secret(out, "side_gate_key")
    assert {file.name for file in out.iterdir()} == {"main.yaml", "side.yaml", "secrets.yaml"}

    recognizer.api("DELETE", "/gates/side")
    again = add(recognizer, out, "Side")
    assert again.returncode != 0
    assert "side.yaml is there already and is not overwritten" in " ".join(again.stderr.split())
    (out / "side.yaml").unlink()
    again = add(recognizer, out, "Side")
    assert "has a 'side_gate_key' already" in " ".join(again.stderr.split())
    assert (out / "secrets.yaml").read_text() == text
    assert [gate["id"] for gate in recognizer.api("GET", "/gates")] == ["main"], "a gate whose key is nowhere is none"
    assert "knows no 'bell'" in add(recognizer, tmp_path / "x", "Third", "--inputs", "bell").stderr
