"""What commands that write a report share: its options, and the file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facegate.cli.console import notes, stop
from facegate.core.false_opens import Goal
from facegate.reports.page import LANGUAGES
from facegate.residents.notices import our_language
from facegate.settings import default_data

if TYPE_CHECKING:
    from facegate.core.site_rule import SiteRule

ReportFile = Annotated[
    Path | None, typer.Option(metavar="FILE.html", help="Write a report for people: one HTML file with its plots.")
]
Language = Annotated[str, typer.Option(help=f"Language of the report: {' or '.join(LANGUAGES)}.")]
NoticeLanguage = Annotated[
    str, typer.Option(help=f"Language of the notice that the resident was given: {' or '.join(LANGUAGES)}.")
]
Approaches = Annotated[
    float | None,
    typer.Option(min=0, help="Strangers a day who walk up to the gates; the site's own setting, else 10."),
]
FalseOpens = Annotated[
    float | None, typer.Option(min=0.001, help="How many may be let in a year; the site's own setting, else 1.")
]

_QUIET = Goal(10.0, 1.0)  # a house in a quiet street, until the owner says otherwise


def goal_of(known: Goal | None, strangers: float | None, opens: float | None) -> Goal:
    """Return what is given, and else what the site has said."""
    site = known or _QUIET
    return Goal(
        site.strangers_per_day if strangers is None else strangers,
        site.false_opens_per_year if opens is None else opens,
    )


def site_rule(data: Path | None) -> SiteRule:
    """Return the rule of the site, from its store or from the service that has it; the product's own without one.

    Raises StoreError.
    """
    from facegate.adapters.store import InUseError, Store
    from facegate.cli import local_api
    from facegate.core.site_rule import SiteRule

    folder = data or default_data()
    if not (folder / "facegate.db").is_file():
        return SiteRule()
    try:
        with Store.open(folder) as store:
            return store.site_rule()
    except InUseError:
        shown = local_api.call(data, "GET", "/recognition")
    strangers, opens = shown["strangers_per_day"], shown["false_opens_per_year"]
    goal = None if strangers is None else Goal(strangers, opens)
    return SiteRule(shown["threshold"], goal, shown["reason"])


def check_language(language: str) -> str:
    """Return our name of the language; ends the command for one that no report is written in."""
    known = our_language(language)
    if known not in LANGUAGES:
        stop(f"There is no report in '{language}': choose one of {', '.join(LANGUAGES)}.")
    return known


def write_report(path: Path, page: str) -> None:
    """Write the report, readable by its owner alone: it names people."""
    try:
        path.touch(mode=0o600)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        stop(f"The report cannot be written to {path} ({error.strerror or error}): name another file.")
    notes.print(f"The report is in {path}.", markup=False, highlight=False, soft_wrap=True)


def now() -> str:
    """The time as a report prints it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
