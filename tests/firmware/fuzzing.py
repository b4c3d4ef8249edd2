"""Both fuzzers of the node, run for a while beside something else, and what they have found."""

import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.firmware.compiled import HERE, compiled

CORPORA = {"fuzz_core": HERE / "corpus", "fuzz_lines": HERE / "corpus_lines"}
LONGEST_INPUT = 4096  # more than a hundred steps, and six times the longest line
LOWEST = 15  # they take what the others leave


def built(name: str) -> Path:
    """The fuzzer of this name, with AddressSanitizer and UndefinedBehaviorSanitizer."""
    sanitizers = ("-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
    return compiled(f"{name}.cpp", *sanitizers, compiler="clang++")


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What one fuzzer did. ``findings``: the inputs that broke something, and what it said then."""

    name: str
    seconds: int
    inputs: int
    coverage: int
    findings: list[str]


class Fuzzing:
    """Fuzzers that run. ``seconds`` for all of them together; one after the other, or side by side for ``each``."""

    def __init__(self, folder: Path, seconds: int, *, side_by_side: bool = False) -> None:
        self._folder = folder
        self._each = seconds if side_by_side else seconds // len(CORPORA)
        self._programs = {name: built(name) for name in CORPORA}  # a failure shows here, not in a thread
        self._results: list[Fuzzed] = []
        self._running: list[subprocess.Popen[str]] = []
        groups = [[name] for name in CORPORA] if side_by_side else [list(CORPORA)]
        self._threads = [threading.Thread(target=self._run, args=(names,), daemon=True) for names in groups]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.kill()
        for thread in self._threads:
            thread.join(10)

    def results(self) -> list[Fuzzed]:
        """Wait for their end."""
        for thread in self._threads:
            thread.join(len(CORPORA) * self._each + 120)
        assert len(self._results) == len(CORPORA), f"a fuzzer has not ended: {self._results}"
        return sorted(self._results, key=lambda result: result.name)

    def _run(self, names: list[str]) -> None:
        for name in names:
            self._results.append(self._fuzz(name))

    def _fuzz(self, name: str) -> Fuzzed:
        found, new = self._folder / name / "found", self._folder / name / "new"
        for folder in (found, new):
            folder.mkdir(parents=True)
        limits = (f"-max_total_time={self._each}", f"-max_len={LONGEST_INPUT}", "-timeout=10")
        places = (f"-artifact_prefix={found}/", str(new), str(CORPORA[name]))
        command = ["nice", "-n", str(LOWEST), str(self._programs[name]), *limits, *places]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._running.append(process)
        _, said = process.communicate()
        done = re.search(r"^Done (\d+) runs", said, re.MULTILINE)
        findings = [file.name for file in found.iterdir()]
        if process.returncode or done is None or findings:
            findings.append(f"ended with {process.returncode}: {said[-4000:]}")
        coverage = re.findall(r"\bcov: (\d+)", said)
        return Fuzzed(name, self._each, int(done[1]) if done else 0, int(coverage[-1]) if coverage else 0, findings)
