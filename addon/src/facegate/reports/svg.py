"""Two small plots as SVG text, in the colours of the page around them, light or dark.

Our own, because a plotting library would weigh more than the whole recognizer (matplotlib with its parts: 30 MB in the
image) for two drawings, and would draw them in fixed colours.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import pairwise
from math import ceil, log10
from typing import Final

import numpy as np

from facegate.core.verification import STEPS_PER_COSINE, Counts

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 24, 30, 44  # room for the words around the drawing
_BIN: Final = 20  # steps of 0.001 in one column
_EVERY: Final = 0.2  # of cosine between two lines of the grid
_ROOM: Final = 0.05  # the shares' axis ends at a multiple of this, so that its lines stand at whole per cents
_DECADES: Final = -5  # the smallest rate drawn is 1 in 100,000

type Point = tuple[float, float]
type Said = Callable[[float], str]


def histogram(genuine: Counts, impostor: Counts, threshold: float, words: dict[str, str]) -> str:
    """Draw how often which score was seen, each kind as shares of its own number; a line at the threshold."""
    shares = {kind: _shares(counts) for kind, counts in (("genuine", genuine), ("impostor", impostor))}
    most = max(1, ceil(max(float(share.max()) for share in shares.values()) / _ROOM)) * _ROOM
    low, high = -0.4, 1.0  # hardly any pair of faces lies below
    x = _Scale(low, high, _LEFT, _WIDTH - _RIGHT)
    y = _Scale(0, most, _HEIGHT - _BOTTOM, _TOP)
    parts = [
        _grid(
            x.ticks(low, high, _EVERY),
            y.ticks(0, most, most / 5),
            _tenth,
            lambda v: f"{v:.0%}",
        )
    ]
    for kind, share in shares.items():
        edges = [(number * _BIN / STEPS_PER_COSINE - 1, float(value)) for number, value in enumerate(share)]
        corners = [(x(low), y(0))]
        for edge, value in edges:
            if edge >= low - 1e-9:
                corners += [(x(edge), y(value)), (x(min(high, edge + _BIN / STEPS_PER_COSINE)), y(value))]
        parts.append(f'<polygon class="area {kind}" points="{_points([*corners, (x(high), y(0))])}"/>')
    at = x(threshold)
    parts += [
        f'<line class="limit" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>',
        _text(at + 5, _TOP + 12, f"{words['threshold']} {threshold:.2f}", "start", "limit"),
        _legend([("impostor", words["impostor"]), ("genuine", words["genuine"])]),
    ]
    return _svg(parts, words)


def tradeoff(points: Sequence[Point], words: dict[str, str], marked: Point | None = None) -> str:
    """Draw a curve of two error rates against each other, both axes logarithmic; what is smaller lies on the edge."""
    x = _Scale(_DECADES, 0, _LEFT, _WIDTH - _RIGHT)
    y = _Scale(-3, 0, _HEIGHT - _BOTTOM, _TOP)
    parts = [_grid([(v, x(v)) for v in range(_DECADES, 1)], [(v, y(v)) for v in range(-3, 1)], _decade, _decade)]
    line: list[Point] = []
    for one, other in pairwise([*points, points[-1]] if points else []):
        # A rate does not change between two thresholds that were seen: steps, no slopes.
        line += [(x(_log(one[0], _DECADES)), y(_log(one[1], -3))), (x(_log(other[0], _DECADES)), y(_log(one[1], -3)))]
    parts.append(f'<polyline class="curve" points="{_points(line)}"/>')
    if marked is not None:
        parts.append(
            f'<circle class="mark" cx="{x(_log(marked[0], _DECADES)):.1f}" cy="{y(_log(marked[1], -3)):.1f}" r="5"/>'
        )
        parts.append(_legend([("mark", words["marked"])]))
    return _svg(parts, words)


class _Scale:
    """From a value to a place on the drawing."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._start = low, start
        self._per = (end - start) / (high - low)

    def __call__(self, value: float) -> float:
        return self._start + (value - self._low) * self._per

    def ticks(self, low: float, high: float, every: float) -> list[Point]:
        values = [low + every * number for number in range(round((high - low) / every) + 1)]
        return [(value, self(value)) for value in values]


def _shares(counts: Counts) -> np.ndarray:
    columns = np.add.reduceat(counts, np.arange(0, len(counts), _BIN))
    return columns / max(1, int(counts.sum()))


def _log(rate: float, least: int) -> float:
    return max(float(least), log10(rate)) if rate > 0 else float(least)


def _tenth(value: float) -> str:
    return f"{value:.1f}".replace("-0.0", "0.0")  # a sum of tenths may miss zero by a hair


def _decade(exponent: float) -> str:
    return {0: "100%", -1: "10%", -2: "1%", -3: "0.1%"}.get(int(exponent), f"1e{int(exponent)}")


def _grid(across: Iterable[Point], up: Iterable[Point], across_as: Said, up_as: Said) -> str:
    bottom = _HEIGHT - _BOTTOM
    parts = [f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{bottom}"/>'
             + _text(at, bottom + 16, across_as(value), "middle") for value, at in across]  # fmt: skip
    parts += [f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
              + _text(_LEFT - 6, at + 4, up_as(value), "end") for value, at in up]  # fmt: skip
    return "".join(parts)


def _legend(entries: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f'<circle class="{kind}" cx="{_LEFT + 8 + 190 * number}" cy="14" r="5"/>'
        + _text(_LEFT + 18 + 190 * number, 18, said, "start")
        for number, (kind, said) in enumerate(entries)
    )


def _svg(parts: Sequence[str], words: dict[str, str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(words["title"], quote=True)}">'
        + "".join(parts)
        + _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, words["across"], "middle")
        + f'<g transform="translate(12 {(_TOP + _HEIGHT - _BOTTOM) / 2}) rotate(-90)">'
        + _text(0, 0, words["up"], "middle")
        + "</g></svg>"
    )


def _text(x: float, y: float, said: str, anchor: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
