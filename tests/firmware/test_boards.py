"""Every board with every package that it says it has room for; what does not fit is refused; no pin is a trap."""

import itertools
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.firmware.compiled import ROOT
from tests.firmware.test_config import ESPHOME, SECRETS

CONFIGS = ROOT / "esphome_configs"
ALWAYS = ("gate", "mqtt", "mqtt-tls", "ota")
NETWORKS = ("network-wifi", "network-ethernet-lan8720", "network-ethernet-w5500")
PACKAGES = sorted(file.stem for file in (CONFIGS / "packages").glob("*.yaml"))


@dataclass(frozen=True, slots=True)
class Board:
    """What a board file says of itself in its first comment."""

    name: str
    text: str
    fits: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]

    @property
    def network(self) -> str:
        (network,) = (package for package in self.fits if package in NETWORKS)
        return network

    @property
    def features(self) -> list[str]:
        """All that fits, whether alone or instead of something else."""
        return [p for p in itertools.chain(self.fits, *self.one_of) if p != self.network]

    @property
    def valid(self) -> list[tuple[str, ...]]:
        """Each package alone, so that none needs another; and all of them, so that no two share a pin."""
        return [(self.network,), *((self.network, feature) for feature in self.features), *self.fullest]

    @property
    def refused(self) -> list[tuple[str, ...]]:
        """What a board does not name has no pins there; of two that share pins, one must go."""
        absent = [(package,) for package in PACKAGES if package not in (*ALWAYS, *NETWORKS, *self.features)]
        pairs = [pair for choice in self.one_of for pair in itertools.combinations(choice, 2)]
        return [(self.network, *packages) for packages in (*absent, *pairs)]

    @property
    def fullest(self) -> list[tuple[str, ...]]:
        """Everything at once, for every choice that has to be made."""
        return [(*self.fits, *choice) for choice in itertools.product(*self.one_of)]


def read_board(file: Path) -> Board:
    def listed(name: str) -> list[tuple[str, ...]]:
        return [tuple(line.split(", ")) for line in re.findall(rf"^# {name}: (.+)$", file.read_text(), re.MULTILINE)]

    (fits,) = listed("Fits")
    return Board(file.stem, file.read_text(), fits, tuple(listed("One of")))


BOARDS = {board.name: board for board in map(read_board, sorted((CONFIGS / "boards").glob("*.yaml")))}


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
    calls = []
    for number, question in enumerate(questions):
        file = folder / f"node-{number}.yaml"
        file.write_text(node(*question))
        calls.append(json.dumps([*command, str(file)]))
    result = subprocess.run(
        [str(ESPHOME), str(ROOT / "tests/firmware/esphome_many.py")],
        input="\n".join(calls),
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    return dict(zip(questions, map(tuple, map(json.loads, result.stdout.splitlines())), strict=True))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[Question, Answer]:
    """All questions of this module in one go, because ESPHome takes longer to start than to answer."""
    questions = [(b.name, packages) for b in BOARDS.values() for packages in (*b.valid, *b.refused)]
    return ask(tmp_path_factory.mktemp("boards") / "esphome_configs", ("config",), questions)


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
def test_what_a_board_has_room_for_is_valid(board: Board, answers: dict[Question, Answer]) -> None:
    for packages in board.valid:
        code, said = answers[board.name, packages]
        assert code == 0, f"{packages}: {said}"
        assert "strapping PIN" not in said, f"{packages}: {said}"


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_what_does_not_fit_is_refused(board: Board, answers: dict[Question, Answer]) -> None:
    for packages in board.refused:
        code, said = answers[board.name, packages]
        assert code != 0, f"{board.name} has room for {packages} after all; say so in its file"
        assert "Traceback" not in said


def test_the_fullest_node_of_each_board_generates(tmp_path: Path) -> None:
    questions = [(board.name, board.fullest[0]) for board in BOARDS.values()]
    for question, (code, said) in ask(tmp_path / "configs", ("compile", "--only-generate"), questions).items():
        assert code == 0, f"{question}: {said}"


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_no_relay_can_move_at_boot(board: Board) -> None:
    """Every output floats or is pulled low at reset: an inverted one would close its relay then."""
    outputs = board.text[board.text.index("output:") :]
    relays = re.findall(r"  - platform: gpio\n    id: (relay_\d)\n    pin: GPIO(\d+)\n", outputs)
    assert [relay for relay, _ in relays] == ["relay_1", "relay_2"][: 2 if "two-way" in board.fits else 1]
    assert outputs.count("platform:") == len(relays)
    assert "inverted" not in outputs
