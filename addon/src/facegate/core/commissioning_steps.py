"""What an installer tries at one gate, in which order, by what hardware its node has (PRIVACY P13)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from facegate.core.boards import Label
from facegate.core.node_file import NodeSetup

type Command = Literal["open_1", "open_2", "granted", "denied", "reset", ""]
"""What the recognizer does when a step begins."""


class StepState(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    ASKING = "asking"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Sign:
    """An event of the node that shows that a part works; empty fields match anything."""

    types: tuple[str, ...]
    subject: str = ""
    value: str = ""

    def fits(self, kind: str, subject: str, value: str) -> bool:
        """Whether this event is the one."""
        return kind in self.types and subject.startswith(self.subject) and self.value in ("", value)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try. ``do``: what the person does; ``question``: what only a person can see, asked at the end."""

    name: str
    label: Label
    do: Label
    signs: tuple[Sign, ...] = ()
    question: Label | None = None
    command: Command = ""


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended, or where it stands. ``why``: the reason of a skip or a failure; ``seen``: the node's events."""

    state: StepState = StepState.WAITING
    why: str = ""
    seen: tuple[str, ...] = ()


_PASSES: Final = ("passed", "tailgated", "forced")
_UNLOCKED: Final = Label("Did the gate unlock, and lock again by itself?", "闸门是否打开，并自行重新上锁？")

_STEPS: Final[dict[str, tuple[Step, ...]]] = {
    "exit-button": (
        Step(
            "exit",
            Label("Exit button", "出门按钮"),
            Label("Press the exit button.", "请按出门按钮。"),
            (Sign(("exit",)),),
            Label("Could the gate be opened at once?", "闸门是否立即可以打开？"),
        ),
    ),
    "fire-input": (
        Step(
            "fire",
            Label("Fire alarm", "消防报警"),
            Label(
                "Trigger the fire alarm's test, or take one wire off FIRE.",
                "触发消防报警测试，或拆下 FIRE 端子的一根线。",
            ),
            (Sign(("fire",), "start"),),
            Label("Does the gate stand open?", "闸门是否保持打开？"),
        ),
        Step(
            "fire_quiet",
            Label("End of the alarm", "报警结束"),
            Label("End the alarm, or put the wire back.", "结束报警，或将导线接回。"),
            (Sign(("fire",), "quiet"),),
            Label("Does the gate still stand open?", "闸门是否仍保持打开？"),
        ),
        Step(
            "fire_reset",
            Label("Reset after a fire", "火警后复位"),
            Label("The recognizer resets the fire.", "识别主机将复位火警。"),
            (Sign(("fire",), "clear"),),
            Label("Has the gate locked again?", "闸门是否重新上锁？"),
            "reset",
        ),
    ),
    "passage-sensor": (
        Step(
            "beam",
            Label("Light barrier", "红外对射"),
            Label("Break the light barrier with your hand.", "用手遮挡红外对射。"),
            (Sign(_PASSES),),
        ),
    ),
    "press-button": (
        Step(
            "press",
            Label("Press-to-recognise button", "按键识别按钮"),
            Label("Press the button that asks to be recognised.", "请按下请求识别的按钮。"),
            (Sign(("press",)),),
        ),
    ),
    "door-contact": (
        Step(
            "door",
            Label("Door contact", "门磁"),
            Label(
                "Wait until the gate is locked; open it with the handle or by hand.", "待闸门上锁后，用把手或手打开。"
            ),
            (Sign(("forced",), value="door"),),
        ),
    ),
    "tamper": (
        Step(
            "tamper",
            Label("Tamper contact", "防拆触点"),
            Label("Open the node's case, and shut it again.", "打开节点外壳，再合上。"),
            (Sign(("tamper",), "start"), Sign(("tamper",), "clear")),
        ),
    ),
    "feedback": (
        Step(
            "granted",
            Label("Lamp and sound: granted", "灯光与声音：允许"),
            Label("Look and listen at the gate.", "请在闸门前观察并聆听。"),
            question=Label("Did the gate say 'granted'?", "闸门是否给出“允许”提示？"),
            command="granted",
        ),
        Step(
            "denied",
            Label("Lamp and sound: denied", "灯光与声音：拒绝"),
            Label("Look and listen at the gate.", "请在闸门前观察并聆听。"),
            question=Label(
                "Did the gate say 'denied', different from 'granted' even without colour?",
                "闸门是否给出“拒绝”提示，且不靠颜色也能与“允许”区分？",
            ),
            command="denied",
        ),
    ),
}
_RESET_BY_KEY: Final = Step(
    "fire_reset",
    Label("Reset after a fire", "火警后复位"),
    Label("Turn the key switch.", "转动钥匙开关。"),
    (Sign(("fire",), "clear"),),
    Label("Has the gate locked again?", "闸门是否重新上锁？"),
)
_BEAM_PAIR: Final = (
    Step(
        "beam",
        Label("Light barriers, on the way in", "红外对射，进入方向"),
        Label(
            "Walk through from the entry, or break the first, then the second barrier.",
            "从入口走过，或先遮挡第一组再遮挡第二组。",
        ),
        (Sign(_PASSES, "1"),),
    ),
    Step(
        "beam_out",
        Label("Light barriers, on the way out", "红外对射，离开方向"),
        Label("Walk back, or break the second, then the first barrier.", "走回，或先遮挡第二组再遮挡第一组。"),
        (Sign(_PASSES, "2"),),
    ),
)
_READERS: Final = {
    "wiegand": Label("Wiegand reader", "韦根读卡器"),
    "rdm6300": Label("RDM6300 reader", "RDM6300 读卡器"),
    "pn532": Label("PN532 reader", "PN532 读卡器"),
}
_KEYPADS: Final = {
    "keypad-wiegand": Label("Keys of the Wiegand reader", "韦根读卡器的按键"),
    "keypad-matrix": Label("Keypad", "键盘"),
}


def steps(setup: NodeSetup) -> tuple[Step, ...]:
    """What to try at a gate with this hardware, in an order in which one thing leads to the next."""
    has = set(setup.features)
    found = [_relay(1), *([_relay(2)] if "two-way" in has else ())]
    for feature, tried in _STEPS.items():
        if feature in has:
            found += _BEAM_PAIR if feature == "passage-sensor" and "second-beam" in has else tried
    if "fire-reset" in has:
        found = [_RESET_BY_KEY if step.name == "fire_reset" else step for step in found]
    found += [_presented(name, label, "card") for name, label in _READERS.items() if name in has]
    found += [_presented(name, label, "pin") for name, label in _KEYPADS.items() if name in has]
    if has & {"feedback-lamp", "feedback-rgb", "feedback-sound"}:
        found += _STEPS["feedback"]
    return tuple(found)


def _relay(number: Literal[1, 2]) -> Step:
    return Step(
        "relay" if number == 1 else "relay_2",
        Label(f"Relay {number}", f"继电器 {number}"),
        Label("The recognizer opens the gate once.", "识别主机将打开闸门一次。"),
        question=_UNLOCKED,
        command="open_1" if number == 1 else "open_2",
    )


def _presented(name: str, label: Label, kind: str) -> Step:
    do = (
        Label("Hold any card to the reader.", "请刷任意一张卡。")
        if kind == "card"
        else Label("Key in any PIN of 4 digits and #.", "请输入任意 4 位数字，再按 #。")
    )
    # At a gate with a list the subject begins with the kind; at one that asks for two factors the type is the kind.
    return Step(name.replace("-", "_"), label, do, (Sign(("granted", "denied", kind), kind if kind == "pin" else ""),))
