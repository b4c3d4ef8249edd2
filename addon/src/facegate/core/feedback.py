"""What one gate shows to whoever stands there: which pattern its lamp and its sounder have, and what a page says.

Time is an argument; nothing here has a clock, and nothing waits. What is not shown at its moment is not shown.
"""

from dataclasses import dataclass
from typing import Final

from facegate.core.guidance import Advice
from facegate.core.models import Reason, Verdict

SPACING: Final = 0.5
"""Seconds between two prompts: a lamp that changes faster tells nobody anything."""

AGAIN: Final = 2.0
"""Seconds after which a prompt that still holds is shown again: a pattern's own length."""

SAID: Final = 1.5
"""Seconds for which what was decided stands, and no prompt takes its place."""

READ: Final = 4.0
"""Seconds for which a page says what came of an approach, and what helps."""

PATTERNS: Final = {
    Advice.COME_CLOSER: "closer",
    Advice.TURN_LEFT: "challenge_left",
    Advice.TURN_RIGHT: "challenge_right",
    Advice.SHOW_FACTOR: "wait",
    Advice.HOLD_STILL: "wait",
    Advice.STEP_BACK: "look",
    Advice.LOOK: "look",
    Advice.TOO_DARK: "look",
    Advice.TOO_BRIGHT: "look",
    Advice.TAKE_OFF_MASK: "look",
    Advice.TAKE_OFF_GLASSES: "look",
    Advice.UNCOVER_FACE: "look",
    Advice.PRESS_BUTTON: "",
}
"""The pattern of ``contract.verbs.HINTS`` for each prompt; a button says itself that it may be pressed."""

_OUR_FAULT: Final = frozenset(
    {Reason.FAULT, Reason.NODE_SILENT, Reason.NODE_REFUSED, Reason.NO_ANSWER, Reason.LIVENESS_MISSING}
)
"""Refusals that say nothing about the person."""


def pattern_of(verdict: Verdict, reason: Reason) -> str:
    """Return the pattern that says what was decided."""
    if verdict is Verdict.GRANTED:
        return "granted"
    if reason in (Reason.SECOND_FACTOR_MISSING, Reason.NODE_BUSY):
        return "wait"
    return "fault" if reason in _OUR_FAULT else "denied"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a gate shows at one moment, empty for nothing. ``prompt``: what helps; ``pattern``: what the lamp says."""

    prompt: str = ""
    pattern: str = ""


class Feedback:
    """One gate. Each method returns the pattern to be shown now, empty for none."""

    def __init__(self) -> None:
        self._prompt = ""
        self._prompted = float("-inf")
        self._pattern = ""
        self._at = float("-inf")
        self._decided = float("-inf")
        self._advice = ""

    def prompted(self, prompt: str, at: float) -> str:
        """Somebody is asked to do something, or to do it still; empty: nobody is."""
        self._prompt, self._prompted = prompt, at
        pattern = PATTERNS.get(Advice(prompt), "") if prompt else ""
        if not pattern or at - self._decided < SAID or at - self._at < SPACING:
            return ""
        if pattern == self._pattern and at - self._at < AGAIN:
            return ""
        return self._show(pattern, at)

    def decided(self, verdict: Verdict, reason: Reason, advice: str, at: float) -> str:
        """An approach has come to its end; a grant stays on the lamp while somebody else is refused."""
        pattern = pattern_of(verdict, reason)
        if pattern != "granted" and self._pattern == "granted" and at - self._at < SAID:
            return ""
        self._decided, self._advice = at, advice
        return self._show(pattern, at)

    def shown(self, at: float) -> Shown:
        """What the gate shows ``at``, for whoever looks at a page instead of the lamp."""
        prompt = self._prompt if at - self._prompted < AGAIN else ""
        if self._advice and at - self._decided < READ:
            prompt = self._advice
        return Shown(prompt, self._pattern if at - self._at < AGAIN else "")

    def _show(self, pattern: str, at: float) -> str:
        self._pattern, self._at = pattern, at
        return pattern
