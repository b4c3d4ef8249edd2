"""How sure recognition must be at this site. Surer is always allowed; less sure than measured only with a reason."""

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Final

from facegate.core.false_opens import HIGHEST, LOWEST, Estimate, Goal, false_opens, recommended
from facegate.core.session import Thresholds

DEFAULT: Final = Thresholds().score

REASON: Final = (10, 500)
"""Characters of a written reason: fewer explain nothing."""


class SiteRuleError(ValueError):
    """A rule that cannot stand; the text is one sentence that says what to do."""


class TooLowError(SiteRuleError):
    """A threshold below what the measurements allow, without a reason."""

    def __init__(self, threshold: float, least: float) -> None:
        super().__init__(
            f"A threshold of {threshold:.2f} is below {least:.2f}, the lowest that the calibration report allows for "
            f"this site: raise it, or write down the reason in at least {REASON[0]} characters."
        )
        self.least = least


@dataclass(frozen=True, slots=True)
class SiteRule:
    """The threshold of the site, what the owner wants it to achieve, and the reason if it is below what is allowed.

    ``residents``: how many were enrolled when it was set; 0 where that is not known.
    """

    threshold: float = DEFAULT
    goal: Goal | None = None
    reason: str = ""
    residents: int = 0

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds of recognition under this rule."""
        return replace(Thresholds(), score=self.threshold)

    def least(self, residents: int) -> float:
        """The lowest threshold that needs no reason: the product's own, or what the goal asks for if that is higher."""
        if self.goal is None:
            return DEFAULT
        wanted = recommended(self.goal, residents)
        return HIGHEST if wanted is None else max(DEFAULT, wanted)

    def is_stale(self, residents: int) -> bool:
        """Whether so many residents ask for a higher threshold: each more is one more that a stranger may resemble.

        A written reason covers what was known when it was written, and no more.
        """
        least = self.least(residents)
        covered = self.least(self.residents) if self.reason else self.threshold
        return least > max(self.threshold, covered)

    def expected(self, residents: int) -> Estimate | None:
        """The strangers a year who are let in, if it is known how many come."""
        return None if self.goal is None else false_opens(self.threshold, residents, self.goal.strangers_per_day)


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be different; ``None`` stays as it is. A reason holds for the change that it comes with alone."""

    threshold: float | None = None
    strangers_per_day: float | None = None
    false_opens_per_year: float | None = None
    reason: str = field(default="")


def changed(rule: SiteRule, change: Change, residents: int) -> SiteRule:
    """Return the new rule. Raises TooLowError without a reason for it, SiteRuleError for what is no rule at all."""
    threshold = rule.threshold if change.threshold is None else change.threshold
    if not (isfinite(threshold) and LOWEST <= threshold <= HIGHEST):
        raise SiteRuleError(f"A threshold lies between {LOWEST:.2f} and {HIGHEST:.2f}: choose one there.")
    reason = change.reason.strip()
    if reason and not (REASON[0] <= len(reason) <= REASON[1] and reason.isprintable()):
        raise SiteRuleError(f"Write the reason in {REASON[0]} to {REASON[1]} printable characters.")
    new = SiteRule(threshold, _goal(rule.goal, change), reason, residents)
    if threshold < new.least(residents) and not reason:
        raise TooLowError(threshold, new.least(residents))
    return new


def _goal(goal: Goal | None, change: Change) -> Goal | None:
    strangers = goal.strangers_per_day if change.strangers_per_day is None and goal else change.strangers_per_day
    opens = goal.false_opens_per_year if change.false_opens_per_year is None and goal else change.false_opens_per_year
    if strangers is None and opens is None:
        return None
    if strangers is None or opens is None:
        raise SiteRuleError("State both how many strangers come a day and how many false opens a year are accepted.")
    if not (isfinite(strangers) and strangers >= 0 and isfinite(opens) and opens > 0):
        raise SiteRuleError("Strangers a day must not be negative, and accepted false opens a year must be above 0.")
    return Goal(strangers, opens)
