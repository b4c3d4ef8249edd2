"""What fits on which board: pins, terminals and choices, read from the first comment and the pins of a board file.

The files in ``adapters/boards/`` are those of ``esphome_configs/boards/``; a test keeps them the same. Every pin that
is named to an installer, in the wiring table, in the pages and in docs/boards.md, comes from here.
"""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple


class Label(NamedTuple):
    """A text for people in both languages."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The text in ``en`` or ``zh-Hans``."""
        return self.zh if language.startswith("zh") else self.en


_NOTHING: Final = Label("", "")


class Lock(StrEnum):
    """What holds the gate shut, and so what happens without current."""

    FAIL_SAFE = "fail-safe"
    FAIL_SECURE = "fail-secure"
    TURNSTILE = "turnstile"

    @property
    def lock_type(self) -> str:
        """The word in the node's file; a turnstile's inputs stay quiet without current, as a strike does."""
        return "fail_safe" if self is Lock.FAIL_SAFE else "fail_secure"

    @property
    def stays_shut(self) -> bool:
        """Whether it is shut when everything is dead, so that somebody has to attest the ways out (PRIVACY P13)."""
        return self is not Lock.FAIL_SAFE


TERMINALS: Final = {
    "exit_button": Label("exit button", "出门按钮"),
    "fire_input": Label("fire alarm", "消防报警"),
    "passage_sensor": Label("light barrier", "红外对射"),
    "second_beam": Label("second light barrier", "第二组红外对射"),
    "door_contact": Label("door contact", "门磁"),
    "tamper": Label("tamper contact", "防拆触点"),
    "fire_reset": Label("fire reset", "消防复位"),
    "press_button": Label("press-to-recognise button", "按键识别按钮"),
    "wiegand_d0": Label("Wiegand D0", "韦根 D0"),
    "wiegand_d1": Label("Wiegand D1", "韦根 D1"),
    "reader_rx": Label("RDM6300 TX", "RDM6300 TX"),
    "i2c_sda": Label("PN532 SDA", "PN532 SDA"),
    "i2c_scl": Label("PN532 SCL", "PN532 SCL"),
    **{f"keypad_row_{n}": Label(f"keypad row {n}", f"键盘第 {n} 行") for n in range(1, 5)},
    **{f"keypad_column_{n}": Label(f"keypad column {n}", f"键盘第 {n} 列") for n in range(1, 4)},
    "lamp": Label("lamp", "指示灯"),
    "rgb": Label("RGB LED (on the board)", "RGB 灯（板载）"),
    "buzzer": Label("buzzer", "蜂鸣器"),
}
"""What stands beside a pin in the wiring table, in its order."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that a gate may have: the package of the same name. ``wire``: how it is connected."""

    terminals: tuple[str, ...]
    label: Label
    wire: Label = _NOTHING
    needs: str | None = None


_SHIFTER = Label("through a level shifter to 3.3 V, and ground", "经电平转换到 3.3 V，并接地")

