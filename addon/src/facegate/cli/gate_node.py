"""``facegate gate add`` and ``rekey``: a gate with the files, the wiring and the key of its node."""

import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from facegate.cli import local_api, node_files
from facegate.cli.console import notes, stop
from facegate.cli.words import language, say

Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]
Out = Annotated[Path, typer.Option(help="Folder for the node's files; several gates may share one.")]
BrokerName = Annotated[
    str | None, typer.Option(help="The broker as the node reaches it: NAME or NAME:PORT; FaceGate's own by default.")
]
Tls = Annotated[
    bool | None, typer.Option("--tls/--no-tls", help="Whether the node speaks TLS with the broker; as FaceGate itself.")
]

_INPUTS: Final = {
    "exit": "exit-button",
    "fire": "fire-input",
    "beam": "passage-sensor",
    "second-beam": "second-beam",
    "door": "door-contact",
    "tamper": "tamper",
    "fire-reset": "fire-reset",
    "press": "press-button",
}
_READERS: Final = ("wiegand", "keypad-wiegand", "rdm6300", "pn532", "keypad-matrix")
_FEEDBACK: Final = {"lamp": "feedback-lamp", "rgb": "feedback-rgb", "sound": "feedback-sound"}


def add(
    name: Annotated[str, typer.Argument(help="What people call the gate.")],
    board: Annotated[str | None, typer.Option(help="The node's board; 'facegate gate boards' lists them.")] = None,
    lock: Annotated[
        str | None, typer.Option(help="fail-safe, fail-secure or turnstile: what happens without current.")
    ] = None,
    network: Annotated[str | None, typer.Option(help="wifi or ethernet, where the board has a choice.")] = None,
    inputs: Annotated[
        str | None, typer.Option(help=f"What is wired: {', '.join(_INPUTS)}. Exit, fire and beam by default.")
    ] = None,
    reader: Annotated[str | None, typer.Option(help=f"{', '.join(_READERS)}; several with commas.")] = None,
    feedback: Annotated[str | None, typer.Option(help="lamp, rgb, sound; several with commas.")] = None,
    two_way: Annotated[bool, typer.Option("--two-way", help="A second relay for the way out.")] = False,
    trial: Annotated[
        bool, typer.Option("--trial", help="Its node is software and moves no door; it never becomes another gate.")
    ] = False,
    broker: BrokerName = None,
    tls: Tls = None,
    ca: Annotated[Path | None, typer.Option(help="The CA of the broker's certificate, as PEM.")] = None,
    wifi_ssid: Annotated[str | None, typer.Option(help="Name of the Wi-Fi.")] = None,
    wifi_password: Annotated[str | None, typer.Option(envvar="FACEGATE_WIFI_PASSWORD")] = None,
    out: Out = Path("facegate-nodes"),
    data: Data = None,
) -> None:
    """Add a gate. With --board its node's files are written, wiring and next steps printed; without, its key alone."""
    if trial and board is not None:
        stop(say("trial_or_board"))
    if board is None:
        _add_bare(name, data, trial=trial)
        return
    if lock is None:
        stop(say("name_the_lock"))
    node: dict[str, Any] = {"board": board, "lock": lock, **_way(broker, tls)}
    if network is not None:
        node["network"] = network
    extra = [*_words(reader, {r: r for r in _READERS}, "--reader"), *_words(feedback, _FEEDBACK, "--feedback")]
    extra += ["two-way"] if two_way else []
    if inputs is not None or extra:
        chosen = _words(inputs, _INPUTS, "--inputs") if inputs is not None else _usual(data, board)
        node["features"] = [*chosen, *extra]
    own = _own(ca, wifi_ssid, wifi_password)
    made = local_api.call(data, "POST", "/gates", {"name": name, "node": node})
    try:
        node_files.check(out, made["node_files"]["file"])
        missing = node_files.write(out, made["node_files"], own=own)
    except node_files.FolderError as error:
        local_api.call(data, "DELETE", f"/gates/{made['id']}")  # a gate whose key is nowhere is none
        stop(say("not_added", error=error))
    gate, files = made["id"], made["node_files"]
    typer.echo(say("added", gate=gate, file=out / files["file"], secrets=out / node_files.SECRETS))
    typer.echo(say("key_is_in_secrets"))
    _print_wiring(files)
    _print_next(gate, out, files, missing, say("flash"))
    typer.echo(say("then_test", gate=gate))
    if lock != "fail-safe":
        typer.echo(say("held_back"))
    typer.echo(say("faces_off", gate=gate))


