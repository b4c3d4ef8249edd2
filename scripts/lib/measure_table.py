"""What ``scripts/measure`` found, and how it is shown: a table, Markdown, or JSON. Nothing is measured here."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from facegate.core.statistics import Rate

notes = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table. ``met`` is ``None`` where nothing is asked of the figure."""

    part: str
    name: str
    rate: Rate
    wanted: str = ""
    met: bool | None = None


def none_of(part: str, name: str, rate: Rate) -> Measure:
    """A count that must be 0; what could not be counted is not met."""
    return Measure(part, name, rate, "0", rate.of > 0 and rate.count == 0)


def all_of(part: str, name: str, rate: Rate) -> Measure:
    """A count that must be all."""
    return Measure(part, name, rate, "all", rate.of > 0 and rate.count == rate.of)


def at_most(part: str, name: str, rate: Rate, most: float, said: str) -> Measure:
    """A rate that must not be above ``most``."""
    return Measure(part, name, rate, f"≤ {said}", rate.value is not None and rate.value <= most)


def rate_of(hits: Iterable[bool]) -> Rate:
    """Count."""
    counted = list(hits)
    return Rate(sum(counted), len(counted))


def find_data() -> Path | None:
    """The folder that has gate-dev and groups-dev, if there is one."""
    places = [Path(os.environ["FACEGATE_DATA"])] if os.environ.get("FACEGATE_DATA") else [Path("../shared/data")]
    return next((place for place in places if (place / "gate-dev" / "manifest.csv").is_file()), None)


def as_json(measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """Every line with its exact interval."""
    return [
        {
            "part": m.part, "figure": m.name, "count": m.rate.count, "of": m.rate.of, "value": m.rate.value,
            "interval": list(m.rate.interval), "wanted": m.wanted, "met": m.met,
        }
        for m in measures
    ]  # fmt: skip


def print_table(measures: Sequence[Measure]) -> None:
    """Print for people."""
    table = Table()
    for column in ("", "Figure", "Value", "Count", "95 % bounds", "Wanted", ""):
        table.add_column(column, overflow="fold")
    before = ""
    for measure in measures:
        if measure.part != before and before:
            table.add_section()
        colour = {None: "", True: "green", False: "bold red"}[measure.met]
        table.add_row(
            escape(measure.part) if measure.part != before else "",
            escape(measure.name),
            value(measure.rate),
            count(measure.rate),
            bounds(measure.rate),
            measure.wanted,
            f"[{colour}]{verdict(measure)}[/]" if colour else "",
        )
        before = measure.part
    Console().print(table)


def print_markdown(measures: Sequence[Measure]) -> None:
    """Print for the documents."""
    print("| | Figure | Value | Count | 95 % bounds | Wanted | |\n|---|---|---|---|---|---|---|")
    before = ""
    for m in measures:
        part = m.part if m.part != before else ""
        cells = (part, m.name, value(m.rate), count(m.rate), bounds(m.rate), m.wanted, verdict(m))
        print(f"| {' | '.join(cells)} |")
        before = m.part


def verdict(measure: Measure) -> str:
    """In a word."""
    return {None: "", True: "met", False: "NOT MET"}[measure.met]


def value(rate: Rate) -> str:
    """The rate in percent."""
    return "–" if rate.value is None else percent(rate.value)


def count(rate: Rate) -> str:
    """So many of so many."""
    return f"{rate.count} of {rate.of}"


def bounds(rate: Rate) -> str:
    """The exact 95 % interval."""
    low, high = rate.interval
    return f"{percent(low)} – {percent(high)}"


def percent(part: float) -> str:
    """Two digits that say something, however rare."""
    return f"{part:.2%}" if part == 0 or part >= 0.0005 else f"{part:.1e}"
