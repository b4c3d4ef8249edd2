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
CameraId = Annotated[
    str, typer.Argument(metavar="CAMERA", help="Id of the camera, as 'facegate camera list' shows it.")
]


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
    on_press: Annotated[
        bool, typer.Option("--on-press", help="Recognise nobody until somebody has pressed the button at the gate.")
    ] = False,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Ask for a card, a PIN or a pass beside the face.")
    ] = False,
    masks: Annotated[
        str, typer.Option(help="deny, or second_factor: compare masked faces; only with --second-factor.")
    ] = "deny",
    data: Data = None,
) -> None:
    """Add a camera to a gate. Its address is kept sealed and never shown again."""
    body: dict[str, Any] = {"source": source, "direction": direction, "transport": transport}
    body |= {"on_press": on_press, "masks": masks}
    if second_factor and recognition_only:
        raise typer.BadParameter("choose one of --second-factor and --recognition-only")
    if second_factor:
        body |= {"liveness": "second_factor"}
    if recognition_only:
        body |= {"liveness": "off", "accept_recognition_only": True}
    camera = local_api.call(data, "POST", f"/gates/{gate}/cameras", body)
    typer.echo(f"Camera '{camera['id']}' looks at gate '{gate}'. See how it does with: facegate camera list {gate}")


@app.command()
def change(
    gate: GateId,
    camera: CameraId,
    on_press: Annotated[
        bool | None, typer.Option("--on-press/--always", help="Wait for a press of the button, or never.")
    ] = None,
    masks: Annotated[str | None, typer.Option(help="deny, or second_factor: compare masked faces.")] = None,
    data: Data = None,
) -> None:
    """Change what is given of a camera."""
    given = {"on_press": on_press, "masks": masks}
    body = {name: value for name, value in given.items() if value is not None}
    if not body:
        raise typer.BadParameter("say what to change: --on-press, --always or --masks")
    local_api.call(data, "PATCH", f"/gates/{gate}/cameras/{camera}", body)
    typer.echo(f"Camera '{camera}' is changed. See it with: facegate camera list {gate}")


@app.command(name="list")
def show(gate: GateId, data: Data = None) -> None:
    """List a gate's cameras and how they do."""
    table = Table()
    for column in ("Camera", "Source", "Direction", "Liveness", "On press", "Masks", "State", "Reason"):
        table.add_column(column, overflow="fold")
    for camera in local_api.call(data, "GET", f"/gates/{gate}/cameras"):
        columns = ("id", "source", "direction", "liveness", "on_press", "masks", "state", "reason")
        table.add_row(*(escape(str(camera[column])) for column in columns))
    Console().print(table)


@app.command()
def remove(gate: GateId, camera: CameraId, data: Data = None) -> None:
    """Remove a camera."""
    local_api.call(data, "DELETE", f"/gates/{gate}/cameras/{camera}")
    typer.echo(f"Camera '{camera}' is gone.")
