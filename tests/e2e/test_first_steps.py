"""What an owner meets first: no broker yet, a wrong password, the commands beside a running service."""

import re
import time
from pathlib import Path

import pytest

from tests.parts.broker import Mosquitto
from tests.parts.recognizer import PAIRING_CODE, Recognizer, facegate


def wait_for_broker(recognizer: Recognizer, connected: bool, timeout: float = 40) -> None:
    end = time.monotonic() + timeout
    while recognizer.api("GET", "/health")["broker"] is not connected:
        assert time.monotonic() < end, recognizer.log()[-2000:]
        time.sleep(0.1)


def test_it_starts_without_a_broker_and_finds_it_later(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    recognizer = Recognizer(tmp_path / "data", broker.port)
    try:
        recognizer.start()
        recognizer.pair()
        assert recognizer.api("GET", "/health")["broker"] is False
        assert "MQTT broker" in recognizer.log()
        with broker:
            wait_for_broker(recognizer, connected=True)
        wait_for_broker(recognizer, connected=False)
    finally:
        assert recognizer.stop() == 0
    assert "Traceback" not in recognizer.log()


def test_a_wrong_password_is_said_in_one_sentence_and_not_shown(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker", users={"gate": "right-word"}) as broker:
        wrong = ("--mqtt-username", "gate", "--mqtt-password", "wrong-word")
        recognizer = Recognizer(tmp_path / "data", broker.port, extra=wrong)
        try:
            recognizer.start()
            recognizer.pair()
            end = time.monotonic() + 20
            while "password" not in recognizer.log():
                assert time.monotonic() < end, recognizer.log()
                time.sleep(0.1)
            assert recognizer.api("GET", "/health")["broker"] is False
        finally:
            recognizer.stop()
    assert "Traceback" not in recognizer.log()
    assert "wrong-word" not in recognizer.log()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("commands")
    with Mosquitto(folder / "broker") as broker:
        recognizer = Recognizer(folder / "data", broker.port)
        try:
            recognizer.start()
            yield recognizer
        finally:
            recognizer.stop()


def said(running: Recognizer, *arguments: str, code: int = 0) -> str:
    done = facegate(*arguments, data=running.data)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return " ".join((done.stdout + done.stderr).split())


def test_gates_and_cameras_are_kept_from_the_command_line(running: Recognizer) -> None:
    added = said(running, "gate", "add", "Main gate")
    assert re.search(r"gate_id: main-gate gate_key: [0-9a-f]{64}", added)
    assert "main-gate" in said(running, "gate", "list")

    refused = said(running, "camera", "add", "nowhere", "rtsp://camera/stream", code=1)
    assert "There is no gate" in refused or "nothing of that name" in refused
    name = re.search(
        r"Camera '([^']+)'", said(running, "camera", "add", "main-gate", "rtsp://me:word@127.0.0.1:9/live")
    )
    assert name is not None
    shown = said(running, "camera", "list", "main-gate")
    assert "passive" in shown
    assert "word" not in shown
    said(running, "camera", "remove", "main-gate", name[1])
    assert name[1] not in said(running, "camera", "list", "main-gate")

    said(running, "gate", "remove", "main-gate", "--yes")
    assert "main-gate" not in said(running, "gate", "list")


def test_a_pairing_code_from_the_command_line_works_once(running: Recognizer) -> None:
    (code,) = PAIRING_CODE.findall(said(running, "pair"))
    running.pair(code=code)
    assert "connected" in said(running, "doctor", "--json")


def test_each_start_offers_a_new_code(running: Recognizer) -> None:
    before = running.pairing_code()
    running.pair(code=PAIRING_CODE.findall(said(running, "pair"))[0])
    running.stop()
    running.start()
    assert running.pairing_code() != before
    running.pair()
