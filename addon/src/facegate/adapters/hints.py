"""Lets each gate show what its cameras ask and what came of it: signed hints to the node, at their moment or never."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from facegate.contract.verbs import Hint
from facegate.core.feedback import Feedback, Shown
from facegate.core.models import Reason, Verdict


class Link(Protocol):
    """The part of ``adapters.gate.GateLink`` that hints use."""

    def hint(self, hint: Hint) -> bool:
        """Let the node show something, now or never."""


class Hints:
    """Belongs to one event loop.

    Args:
        links: the ways to the nodes by gate; may change while it runs.
        clock: monotonic seconds.
    """

    def __init__(self, links: Mapping[str, Link], clock: Callable[[], float] = time.monotonic) -> None:
        self._links = links
        self._clock = clock
        self._gates: dict[str, Feedback] = {}

    def prompted(self, gate: str, prompt: str) -> None:
        """A camera asks somebody to do something, or asks it still; empty: nobody."""
        self._show(gate, self._of(gate).prompted(prompt, self._clock()))

    def decided(self, gate: str, verdict: Verdict, reason: Reason, advice: str = "") -> None:
        """An approach has come to its end."""
        self._show(gate, self._of(gate).decided(verdict, reason, advice, self._clock()))

    def shown(self, gate: str) -> Shown:
        """What a gate shows now."""
        return self._of(gate).shown(self._clock())

    def forget(self, gate: str) -> None:
        """A gate is gone."""
        self._gates.pop(gate, None)

    def _of(self, gate: str) -> Feedback:
        return self._gates.setdefault(gate, Feedback())

    def _show(self, gate: str, pattern: str) -> None:
        link = self._links.get(gate)
        if pattern and link is not None:
            link.hint(Hint(pattern))  # what does not leave now is let go: later it would be wrong
