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
        stop("A trial gate moves no door, so it has no board: leave out --board, or --trial.")
    if board is None:
        _add_bare(name, data, trial=trial)
        return
    if lock is None:
        stop("Name what holds the gate shut: --lock fail-safe, fail-secure or turnstile.")
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
        stop(f"{error} No gate was added.")
    gate, files = made["id"], made["node_files"]
    typer.echo(f"Gate '{gate}' is there. Its node's files: {out / files['file']} and {out / node_files.SECRETS}")
    typer.echo("The key is in secrets.yaml and nowhere else. Whoever has it can open this gate.\n")
    _print_wiring(files)
    _print_next(gate, out, files, missing, "Flash the node by cable, on a table, with no lock connected:")
    typer.echo(f"  then at the gate:   facegate gate test {gate}")
    if lock != "fail-safe":
        typer.echo("\nThe gate opens for nobody before that test has attested its exit button and its fire release.")
    typer.echo(f"Its face reader is off: 'facegate gate ways {gate}' says what has to be there first.")


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
            typer.echo(f"Gate '{gate}' and its node have a new key; the one before is erased on both sides.")
        else:
            typer.echo(f"The node of gate '{gate}' does not answer now. It is given the new key as soon as it does.")
        typer.echo("The node's file keeps its first key; a board that takes this one's place needs --compromised.")
        return
    if not yes and not typer.confirm(
        f"Let the key of gate '{gate}' die now? FaceGate cannot open it before its node is flashed by cable.",
        err=True,
    ):
        raise typer.Exit(1)
    answer = local_api.call(data, "POST", f"/gates/{gate}/key", {"compromised": True, **_way(broker, tls)})
    files = answer.get("node_files")
    if files is None:
        typer.echo(f"The old key of gate '{gate}' is dead. Put this line into the secrets.yaml of its node:\n")
        typer.echo(f"gate_key: {answer['key']}\n")
        return
    try:
        missing = node_files.write(out, files, own={}, again=True)
    except node_files.FolderError as error:
        stop(f"The old key of gate '{gate}' is dead, and the new one was not written. {error} Then run this again.")
    typer.echo(f"FaceGate is done with the old key of gate '{gate}'. The new secrets: {out / node_files.SECRETS}")
    typer.echo("The node still obeys the old key until it is flashed: pull its plug until then.\n")
    _print_next(gate, out, files, missing, "The broker's password of this node is new, too. Flash the node BY CABLE:")


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
    notes.print("None of these board files has been tried on hardware yet: begin on a table, with no lock connected.")


def _add_bare(name: str, data: Path | None, *, trial: bool) -> None:
    gate = local_api.call(data, "POST", "/gates", {"name": name, "trial": trial})
    if trial:
        typer.echo(f"Trial gate '{gate['id']}' is there. Its software node moves no door, and is started with:\n")
        typer.echo(f"gate_id: {gate['id']}\ngate_key: {gate['key']}")
        return
    typer.echo(f"Gate '{gate['id']}' is there. Put these two lines into the secrets.yaml of its node:\n")
    typer.echo(f"gate_id: {gate['id']}\ngate_key: {gate['key']}\n")
    typer.echo("The key is not shown again. Whoever has it can open this gate.")
    typer.echo("With --board and --lock the node's files are written for you, and its wiring is printed.")
    typer.echo(f"Its face reader is off: 'facegate gate ways {gate['id']}' says what has to be there first.")


def _usual(data: Path | None, board: str) -> list[str]:
    for known in local_api.call(data, "GET", "/boards"):
        if known["name"] == board:
            return [feature["name"] for feature in known["features"] if feature["usual"]]
    return []  # the service says that there is no such board


def _words(given: str | None, known: dict[str, str], option: str) -> list[str]:
    found = []
    for word in (part.strip() for part in (given or "").split(",")):
        if word and word not in known:
            stop(f"{option} knows no '{word}': use {', '.join(known)}.")
        if word:
            found.append(known[word])
    return found


def _way(broker: str | None, tls: bool | None) -> dict[str, Any]:
    way: dict[str, Any] = {} if tls is None else {"tls": tls}
    if broker is not None:
        host, separator, port = broker.rpartition(":")
        if separator and not port.isdigit():
            stop(f"'{broker}' is no address of a broker: use NAME or NAME:PORT.")
        way |= {"broker": host, "broker_port": int(port)} if separator else {"broker": broker}
    return way


def _own(ca: Path | None, wifi_ssid: str | None, wifi_password: str | None) -> dict[str, str]:
    try:
        authority = None if ca is None else ca.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        stop(f"The CA {ca} cannot be read as PEM ({error}): name the right file.")
    given = {"mqtt_ca": authority, "wifi_ssid": wifi_ssid, "wifi_password": wifi_password}
    return {name: value for name, value in given.items() if value}


def _print_wiring(files: dict[str, Any]) -> None:
    table = Table(title="Wiring")
    for column in ("Terminal", "GPIO", "How"):
        table.add_column(column, overflow="fold")
    for row in files["wiring"]:
        table.add_row(escape(row["label"]["en"]), str(row["gpio"]), escape(row["wire"]["en"]))
    Console().print(table)
    if files["note"]["en"]:
        typer.echo(files["note"]["en"])
    typer.echo("Pictures of the whole wiring: docs/wiring.md\n")


def _print_next(gate: str, out: Path, files: dict[str, Any], missing: list[str], flash: str) -> None:
    if missing:
        typer.echo(f"Add to {out / node_files.SECRETS}, which FaceGate does not know: {', '.join(missing)}")
    if files["guessed"]:
        typer.echo(f"See that 'broker' in {files['file']} is the broker as the node reaches it.")
    site = re.search(r"^  site: (\S+)$", files["yaml"], re.MULTILINE)
    topics = f"facegate/{site[1] if site else '+'}/gate/{gate}"
    password = f"{gate.replace('-', '_')}_mqtt_password"
    typer.echo(f"On the broker: the account 'facegate-{gate}' with the password '{password}' of secrets.yaml. It may:")
    typer.echo(f"  topic read {topics}/command\n  topic write {topics}/node/#\n")
    typer.echo(f"{flash}\n  esphome run {out / files['file']}")
