"""``facegate residents import`` and ``export``: the list of residents from and for a spreadsheet."""

import base64
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from facegate.cli import local_api
from facegate.cli.console import notes, stop
from facegate.core.models import Resident
from facegate.residents.importing import Fault, write_residents

Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]

_SAID: Final = {
    Fault.MISSING: "is missing",
    Fault.TEXT: "has characters that cannot be shown",
    Fault.TOO_LONG: "is too long",
    Fault.TOO_MANY: "are too many",
    Fault.DATE: "is no date such as 2026-12-31",
    Fault.ORDER: "is not later than valid_from",
    Fault.GATE: "is no gate of this house",
    Fault.PERSON: "is no id of a person",
    Fault.TAKEN: "is somebody's already",
    Fault.TWICE: "stands in the file twice",
    Fault.KNOWN: "is there already",
    Fault.CELLS: "the line has more cells than headings",
}


def import_list(
    file: Annotated[
        Path, typer.Argument(help="A CSV file: name, flat, groups, person, valid_from, valid_until, gates.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and store nothing.")] = False,
    good: Annotated[bool, typer.Option("--good", help="Store the good lines though others are not.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Add residents from a spreadsheet's CSV file; nothing is stored unless every line is good, or --good says so."""
    try:
        body = {"file": base64.b64encode(file.read_bytes()).decode()}
    except OSError as error:
        stop(f"{file} cannot be read ({error.strerror or error}): name another file.")
    found = local_api.call(data, "POST", "/residents/import", body)
    _show(found)
    faulty = sum(bool(line["faults"]) for line in found["lines"])
    right = len(found["lines"]) - faulty
    if dry_run:
        return
    if not right or (faulty and not good):
        stop(f"{faulty} lines cannot be used, and nothing was stored: correct them, or add --good.")
    if not yes:
        typer.confirm(f"Add {right} residents?", abort=True, err=True)
    done = local_api.call(data, "POST", "/residents/import", {**body, "store": "good" if good else "all"})
    typer.echo(f"{done['stored']} residents were added.")


def export_list(
    file: Annotated[Path, typer.Argument(help="Where the CSV file is written; it is not overwritten.")],
    data: Data = None,
) -> None:
    """Write the list of residents as a CSV file that a spreadsheet opens and that 'import' reads."""
    residents = [
        Resident(
            one["id"],
            one["name"],
            one["person"],
            valid_from=one["valid_from"],
            valid_until=one["valid_until"],
            gates=frozenset(one["gates"]),
            flat=one["flat"],
            groups=frozenset(one["groups"]),
        )
        for one in local_api.call(data, "GET", "/residents")
    ]
    try:
        with file.open("xb") as stream:
            file.chmod(0o600)
            stream.write(write_residents(residents, datetime.fromtimestamp))
    except OSError as error:
        stop(f"{file} cannot be written ({error.strerror or error}): name another file.")
    typer.echo(f"{len(residents)} residents are in {file}. It names people: delete it when it is no longer needed.")


def _show(found: dict[str, Any]) -> None:
    table = Table()
    for column in ("Line", "Name", "Flat", "What becomes of it"):
        table.add_column(column, overflow="fold")
    for line in found["lines"]:
        said = "; ".join(f"{f['column']} {f['value']} {_SAID[Fault(f['fault'])]}".strip() for f in line["faults"])
        table.add_row(str(line["line"]), escape(line["name"]), escape(line["flat"]), escape(said) or "is added")
    Console().print(table)
    if found["ignored"]:
        notes.print(
            f"Not kept, because it means nothing here: {', '.join(found['ignored'])}", markup=False, highlight=False
        )
