"""``facegate keys``: how the keys stand, the passphrase, new keys, and their export for the day of a disaster."""

import sys
from base64 import b64decode
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from facegate.cli.console import notes, stop, stops_at
from facegate.settings import default_data, default_models, make_settings

if TYPE_CHECKING:
    from facegate.residents.keys import Keys

app = typer.Typer(help="The keys that everything personal is sealed under.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_ACTOR: Final = "command line"


@app.command()
def status(data: Data = None) -> None:
    """Say how the keys stand, and who has to be enrolled again for the model in use."""
    answer = _ask(data, lambda keys: keys.standing(), "GET", "/keys")
    table = Table(show_header=False)
    table.add_row("site key", "under a passphrase" if answer["locked"] else "a file that no passphrase locks")
    for kind, count in answer["counts"].items():
        table.add_row(kind, str(count))
    for model, count in answer["models"].items():
        table.add_row(f"templates of {escape(model)}", f"{count} residents")
    Console().print(table)
    for entry in answer["outdated"]:
        _note(
            f"Resident {entry['resident']} has to be enrolled again: their templates are of "
            f"{', '.join(entry['models'])}, and {answer['model']} is in use."
        )


@app.command()
def unlock(data: Data = None) -> None:
    """Give the running service the passphrase of its site key."""
    from facegate.cli import local_api

    if not local_api.call(data, "GET", "/health").get("locked"):
        stop("FaceGate runs and needs no passphrase: there is nothing to unlock.", 0)
    local_api.call(data, "POST", "/keys/unlock", {"passphrase": _passphrase("Passphrase of the site key")})
    _note("The site key is unlocked: FaceGate starts.")


@app.command("passphrase")
def set_passphrase(
    data: Data = None,
    remove: Annotated[bool, typer.Option("--remove", help="Let FaceGate start without a passphrase again.")] = False,
) -> None:
    """Put the site key under a passphrase that every start will ask for, or change or remove it."""
    new = None if remove else _passphrase("New passphrase, of several words", twice=True)
    _ask(data, lambda keys: keys.set_passphrase(_ACTOR, new), "PUT", "/keys/passphrase", {"passphrase": new})
    _note("FaceGate starts without a passphrase." if remove else "Every start asks for the passphrase from now on.")


@app.command()
def rotate(data: Data = None, yes: Yes = False) -> None:
    """Put everything under a new site key: one that somebody has copied opens nothing any more."""
    if not yes:
        typer.confirm("Put everything under a new site key? Backups keep the old one.", abort=True, err=True)
    answer = _ask(data, lambda keys: {"keys": keys.change_site_key(_ACTOR)}, "POST", "/keys/site")
    _note(f"{answer['keys']} keys are wrapped by a new site key. Make a new backup: older ones need the old key.")


@app.command()
def renew(data: Data = None) -> None:
    """Turn all templates by a new secret, so that a copied one fits nothing any more; nobody enrols again."""
    answer = _ask(data, lambda keys: {"templates": keys.renew_templates(_ACTOR)}, "POST", "/keys/templates")
    _note(f"{answer['templates']} templates are turned anew.")


@app.command("export")
def export_keys(
    file: Annotated[Path, typer.Argument(help="Where to write the export; it must not be there yet.")],
    data: Data = None,
) -> None:
    """Write every key into a file under a passphrase, for the day when this machine is lost.

    Keep it away from the backups: with one, it brings back all who lived here when that backup was made.
    """
    if file.exists():
        stop(f"{file} is there already and is not overwritten: name a new file.")
    passphrase = _passphrase("Passphrase of the export", twice=True)

    def here(keys: Keys) -> dict[str, bytes]:
        return {"export": keys.export(_ACTOR, passphrase)}

    answer = _ask(data, here, "POST", "/keys/export", {"passphrase": passphrase})
    content = answer["export"] if isinstance(answer["export"], bytes) else b64decode(answer["export"])
    from facegate.adapters.key_files import file_errors, write_new
    from facegate.adapters.sealing import SecretError

    with stops_at(SecretError), file_errors(file):
        write_new(file, content)
    _note(
        f"{file} holds every key. Keep it where no backup goes, and write a new one in its place whenever somebody was "
        "erased: with a backup from before, the old one can bring them back."
    )


@app.command("import")
def import_keys(
    file: Annotated[Path, typer.Argument(help="A file that 'facegate keys export' has written.")], data: Data = None
) -> None:
    """Put back keys that are missing here. Whoever is erased in this database stays erased."""
    from facegate.adapters.store import StoreError
    from facegate.adapters.store.keys import restore_site_key
    from facegate.residents.keys import ExportError, read_export

    with stops_at(ExportError):
        exported = read_export(file)
    passphrase = _passphrase("Passphrase of the export")
    folder = data or default_data()
    with stops_at(StoreError):
        if (folder / "facegate.db").exists() and restore_site_key(folder, exported, passphrase):
            _note("The site key was missing and is put back.")
    answer = _ask(
        data,
        lambda keys: asdict(keys.import_from(_ACTOR, exported, passphrase)),
        "POST",
        "/keys/import",
        {"path": str(file.absolute()), "passphrase": passphrase},
    )
    _note(
        f"{answer['brought']} keys are put back, {answer['kept']} were here, {answer['refused']} belong to nothing "
        "that is left and stay out."
    )


def _ask(
    data: Path | None, here: Callable[[Keys], Any], method: str, path: str, body: dict[str, Any] | None = None
) -> Any:
    """Do something with the keys: in the store, or, where the service has it, by the service."""
    from facegate.adapters import site_key
    from facegate.adapters.sealing import SecretError
    from facegate.adapters.store import InUseError, Store, StoreError
    from facegate.cli import local_api
    from facegate.residents.keys import Keys

    settings = make_settings({}, data=data or default_data(), models=default_models())
    with stops_at(StoreError, SecretError):
        if local_api.is_running(data):
            return local_api.call(data, method, path, body)
        locked = site_key.is_locked(settings.data / "keys" / "site.key")
        passphrase = _passphrase("Passphrase of the site key") if locked else None
        try:
            with Store.open(settings.data, passphrase=passphrase) as store:
                return here(Keys(store, settings.embedder))
        except InUseError:
            return local_api.call(data, method, path, body)


def _passphrase(what: str, *, twice: bool = False) -> str:
    """Ask for a passphrase; where nobody sits at a terminal, the next line of the input is it."""
    if sys.stdin.isatty():
        said: str = typer.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
        return said
    line = sys.stdin.readline()
    if not line:
        stop(f"{what}: give it on the input, as one line.")
    return line.rstrip("\n")


def _note(sentence: str) -> None:
    notes.print(sentence, markup=False, highlight=False, soft_wrap=True)
