"""The walk of an installer through one gate, and whether the gate may be taken into use after it (PRIVACY P13).

A walk is a state machine without I/O: whoever runs it hands in what the node's signed events say, what the person at
the gate answers, and the time; it says what to ask and what to command next.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final, Literal, Self

from facegate.core.boards import Label, Lock
from facegate.core.node_file import NodeSetup

STEP_SECONDS: Final = 90.0
"""How long a step waits: the way from the screen to the gate and back."""

OFFLINE: Final = "node_offline"
"""Why a step fails whose node is not there to show anything."""

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


class WalkError(ValueError):
    """Something that cannot be done now; the text is one sentence that says what to do."""


class Walk:
    """One walk. ``clock`` gives seconds that only grow."""

    def __init__(self, setup: NodeSetup, clock: Callable[[], float]) -> None:
        self.setup = setup
        self.steps = steps(setup)
        self.results: dict[str, Result] = {step.name: Result() for step in self.steps}
        self.current: Step | None = None
        self._clock = clock
        self._until = 0.0

    @property
    def over(self) -> bool:
        """Whether every step has passed or was skipped."""
        return all(r.state in (StepState.PASSED, StepState.SKIPPED) for r in self.results.values())

    @property
    def next(self) -> Step | None:
        """The first step that nobody has tried or skipped yet."""
        return next((s for s in self.steps if self.results[s.name].state is StepState.WAITING), None)

    @property
    def seconds_left(self) -> float:
        """How long the running step still waits."""
        return max(0.0, self._until - self._clock()) if self.current is not None else 0.0

    def begin(self, name: str) -> Command:
        """Begin a step, for the first time or again, and return what the recognizer has to do for it."""
        step = self._step(name)
        self.tick()
        if self.current is not None and self.current is not step:
            self._set(self.current.name, Result())  # left half-way: it has to be tried anew
        self.current = step
        self._until = self._clock() + STEP_SECONDS
        self._set(name, Result(StepState.RUNNING))
        return step.command

    def commanded(self, name: str, *, done: bool, why: str = "") -> None:
        """Take what came of the command of a step, unless the step has gone on by itself."""
        step = self.current
        if step is None or step.name != name or self.results[name].state is not StepState.RUNNING:
            return
        if not done:
            self._end(StepState.FAILED, why)
        elif not step.signs:
            self._seen_all()

    def hear(self, kind: str, subject: str, value: str) -> None:
        """Take an event of the node."""
        self.tick()
        step = self.current
        if step is None or self.results[step.name].state is not StepState.RUNNING:
            return
        result = self.results[step.name]
        if len(result.seen) < len(step.signs) and step.signs[len(result.seen)].fits(kind, subject, value):
            seen = (*result.seen, " ".join(word for word in (kind, subject) if word != "-"))
            self._set(step.name, replace(result, seen=seen))
            if len(seen) == len(step.signs):
                self._seen_all()

    def answer(self, name: str, *, yes: bool) -> None:
        """Take what the person says to the question of a step."""
        self.tick()
        if self.current is not self._step(name) or self.results[name].state is not StepState.ASKING:
            raise WalkError(f"The step '{name}' asks nothing now: begin it first.")
        self._end(StepState.PASSED if yes else StepState.FAILED, "" if yes else "person")

    def skip(self, name: str, reason: str) -> None:
        """Leave a step out, and say why."""
        step = self._step(name)
        if self.current is step:
            self.current = None
        self._set(name, Result(StepState.SKIPPED, reason))

    def tick(self) -> None:
        """End a step that has waited for too long."""
        if self.current is not None and self._clock() >= self._until:
            self._end(StepState.FAILED, "timeout")

    def _seen_all(self) -> None:
        assert self.current is not None
        if self.current.question is None:
            self._end(StepState.PASSED)
        else:
            self._until = self._clock() + STEP_SECONDS
            self._set(self.current.name, replace(self.results[self.current.name], state=StepState.ASKING))

    def _end(self, state: StepState, why: str = "") -> None:
        assert self.current is not None
        name, self.current = self.current.name, None
        self._set(name, replace(self.results[name], state=state, why=why))

    def _set(self, name: str, result: Result) -> None:
        self.results[name] = result

    def _step(self, name: str) -> Step:
        for step in self.steps:
            if step.name == name:
                return step
        raise WalkError(f"This gate has no step '{name}': choose one of {', '.join(self.results)}.")


# ---- whether the gate may be taken into use ----


class Missing(StrEnum):
    """What stands between a gate and its use."""

    EXIT_UNTESTED = "exit_untested"
    FIRE_UNTESTED = "fire_untested"
    EXIT_UNATTESTED = "exit_unattested"
    FIRE_UNATTESTED = "fire_unattested"
    HANDLE_UNATTESTED = "handle_unattested"


MISSING: Final = {
    Missing.EXIT_UNTESTED: Label("The exit button's step has not passed.", "出门按钮的步骤未通过。"),
    Missing.FIRE_UNTESTED: Label("The fire alarm's step has not passed.", "消防报警的步骤未通过。"),
    Missing.EXIT_UNATTESTED: Label(
        "Nobody has attested that the exit button opens with the node's plug pulled.",
        "无人证明拔掉节点电源后出门按钮仍能开门。",
    ),
    Missing.FIRE_UNATTESTED: Label(
        "Nobody has attested that the fire alarm releases the lock with the node's plug pulled.",
        "无人证明拔掉节点电源后消防报警仍能释放锁。",
    ),
    Missing.HANDLE_UNATTESTED: Label(
        "Nobody has attested that a handle inside opens without any current.", "无人证明断电时内侧把手仍能开门。"
    ),
}


@dataclass(frozen=True, slots=True)
class Attestation:
    """What an installer answers for with their name: tried by hand, with the node's plug pulled."""

    installer: str
    hardware_exit: bool
    hardware_fire: bool
    inside_handle: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The result of one walk, as it is kept. ``at``: Unix seconds."""

    gate: str
    name: str
    site: str
    at: float
    setup: NodeSetup
    node_boot: int | None
    results: tuple[tuple[str, Result], ...]
    attestation: Attestation
    missing: tuple[Missing, ...] = ()

    @property
    def content(self) -> dict[str, Any]:
        """The sheet as JSON; :meth:`of` reads it."""
        return {
            "gate": self.gate,
            "name": self.name,
            "site": self.site,
            "at": self.at,
            "setup": {
                "board": self.setup.board,
                "lock": str(self.setup.lock),
                "features": list(self.setup.features),
                "release": self.setup.release,
            },
            "node_boot": self.node_boot,
            "results": [
                {"step": name, "state": str(result.state), "why": result.why, "seen": list(result.seen)}
                for name, result in self.results
            ],
            "attestation": asdict(self.attestation),
            "missing": [str(what) for what in self.missing],
            "passed": self.passed,
        }

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Return the sheet that :attr:`content` describes."""
        setup = content["setup"]
        return cls(
            gate=content["gate"],
            name=content["name"],
            site=content["site"],
            at=content["at"],
            setup=NodeSetup(setup["board"], Lock(setup["lock"]), tuple(setup["features"]), setup["release"]),
            node_boot=content["node_boot"],
            results=tuple(
                (r["step"], Result(StepState(r["state"]), r["why"], tuple(r["seen"]))) for r in content["results"]
            ),
            attestation=Attestation(**content["attestation"]),
            missing=tuple(Missing(what) for what in content["missing"]),
        )

    @property
    def passed(self) -> bool:
        """Whether nothing stands between the gate and its use, and no step has failed."""
        return not self.missing and all(result.state is not StepState.FAILED for _, result in self.results)


