"""The file that FaceGate writes for a node is what ESPHome takes, on every board, from a release of ours."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from facegate.adapters.boards import known_boards
from facegate.core.boards import Board, BoardError, Lock, pick
from facegate.core.node_file import (
    ESPHOME,
    REPOSITORY,
    NodeSetup,
    SecretExistsError,
    Way,
    merge_secrets,
    missing_secrets,
    node_name,
    node_secrets,
    node_yaml,
    secret_names,
)
from tests.firmware.compiled import ROOT
from tests.firmware.test_boards import BOARDS, full, run_many

KEY = bytes.fromhex("8f5b0a7e3c1d94626be2f7a80914cd35e6a1b2780fd34c59913e6ad7c204bb18")
CA = "-----BEGIN CERTIFICATE-----\nnot a real one\n-----END CERTIFICATE-----\n"
RELEASE = "0.1.0"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A repository of our own with the release in it; what git must be told to find it instead of the public one."""
    remote = tmp_path_factory.mktemp("remote")
    shutil.copytree(ROOT / "esphome_configs", remote / "esphome_configs", ignore=shutil.ignore_patterns("__pycache__"))
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Release"], ["tag", f"v{RELEASE}"]):
        subprocess.run(["git", *identity, "-C", str(remote), *command], check=True, capture_output=True)
    return {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{remote}.insteadOf",
        "GIT_CONFIG_VALUE_0": REPOSITORY,
    }


def write(folder: Path, board: Board, gate: str, features: tuple[str, ...], lock: Lock, *, tls: bool) -> Path:
    """Both files of one gate, as a user has them, beside those of the other gates."""
    way = Way("broker.example", 8883 if tls else 1883, tls)
    file = folder / f"{gate}.yaml"
    file.write_text(
        node_yaml(board, NodeSetup(board.name, lock, board.choose(features), RELEASE), way, gate=gate, site="home")
    )
    known = node_secrets(board, way, gate=gate, key=KEY, mqtt_password="a", ota_password="b", ca=CA)
    missing = missing_secrets(board, way, known)
    secrets = folder / "secrets.yaml"
    before = secrets.read_text() if secrets.exists() else ""
    secrets.write_text(merge_secrets(before, known | dict.fromkeys(missing, "not a real one")))
    return file


def test_esphome_takes_what_is_written(tmp_path: Path, release: dict[str, str]) -> None:
    """Every board: what a gate usually has, and as much as there is room for; all of them in one folder."""
    files, locks = [], list(Lock)
    for number, board in enumerate(known_boards().values()):
        most = tuple(feature for feature in full(board)[0] if feature != board.network_package)
        for name, features in (("usual", board.usual()), ("full", most)):
            gate = f"{board.name[:20].rstrip('-')}-{number}-{name}"
            lock = locks[len(files) % len(locks)]
            files.append(write(tmp_path, board, gate, features, lock, tls=name == "full"))
    first, *others = [("config", str(file)) for file in files]
    answers = run_many([first], release)  # it fetches the release, which the others then find
    answers += run_many(others, release)
    for file, (code, said) in zip(files, answers, strict=True):
        assert code == 0, f"{file.name}: {said}"
        assert "strapping PIN" not in said, f"{file.name}: {said}"


def test_only_the_release_of_the_program_is_named() -> None:
    board = BOARDS["esp32-relay-x4"]
    setup = NodeSetup(board.name, Lock.FAIL_SAFE, board.choose(board.usual()), RELEASE)
    text = node_yaml(board, setup, Way("broker.example", 8883, True), gate="main", site="home")
    assert text.count(f"ref: v{RELEASE}\n") == text.count("ref:") == 2
    assert "lock_type: fail_safe" in text
    assert KEY.hex() not in text
    assert f"min_version: {ESPHOME}" in (ROOT / "esphome_configs/facegate-gate.yaml").read_text()


def test_a_board_that_has_no_room_says_so() -> None:
    with pytest.raises(BoardError, match=r"shelly-plus-1 has no room for 'fire-input'"):
        BOARDS["shelly-plus-1"].choose(["fire-input"])
    with pytest.raises(BoardError, match="'pn532' share pins"):
        BOARDS["lilygo-t-relay-4"].choose(["pn532", "wiegand"])
    with pytest.raises(BoardError, match="has ethernet, not wifi"):
        pick(BOARDS, "olimex-esp32-evb", "wifi")
    with pytest.raises(BoardError, match="There is no board 'arduino'"):
        pick(BOARDS, "arduino")


def test_what_something_needs_comes_with_it() -> None:
    assert BOARDS["esp32-relay-x4"].choose(["second-beam", "keypad-wiegand"]) == (
        "passage-sensor",
        "second-beam",
        "wiegand",
        "keypad-wiegand",
    )
    assert pick(BOARDS, "lilygo-t-relay-4", "ethernet").name == "lilygo-t-relay-4-w5500"


def test_names_of_nodes_are_short_and_differ() -> None:
    assert node_name("main") == "facegate-main"
    long = {node_name(f"the-gate-of-the-northern-garage-{n}") for n in (1, 2)}
    assert len(long) == 2
    assert all(len(name) <= 31 for name in long)


def test_secrets_of_others_stay_as_they_are() -> None:
    """Comments, order and odd lines of an owner's file are kept byte for byte."""
    owners = '# mine\nwifi_ssid: "home"\nwifi_password: x\n\n# more\nmqtt_ca: |\n  -----BEGIN\n  old\nlast: 1'
    merged = merge_secrets(owners, {"main_gate_key": KEY.hex(), "wifi_ssid": "home"})
    assert merged == f'{owners}\nmain_gate_key: "{KEY.hex()}"\n'
    assert secret_names(merged) == {"wifi_ssid", "wifi_password", "mqtt_ca", "last", "main_gate_key"}
    with pytest.raises(SecretExistsError, match="main_gate_key"):
        merge_secrets(merged, {"main_gate_key": "00"})
    renewed = merge_secrets(merged, {"main_gate_key": "00"}, replace=frozenset({"main_gate_key"}))
    assert renewed == f'{owners}\nmain_gate_key: "00"\n'
