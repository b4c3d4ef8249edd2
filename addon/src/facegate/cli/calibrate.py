"""``facegate calibrate``: what the site's own templates say about its threshold, with the service running or not."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facegate.cli.console import notes, stops_at
from facegate.cli.reporting import (
    Approaches,
    FalseOpens,
    Language,
    ReportFile,
    check_language,
    goal_of,
    now,
    write_report,
)
from facegate.settings import default_data

if TYPE_CHECKING:
    from facegate.core.calibration import Calibration
    from facegate.core.false_opens import Goal


def calibrate(
    data: Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")] = None,
    report: ReportFile = None,
    language: Language = "en",
    approaches_per_day: Approaches = None,
    false_opens_per_year: FalseOpens = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say which residents look alike, how surely each is recognised, and what the threshold means in a year.

    Looks at templates only, which stay where they are. The threshold itself is changed over the API
    (PATCH /recognition), below what is allowed here only with a written reason.
    """
    from facegate.adapters.store import InUseError, Store, StoreError
    from facegate.cli import local_api
    from facegate.reports import calibration as reports
    from facegate.residents.calibration import calibrate_site, read

    language = check_language(language)
    with stops_at(StoreError):
        try:
            with Store.open(data or default_data()) as store:
                found = calibrate_site(store)
        except InUseError:
            found = read(local_api.call(data, "GET", "/calibration"))
    goal = goal_of(found.rule.goal, approaches_per_day, false_opens_per_year)
    if report is not None:
        write_report(report, reports.report(found, goal, language, now()))
    if as_json:
        typer.echo(json.dumps(_as_dict(found, goal)))
    else:
        _print(found, goal)


def _as_dict(found: Calibration, goal: Goal) -> dict[str, Any]:
    from dataclasses import asdict

    from facegate.core.false_opens import recommended
    from facegate.residents.calibration import describe

    expected = asdict(found.expected(goal.strangers_per_day))
    return {
        **describe(found),
        "goal": asdict(goal),
        "residents": found.residents,
        "expected": expected,
        "stale": found.rule.is_stale(found.residents),
        "recommended": recommended(goal, found.residents),
    }


def _print(found: Calibration, goal: Goal) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from facegate.core.false_opens import recommended

    expected, best = found.expected(goal.strangers_per_day), recommended(goal, found.residents)
    typer.echo(
        f"{found.residents} residents, {found.templates} templates, threshold {found.rule.threshold:.2f}: with "
        f"{goal.strangers_per_day:g} strangers a day {expected.value:.2g} false opens a year are expected "
        f"({expected.low:.2g} to {expected.high:.2g})."
    )
    if best is None:
        notes.print("No threshold alone keeps to your goal: use a second factor.", style="yellow")
    elif best > found.rule.threshold:
        notes.print(f"For {goal.false_opens_per_year:g} a year raise the threshold to {best:.2f}.", style="yellow")
    if found.rule.is_stale(found.residents):
        notes.print(
            f"More people live here than the threshold was set for ({found.rule.residents}): with your own goal it "
            f"must be {found.rule.least(found.residents):.2f} now.",
            style="yellow", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    table = Table()
    for column in ("Resident", "Templates", "Own, lowest", "Nearest other", "Lead"):
        table.add_column(column, justify="left" if column == "Resident" else "right")
    for person in found.people:
        scores = (person.lowest, person.nearest, person.margin)
        shown = ("–" if score is None else f"{score:.2f}" for score in scores)
        table.add_row(escape(person.name), str(person.templates), *shown)
    Console().print(table)
    for pair in found.pairs:
        if pair.score >= found.rule.threshold:
            notes.print(
                f"{pair.one} and {pair.other} look alike ({pair.score:.2f}): give both a second way in.",
                style="yellow", markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
