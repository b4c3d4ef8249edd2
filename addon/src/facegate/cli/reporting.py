"""What commands that write a report share: its options, and the file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from facegate.cli.console import notes, stop
from facegate.reports.page import LANGUAGES

ReportFile = Annotated[
    Path | None, typer.Option(metavar="FILE.html", help="Write a report for people: one HTML file with its plots.")
]
Language = Annotated[str, typer.Option(help=f"Language of the report: {' or '.join(LANGUAGES)}.")]
Approaches = Annotated[
    float, typer.Option(min=0, help="How many people who do not live there walk up to the gates each day.")
]
FalseOpens = Annotated[float, typer.Option(min=0.001, help="How many of them a year may be let in.")]


def check_language(language: str) -> None:
    """End the command for a language that no report is written in."""
    if language not in LANGUAGES:
        stop(f"There is no report in '{language}': choose one of {', '.join(LANGUAGES)}.")


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
