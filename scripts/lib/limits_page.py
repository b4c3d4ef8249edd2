"""Puts the figures of ``scripts/measure`` into docs/limits.md, so that nobody copies them by hand.

scripts/measure --json docs/measurements/accuracy.json     measures everything, and does this as well
python scripts/lib/limits_page.py                          does this alone, from the figures that are there
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from generated import replace_block

from facegate.core.statistics import Rate

ROOT: Final = Path(__file__).parents[2]
FIGURES: Final = ROOT / "docs/measurements/accuracy.json"
PAGE: Final = ROOT / "docs/limits.md"


class FigureError(Exception):
    """A figure of the page that was not measured; the text says which."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page, and the measure it shows: the first whose part and figure begin like this."""

    said: str
    part: str
    figure: str
    source: str = "accuracy"


LETS_IN: Final = (
    Line("strangers of mixed origin taken for a resident (stills)", "LFW stills", "strangers named (FPIR)"),
    Line("strangers of one origin, pair by pair", "group south_asian_strangers", "all pairs of two people"),
    Line("look-alike idols, pair by pair", "group kr_idol", "all pairs of two people"),
    Line("residents named as somebody else (stills)", "LFW stills", "residents named as somebody else"),
    Line("printed photographs, whole sequences", "groups-dev: spoof, print", "APCER, sequences (median)", "liveness"),
    Line("films on a telephone, whole sequences", "groups-dev: spoof, replay", "APCER, sequences (median)", "liveness"),
)
KEEPS_OUT: Final = (
    Line("residents not named, news pictures, one frame", "LFW stills", "residents not named (FNIR)"),
    Line(
        "residents not named, camera pictures of East Asian people, one frame",
        "group casia",
        "residents not named (FNIR)",
    ),
    Line(
        "residents not named, web pictures of look-alike idols, one frame",
        "group kr_idol",
        "residents not named (FNIR)",
    ),
    Line(
        "living people refused as a picture, whole sequences",
        "groups-dev: live",
        "BPCER, sequences (median)",
        "liveness",
    ),
)


def tables(measures: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the lines of each table, from what ``scripts/measure --json`` wrote. Raises FigureError."""
    head = ["| what | counted | interval | source |", "|---|---|---|---|"]
    return {
        "lets in": head + [_line(line, measures) for line in LETS_IN],
        "keeps out": head + [_line(line, measures) for line in KEEPS_OUT],
    }


def refresh(figures: Path = FIGURES, page: Path = PAGE) -> None:
    """Put the figures into the page. Raises FigureError, GeneratedError."""
    for name, lines in tables(json.loads(figures.read_text(encoding="utf-8"))).items():
        replace_block(page, name, lines)


def _line(line: Line, measures: Sequence[Mapping[str, Any]]) -> str:
    found = next((m for m in measures if m["part"].startswith(line.part) and m["figure"].startswith(line.figure)), None)
    if found is None:
        raise FigureError(f"'{line.part}: {line.figure}' was not measured: run scripts/measure without --only.")
    rate = Rate(found["count"], found["of"])
    low, high = rate.interval
    bounds = f"≤ {_short(high)}" if rate.count == 0 else f"{_short(low)} – {_short(high)}"
    of = f"{rate.of:,}"
    return f"| {line.said} | {rate.count} of {of} | {bounds} | [{line.source}](measurements/{line.source}.md) |"


def _short(part: float) -> str:
    """Two digits: an interval has no more."""
    return f"{part:.1e}" if 0 < part < 0.0005 else f"{float(f'{part * 100:.2g}'):g} %"


if __name__ == "__main__":
    refresh()
    sys.exit(0)
