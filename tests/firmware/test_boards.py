"""Every board with every package that it says it has room for; what does not fit is refused; no pin is a trap."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from facegate.adapters.boards import known_boards
from facegate.core.boards import FEATURES, NETWORKS, TERMINALS, Board, apart, read_board
from tests.firmware.compiled import ROOT
from tests.firmware.test_config import ESPHOME, SECRETS

CONFIGS = ROOT / "esphome_configs"
ALWAYS = ("gate", "mqtt", "mqtt-tls", "ota")
PACKAGES = {file.stem: file.read_text() for file in sorted((CONFIGS / "packages").glob("*.yaml"))}
NEEDS = {name: tuple(re.findall(r"^#.* needs ([\w-]+)\.yaml", text, re.MULTILINE)) for name, text in PACKAGES.items()}


def full(board: Board) -> list[tuple[str, ...]]:
    """Everything at once, until every choice has been made once."""
    rounds = max(map(len, board.one_of), default=1)
    choices = [tuple(choice[number % len(choice)] for choice in board.one_of) for number in range(rounds)]
    found = [(*board.fits, *apart(choice)) for choice in choices]
    return [*found, *((*(p for p in board.fits if p not in others), package) for others, package in board.instead)]


BOARDS = {file.stem: read_board(file.stem, file.read_text()) for file in sorted((CONFIGS / "boards").glob("*.yaml"))}


type Question = tuple[str, tuple[str, ...]]
type Answer = tuple[int, str]


def node(board: str, packages: tuple[str, ...]) -> str:
    """The file of a node as a user has it, with these packages."""
    head, _, rest = (CONFIGS / "facegate-gate.yaml").read_text().partition("# Leave out")
    components = rest[rest.index("external_components:") : rest.index("# Outside a checkout")]
    files = dict.fromkeys([f"boards/{board}", *(f"packages/{package}" for package in (*ALWAYS, *packages))])
    includes = "".join(f"  p{number}: !include {file}.yaml\n" for number, file in enumerate(files))
    return f"{head}\npackages:\n{includes}{components}"


def ask(folder: Path, command: tuple[str, ...], questions: list[Question]) -> dict[Question, Answer]:
    """What ESPHome says to each of these nodes."""
    shutil.copytree(CONFIGS, folder, ignore=shutil.ignore_patterns("__pycache__", ".esphome"))
    (folder / "secrets.yaml").write_text(SECRETS)
    calls: list[tuple[str, ...]] = []
    for number, question in enumerate(questions):
        file = folder / f"node-{number}.yaml"
        # Two are asked at once, and ESPHome empties the folder of a node that another file of the same name has built.
        file.write_text(node(*question).replace("main-entrance", f"gate-{number}"))
        calls.append((*command, str(file)))
    return dict(zip(questions, run_many(calls), strict=True))


def run_many(calls: list[tuple[str, ...]], environment: dict[str, str] | None = None) -> list[Answer]:
    """What ESPHome answers to each of these calls."""
    result = subprocess.run(
        [str(ESPHOME), str(ROOT / "tests/firmware/esphome_many.py")],
        input="\n".join(map(json.dumps, calls)),
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    return [tuple(json.loads(line)) for line in result.stdout.splitlines()]


def wants(package: str) -> set[str]:
    """The pins that a package takes from the board."""
    return set(re.findall(r"\$\{(board_\w+_pin)\}", PACKAGES[package]))


def test_the_program_knows_the_same_boards() -> None:
    """What it writes for a board is what the board's file says."""
    assert known_boards() == BOARDS


def test_the_program_knows_what_each_package_wants() -> None:
    features = {name for board in BOARDS.values() for name in board.features}
    assert features == set(FEATURES)
    assert {package for package in PACKAGES if package.startswith("network-")} == set(NETWORKS)
    for name, feature in FEATURES.items():
        assert {f"board_{terminal}_pin" for terminal in feature.terminals} == wants(name)
        assert set(NEEDS[name]) <= {feature.needs}
        assert set(feature.terminals) <= set(TERMINALS)


