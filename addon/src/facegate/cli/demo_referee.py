"""Was every visit of the demo decided rightly? The programme says who came, the relay's log says what opened.

Neither is known to the recognizer; its decisions are heard only so that no opening goes without one. All times here
are seconds of the monotonic clock.
"""

from dataclasses import dataclass, field
from statistics import quantiles

from facegate.adapters.demo_clip import Programme, Visit
from facegate.core.models import Decision, Verdict

SETTLE = 1.0
"""Seconds after a visit in which what it caused still counts as its own; no other visit begins before."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of one visit. ``fault``: what was wrong; empty if nothing was. ``ms``: face shown to relay."""

    visit: Visit
    pulses: int
    granted: int
    denied: int
    ms: float | None
    fault: str

    @property
    def right(self) -> bool:
        """Whether it ended as it should."""
        return not self.fault


@dataclass(frozen=True, slots=True)
class Summary:
    """The sum of all visits that are over. ``wrong``: visits that ended otherwise, and openings outside of visits."""

    visits: int
    granted: int
    denied: int
    wrong: int
    opens_without_decision: int
    latencies: tuple[float, ...]

    @property
    def median(self) -> float | None:
        """Of face shown to relay, in ms."""
        return round(quantiles(self.latencies, n=2, method="inclusive")[0], 1) if self._several else self._only

    @property
    def p95(self) -> float | None:
        """The same, of the slowest but 5 %."""
        return round(quantiles(self.latencies, n=20, method="inclusive")[-1], 1) if self._several else self._only

    @property
    def _several(self) -> bool:
        return len(self.latencies) > 1

    @property
    def _only(self) -> float | None:
        return round(self.latencies[0], 1) if self.latencies else None


@dataclass(slots=True)
class Referee:
    """Hears of pulses and decisions, and rules on each visit once it is over."""

    programme: Programme
    rulings: list[Ruling] = field(default_factory=list)
    strays: int = 0
    _pulses: list[float] = field(default_factory=list)
    _decisions: list[tuple[Decision, bool]] = field(default_factory=list)
    _unused_openings: int = 0

    def heard(self, decision: Decision, *, opened: bool) -> None:
        """The recognizer has decided; ``opened``: and the gate has said that it opened."""
        self._decisions.append((decision, opened))

    def pulsed(self, at: float) -> Visit | None:
        """The relay has opened. Returns whose visit that was in, if anybody's."""
        visit = self.visit_at(at)
        if visit is None:
            self.strays += 1
        else:
            self._pulses.append(at)
        return visit

    def visit_at(self, at: float) -> Visit | None:
        """Whose visit a moment belongs to; before the face can be judged it is nobody's."""
        for back in (0.0, SETTLE):
            visit = self.programme.visit_at(self.programme.index_at(at - back))
            if visit is not None and self._opens(visit) <= at:
                return visit
        return None

    def rule(self, visit: Visit) -> Ruling:
        """Rule on a visit that has been over for ``SETTLE`` seconds."""
        pulses = [at for at in self._pulses if self.visit_at(at) == visit]
        decisions = [(d, opened) for d, opened in self._decisions if self.visit_at(d.at) == visit]
        granted = [opened for d, opened in decisions if d.verdict is Verdict.GRANTED]
        denied = len(decisions) - len(granted)
        self._unused_openings += max(0, len(pulses) - sum(granted))
        ms = (pulses[0] - self._opens(visit)) * 1000 if pulses else None
        ruling = Ruling(visit, len(pulses), len(granted), denied, ms, _fault(visit, len(pulses), len(granted), denied))
        self.rulings.append(ruling)
        self._pulses = [at for at in self._pulses if at not in pulses]
        self._decisions = [heard for heard in self._decisions if heard not in decisions]
        return ruling

    def summary(self) -> Summary:
        """The sum so far."""
        right = [ruling for ruling in self.rulings if ruling.right]
        residents = sum(ruling.visit.resident for ruling in right)
        return Summary(
            visits=len(self.rulings),
            granted=residents,
            denied=len(right) - residents,
            wrong=len(self.rulings) - len(right) + self.strays,
            opens_without_decision=self._unused_openings + self.strays,
            latencies=tuple(r.ms for r in self.rulings if r.ms is not None and r.visit.resident),
        )

    def _opens(self, visit: Visit) -> float:
        return self.programme.time_of(visit.gate_size)


def _fault(visit: Visit, pulses: int, granted: int, denied: int) -> str:
    if not visit.resident:
        if pulses or granted:
            return "a stranger was let in"
        return "" if denied else "the stranger was not refused"
    if pulses != 1:
        return "the resident was not let in" if not pulses else f"the gate opened {pulses} times"
    if granted != 1:
        return "the gate opened without a decision" if not granted else f"{granted} decisions to open"
    return "the resident was also refused" if denied else ""
