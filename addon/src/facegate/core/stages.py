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
    """How one pipeline does. ``problem``: empty, or the failed stage of the newest frame as ``<stage>_failed``."""

    frames: int = 0
    problem: str = ""
    detail: str = ""
    failures: Mapping[str, int] = field(default_factory=dict)
    ms: Mapping[str, float] = field(default_factory=dict)

    def after(self, stages: Stages) -> Health:
        """Return the health after one more frame."""
        failures = dict(self.failures)
        for stage in stages.failed:
            failures[stage] = failures.get(stage, 0) + 1
        stage, detail = next(iter(stages.failed.items()), ("", ""))
        problem = f"{stage}_failed" if stage else ""
        return Health(self.frames + 1, problem, detail, failures, dict(stages.ms))
