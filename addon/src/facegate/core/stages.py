"""What each stage of a frame took, and what went wrong in it: the one place that turns any failure into a named one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


class StageError(Exception):
    """A stage that gave no usable answer; nothing may be concluded from this frame beyond it."""

    def __init__(self, stage: str, detail: str) -> None:
        super().__init__(f"{stage}: {detail}")
        self.stage = stage
        self.detail = detail


@dataclass(slots=True)
class Stages:
    """The stages of one frame. ``clock`` counts seconds. ``ms`` adds up over the faces of the frame."""

    clock: Callable[[], float]
    ms: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def run[T](self, stage: str, call: Callable[..., T], *arguments: object, usable: Callable[[T], bool]) -> T:
        """Return what ``call`` answers; raises StageError if it raises or if its answer is not ``usable``."""
        try:
            with self.timed(stage):
                answer = call(*arguments)
            is_usable = usable(answer)
        except StageError:
            raise  # A stage within this one has failed, and is named.
        except Exception as error:
            # Whatever it is, the gate stays closed, and the reason is named: there is no failure that may open it.
            raise self.fault(stage, f"{type(error).__name__}: {error}") from error
        if not is_usable:
            raise self.fault(stage, f"no usable answer ({type(answer).__name__})")
        return answer

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of the block to the stage."""
        began = self.clock()
        try:
            yield
        finally:
            self.ms[stage] = self.ms.get(stage, 0.0) + (self.clock() - began) * 1000

    def fault(self, stage: str, detail: str) -> StageError:
        """Return the error of a stage, after writing it down."""
        self.failed[stage] = detail
        return StageError(stage, detail)


@dataclass(frozen=True, slots=True)
class Health:
    """How one pipeline does.

    ``failing``: by stage, what went wrong the last time it ran; a stage is well again once it has run well.
    ``failures``: by stage, in how many frames it has failed. ``ms``: the stage times of the newest frame.
    """

    frames: int = 0
    failing: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def problem(self) -> str:
        """Empty, or the first failing stage as ``<stage>_failed``."""
        return next((f"{stage}_failed" for stage in self.failing), "")

    @property
    def detail(self) -> str:
        """What went wrong in that stage."""
        return next(iter(self.failing.values()), "")

    def after(self, stages: Stages) -> Health:
        """Return the health after one more frame."""
        failing = {stage: detail for stage, detail in self.failing.items() if stage not in stages.ms}
        failures = {stage: self.failures.get(stage, 0) + (stage in stages.failed) for stage in self.failures}
        failures.update({stage: 1 for stage in stages.failed if stage not in failures})
        return Health(self.frames + 1, {**failing, **stages.failed}, failures, dict(stages.ms))
