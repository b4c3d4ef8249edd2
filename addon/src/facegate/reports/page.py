"""The page that all reports share: sections of words, tables and plots, in English or Simplified Chinese."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from facegate.core.false_opens import Estimate
from facegate.core.statistics import Rate

LANGUAGES: Final = ("en", "zh-Hans")


@dataclass(frozen=True, slots=True)
class Table:
    """``rows``: cells as text; those after the first stand to the right."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Section:
    """One heading, what it means in plain words, and the evidence. ``plot``: SVG made by ``reports.svg``."""

    heading: str
    words: tuple[str, ...] = ()
    plot: str = field(default="", repr=False)
    table: Table | None = None
    formula: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure for whoever reads nothing else. ``tone``: good, bad or idle."""

    figure: str
    says: str
    tone: str = "idle"


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report."""

    title: str
    about: str
    tiles: Sequence[Tile]
    sections: Sequence[Section]
    foot: tuple[str, ...]


class Words:
    """The texts of one language; a text that is missing, or a value that it needs, is an error."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = texts(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return one text with its values."""
        return self._texts[key].format(**values)


@cache
def texts(language: str) -> Mapping[str, str]:
    """Return all texts of a language by key."""
    file = files("facegate.reports").joinpath("texts", f"{language}.json")
    content: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return content


def render(page: Page, language: str) -> str:
    """Return the report as one HTML file."""
    pages = Environment(
        loader=PackageLoader("facegate.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return pages.get_template("report.html").render(page=page, language=language)


def percent(value: float) -> str:
    """Two digits that say something, however rare."""
    return f"{value:.2%}" if value == 0 or value >= 0.0005 else f"{value:.1e}"


def rate_cells(rate: Rate, words: Words) -> tuple[str, str, str]:
    """The rate, its count and its interval, as three cells."""
    if rate.value is None:
        return ("–", words("count", count=0, of=0), "–")
    low, high = rate.interval
    return percent(rate.value), words("count", count=rate.count, of=rate.of), f"{percent(low)} – {percent(high)}"


def yearly(estimate: Estimate, words: Words) -> str:
    """So many a year, and the interval."""
    return words("between", value=number(estimate.value), low=number(estimate.low), high=number(estimate.high))


def number(value: float) -> str:
    """As a person would write it."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
