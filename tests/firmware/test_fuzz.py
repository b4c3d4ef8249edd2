"""libFuzzer on the whole core: lines, time, connections and inputs in any order; its checks are in fuzz_core.cpp.

FACEGATE_FUZZ_SECONDS makes the run longer than the 20 seconds of every day.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.firmware.compiled import HERE, compiled

SECONDS = int(os.environ.get("FACEGATE_FUZZ_SECONDS", "20"))
CORPUS = HERE / "corpus"


@pytest.fixture(scope="module")
def fuzzer() -> Path:
    return compiled(
        "fuzz_core.cpp", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all", compiler="clang++"
    )


def test_the_corpus_reaches_an_opening(fuzzer: Path, tmp_path: Path) -> None:
    """Told to stop at the first opening, the fuzzer stops: so it gets past the MAC, and a finding would show."""
    environment = {**os.environ, "FACEGATE_FUZZ_FIND_OPENING": "1"}
    command = [str(fuzzer), "-runs=0", f"-artifact_prefix={tmp_path}/", str(CORPUS)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0
    assert "deadly signal" in result.stderr


@pytest.mark.timeout(SECONDS + 100)
def test_nothing_is_found(fuzzer: Path, tmp_path: Path) -> None:
    found = tmp_path / "found"
    found.mkdir()
    new = tmp_path / "new"
    new.mkdir()
    command = [
        str(fuzzer),
        f"-max_total_time={SECONDS}",
        "-max_len=4096",
        "-timeout=10",
        f"-artifact_prefix={found}/",
        str(new),
        str(CORPUS),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-6000:]
    assert not list(found.iterdir())
    assert "Done " in result.stderr
