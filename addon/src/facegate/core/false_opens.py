"""What a threshold means at a door: how many strangers a year it will let in, and how sure that is.

A stranger is compared with everyone enrolled, so the chance of being let in grows with their number N:
FPIR = 1 - (1 - FMR)^N, nearly N x FMR. FMR, the chance that two people match, comes from reference measurements, as no
site has enough strangers of its own to count it.
"""

from dataclasses import dataclass
from math import ceil, exp, expm1, log, log1p, sqrt
from typing import Final

DAYS_A_YEAR: Final = 365
_SIGMAS: Final = 1.96  # of the normal distribution: 95 %


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def through(self, factor: float) -> Estimate:
        """The figure times a number that is known."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Reference:
    """How many pairs of two people reached which cosine: counts of ``pairs`` from ``start`` on, one every ``step``.

    Above ``start`` the counts fall by a steady share each step, and so they are continued where too few were seen to
    count: the tail of a bell curve falls faster than that, so that the continued figure is rather too high.
    """

    name: str
    people: int
    pairs: int
    start: float
    step: float
    reached: tuple[int, ...]

    @property
    def share(self) -> float:
        """The share of matching pairs that is left one step higher (maximum likelihood, geometric)."""
        steps = sum(self.reached[1:]) / self.reached[0]
        return steps / (1 + steps)

    def fmr(self, threshold: float) -> Estimate:
        """The chance that two people match at ``threshold``, not below ``start``; raises ValueError there."""
        steps = (threshold - self.start) / self.step
        if steps < -_ROUNDING:
            raise ValueError(f"nothing is known below a cosine of {self.start}")
        first, share = self.reached[0], self.share
        value = first / self.pairs * exp(steps * log(share))
        # Two sources of doubt: how many pairs reach the start, and how fast they fall from there.
        spread = sqrt((1 - first / self.pairs) / first + steps**2 * (1 - share) ** 2 / (share * first))
        return Estimate(value, value * exp(-_SIGMAS * spread), min(1.0, value * exp(_SIGMAS * spread)))


_ROUNDING: Final = 1e-6  # thresholds are decimal fractions, floats are not

SAME_SEX: Final = Reference(
    name="south_asian_strangers",
    people=260,
    pairs=33_670,
    start=0.40,
    step=0.02,
    reached=(71, 36, 21, 8, 3, 2, 1, 1, 0),
)
"""The hardest group of ordinary people measured: all of one origin and sex, SFace, one picture against one
(docs/measurements/accuracy.md says how to count it again)."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What the owner wants: of so many strangers a day who act at the gates, so few let in a year."""

    strangers_per_day: float
    false_opens_per_year: float


LOWEST, HIGHEST = 0.40, 0.80
"""Between these a threshold may stand: below, strangers walk in; above, residents are hardly ever recognised."""

_STEP: Final = 0.01


def fpir(threshold: float, residents: int, reference: Reference = SAME_SEX) -> Estimate:
    """The chance that a stranger is taken for one of ``residents`` people."""
    fmr = reference.fmr(threshold)
    return Estimate(*(-expm1(residents * log1p(-min(rate, _NEARLY_ONE))) for rate in (fmr.value, fmr.low, fmr.high)))


_NEARLY_ONE: Final = 1 - 1e-12  # the logarithm of zero is no number


def false_opens(
    threshold: float, residents: int, strangers_per_day: float, reference: Reference = SAME_SEX
) -> Estimate:
    """How many strangers a year are let in."""
    return fpir(threshold, residents, reference).through(strangers_per_day * DAYS_A_YEAR)


def recommended(goal: Goal, residents: int, reference: Reference = SAME_SEX) -> float | None:
    """The lowest threshold in hundredths at which no more are expected than wanted; ``None`` if none is high enough."""
    for hundredths in range(ceil(LOWEST / _STEP - _ROUNDING), round(HIGHEST / _STEP) + 1):
        threshold = round(hundredths * _STEP, 2)
        if false_opens(threshold, residents, goal.strangers_per_day, reference).value <= goal.false_opens_per_year:
            return threshold
    return None