FEATURES: Final = {
    "two-way": Feature((), Label("second relay, for the way out", "第二继电器，用于出门方向")),
    "exit-button": Feature(
        ("exit_button",),
        TERMINALS["exit_button"],
        Label(
            "a second pole, to ground: closed while pressed; the first pole is in the lock's current",
            "第二组触点接地：按下时闭合；第一组触点串在锁的电路中",
        ),
    ),
    "fire-input": Feature(
        ("fire_input",),
        TERMINALS["fire_input"],
        Label(
            "a second contact, to ground: closed while all is well; the first one is in the lock's current",
            "第二组触点接地：正常时闭合；第一组触点串在锁的电路中",
        ),
    ),
    "passage-sensor": Feature(
        ("passage_sensor",), TERMINALS["passage_sensor"], Label("to ground: closed while broken", "接地：被遮挡时闭合")
    ),
    "second-beam": Feature(
        ("second_beam",),
        TERMINALS["second_beam"],
        Label(
            "behind the first, seen from the entry; to ground: closed while broken",
            "从入口看位于第一组之后；接地：被遮挡时闭合",
        ),
        needs="passage-sensor",
    ),
    "door-contact": Feature(
        ("door_contact",), TERMINALS["door_contact"], Label("to ground: closed while shut", "接地：门关闭时闭合")
    ),
    "tamper": Feature(
        ("tamper",), TERMINALS["tamper"], Label("to ground: closed while the case is shut", "接地：外壳合上时闭合")
    ),
    "fire-reset": Feature(
        ("fire_reset",),
        TERMINALS["fire_reset"],
        Label("a key switch to ground: closed while turned", "钥匙开关接地：转动时闭合"),
        needs="fire-input",
    ),
    "press-button": Feature(
        ("press_button",), TERMINALS["press_button"], Label("to ground: closed while pressed", "接地：按下时闭合")
    ),
    "wiegand": Feature(("wiegand_d0", "wiegand_d1"), Label("Wiegand reader", "韦根读卡器"), _SHIFTER),
    "keypad-wiegand": Feature((), Label("keys of the Wiegand reader", "韦根读卡器的按键"), needs="wiegand"),
    "rdm6300": Feature(("reader_rx",), Label("RDM6300 reader, 125 kHz", "RDM6300 读卡器，125 kHz"), _SHIFTER),
    "pn532": Feature(
        ("i2c_sda", "i2c_scl"),
        Label("PN532 reader, 13.56 MHz", "PN532 读卡器，13.56 MHz"),
        Label("at 3.3 V, and ground", "3.3 V，并接地"),
    ),
    "keypad-matrix": Feature(
        tuple(name for name in TERMINALS if name.startswith("keypad_")), Label("bare keypad, 4 × 3", "矩阵键盘 4 × 3")
    ),
    "feedback-lamp": Feature(
        ("lamp",), TERMINALS["lamp"], Label("an LED with its resistor, or a transistor", "带电阻的 LED，或经三极管")
    ),
    "feedback-rgb": Feature(("rgb",), TERMINALS["rgb"], Label("nothing to connect", "无需接线")),
    "feedback-sound": Feature(
        ("buzzer",), TERMINALS["buzzer"], Label("a passive buzzer behind a transistor", "无源蜂鸣器，经三极管")
    ),
}
"""By the name of the package in ``esphome_configs/packages``."""

NETWORKS: Final = {
    "network-wifi": "wifi",
    "network-ethernet-lan8720": "ethernet",
    "network-ethernet-w5500": "ethernet",
}
"""Package → how an owner calls it."""

RELAYS: Final = (
    Label("relay 1 of FaceGate", "FaceGate 继电器 1"),
    Label("relay 2 of FaceGate", "FaceGate 继电器 2"),
)

NOTES: Final = {
    "kincony-kc868-a4": Label(
        "The gate is on the board's relay 4: relays 1 to 3 may move at boot.",
        "闸门接在板上的继电器 4：继电器 1 至 3 在启动时可能动作。",
    ),
    "lilygo-t-relay-4": Label(
        "Relay 4 of the board is on a strapping pin and not for a gate.",
        "板上的继电器 4 位于启动配置引脚，不可用于闸门。",
    ),
    "lilygo-t-relay-4-w5500": Label(
        "LilyGO's Ethernet board sits in the header; relay 4 of the board is not for a gate.",
        "LilyGO 的以太网板插在排针上；板上的继电器 4 不可用于闸门。",
    ),
    "olimex-esp32-evb": Label(
        "The inputs are on the UEXT connector: leave the card slot empty.", "输入在 UEXT 接口上：存储卡槽须留空。"
    ),
    "shelly-plus-1": Label(
        "Feed it with 12 V or 24 to 48 V direct current, NEVER with mains: on mains every wire at it carries mains "
        "voltage. The fire alarm must release the lock in hardware.",
        "只能用 12 V 或 24 至 48 V 直流供电，绝不可接市电：接市电时其每根导线都带市电电压。"
        "消防报警必须直接在硬件上释放锁。",
    ),
    "waveshare-esp32-s3-relay-6ch": Label(
        "The relays are CH1 and CH2; the inputs are on the 40-pin header: compare its labels.",
        "继电器为 CH1 和 CH2；输入在 40 针排针上：请核对标注。",
    ),
}
"""What an installer must know of a board beside its pins."""


