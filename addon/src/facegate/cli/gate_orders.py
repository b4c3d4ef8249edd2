"""``facegate gate mode``, ``open`` and ``reset``: what a gate of the running service is told from here."""

import secrets
import time
from pathlib import Path
from typing import Annotated

import typer

from facegate.cli import local_api
from facegate.cli.console import stop
from facegate.core.models import Direction, Mode

GateId = Annotated[str, typer.Argument(metavar="GATE", help="Id of the gate.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]


def mode(
    gate: GateId,
    new: Annotated[
        Mode | None, typer.Argument(metavar="[MODE]", help="normal, lockdown or free; left out to see the present one.")
    ] = None,
    minutes: Annotated[int | None, typer.Option(min=1, help="How long free passage lasts.")] = None,
    data: Data = None,
) -> None:
    """Show or set a gate's mode: lockdown opens for fire, exit and guard alone; free stands open for a while."""
    if new is None:
        now = local_api.call(data, "GET", f"/gates/{gate}")
        typer.echo(f"{now['mode']}{' (its node has not taken it over yet)' if now['waits'] else ''}")
        return
    if (new is Mode.FREE) != (minutes is not None):
        stop("Say with --minutes how long free passage lasts; the other modes take no time.")
    body = {"mode": str(new)} | ({"seconds": minutes * 60} if minutes else {})
    answer = local_api.call(data, "PUT", f"/gates/{gate}/mode", body)
    if not answer["confirmed"]:
        typer.echo(
            f"The recognizer keeps gate '{gate}' locked down, but its node has not taken it over ({answer['result']}): "
            "until it does, its cards and PINs still work. It is told as soon as it is back."
        )
    elif answer["said"] == "fault flash":
        typer.echo(f"Gate '{gate}' is locked down, but its node cannot remember it over a restart: replace the node.")
    elif answer["seconds"]:
        typer.echo(f"Gate '{gate}' stands open for {answer['seconds'] / 60:g} minutes.")
    else:
        typer.echo(f"Gate '{gate}' is in mode {new}.")


def open_once(
    gate: GateId,
    direction: Annotated[Direction, typer.Option(help="Which way.")] = Direction.ENTRY,
    guard: Annotated[str, typer.Option(help="Your reason, kept in the record; opens in a lockdown as well.")] = "",
    data: Data = None,
) -> None:
    """Open a gate once."""
    body: dict[str, object] = {"direction": str(direction), "issued_at": time.time_ns() // 1_000_000}
    path = f"/gates/{gate}/guard" if guard else f"/gates/{gate}/open"
    if guard:
        body["reason"] = guard
    local_api.call(data, "POST", path, body, {"Idempotency-Key": secrets.token_hex(16)})
    typer.echo(f"Gate '{gate}' has opened.")


def reset(gate: GateId, data: Data = None) -> None:
    """End the release after a fire, once its contact is quiet."""
    local_api.call(data, "POST", f"/gates/{gate}/fire-reset")
    typer.echo(f"Gate '{gate}' is no longer released.")