def rekey(
    gate: Annotated[str, typer.Argument(metavar="GATE", help="Id of the gate.")],
    compromised: Annotated[
        bool,
        typer.Option(
            "--compromised", help="The key is in wrong hands: it dies at once, and the node must be flashed anew."
        ),
    ] = False,
    broker: BrokerName = None,
    tls: Tls = None,
    out: Out = Path("facegate-nodes"),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Give a gate a new key: over the wire while it runs, or after a compromise by flashing it anew."""
    if not compromised:
        answer = local_api.call(data, "POST", f"/gates/{gate}/key", {})
        if answer["state"] == "changed":
            typer.echo(say("key_changed", gate=gate))
        else:
            typer.echo(say("key_pending", gate=gate))
        typer.echo(say("file_keeps_key"))
        return
    if not yes and not typer.confirm(say("let_key_die", gate=gate), err=True):
        raise typer.Exit(1)
    answer = local_api.call(data, "POST", f"/gates/{gate}/key", {"compromised": True, **_way(broker, tls)})
    files = answer.get("node_files")
    if files is None:
        typer.echo(say("key_dead_line", gate=gate))
        typer.echo(f"gate_key: {answer['key']}\n")
        return
    try:
        missing = node_files.write(out, files, own={}, again=True)
    except node_files.FolderError as error:
        stop(say("key_not_written", gate=gate, error=error))
    typer.echo(say("key_renewed", gate=gate, secrets=out / node_files.SECRETS))
    typer.echo(say("pull_the_plug"))
    _print_next(gate, out, files, missing, say("flash_again"))


def boards(data: Data = None) -> None:
    """List the boards that a node can be, and what they have room for."""
    table = Table()
    for column in ("Board", "Network", "Has room for"):
        table.add_column(column, overflow="fold")
    short = {package: word for words in (_INPUTS, _FEEDBACK) for word, package in words.items()}
    for board in local_api.call(data, "GET", "/boards"):
        room = ", ".join(short.get(feature["name"], feature["name"]) for feature in board["features"])
        table.add_row(board["name"], board["network"], room)
    Console().print(table)
    notes.print(say("untried"))


def _add_bare(name: str, data: Path | None, *, trial: bool) -> None:
    gate = local_api.call(data, "POST", "/gates", {"name": name, "trial": trial})
    if trial:
        typer.echo(say("trial_added", gate=gate["id"]))
        typer.echo(f"gate_id: {gate['id']}\ngate_key: {gate['key']}")
        return
    typer.echo(say("bare_added", gate=gate["id"]))
    typer.echo(f"gate_id: {gate['id']}\ngate_key: {gate['key']}\n")
    typer.echo(say("key_not_again"))
    typer.echo(say("better_with_board"))
    typer.echo(say("held_back"))
    typer.echo(say("then_test", gate=gate["id"]))
    typer.echo(say("faces_off", gate=gate["id"]))


def _usual(data: Path | None, board: str) -> list[str]:
    for known in local_api.call(data, "GET", "/boards"):
        if known["name"] == board:
            return [feature["name"] for feature in known["features"] if feature["usual"]]
    return []  # the service says that there is no such board


def _words(given: str | None, known: dict[str, str], option: str) -> list[str]:
    found = []
    for word in (part.strip() for part in (given or "").split(",")):
        if word and word not in known:
            stop(say("no_such_word", option=option, word=word, known=", ".join(known)))
        if word:
            found.append(known[word])
    return found


def _way(broker: str | None, tls: bool | None) -> dict[str, Any]:
    way: dict[str, Any] = {} if tls is None else {"tls": tls}
    if broker is not None:
        host, separator, port = broker.rpartition(":")
        if separator and not port.isdigit():
            stop(say("no_broker", broker=broker))
        way |= {"broker": host, "broker_port": int(port)} if separator else {"broker": broker}
    return way


def _own(ca: Path | None, wifi_ssid: str | None, wifi_password: str | None) -> dict[str, str]:
    try:
        authority = None if ca is None else ca.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        stop(say("no_ca", ca=ca, error=error))
    given = {"mqtt_ca": authority, "wifi_ssid": wifi_ssid, "wifi_password": wifi_password}
    return {name: value for name, value in given.items() if value}


def _print_wiring(files: dict[str, Any]) -> None:
    spoken = language()
    table = Table(title=say("wiring"))
    for column in (say("terminal"), "GPIO", say("how")):
        table.add_column(column, overflow="fold")
    for row in files["wiring"]:
        table.add_row(escape(row["label"][spoken]), str(row["gpio"]), escape(row["wire"][spoken]))
    Console().print(table)
    if files["note"][spoken]:
        typer.echo(files["note"][spoken])
    typer.echo(say("pictures"))


def _print_next(gate: str, out: Path, files: dict[str, Any], missing: list[str], flash: str) -> None:
    if missing:
        typer.echo(say("add_secrets", secrets=out / node_files.SECRETS, missing=", ".join(missing)))
    if files["guessed"]:
        typer.echo(say("see_broker", file=files["file"]))
    site = re.search(r"^  site: (\S+)$", files["yaml"], re.MULTILINE)
    topics = f"facegate/{site[1] if site else '+'}/gate/{gate}"
    password = f"{gate.replace('-', '_')}_mqtt_password"
    typer.echo(say("account", gate=gate, password=password))
    typer.echo(f"  topic read {topics}/command\n  topic write {topics}/node/#\n")
    typer.echo(f"{flash}\n  esphome run {out / files['file']}")
