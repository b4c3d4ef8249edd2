"""How sure a counted rate is."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

CONFIDENCE = 0.95

_STEPS = 60  # halvings of 0–1: as exact as a double is


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` of ``of`` independent trials."""

    count: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of:
            raise ValueError(f"{self.count} of {self.of} is no rate")

    @property
    def value(self) -> float | None:
        """The rate; ``None`` where nothing was tried."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """The exact 95 % interval (Clopper and Pearson, 1934).

        Where nothing or everything was counted, only one side is open, and the whole 5 % lies there: 0 of 163 is at
        most 1.8 %.
        """
        if self.of == 0:
            return 0.0, 1.0
        one_sided = self.count in (0, self.of)
        tail = (1 - CONFIDENCE) / (1 if one_sided else 2)
        low = 0.0 if self.count == 0 else _solve(lambda rate: at_least(self.count, self.of, rate), tail)
        high = 1.0 if self.count == self.of else _solve(lambda rate: at_least(self.count + 1, self.of, rate), 1 - tail)
        return low, high


def at_least(count: int, of: int, rate: float) -> float:
    """Return the probability of ``count`` or more of ``of`` at ``rate``; it grows with ``rate``."""
    if count <= 0 or rate >= 1:
        return 1.0
    if rate <= 0:
        return 0.0
    # The shorter of the two sums: counts are small or nearly all, trials may be many thousands.
    if 2 * count <= of:
        return max(0.0, 1 - sum(_probability(k, of, rate) for k in range(count)))
    return min(1.0, sum(_probability(k, of, rate) for k in range(count, of + 1)))


def _probability(count: int, of: int, rate: float) -> float:
    ways = lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
    return exp(ways + count * log(rate) + (of - count) * log1p(-rate))


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
