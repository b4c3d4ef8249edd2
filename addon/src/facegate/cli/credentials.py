"""``facegate credentials``: cards and PINs of residents, through the running service."""

import re
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from facegate.cli import local_api
from facegate.cli.console import stop

app = typer.Typer(no_args_is_help=True, help="Cards and PINs of residents.")
Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]
Who = Annotated[str, typer.Argument(metavar="RESIDENT", help="Name or id of the resident.")]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LEARN_SECONDS = 30
_LOOK_SECONDS = 0.5


@app.command(name="list")
def show(resident: Who, data: Data = None) -> None:
    """List a resident's cards and PINs; no number is ever shown again."""
    found = _resident(data, resident)
    table = Table()
    table.add_column("Id", no_wrap=True)
    for column in ("Kind", "Card", "Since", "Until", "Times of the week"):
        table.add_column(column, overflow="fold")
    for known in local_api.call(data, "GET", f"/residents/{found['id']}/credentials"):
        card = f"learned at {known['learned_at']}" if known["learned_at"] else known["hint"] and f"…{known['hint']}"
        table.add_row(
            known["id"],
            known["kind"],
            card,
            _day(known["valid_from"] or known["created_at"]),
            _day(known["valid_until"]) if known["valid_until"] is not None else "",
            "; ".join(f"{' '.join(w['days'])} {w['first']}-{w['last']}" for w in known["windows"]),
        )
    Console().print(table)


@app.command()
def add(
    resident: Who,
    card: Annotated[str | None, typer.Option(help="The long number printed on a card, or its bytes in hex.")] = None,
    learn: Annotated[
        str | None, typer.Option(metavar="GATE", help="Learn a card that is held to this gate's reader now.")
    ] = None,
    exit_side: Annotated[bool, typer.Option("--exit", help="Learn at the reader on the way out.")] = False,
    pin: Annotated[bool, typer.Option("--pin", help="Ask for a PIN, unseen.")] = False,
    make_pin: Annotated[
        bool, typer.Option("--make-pin", help="Let FaceGate make a PIN and show it this once.")
    ] = False,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Good until this day begins.")] = None,
    days: Annotated[str | None, typer.Option(help="Days of the week, such as mon-fri or sat,sun.")] = None,
    hours: Annotated[str, typer.Option(help="Hours on these days.")] = "00:00-24:00",
    data: Data = None,
) -> None:
    """Give a resident a card or a PIN."""
    if sum((card is not None, learn is not None, pin, make_pin)) != 1:
        stop("Say one of --card, --learn, --pin and --make-pin.")
    found = _resident(data, resident)
    validity: dict[str, Any] = {}
    if until is not None:
        validity["valid_until"] = until.timestamp()
    if days is not None:
        validity["windows"] = [_window(days, hours)]
    if learn is not None:
        _learn(data, learn, {"resident": found["id"], "direction": "exit" if exit_side else "entry", **validity})
        return
    if card is not None:
        wish = {"kind": "card", "number": card}
    elif pin:
        wish = {"kind": "pin", "pin": typer.prompt("PIN", hide_input=True, confirmation_prompt=True, err=True)}
    else:
        wish = {"kind": "pin"}
    made = local_api.call(data, "POST", f"/residents/{found['id']}/credentials", wish | validity)
    typer.echo(
        f"The {'card' if made['kind'] == 'card' else 'PIN'} '{made['id']}' is stored and on its way to the gates."
    )
    if "pin" in made:
        typer.echo(f"\nPIN: {made['pin']}\n\nIt is not shown again.")


@app.command()
def remove(
    resident: Who,
    credential: Annotated[str, typer.Argument(metavar="ID", help="Id of the card or PIN, from the list.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Take a card or a PIN away: gates that are online refuse it within seconds."""
    found = _resident(data, resident)
    if not yes:
        typer.confirm(f"Take '{credential}' away from {found['name']}?", abort=True, err=True)
    local_api.call(data, "DELETE", f"/residents/{found['id']}/credentials/{credential}")
    typer.echo("It is gone.")


def _learn(data: Path | None, gate: str, wish: dict[str, Any]) -> None:
    """Wait until the reader has told of a card."""
    local_api.call(data, "POST", f"/gates/{gate}/lessons", {**wish, "seconds": _LEARN_SECONDS})
    typer.echo(f"Hold the card to the reader of gate '{gate}' now; it waits for {_LEARN_SECONDS} s.", err=True)
    lesson: dict[str, Any] = {"state": "waiting"}
    while lesson["state"] == "waiting":
        time.sleep(_LOOK_SECONDS)
        lesson = local_api.call(data, "GET", f"/gates/{gate}/lessons")
    match lesson["state"]:
        case "learned":
            typer.echo(f"The card '{lesson['credential']}' is learned; it is good for this gate alone.")
        case "ended":
            stop("No card came: try again, and hold it to the reader until it sounds.")
        case _:
            stop(lesson["detail"])


def _resident(data: Path | None, name: str) -> dict[str, Any]:
    everyone = local_api.call(data, "GET", "/residents")
    found = [resident for resident in everyone if name in {resident["id"], resident["name"]}]
    if not found:
        stop(f"There is no resident '{name}': see 'facegate residents'.")
    if len(found) > 1:
        stop(f"{len(found)} residents are called {name}: say which by the id that 'facegate residents' shows.")
    return dict(found[0])


def _window(days: str, hours: str) -> dict[str, Any]:
    chosen: set[str] = set()
    for part in days.lower().split(","):
        first, _, last = part.strip().partition("-")
        if first not in _DAYS or (last and last not in _DAYS):
            stop(f"'{part}' is no day of the week: use {', '.join(_DAYS)}, or two of them with '-' between.")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        chosen |= {_DAYS[day % 7] for day in range(start, end + 1 + (7 if end < start else 0))}
    times = re.fullmatch(r"(\d{2}:\d{2})-(\d{2}:\d{2})", hours)
    if times is None:
        stop(f"'{hours}' are no hours: write them as 08:00-18:30.")
    return {"days": sorted(chosen, key=_DAYS.index), "first": times[1], "last": times[2]}


def _day(unix: float) -> str:
    return datetime.fromtimestamp(unix).astimezone().strftime("%Y-%m-%d")
