"""``facegate pair``: a one-time code for Home Assistant."""

from pathlib import Path
from typing import Annotated

import typer

from facegate.cli import local_api


def pair(
    data: Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")] = None,
) -> None:
    """Print a one-time code that pairs Home Assistant with the running service."""
    code = local_api.call(data, "POST", "/pairing-codes")
    typer.echo(code["code"])
    typer.echo(f"Enter it in Home Assistant within {code['minutes']} minutes. It works once.", err=True)
