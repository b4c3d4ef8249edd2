"""What the pages say is what the code does, and their links lead somewhere."""

import re
from math import atan, degrees, floor, radians, tan
from pathlib import Path

import pytest

from facegate.core.false_opens import SAME_SEX, false_opens, fpir
from facegate.core.models import Camera
from facegate.core.quality import GATE
from facegate.core.session import Thresholds
from facegate.core.site_rule import DEFAULT, REASON
from facegate.reports.page import number, percent

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("decision.md", "camera-placement.md", "limits.md")


def cells(page: str, holds: str) -> list[list[str]]:
    """The rows of the table whose head holds this text."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|") and holds in line)
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    targets = re.findall(r"\]\(([^)#]+)", (DOCS / page).read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (DOCS / target).exists()] == []


def test_the_pixels_are_those_of_the_formula():
    rows = cells("camera-placement.md", "field of view")
    assert rows
    for _, view, width, *pixels, far in rows:
        half = tan(radians(int(view.strip("°")) / 2))
        assert pixels == [str(floor(int(width) * 0.15 / (2 * d * half))) for d in (1, 1.5, 2, 3, 4)]
        assert far == f"{floor(10 * int(width) * 0.15 / (2 * Camera('', '', '').min_face * half)) / 10:.1f} m"


def test_the_angles_are_those_of_the_formula():
    rows = cells("camera-placement.md", "camera at")
    assert rows
    for height, *angles in rows:
        above = float(height.removesuffix(" m")) - 1.6
        assert angles == [f"{round(degrees(atan(above / d)))}°" for d in (1, 1.5, 2, 3)]


def test_the_false_opens_are_those_of_the_formula():
    rows = cells("decision.md", "| FMR | FPIR |")
    assert rows
    for said, *figures in rows:
        at = float(said)
        opens = false_opens(at, 50, 20)
        assert figures == [
            percent(SAME_SEX.fmr(at).value),
            percent(fpir(at, 50).value),
            f"{number(opens.value)} ({number(opens.low)} to {number(opens.high)})",
        ]


def test_the_reference_is_what_the_measurement_says():
    page = (DOCS / "measurements" / "accuracy.md").read_text(encoding="utf-8")
    counts = re.search(r"\| pairs that match \|([\d |]+)\|\n", page)
    assert counts is not None
    assert tuple(int(cell) for cell in counts.group(1).split("|")) == SAME_SEX.reached
    assert f"{SAME_SEX.pairs:,}" in page


def test_the_limits_are_those_of_the_code():
    decision = (DOCS / "decision.md").read_text(encoding="utf-8")
    thresholds = Thresholds()
    assert f"from a similarity (cosine) of {DEFAULT:.2f} on" in decision.replace("\n", " ")
    assert f"at least {thresholds.margin:.2f} ahead" in decision
    assert f"of at least {REASON[0]} characters" in decision.replace("\n", " ")
    placement = (DOCS / "camera-placement.md").read_text(encoding="utf-8").replace("\n", " ")
    assert f"turned by {GATE.yaw:.0f}° and tilted by {GATE.pitch:.0f}° at most" in placement
    assert f"from {Camera('', '', '').min_face:.0f} pixels" in placement
