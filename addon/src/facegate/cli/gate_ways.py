"""``facegate gate ways``, ``faces`` and ``reads``: who gets in without a face, and the face reader that asks for it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from facegate.cli import local_api
from facegate.cli.console import stop

Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]
GateId = Annotated[str, typer.Argument(metavar="GATE", help="Id of the gate.")]

_SAID: Final = {
    "two_factors": "A camera asks for a face and a second factor, so nobody gets in without a face. Choose another "
    "level of liveness for it.",
    "reader": "No card reader and no keypad is known at the node. Connect one; if there is one, say so with 'facegate "
    "gate reads'.",
    "list": "The node has no list of cards and PINs yet. Give the residents theirs, and see that the node is online.",
    "residents": "These have no way in without a face. Give each of them a card, a PIN or a pass:",
}


class Switch(StrEnum):
    """What a face reader is set to."""

    ON = "on"
    OFF = "off"


class Reads(StrEnum):
    """What a node reads."""

    CARD = "card"
    PIN = "pin"


def ways(gate: GateId, data: Data = None) -> None:
    """Show what a gate lacks before its face reader may be on, or lacks by now."""
    found = local_api.call(data, "GET", f"/gates/{gate}/ways")
    typer.echo(f"The face reader of gate '{gate}' is {'on' if found['faces'] else 'off'}.")
    if found["trial"]:
        typer.echo("It is a trial gate and moves no door.")
    for missing in found["missing"]:
        typer.echo(_SAID[missing])
    for resident in found.get("without", []):
        typer.echo(f"  {resident['id']}  {resident['name']}" + (f" ({resident['flat']})" if resident["flat"] else ""))
    if not found["missing"] and not found["trial"]:
        typer.echo("Everybody who may pass it has a way in without a face.")


def faces(gate: GateId, switch: Switch, data: Data = None) -> None:
    """Switch a gate's face reader; on only when everybody who may pass has another way in."""
    if switch is Switch.ON:
        found = local_api.call(data, "GET", f"/gates/{gate}/ways")
        if found["missing"]:
            stop(f"The face reader stays off: run 'facegate gate ways {gate}' for what is missing.")
    local_api.call(data, "PUT", f"/gates/{gate}/face-reader", {"on": switch is Switch.ON})
    typer.echo(f"The face reader of gate '{gate}' is {switch}.")


def reads(
    gate: GateId,
    what: Annotated[list[Reads] | None, typer.Argument(help="card, pin, both, or nothing.")] = None,
    data: Data = None,
) -> None:
    """Say what the node of a gate reads that was added without --board."""
    local_api.call(data, "PATCH", f"/gates/{gate}", {"readers": [str(reader) for reader in what or []]})
    typer.echo(f"Gate '{gate}' reads: {', '.join(what or []) or 'nothing'}.")