def missing(setup: NodeSetup, results: Mapping[str, Result], attestation: Attestation) -> tuple[Missing, ...]:
    """Return what stands between a gate with this hardware and its use; nothing does where current locks it.

    What the board has no input for cannot be tested through the node: there the attested test by hand stands alone.
    """
    if not setup.lock.stays_shut:
        return ()

    def passed(*names: str) -> bool:
        return all(results.get(name, Result()).state is StepState.PASSED for name in names)

    found = []
    if "exit-button" in setup.features and not passed("exit"):
        found.append(Missing.EXIT_UNTESTED)
    if "fire-input" in setup.features and not passed("fire"):
        found.append(Missing.FIRE_UNTESTED)
    if not attestation.hardware_exit:
        found.append(Missing.EXIT_UNATTESTED)
    if not attestation.hardware_fire:
        found.append(Missing.FIRE_UNATTESTED)
    if setup.lock is Lock.FAIL_SECURE and not attestation.inside_handle:
        found.append(Missing.HANDLE_UNATTESTED)
    return tuple(found)


UNNAMED: Final = NodeSetup("", Lock.FAIL_SECURE, (), "")
"""What is taken for granted of a gate that was added without its board and lock: the graver of all, and no inputs.

So its relay is tried, and its ways out are attested by hand.
"""


def may_be_used(setup: NodeSetup | None, last: Sheet | None, *, trial: bool) -> bool:
    """Whether a gate may open for people: one that stays shut without current needs a last sheet that lacks nothing.

    ``setup`` is ``None`` for a gate that was added without its board and lock. A trial gate moves no door.
    """
    known = setup or UNNAMED
    if trial or not known.lock.stays_shut:
        return True
    return last is not None and not last.missing and last.setup == known
