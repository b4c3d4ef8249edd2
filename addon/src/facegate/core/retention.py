"""How long what is kept: the times that an owner may set, and the moments that follow from them."""

from dataclasses import dataclass
from typing import Final

DAY: Final = 86400.0
HOUR: Final = 3600.0
YEAR: Final = 365.25 * DAY
COPIES_DAYS: Final = 7
"""Copies of the database from before an update are for whoever has to go back to the former version at once."""


@dataclass(frozen=True, slots=True)
class Retention:
    """``passages_days``: until records of who was let in are erased; ``names_days``: until they lose their names.

    ``acts_years``: until what somebody has done with what is kept is erased.
    """

    passages_days: int = 30
    names_days: int = 7
    acts_years: int = 3

    def passages_before(self, now: float) -> float:
        """Records from before this moment go."""
        return now - self.passages_days * DAY

    def names_before(self, now: float) -> float:
        """Records from before this moment lose their names.

        Whole days at once, so that a day's pseudonym never stands beside a name of the same day, and no name is there
        for longer than ``names_days``. With 0 days, names go within two hours.
        """
        if self.names_days == 0:
            return now - HOUR
        return now // DAY * DAY - (self.names_days - 1) * DAY

    def acts_before(self, now: float) -> float:
        """Acts from before this moment go."""
        return now - self.acts_years * YEAR

    def copies_before(self, now: float) -> float:
        """Copies of the database that are older than this go."""
        return now - min(COPIES_DAYS, self.names_days or 1) * DAY