def test_the_boards_are_there() -> None:
    assert set(BOARDS) == {
        "esp32-relay-x4",
        "kincony-kc868-a4",
        "lilygo-t-relay-4",
        "lilygo-t-relay-4-w5500",
        "olimex-esp32-evb",
        "shelly-plus-1",
        "waveshare-esp32-s3-relay-6ch",
    }


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_board_says_where_its_pins_come_from_and_that_nobody_has_tried_it(board: Board) -> None:
    comment = board.text.partition("substitutions:")[0]
    assert "Not yet tried on hardware." in comment
    assert "https://" in comment
    assert set(board.features) <= set(PACKAGES)
    assert not set(re.findall(r"^(\w+):", board.text, re.MULTILINE)) - {
        "substitutions", "esp32", "output", "status_led"
    }  # pins only  # fmt: skip


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_board_has_pins_for_what_it_names_and_for_nothing_else(board: Board) -> None:
    for package in PACKAGES:
        if wants(package):
            assert (wants(package) <= set(board.pins)) == (package in (board.network_package, *board.features)), package
    used = set().union(*(wants(package) for package in (board.network_package, *board.features)))
    assert set(board.pins) == used


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_what_goes_together_shares_no_pin_and_what_does_not_does(board: Board) -> None:
    def taken(packages: str) -> set[str]:
        names = [p for package in apart((packages,)) for p in (package, *NEEDS[package])]
        return {board.pins[name] for name in set().union(*map(wants, names))}

    for one, other in itertools.combinations((board.network_package, *board.features), 2):
        if board.may_meet(one, other) and one not in NEEDS[other] and other not in NEEDS[one]:
            assert not taken(one) & taken(other), (one, other)
    for choice in board.one_of:
        for one, other in itertools.combinations(choice, 2):
            assert taken(one) & taken(other), f"there is room for both {one} and {other}; say so"
    for others, package in board.instead:
        for other in others:
            assert taken(other) & taken(package), f"there is room for both {other} and {package}; say so"
    fixed = re.findall(r"pin: GPIO(\d+)", board.text[board.text.index("output:") :])  # relays and status LED
    assert not set(fixed) & set(board.pins.values())


def test_what_a_board_has_room_for_is_valid(tmp_path: Path) -> None:
    """Everything at once on every board, and on two of them each package alone: none needs another in secret."""
    questions = [(board.name, packages) for board in BOARDS.values() for packages in full(board)]
    named = set()
    for name in ("esp32-relay-x4", "waveshare-esp32-s3-relay-6ch"):
        board = BOARDS[name]
        new = [feature for feature in board.features if feature not in named]
        questions += [(name, (board.network_package, *NEEDS[feature], feature)) for feature in new]
        named.update(new)
    assert named == {feature for board in BOARDS.values() for feature in board.features}
    for question, (code, said) in ask(tmp_path / "configs", ("config",), questions).items():
        assert code == 0, f"{question}: {said}"
        assert "strapping PIN" not in said, f"{question}: {said}"


@pytest.mark.parametrize("number", [0, 1])
def test_the_fullest_node_of_each_board_generates(number: int, tmp_path: Path) -> None:
    """In two parts, because it is the slowest."""
    questions = [(board.name, full(board)[0]) for board in list(BOARDS.values())[number::2]]
    for question, (code, said) in ask(tmp_path / "configs", ("compile", "--only-generate"), questions).items():
        assert code == 0, f"{question}: {said}"


def test_readers_are_connected_and_say_nothing(tmp_path: Path) -> None:
    """What a reader gives goes to the gate; numbers and digits go nowhere else, not even into the log."""
    board = BOARDS["waveshare-esp32-s3-relay-6ch"]
    ((code, said),) = ask(tmp_path / "configs", ("compile", "--only-generate"), [(board.name, full(board)[0])]).values()
    assert code == 0, said
    (main,) = (tmp_path / "configs/.esphome").rglob("main.cpp")
    generated = main.read_text()
    for call in ("gate->wiegand(1, bits, value)", "gate->pin(1, x)", "gate->card_number(1, x, 32)", "gate->card(1, x)"):
        assert call in generated, call
    (defines,) = (tmp_path / "configs/.esphome").rglob("defines.h")
    assert "#define USE_LOGGER" in defines.read_text()
    for reader in ("wiegand", "key_collector", "rdm6300", "pn532"):
        assert f'set_log_level("{reader}", ESPHOME_LOG_LEVEL_WARN)' in generated, reader


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_no_relay_can_move_at_boot(board: Board) -> None:
    """Every output floats or is pulled low at reset: an inverted one would close its relay then."""
    outputs = board.text[board.text.index("output:") :]
    relays = re.findall(r"  - platform: gpio\n    id: (relay_\d)\n    pin: GPIO(\d+)\n", outputs)
    assert [relay for relay, _ in relays] == ["relay_1", "relay_2"][: 2 if "two-way" in board.fits else 1]
    assert outputs.count("platform:") == len(relays)
    assert "inverted" not in outputs
