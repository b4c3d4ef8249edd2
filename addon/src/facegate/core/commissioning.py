"""The walk of an installer through one gate.

A walk is a state machine without I/O: whoever runs it hands in what the node's signed events say, what the person at
the gate answers, and the time; it says what to ask and what to command next.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from facegate.core.commissioning_steps import Command, Result, Step, StepState, steps
from facegate.core.node_file import NodeSetup

STEP_SECONDS: Final = 90.0
"""How long a step waits: the way from the screen to the gate and back."""

OFFLINE: Final = "node_offline"
"""Why a step fails whose node is not there to show anything."""


class WalkError(ValueError):
    """Something that cannot be done now; the text is one sentence that says what to do."""


class Walk:
    """One walk. ``clock`` gives seconds that only grow."""

    def __init__(self, setup: NodeSetup, clock: Callable[[], float]) -> None:
        self.setup = setup
        self.steps = steps(setup)
        self.results: dict[str, Result] = {step.name: Result() for step in self.steps}
        self.current: Step | None = None
        self._clock = clock
        self._until = 0.0

    @property
    def over(self) -> bool:
        """Whether every step has passed or was skipped."""
        return all(r.state in (StepState.PASSED, StepState.SKIPPED) for r in self.results.values())

    @property
    def next(self) -> Step | None:
        """The first step that nobody has tried or skipped yet."""
        return next((s for s in self.steps if self.results[s.name].state is StepState.WAITING), None)

    @property
    def seconds_left(self) -> float:
        """How long the running step still waits."""
        return max(0.0, self._until - self._clock()) if self.current is not None else 0.0

    def begin(self, name: str) -> Command:
        """Begin a step, for the first time or again, and return what the recognizer has to do for it."""
        step = self._step(name)
        self.tick()
        if self.current is not None and self.current is not step:
            self._set(self.current.name, Result())  # left half-way: it has to be tried anew
        self.current = step
        self._until = self._clock() + STEP_SECONDS
        self._set(name, Result(StepState.RUNNING))
        return step.command

    def commanded(self, name: str, *, done: bool, why: str = "") -> None:
        """Take what came of the command of a step, unless the step has gone on by itself."""
        step = self.current
        if step is None or step.name != name or self.results[name].state is not StepState.RUNNING:
            return
        if not done:
            self._end(StepState.FAILED, why)
        elif not step.signs:
            self._seen_all()

    def hear(self, kind: str, subject: str, value: str) -> None:
        """Take an event of the node."""
        self.tick()
        step = self.current
        if step is None or self.results[step.name].state is not StepState.RUNNING:
            return
        result = self.results[step.name]
        if len(result.seen) < len(step.signs) and step.signs[len(result.seen)].fits(kind, subject, value):
            seen = (*result.seen, " ".join(word for word in (kind, subject) if word != "-"))
            self._set(step.name, replace(result, seen=seen))
            if len(seen) == len(step.signs):
                self._seen_all()

    def answer(self, name: str, *, yes: bool) -> None:
        """Take what the person says to the question of a step."""
        self.tick()
        if self.current is not self._step(name) or self.results[name].state is not StepState.ASKING:
            raise WalkError(f"The step '{name}' asks nothing now: begin it first.")
        self._end(StepState.PASSED if yes else StepState.FAILED, "" if yes else "person")

    def skip(self, name: str, reason: str) -> None:
        """Leave a step out, and say why."""
        step = self._step(name)
        if self.current is step:
            self.current = None
        self._set(name, Result(StepState.SKIPPED, reason))

    def tick(self) -> None:
        """End a step that has waited for too long."""
        if self.current is not None and self._clock() >= self._until:
            self._end(StepState.FAILED, "timeout")

    def _seen_all(self) -> None:
        assert self.current is not None
        if self.current.question is None:
            self._end(StepState.PASSED)
        else:
            self._until = self._clock() + STEP_SECONDS
            self._set(self.current.name, replace(self.results[self.current.name], state=StepState.ASKING))

    def _end(self, state: StepState, why: str = "") -> None:
        assert self.current is not None
        name, self.current = self.current.name, None
        self._set(name, replace(self.results[name], state=state, why=why))

    def _set(self, name: str, result: Result) -> None:
        self.results[name] = result

    def _step(self, name: str) -> Step:
        for step in self.steps:
            if step.name == name:
                return step
        raise WalkError(f"This gate has no step '{name}': choose one of {', '.join(self.results)}.")
