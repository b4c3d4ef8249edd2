"""``facegate models``: which models there are, their licences and sources, and fetching them."""

import json
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from facegate.cli.console import notes, stop, stops_at
from facegate.core.pinned import Converted, Npm, PyPI, Source, Url
from facegate.settings import default_models
from facegate.vision import zoo
from facegate.vision.errors import ModelError

app = typer.Typer(help="The models: licence, source, hash and state of each.")

Folder = Annotated[Path | None, typer.Option("--folder", help="Where models lie; FACEGATE_MODELS by default.")]


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List every model FaceGate knows and whether it is there and intact."""
    if context.invoked_subcommand:
        return
    from rich.console import Console
    from rich.table import Table

    place = folder or default_models()
    rows = [(model, zoo.state(place, model.name)) for model in zoo.REGISTRY.values()]
    if as_json:
        typer.echo(json.dumps([_as_dict(model, str(state)) for model, state in rows], indent=2))
        return
    table = Table(
        title=f"Models in {place}", title_justify="left", box=None, padding=(0, 1, 0, 0), header_style="bold dim"
    )
    for column in ("Model", "Role", "Licence", "Sources", "Size", "SHA-256", "State"):
        wraps = column in {"Licence", "Sources"}
        table.add_column(column, no_wrap=not wraps, justify="right" if column == "Size" else "left")
    for model, state in rows:
        licence = model.licence if model.permissive else f"[yellow]{model.licence}[/]"
        colour = {"verified": "green", "missing": "dim"}.get(str(state), "red")
        sources = ", ".join(dict.fromkeys(_brief(source) for source in model.sources))
        name = f"[bold]{model.name}[/]" if model.default else model.name
        size = f"{model.size / 1e6:.1f} MB"
        table.add_row(name, model.role, licence, sources, size, model.sha256[:8], f"[{colour}]{state}[/]")
    Console().print(table)
    notes.print(
        "Bold: what the product runs with. Yellow: not for every use, so fetched only with --accept-licence NAME. "
        "Whole addresses and hashes: --json.",
        style="dim",
    )


def _brief(source: Source) -> str:
    """Return a source in a word."""
    match source:
        case Url():
            return urlsplit(source.address).netloc
        case Converted():
            return _brief(source.origin)
        case PyPI():
            return "PyPI"
        case Npm():
            return "npm"


def _as_dict(model: zoo.Model, state: str) -> dict[str, object]:
    return {
        "name": model.name,
        "role": model.role,
        "about": model.about,
        "licence": model.licence,
        "permissive": model.permissive,
        "default": model.default,
        "dimensions": model.dimensions or None,
        "size": model.size,
        "sha256": model.sha256,
        "sources": [str(source) for source in model.sources],
        "state": state,
    }


@app.command("fetch")
def fetch_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models to fetch; the default ones when none is named.")
    ] = None,
    folder: Folder = None,
    accept_licence: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-licence", metavar="NAME", help="Accept the licence of a model that is not free for every use."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing unless something fails.")] = False,
) -> None:
    """Fetch models and verify them; what is there and intact is left alone."""
    from facegate.cli.fetching import fetch

    with stops_at(ModelError):
        wanted = [zoo.known(name) for name in names or zoo.DEFAULTS]
    for model in wanted:
        if not model.permissive and model.name not in (accept_licence or ()):
            stop(
                f"The model {model.name} is licensed '{model.licence}'. If your use is allowed by it, "
                f"say so with --accept-licence {model.name}."
            )
    fetch(folder or default_models(), [model.file for model in wanted], quiet=quiet)
