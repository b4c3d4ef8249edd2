"""How sure recognition must be here, and the record of who has changed that, when and why; nothing of it is erased."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select

from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.core.false_opens import Goal
from facegate.core.site_rule import SiteRule

_CHANGES = schema.recognition_changes


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One entry of the record. ``least``: what was allowed without a reason; ``actor``: the token or the command."""

    at: float
    actor: str
    rule: SiteRule
    least: float
    residents: int


class RecognitionStore(Database):
    """What the store knows about the site's rule of recognition."""

    def site_rule(self) -> SiteRule:
        """The rule that holds: the last that was set, else the product's own."""
        with self._read() as connection:
            query = select(_CHANGES).order_by(_CHANGES.c.number.desc()).limit(1)
            row = connection.execute(query).one_or_none()
        return SiteRule() if row is None else _change(row).rule

    def site_rule_changes(self) -> list[RuleChange]:
        """All rules that were ever set, newest first."""
        with self._read() as connection:
            return [_change(row) for row in connection.execute(select(_CHANGES).order_by(_CHANGES.c.number.desc()))]

    def set_site_rule(self, rule: SiteRule, residents: int, actor: str) -> None:
        """Let ``rule`` hold from now on, and keep in the record who said so. ``residents``: how many there were."""
        goal = rule.goal
        with self._write() as connection:
            connection.execute(
                insert(_CHANGES).values(
                    at=self._clock(),
                    actor=actor,
                    threshold=rule.threshold,
                    least=rule.least(residents),
                    residents=residents,
                    strangers_per_day=None if goal is None else goal.strangers_per_day,
                    false_opens_per_year=None if goal is None else goal.false_opens_per_year,
                    reason=rule.reason,
                )
            )


def _change(row: Row[Any]) -> RuleChange:
    goal = None if row.strangers_per_day is None else Goal(row.strangers_per_day, row.false_opens_per_year)
    return RuleChange(
        row.at, row.actor, SiteRule(row.threshold, goal, row.reason, row.residents), row.least, row.residents
    )
