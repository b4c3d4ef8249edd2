"""The pure core on 32 bits: every rule and every vector under emulation, and a size that fits beside ESPHome."""

import re
from pathlib import Path

from tests.firmware.compiled import ROOT, sources_of
from tests.firmware.small_target import TEXT_LIMIT, emulate, measure, program


def test_every_rule_holds() -> None:
    result = emulate(program("rules"))
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-6000:]
    (passed,) = re.findall(r"\[  PASSED  \] (\d+) tests?", result.stdout)
    rules = sum(file.read_text().count("\nTEST") for file in sources_of("rules"))
    assert int(passed) >= rules > 100  # a TEST_P is several


def test_every_row_of_the_vectors() -> None:
    file = ROOT / "tests/contract/vectors.tsv"
    result = emulate(program("vectors_test.cpp"), str(file))
    assert result.returncode == 0, result.stdout + result.stderr
    match = re.search(r"^(\d+) rows, 0 failures$", result.stdout, re.MULTILINE)
    assert match is not None
    assert int(match[1]) == sum(line.split("\t")[1:2] == ["node"] for line in file.read_text().splitlines())


def test_it_fits(tmp_path: Path) -> None:
    size = measure(tmp_path)
    print(size)
    assert 0 < size.text <= TEXT_LIMIT
    assert 0 < size.gate_core <= 8 * 1024
