"""The pure core on 32 bits: every rule and every vector under emulation, and a size that fits beside ESPHome."""

import re
from pathlib import Path

import pytest

from tests.firmware.compiled import HERE, ROOT
from tests.firmware.small_target import TEXT_LIMIT, emulate, measure, programs

SUITES = sorted(file.stem for file in HERE.glob("*_test.cpp") if "gtest/gtest.h" in file.read_text())


@pytest.fixture(scope="module")
def built() -> dict[str, Path]:
    names = [*SUITES, "vectors_test"]
    return dict(zip(names, programs(*names), strict=True))


@pytest.mark.timeout(300)  # it is compiled here, GoogleTest and all
def test_every_rule_holds(built: dict[str, Path]) -> None:
    tests = 0
    for suite in SUITES:
        result = emulate(built[suite])
        assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-6000:]
        tests += int(re.findall(r"\[  PASSED  \] (\d+) tests?", result.stdout)[0])
    assert tests > 100  # as many as the 64-bit build has; none is left out


def test_every_row_of_the_vectors(built: dict[str, Path]) -> None:
    file = ROOT / "tests/contract/vectors.tsv"
    result = emulate(built["vectors_test"], str(file))
    assert result.returncode == 0, result.stdout + result.stderr
    match = re.search(r"^(\d+) rows, 0 failures$", result.stdout, re.MULTILINE)
    assert match is not None
    assert int(match[1]) == sum(line.split("\t")[1:2] == ["node"] for line in file.read_text().splitlines())


def test_it_fits(tmp_path: Path) -> None:
    size = measure(tmp_path)
    print(size)
    assert 0 < size.text <= TEXT_LIMIT
    assert 0 < size.gate_core <= 8 * 1024
