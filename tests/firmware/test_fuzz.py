"""libFuzzer gets where a finding would show. Its long run is in test_faults, beside what mostly waits."""

import os
import subprocess
from pathlib import Path

from tests.firmware.fuzzing import CORPORA, built


def test_the_corpus_reaches_an_opening(tmp_path: Path) -> None:
    """Told to stop at the first opening, the fuzzer stops: so it gets past the MAC, and a finding would show."""
    environment = {**os.environ, "FACEGATE_FUZZ_FIND_OPENING": "1"}
    command = [str(built("fuzz_core")), "-runs=0", f"-artifact_prefix={tmp_path}/", str(CORPORA["fuzz_core"])]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0
    assert "deadly signal" in result.stderr


def test_a_believed_line_is_reached(tmp_path: Path) -> None:
    """Told to stop at the first line that is believed, the parsers' fuzzer stops."""
    environment = {**os.environ, "FACEGATE_FUZZ_FIND_COMMAND": "1"}
    command = [str(built("fuzz_lines")), "-runs=0", f"-artifact_prefix={tmp_path}/", str(CORPORA["fuzz_lines"])]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0
    assert "deadly signal" in result.stderr
