"""``facegate gate``: gates of the running service, and the key that a gate's node needs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from facegate.cli import gate_orders, local_api

app = typer.Typer(no_args_is_help=True, help="Gates, and what their nodes need.")
app.command()(gate_orders.mode)
app.command(name="open")(gate_orders.open_once)
app.command()(gate_orders.reset)
Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]


@app.command()
def add(name: Annotated[str, typer.Argument(help="What people call the gate.")], data: Data = None) -> None:
    """Add a gate and print the key of its node, this once."""
    gate = local_api.call(data, "POST", "/gates", {"name": name})
    typer.echo(f"Gate '{gate['id']}' is there. Put these two lines into the secrets.yaml of its node:\n")
    typer.echo(f"gate_id: {gate['id']}\ngate_key: {gate['key']}\n")
    typer.echo("The key is not shown again. Whoever has it can open this gate.")


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
    """List the gates with the health of camera and node."""
    table = Table()
    for column in ("Gate", "Name", "Mode", "Camera", "Node"):
        table.add_column(column)
    for gate in local_api.call(data, "GET", "/gates"):
        table.add_row(gate["id"], gate["name"], gate["mode"], gate["camera"], gate["node"])
    Console().print(table)
