"""What a site's templates say, counted by hand on vectors whose cosines are known."""

import numpy as np
import pytest

from facegate.core.calibration import MOST_PAIRS, LookAlikes, calibrate
from facegate.core.models import Template
from facegate.core.site_rule import SiteRule
from facegate.residents.calibration import describe, read


def turned(plane: int, degrees: float) -> np.ndarray:
    """A unit vector in a plane of its own, so that cosines are those of the angles between."""
    vector = np.zeros(64, np.float32)
    vector[2 * plane], vector[2 * plane + 1] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return vector


def template(resident: str, plane: int, degrees: float) -> Template:
    return Template(f"{resident}-{degrees}", resident, "painted", turned(plane, degrees))


TEMPLATES = [
    template("a", 0, 0), template("a", 0, 20), template("a", 0, 40),
    template("b", 0, 100),
    template("c", 1, 0), template("c", 1, 60),
]  # fmt: skip


def test_everybody_is_compared_with_everybody():
    found = calibrate(TEMPLATES, {"a": "Resident 1", "b": "Resident 2"}, SiteRule())
    assert (found.residents, found.templates, found.compared) == (3, 6, 3)
    assert found.pairs[0] == LookAlikes("Resident 1", "Resident 2", pytest.approx(0.5, abs=1e-6))  # 40 and 100 degrees
    assert found.ceiling == pytest.approx(0.5, abs=1e-6)
    assert [pair.score for pair in found.pairs[1:]] == [pytest.approx(0), pytest.approx(0)]
    people = {person.name: person for person in found.people}
    assert people["Resident 1"].lowest == pytest.approx(np.cos(np.radians(40)), abs=1e-6)
    assert people["Resident 1"].middle == pytest.approx(np.cos(np.radians(20)), abs=1e-6)
    assert people["Resident 1"].margin == pytest.approx(np.cos(np.radians(40)) - 0.5, abs=1e-6)
    assert people["Resident 2"].lowest is None
    assert people["Resident 2"].margin is None
    assert people["c"].margin == pytest.approx(0.5, abs=1e-6)
    assert [person.name for person in found.people] == ["Resident 1", "c", "Resident 2"]  # the least certain first


@pytest.mark.parametrize("templates", [[], TEMPLATES[:3]], ids=["nobody", "one alone"])
def test_whoever_lives_alone_looks_like_nobody(templates):
    found = calibrate(templates, {}, SiteRule())
    assert (found.pairs, found.ceiling, found.compared) == ((), None, 0)
    assert [person.nearest for person in found.people] == [None] * found.residents


def test_only_the_nearest_pairs_are_listed():
    crowd = [template(f"r{number:02}", 0, number) for number in range(30)]
    found = calibrate(crowd, {}, SiteRule())
    assert len(found.pairs) == MOST_PAIRS
    assert found.compared == 30 * 29 // 2
    assert all(pair.score == pytest.approx(np.cos(np.radians(1)), abs=1e-6) for pair in found.pairs)


def test_what_the_api_tells_is_what_was_found():
    found = calibrate(TEMPLATES, {"a": "Resident 1"}, SiteRule())
    assert read(describe(found)) == found
