"""``facegate camera``: the cameras of the running service's gates."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from facegate.cli import local_api

app = typer.Typer(no_args_is_help=True, help="Cameras: what a gate sees with.")
Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]
GateId = Annotated[str, typer.Argument(metavar="GATE", help="Id of the gate, as 'facegate gate list' shows it.")]


@app.command()
def add(
    gate: GateId,
    source: Annotated[str, typer.Argument(help="rtsp://user:password@host/path, or a video file.")],
    direction: Annotated[str, typer.Option(help="entry or exit.")] = "entry",
    transport: Annotated[str, typer.Option(help="tcp, or udp for the few cameras that need it.")] = "tcp",
    recognition_only: Annotated[
        bool,
        typer.Option("--recognition-only", help="No proof of life: A PHOTOGRAPH OPENS THIS GATE. For trials alone."),
    ] = False,
    data: Data = None,
) -> None:
    """Add a camera to a gate. Its address is kept sealed and never shown again."""
    body: dict[str, Any] = {"source": source, "direction": direction, "transport": transport}
    if recognition_only:
        body |= {"liveness": "off", "accept_recognition_only": True}
    camera = local_api.call(data, "POST", f"/gates/{gate}/cameras", body)
    typer.echo(f"Camera '{camera['id']}' looks at gate '{gate}'. See how it does with: facegate camera list {gate}")


@app.command(name="list")
def show(gate: GateId, data: Data = None) -> None:
    """List a gate's cameras and how they do."""
    table = Table()
    for column in ("Camera", "Source", "Direction", "Liveness", "State", "Reason"):
        table.add_column(column, overflow="fold")
    for camera in local_api.call(data, "GET", f"/gates/{gate}/cameras"):
        columns = ("id", "source", "direction", "liveness", "state", "reason")
        table.add_row(*(escape(str(camera[column])) for column in columns))
    Console().print(table)


@app.command()
def remove(gate: GateId, camera: Annotated[str, typer.Argument(help="Id of the camera.")], data: Data = None) -> None:
    """Remove a camera."""
    local_api.call(data, "DELETE", f"/gates/{gate}/cameras/{camera}")
    typer.echo(f"Camera '{camera}' is gone.")
