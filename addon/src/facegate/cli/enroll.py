"""``facegate enroll``: let a resident be recognised, with the service running or not."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from facegate.cli.console import notes, stop, stops_at
from facegate.cli.reporting import NoticeLanguage
from facegate.settings import SettingsError, default_data, default_models, make_settings

if TYPE_CHECKING:
    from facegate.residents.notices import Notice


def enroll(
    name: Annotated[str, typer.Argument(help="What the resident is called, or the id of one who is there already.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures of this person.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")] = None,
    models: Annotated[Path | None, typer.Option(help="Where models lie; FACEGATE_MODELS by default.")] = None,
    person: Annotated[str | None, typer.Option(metavar="ID", help="The person's id in Home Assistant.")] = None,
    consent: Annotated[
        str | None, typer.Option(metavar="HOW", help="How the resident consented, such as 'given on paper'.")
    ] = None,
    language: NoticeLanguage = "en",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Confirm that the resident was given the notice and agreed.")
    ] = False,
) -> None:
    """Let a resident be recognised: make templates from pictures, which are not kept."""
    from facegate.adapters.store import InUseError, Store, StoreError
    from facegate.cli import local_api
    from facegate.residents.application import Application, ApplicationError, admit, describe
    from facegate.residents.enrolment import Picture
    from facegate.residents.notices import FACE, our_language
    from facegate.vision import load
    from facegate.vision.errors import VisionError

    language = our_language(language)
    if language not in FACE:
        stop(f"There is no notice in '{language}': choose one of {', '.join(FACE)}.")
    channel = _consented(name, FACE[language], consent, yes=yes)
    request = {"name": name, "pictures": [str(path.absolute()) for path in images], "language": language}
    request |= {"channel": channel} | ({"person": person} if person is not None else {})
    with stops_at(ApplicationError, SettingsError, StoreError, VisionError):
        settings = make_settings({}, data=data or default_data(), models=models or default_models())
        try:
            with Store.open(settings.data) as store:
                application = Application(
                    name, tuple(Picture(path.name, path) for path in images), FACE[language], channel, person
                )
                answer = describe(admit(store, load(settings), application), store.residents())
        except InUseError:
            answer = local_api.call(data, "POST", "/enrolments", request)
    _print(answer, name)
    if not answer["accepted"]:
        raise typer.Exit(1)


def _consented(name: str, notice: Notice, how: str | None, *, yes: bool) -> str:
    """Return the channel of the consent, which the operator vouches for; ends the command without it."""
    if how is not None:
        if not how.strip() or len(how) > 100 or not how.isprintable():  # 100: a line in the record
            stop("Say how the resident consented in 1 to 100 printable characters, such as 'given on paper'.")
        return f"command_line: {how.strip()}"
    if not yes:
        if not sys.stdin.isatty():
            stop(
                "No face is enrolled without consent: confirm it with --yes, or say how it was given with "
                "--consent 'given on paper'."
            )
        notes.print(notice.text, markup=False, highlight=False)
        if not typer.confirm(f"Was {name} (or a guardian) given this notice, and did they agree?", err=True):
            stop(f"Nothing was stored. {name} can use another way in.")
    return "command_line"


def _print(answer: dict[str, Any], name: str) -> None:
    from facegate.residents.reasons import TEXTS

    says = {str(reason): text for reason, text in TEXTS["en"].items()}
    table = Table()
    for column in ("Picture", "", "Verdict"):
        table.add_column(column, overflow="fold")
    for picture in answer["pictures"]:
        mark = "[red]✗[/]" if picture["refused"] else "[green]✓[/]"
        reasons = picture["detail"] or " ".join(says[reason] for reason in picture["refused"] or picture["hints"])
        reasons = reasons or "enrolled"
        table.add_row(escape(picture["name"]), mark, escape(reasons))
    Console().print(table)
    if answer["duplicate"] is not None:
        _note(
            f"This face is enrolled already, as {answer['duplicate']}: nothing was stored. Add pictures under that "
            "name, or check who is in them.",
            "red",
        )
    for alike in answer["alike"]:
        _note(
            f"{name} looks much like {alike['name']} (similarity {alike['score']:.2f}): where the gate cannot tell "
            "them apart it stays closed, so give both a second way in.",
            "yellow",
        )
    if answer["accepted"]:
        _note(f"{name} is enrolled with {answer['accepted']} of {len(answer['pictures'])} pictures; none was kept.")
    elif answer["duplicate"] is None:
        _note(f"No picture of {name} could be used, and nothing was stored: try again with better ones.", "red")


def _note(sentence: str, style: str | None = None) -> None:
    notes.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)
