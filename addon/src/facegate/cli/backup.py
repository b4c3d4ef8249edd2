"""``facegate backup``: what Supervisor, or whoever copies the data folder, runs before and after."""

import time
from pathlib import Path
from typing import Annotated

import typer

from facegate.cli.console import notes, stops_at
from facegate.settings import default_data

app = typer.Typer(help="A consistent copy for a backup, made while FaceGate runs.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]


@app.command()
def prepare(data: Data = None) -> None:
    """Put a consistent copy into the folder 'backup' beside the data; the service goes on meanwhile."""
    from facegate.adapters.store import StoreError, backups

    folder = data or default_data()
    with stops_at(StoreError):
        made = backups.prepare(folder, time.time())
    notes.print(
        f"{folder / backups.FOLDER} can be copied now; afterwards run: facegate backup finish"
        if made
        else f"There is nothing in {folder} yet.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def finish(data: Data = None) -> None:
    """Remove that copy again."""
    from facegate.adapters.store import StoreError, backups

    with stops_at(StoreError):
        backups.finish(data or default_data())
