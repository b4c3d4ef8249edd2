"""The compiled core decides every row of the shared vectors that a node receives."""

import re
import subprocess

from tests.firmware.compiled import ROOT, SANITIZERS, compiled


def test_every_row_of_the_vectors() -> None:
    program = compiled("vectors_test.cpp", *SANITIZERS, "-lcrypto")
    file = ROOT / "tests/contract/vectors.tsv"
    result = subprocess.run([program, file], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    match = re.search(r"^(\d+) rows, 0 failures$", result.stdout, re.MULTILINE)
    assert match is not None
    assert int(match[1]) == sum(line.split("\t")[1:2] == ["node"] for line in file.read_text().splitlines())
