"""What an owner meets first: no broker yet, a wrong password, the commands beside a running service."""

import re
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.parts.broker import Mosquitto
from tests.parts.recognizer import PAIRING_CODE, Recognizer, facegate
from tests.parts.waiting import wait_for


def wait_for_broker(recognizer: Recognizer, connected: bool) -> None:
    wait_for(lambda: recognizer.api("GET", "/health")["broker"] is connected, shows=lambda: recognizer.log()[-2000:])


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
            wait_for(lambda: "password" in recognizer.log(), shows=recognizer.log)
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


def pair(running: Recognizer) -> str:
    (code,) = PAIRING_CODE.findall(said(running, "pair"))
    running.pair(code=code)
    return str(code)


def test_a_pairing_code_from_the_command_line_works_once(running: Recognizer) -> None:
    code = pair(running)
    with pytest.raises(HTTPError, match="403"):
        running.pair(code=code)


def test_the_doctor_tells_what_is_well_and_what_is_not(running: Recognizer) -> None:
    pair(running)
    wait_for(lambda: running.api("GET", "/health")["problems"])  # until it has looked whom the broker lets in
    told = said(running, "doctor", "--json", code=1)
    assert '"connected"' in told
    assert "switch anonymous access off" in told, "the tests' broker lets everybody in"


def test_each_start_offers_a_new_code(running: Recognizer) -> None:
    before = running.pairing_code()
    pair(running)
    running.stop()
    running.start()
    assert running.pairing_code() != before
    running.pair()


def test_a_list_of_residents_is_imported_once_it_is_right(running: Recognizer, tmp_path: Path) -> None:
    file, out = tmp_path / "list.csv", tmp_path / "out.csv"
    file.write_bytes("姓名;房号;身份证\n=Resident 8;8-801;1234567890\n;7;\n".encode("gb18030"))
    refused = said(running, "residents", "import", str(file), "--yes", code=1)
    assert "nothing was stored" in refused
    assert "1234567890" not in refused
    assert "1 residents were added" in said(running, "residents", "import", str(file), "--good", "--yes")
    assert "1 residents are in" in said(running, "residents", "export", str(out))
    assert "\r\n'=Resident 8,8-801," in out.read_text(encoding="utf-8-sig", newline="")
    assert out.stat().st_mode & 0o077 == 0


def test_a_face_reader_is_switched_on_once_nothing_is_missing(running: Recognizer) -> None:
    said(running, "gate", "add", "West gate")
    assert "card, pin" in said(running, "gate", "reads", "west-gate", "card", "pin")
    assert "stays off" in said(running, "gate", "faces", "west-gate", "on", code=1)
    missing = said(running, "gate", "ways", "west-gate")
    assert "no list of cards and PINs" in missing
    assert "No card reader" not in missing
    assert "moves no door" in said(running, "gate", "add", "Trial gate", "--trial")
    assert "is on" in said(running, "gate", "faces", "trial-gate", "on")
    said(running, "gate", "remove", "west-gate", "--yes")
