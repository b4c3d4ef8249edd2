"""The page that says where the limits come from shows the limits that the code has."""

import re
from pathlib import Path

import pytest

from facegate.core.occlusion import MASKED, SHADED
from facegate.core.portrait import LIMITS
from facegate.core.quality import ENROLMENT, GATE, Fault
from facegate.residents.picture import CERTAIN, TINY
from facegate.vision.detector import LEAST_SCORE

PAGE = (Path(__file__).parents[2] / "docs/measurements/quality.md").read_text(encoding="utf-8")


def rows(block: str) -> dict[str, list[str]]:
    found = re.search(rf"<!-- begin {block} -->\n(.*?)\n<!-- end {block} -->", PAGE, re.DOTALL)
    assert found is not None
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in found[1].splitlines()[2:]]
    return {line[0]: line[1:] for line in cells}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("size, pixels", "size"),
        ("yaw, degrees", "yaw"),
        ("pitch, degrees", "pitch"),
        ("roll, degrees", "roll"),
        ("sharpness", "sharpness"),
        ("mean grey, dark", "dark"),
        ("mean grey, bright", "bright"),
        ("contrast", "contrast"),
    ],
)
def test_the_measured_limits_are_those_of_the_code(row: str, field: str) -> None:
    *_, gate, _, enrolment, _ = rows("measured")[row]
    assert (float(gate), float(enrolment)) == (getattr(GATE, field), getattr(ENROLMENT, field))


@pytest.mark.parametrize(
    "said",
    [
        f"from {MASKED:.2f}",
        f"from {SHADED:.2f}",
        f"at most {LIMITS.round:.0%}".replace("%", " %"),
        f"{LIMITS.low:g} pixels or more below",
        f"from {LIMITS.upturned:g}",
        f"a pitch of {LIMITS.bowed:g}° or more",
        f"at most {LIMITS.edge:g} of the contrast",
        f"at most {LIMITS.detail:g} of those",
        f"at least {LIMITS.plain:.0%}".replace("%", " %"),
        f"edges of {LIMITS.outlined:g} times",
        f"at least {CERTAIN:g}, once",
        f"no longer than {TINY} pixels",
        f"needs a score of {LEAST_SCORE:g}",
    ],
)
def test_the_finer_limits_are_those_of_the_code(said: str) -> None:
    assert said in PAGE


def test_all_that_must_be_refused_is_and_by_a_reason_of_the_code() -> None:
    for picture, (_, said) in rows("reject").items():
        if said != "enrolled":
            assert set(said.split(", ")) <= {*map(str, Fault), "unreadable"}, picture
    assert [picture for picture, (_, said) in rows("reject").items() if said == "enrolled"] == ["32bit.png"]