class BoardError(ValueError):
    """A choice that a board has no room for; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """One line of a wiring table. ``feature`` is empty for a relay."""

    name: str
    label: Label
    pin: int
    feature: str = ""
    wire: Label = _NOTHING


@dataclass(frozen=True, slots=True)
class Board:
    """What a board file says of itself.

    ``fits``: what always has room; ``one_of``: of each choice one ("a + b" are two that go together); ``instead``: what
    fits in place of others.
    """

    name: str
    text: str = field(repr=False)
    fits: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]
    instead: tuple[tuple[tuple[str, ...], str], ...]

    @property
    def about(self) -> str:
        """What it is, from the first line of its file, without what says whether it has been tried."""
        return self.text.removeprefix("# ").partition(" Not yet tried on hardware.")[0].rstrip(".")

    @property
    def note(self) -> Label:
        """What an installer must know of it."""
        return NOTES.get(self.name, _NOTHING)

    @property
    def tried(self) -> bool:
        """Whether anybody has tried the file on hardware."""
        return "Not yet tried on hardware." not in self.text

    @property
    def network_package(self) -> str:
        """The package of its one network."""
        (network,) = (package for package in self.fits if package in NETWORKS)
        return network

    @property
    def network(self) -> str:
        """``wifi`` or ``ethernet``."""
        return NETWORKS[self.network_package]

    @property
    def features(self) -> list[str]:
        """All that fits, whether alone or instead of something else."""
        chosen = (*apart(itertools.chain(*self.one_of)), *(package for _, package in self.instead))
        return [package for package in (*self.fits, *chosen) if package != self.network_package]

    @property
    def pins(self) -> dict[str, str]:
        """Substitution → number, of everything that is a pin."""
        return dict(re.findall(r"^  (board_\w+_pin): GPIO(\d+)", self.text, re.MULTILINE))

    @property
    def relays(self) -> list[int]:
        """The pins of its relays for the gate."""
        return [int(pin) for pin in re.findall(r"^    id: relay_\d\n    pin: GPIO(\d+)", self.text, re.MULTILINE)]

    def may_meet(self, one: str, other: str) -> bool:
        """Whether the board says that two of its packages go together."""
        for choice in self.one_of:
            places = [next((i for i, item in enumerate(choice) if p in apart((item,))), None) for p in (one, other)]
            if None not in places and places[0] != places[1]:
                return False
        return not any(
            {one, other} <= {*others, package} and package in (one, other) for others, package in self.instead
        )

    def choose(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return the packages that ``wanted`` and what it needs come to, or raise BoardError."""
        chosen = [package for name in wanted for package in (FEATURES[name].needs, name) if package]
        packages = tuple(name for name in FEATURES if name in chosen)
        for package in packages:
            if package not in self.features:
                raise BoardError(
                    f"The board {self.name} has no room for '{package}': choose another board, or leave it out. It has "
                    f"room for: {', '.join(self.features)}."
                )
        for one, other in itertools.combinations(packages, 2):
            if not self.may_meet(one, other):
                raise BoardError(
                    f"On the board {self.name} '{one}' and '{other}' share pins: choose one of them, or another board."
                )
        return packages

    def usual(self) -> tuple[str, ...]:
        """What a gate has when nobody says: exit button, fire alarm and light barrier, as far as there is room."""
        return tuple(name for name in ("exit-button", "fire-input", "passage-sensor") if name in self.fits)

    def wiring(self, packages: Iterable[str] | None = None) -> list[Terminal]:
        """The wiring table: of these packages, or of everything."""
        chosen = set(self.features if packages is None else packages)
        relays = self.relays if packages is None or "two-way" in chosen else self.relays[:1]
        table = [Terminal(f"relay_{n}", RELAYS[n - 1], pin) for n, pin in enumerate(relays, 1)]
        by_terminal = {
            name: (package, feature)
            for package, feature in FEATURES.items()
            if package in chosen
            for name in feature.terminals
        }
        pins = self.pins
        for name, label in TERMINALS.items():
            if name in by_terminal and f"board_{name}_pin" in pins:
                package, feature = by_terminal[name]
                table.append(Terminal(name, label, int(pins[f"board_{name}_pin"]), package, feature.wire))
        return table


def apart(choice: Iterable[str]) -> list[str]:
    """Packages of a choice; "a + b" are two that go together."""
    return [package for packages in choice for package in packages.split(" + ")]


def read_board(name: str, text: str) -> Board:
    """Return what a board file says."""

    def listed(word: str) -> list[tuple[str, ...]]:
        return [tuple(line.split(", ")) for line in re.findall(rf"^# {word}: (.+)$", text, re.MULTILINE)]

    (fits,) = listed("Fits")
    replacing = re.findall(r"^# Instead of (.+): (.+)$", text, re.MULTILINE)
    instead = tuple((tuple(others.split(", ")), package) for others, package in replacing)
    return Board(name, text, fits, tuple(listed("One of")), instead)


def pick(boards: Mapping[str, Board], name: str, network: str | None = None) -> Board:
    """Return the board of this name that has this network, or raise BoardError."""
    board = boards.get(name)
    if board is None:
        raise BoardError(f"There is no board '{name}': choose one of {', '.join(boards)}.")
    if network is None or board.network == network:
        return board
    for other in boards.values():  # some makers sell the network as a board to plug on, which has a file of its own
        if other.name.startswith(f"{name}-") and other.network == network:
            return other
    raise BoardError(f"The board {name} has {board.network}, not {network}: choose another board or its own network.")
