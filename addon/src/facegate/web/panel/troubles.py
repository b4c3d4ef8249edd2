"""Every problem that may be reported, in words that say what to do: one place for all pages."""

from collections.abc import Iterable, Mapping
from typing import Final

from facegate.adapters.camera_state import Fault
from facegate.core.problems import GATE, MACHINE, STAGES

CAMERA: Final = tuple(f"camera_{fault}" for fault in Fault)
FAILED: Final = tuple(f"{stage}_failed" for stage in STAGES)
EVERY: Final = (*GATE, *MACHINE, *CAMERA, *FAILED)


def text(words: Mapping[str, str], problem: str) -> str:
    """One problem in words; one that nobody knows as it is, so that nothing stays unsaid."""
    if problem.startswith("camera_"):
        return words.get(f"reason.{problem.removeprefix('camera_')}", problem)
    if problem.endswith("_failed"):
        stage = words.get(f"stage.{problem.removesuffix('_failed')}", problem.removesuffix("_failed"))
        return f"{words['problem.failed']} ({stage})"
    return words.get(f"problem.{problem}", problem)


def texts(words: Mapping[str, str], problems: Iterable[str]) -> list[str]:
    """Several, each once."""
    return list(dict.fromkeys(text(words, problem) for problem in problems))
