"""``facegate residents`` and ``facegate forget``: who lives here, and erasing them, with the service running or not."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from facegate.cli import resident_lists
from facegate.cli.console import notes, stop, stops_at
from facegate.core.models import Resident, ResidentState
from facegate.core.residency import standing
from facegate.settings import default_data

Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]


app = typer.Typer(help="Who lives here; without a command, the list.")
app.command(name="import")(resident_lists.import_list)
app.command(name="export")(resident_lists.export_list)


@app.callback(invoke_without_command=True)
def residents(context: typer.Context, data: Data = None) -> None:
    """List who lives here."""
    if context.invoked_subcommand is not None:
        return
    table = Table()
    for column in ("Resident", "Name", "Flat", "State", "Home Assistant person"):
        table.add_column(column, overflow="fold")
    everyone, unreadable = _all(data)
    for resident in everyone:
        state = standing(resident, time.time())
        table.add_row(resident.id, escape(resident.name), escape(resident.flat), state, escape(resident.person or ""))
    for lost in sorted(unreadable):
        table.add_row(lost, "[dim]cannot be read: the key is missing[/]", "", "", "")
    Console().print(table)


def forget(
    name: Annotated[str, typer.Argument(help="Name or id of the resident.")],
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erase a resident for good: face, name and key; backups made before cannot bring them back."""
    from facegate.adapters.store import InUseError, Store, StoreError
    from facegate.cli import local_api
    from facegate.residents.application import ApplicationError, named

    everyone, unreadable = _all(data)
    with stops_at(ApplicationError):
        found = named(everyone, name)
    if found is None and name not in unreadable:
        stop(f"There is no resident '{name}': see 'facegate residents'.")
    resident, called = (found.id, found.name) if found else (name, name)
    if not yes:
        typer.confirm(f"Erase {called} for good? This cannot be undone.", abort=True, err=True)
    with stops_at(StoreError):
        try:
            with Store.open(data or default_data()) as store:
                store.erase_resident(resident)
        except InUseError:
            local_api.call(data, "DELETE", f"/residents/{resident}")
    notes.print(f"{called} is erased.", markup=False, highlight=False)


def _all(data: Path | None) -> tuple[list[Resident], frozenset[str]]:
    """Everyone, and the ids of those who cannot be read."""
    from facegate.adapters.store import InUseError, Store, StoreError
    from facegate.cli import local_api

    with stops_at(StoreError):
        try:
            with Store.open(data or default_data()) as store:
                return store.residents(), store.unreadable()
        except InUseError:
            # The service has said in its log who cannot be read; the API lists those who can.
            return [
                Resident(entry["id"], entry["name"], entry["person"], ResidentState(entry["state"]), flat=entry["flat"])
                for entry in local_api.call(data, "GET", "/residents")
            ], frozenset()
