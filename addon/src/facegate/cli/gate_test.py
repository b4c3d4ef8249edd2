"""``facegate gate test``: walks an installer through a gate, part by part, and writes the result sheet."""

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from facegate.cli import local_api, words
from facegate.cli.console import stop

Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]
_LOOK_SECONDS: Final = 0.3  # between two looks at a step that waits for the node
_TEXTS: Final = {
    "begin": {
        "en": "Enter to begin, s to leave it out, q to stop: ",
        "zh-Hans": "按回车开始，s 跳过，q 结束：",
    },
    "again": {"en": "r to repeat, s to leave it out, q to stop: ", "zh-Hans": "r 重做，s 跳过，q 结束："},
    "why": {"en": "Why is it left out? ", "zh-Hans": "为何跳过？ "},
    "yes_no": {"en": "y or n: ", "zh-Hans": "y 是 / n 否： "},
    "installer": {"en": "Your name, for the sheet: ", "zh-Hans": "您的姓名（写入验收表）： "},
    "waiting": {"en": "waiting for the node …", "zh-Hans": "正在等待节点…"},
    "passed": {"en": "seen", "zh-Hans": "已确认"},
    "failed": {"en": "NOT SEEN", "zh-Hans": "未确认"},
    "node_offline": {"en": "the node is not online", "zh-Hans": "节点不在线"},
    "timeout": {"en": "nothing came in time", "zh-Hans": "未在规定时间内收到"},
    "person": {"en": "you said no", "zh-Hans": "您回答了“否”"},
    "plug": {
        "en": "Now pull the node's plug and leave the lock's supply on. Answer for what you have tried by hand:",
        "zh-Hans": "现在拔掉节点的电源，保持锁的电源接通。请对您亲手测试的内容作答：",
    },
    "hardware_exit": {
        "en": "Does the exit button open, every time of five?",
        "zh-Hans": "出门按钮连续五次都能开门吗？",
    },
    "hardware_fire": {
        "en": "Does the fire alarm release the lock, for as long as it lasts?",
        "zh-Hans": "消防报警是否释放锁，并在报警期间一直保持？",
    },
    "inside_handle": {
        "en": "With the lock's supply off as well: does a handle inside open?",
        "zh-Hans": "锁的电源也关掉后：内侧把手能开门吗？",
    },
    "stopped": {
        "en": "Stopped: no sheet was written. Begin again with the same command.",
        "zh-Hans": "已结束：未生成验收表。请用同一命令重新开始。",
    },
    "usable": {"en": "The gate may be taken into use.", "zh-Hans": "闸门可以投入使用。"},
    "unusable": {"en": "The gate may NOT be taken into use:", "zh-Hans": "闸门不得投入使用："},
}


def walk(
    gate: Annotated[str, typer.Argument(metavar="GATE", help="Id of the gate.")],
    out: Annotated[Path, typer.Option(help="Folder for the result sheet.")] = Path("facegate-sheets"),
    language: Annotated[str, typer.Option(help="en or zh-Hans; as the locale by default.")] = "",
    data: Data = None,
) -> None:
    """Walk through a gate: relay, exit, fire, beams, readers, one by one, and write the result sheet."""
    language = language or words.language()
    if language not in words.LANGUAGES:
        stop("The language is en or zh-Hans.")
    try:
        _Walk(gate, language, data).go(out)
    except EOFError:
        local_api.call(data, "POST", f"/gates/{gate}/test", {"action": "drop"})
        stop(_TEXTS["stopped"][language])


class _Walk:
    """One walk at one screen."""

    def __init__(self, gate: str, language: str, data: Path | None) -> None:
        self._gate = gate
        self._language = language
        self._data = data

    def go(self, out: Path) -> None:
        state = self._act("start")
        while state["walk"]["next"] is not None:
            step = next(s for s in state["walk"]["steps"] if s["step"] == state["walk"]["next"])
            state = self._step(step)
        self._attest(out)

    def _step(self, step: dict[str, Any]) -> dict[str, Any]:
        typer.echo(f"\n{self._say(step['label'])}: {self._say(step['do'])}")
        answer = self._ask("begin")
        while True:
            if answer == "q":
                raise EOFError
            if answer == "s":
                return self._act("skip", step["step"], reason=self._reason())
            state = self._try(step["step"])
            now = _find(state, step["step"])
            why = self._text(now["why"]) if now["why"] in _TEXTS else now["why"]
            said = ", ".join(part for part in (why, *now["seen"]) if part)
            typer.echo(f"  → {self._text(now['state'])}{': ' if said else ''}{said}")
            if now["state"] == "passed":
                return state
            answer = ""
            while answer not in ("r", "s", "q"):
                answer = self._ask("again")

    def _try(self, name: str) -> dict[str, Any]:
        """Run one step until it has passed or failed."""
        state = self._act("begin", name)
        told = False
        while True:
            now = _find(state, name)
            match now["state"]:
                case "running":
                    if not told:
                        typer.echo(f"  {self._text('waiting')}")
                        told = True
                    time.sleep(_LOOK_SECONDS)
                    state = local_api.call(self._data, "GET", f"/gates/{self._gate}/test")
                case "asking":
                    typer.echo(f"  {self._say(now['question'])}")
                    state = self._act("yes" if self._yes() else "no", name)
                case _:
                    return state

    def _attest(self, out: Path) -> None:
        typer.echo(f"\n{self._text('plug')}")
        attested: dict[str, Any] = {}
        for name in ("hardware_exit", "hardware_fire", "inside_handle"):
            typer.echo(f"  {self._text(name)}")
            attested[name] = self._yes()
        installer = ""
        while not installer:
            installer = self._ask("installer")
        body = {**attested, "installer": installer, "language": self._language}
        made = local_api.call(self._data, "POST", f"/gates/{self._gate}/test/sheet", body)
        name = f"{self._gate}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(made['sheet']['at']))}"
        try:
            out.mkdir(parents=True, exist_ok=True)
            for suffix, content in (
                ("html", made["html"]),
                ("txt", made["text"]),
                ("json", json.dumps(made["sheet"], indent=2, ensure_ascii=False) + "\n"),
            ):
                file = out / f"{name}.{suffix}"
                file.write_text(content, encoding="utf-8")
                os.chmod(file, 0o600)  # noqa: PTH101  # it names the installer
        except OSError as error:
            typer.echo(made["text"])
            stop(
                f"{out} cannot be written ({error.strerror or error}): the sheet stands above; it is kept all the same."
            )
        typer.echo(f"\n{out / name}.html")
        typer.echo(self._text("unusable" if made["missing"] else "usable"))
        for what in made["missing"]:
            typer.echo(f"  - {self._say(what['label'])}")
        raise typer.Exit(0 if made["passed"] else 1)

    def _act(self, action: str, step: str | None = None, **more: str) -> dict[str, Any]:
        body = {"action": action, **({"step": step} if step else {}), **more}
        state: dict[str, Any] = local_api.call(self._data, "POST", f"/gates/{self._gate}/test", body)
        return state

    def _ask(self, text: str) -> str:
        return input(self._text(text)).strip()

    def _yes(self) -> bool:
        while True:
            answer = self._ask("yes_no").lower()
            if answer in ("y", "n"):
                return answer == "y"

    def _reason(self) -> str:
        reason = ""
        while not reason:
            reason = self._ask("why")
        return reason

    def _say(self, label: dict[str, str]) -> str:
        return label[self._language]

    def _text(self, key: str) -> str:
        return _TEXTS[key][self._language]


def _find(state: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(step for step in state["walk"]["steps"] if step["step"] == name)
    return found
