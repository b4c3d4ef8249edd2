"""``facegate gate``: gates of the running service, and what their nodes need."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from facegate.cli import gate_node, gate_orders, gate_test, gate_ways, local_api

app = typer.Typer(no_args_is_help=True, help="Gates, and what their nodes need.")
app.command()(gate_node.add)
app.command()(gate_node.boards)
app.command()(gate_node.rekey)
app.command(name="test")(gate_test.walk)
app.command()(gate_orders.mode)
app.command(name="open")(gate_orders.open_once)
app.command()(gate_orders.reset)
app.command()(gate_ways.ways)
app.command()(gate_ways.faces)
app.command()(gate_ways.reads)
Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]


@app.command()
def remove(
    gate: Annotated[str, typer.Argument(metavar="GATE", help="Id of the gate.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Remove a gate with its cameras and destroy its key: its node obeys nobody until it is flashed anew."""
    if not yes and not typer.confirm(f"Remove gate '{gate}' and destroy its key?", err=True):
        raise typer.Exit(1)
    local_api.call(data, "DELETE", f"/gates/{gate}")
    typer.echo(f"Gate '{gate}' is gone, and its key is destroyed.")


@app.command(name="list")
def show(data: Data = None) -> None:
    """List the gates with the health of camera and node, and with the list of cards and PINs at the node."""
    table = Table()
    for column in ("Gate", "Name", "Mode", "Faces", "Camera", "Node", "List"):
        table.add_column(column)
    for gate in local_api.call(data, "GET", "/gates"):
        name = f"{gate['name']} (trial)" if gate["trial"] else gate["name"]
        faces = "on" if gate["faces"] else "off"
        table.add_row(gate["id"], name, gate["mode"], faces, gate["camera"], gate["node"], _list(gate["list"]))
    Console().print(table)


def _list(standing: dict[str, Any]) -> str:
    """The version in force and what becomes of it, such as ``7 in force, 12 of 1008``."""
    state = str(standing["state"]).replace("_", " ")
    if standing["state"] == "sending":
        state += f" {standing['sent']}/{standing['chunks']}"
    shown = f"{standing['version']} {state}" if standing["version"] else state
    return f"{shown}, {standing['entries']} of {standing['capacity']}" if standing["entries"] else shown
