"""What installers copy from docs/ does what it says: the broker's examples run, the pins are those of the boards."""

import re
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from facegate.core.boards import Board
from tests.firmware.compiled import ROOT
from tests.firmware.test_boards import BOARDS
from tests.parts.broker import Mosquitto

DOCS = ROOT / "docs"
PAGES = ("boards.md", "commissioning.md", "commissioning.zh-Hans.md", "flashing.md", "threat-model.md", "wiring.md")
NODE = "facegate/home/gate/main-entrance"


def example(page: str, language: str) -> str:
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    return str(block)


class Account:
    """One account of the broker, listening to all that it may hear."""

    def __init__(self, broker: Mosquitto, name: str) -> None:
        self.heard: list[str] = []
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(name, broker.users[name])
        self._client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        assert self._ready.wait(10)

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        with self._changed:
            self.heard.append(message.topic)
            self._changed.notify_all()

    def say(self, topic: str, payload: bytes = b"x") -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)

    def hears_at_last(self, topic: str) -> list[str]:
        """All that came until this."""
        with self._changed:
            assert self._changed.wait_for(lambda: topic in self.heard, 10), self.heard
        return self.heard

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def test_a_node_can_reach_its_own_topics_only(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text(example("flashing.md", "acl"))
    acl.chmod(0o600)
    names = ("homeassistant", "addons", "facegate", "facegate-main-entrance")
    broker = Mosquitto(tmp_path / "broker", users=dict.fromkeys(names, "not a real one"))
    settings = example("flashing.md", "conf").replace("/share/mosquitto/acl", str(acl))
    with (broker.folder / "mosquitto.conf").open("a") as file:
        file.write(settings)
    with broker:
        accounts = [Account(broker, name) for name in ("homeassistant", "facegate", "facegate-main-entrance")]
        owner, recognizer, node = accounts
        try:
            recognizer.say("facegate/home/status")
            recognizer.say("facegate/home/gate/north-1/command")
            recognizer.say(f"{NODE}/command")
            assert node.hears_at_last(f"{NODE}/command") == [f"{NODE}/command"]

            before = len(owner.hears_at_last(f"{NODE}/command"))
            node.say(f"{NODE}/command")
            node.say(f"{NODE}/state")
            node.say("facegate/home/gate/north-1/node/hello")
            node.say("facegate/home/status")
            node.say(f"{NODE}/node/event", b"x" * 16_385)  # more than the example's limit
            node.say(f"{NODE}/node/hello")
            assert owner.hears_at_last(f"{NODE}/node/hello")[before:] == [f"{NODE}/node/hello"]
            assert recognizer.hears_at_last(f"{NODE}/node/hello") == [f"{NODE}/node/hello"]
        finally:
            for account in accounts:
                account.close()


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_the_page_of_boards_says_what_the_board_file_says(board: Board) -> None:
    page = (DOCS / "boards.md").read_text()
    section = page.partition(f"`boards/{board.name}.yaml`")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([^|]+?) \| (\d+) \|", section, re.MULTILINE) == [
        (terminal.label.en, str(terminal.pin)) for terminal in board.wiring()
    ]
    fits = ", ".join(f"`{package}`" for package in board.fits)
    assert f"Fits: {fits}" in section.replace("\n", " ")
    for choice in board.one_of:
        named = ", ".join(" with ".join(f"`{package}`" for package in packages.split(" + ")) for packages in choice)
        assert f"one of {named}" in section.replace("\n", " ")
    for others, package in board.instead:
        replaced = ", ".join(f"`{other}`" for other in others)
        assert f"`{package}` instead of {replaced}" in section.replace("\n", " ")


def test_every_word_of_lamp_and_sound_is_explained() -> None:
    """One row a pattern, and every package of feedback has them all."""
    patterns = re.findall(r"^\| `(\w+)` \|", (DOCS / "wiring.md").read_text(), re.MULTILINE)
    assert len(patterns) == 8
    packages = ROOT / "esphome_configs/packages"
    for name, found in {
        "feedback-sound": r"- pattern: (\w+)",
        "feedback-patterns": r"- pattern: (\w+)",
        "feedback-lamp": r"name: (\w+)",
        "feedback-rgb": r"name: (\w+)",
    }.items():
        assert re.findall(found, (packages / f"{name}.yaml").read_text()) == patterns


def test_no_lamp_flashes_more_than_three_times_a_second() -> None:
    """Some people cannot bear it; and no two words look alike without colour."""
    for name in ("feedback-lamp", "feedback-rgb"):
        text = (ROOT / f"esphome_configs/packages/{name}.yaml").read_text()
        rhythms = [re.findall(r"state: (\w+), duration: (\d+)ms", part) for part in text.split("- strobe:")[1:]]
        for rhythm in rhythms:
            dark = [int(ms) for state, ms in rhythm if state == "off"]
            period = sum(int(ms) for _, ms in rhythm)
            assert not dark or len(dark) / (period / 1000) <= 3
        assert len({tuple(rhythm) for rhythm in rhythms}) == 8


def test_both_languages_of_the_sheet_ask_the_same() -> None:
    """Nothing is attested in one language that was not asked in the other."""
    sheets = [(DOCS / name).read_text() for name in ("commissioning.md", "commissioning.zh-Hans.md")]
    english, chinese = (
        [(row, line.count("☐")) for line in sheet.splitlines() for row in re.findall(r"^\| ([\d.]+) \|", line)]
        for sheet in sheets
    )
    assert english == chinese
    assert len(english) == 28


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (DOCS / page).read_text()):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (DOCS / page).parent / path if path else DOCS / page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, target


def test_only_a_release_is_ever_fetched() -> None:
    """A floating branch is code that nobody has tested, on a node that holds a key."""
    files = [*(ROOT / "esphome_configs").glob("**/*.yaml"), *(DOCS / page for page in PAGES)]
    references = [ref for file in files for ref in re.findall(r"^[#\s]*ref: (.+)$", file.read_text(), re.MULTILINE)]
    assert references == ["v0.1.0", "v0.1.0"]
    assert "github://" not in "".join(file.read_text() for file in files)
