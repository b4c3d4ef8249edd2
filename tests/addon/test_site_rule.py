"""The threshold of a site: up freely, down only with a reason, and all of it on record."""

from dataclasses import replace
from pathlib import Path

import pytest

from facegate.adapters.store import Store
from facegate.core.false_opens import HIGHEST, LOWEST, Goal
from facegate.core.session import Thresholds
from facegate.core.site_rule import DEFAULT, Change, SiteRule, SiteRuleError, TooLowError, changed

WHY = "A second factor stands behind this gate."


@pytest.mark.parametrize(
    ("before", "change", "residents", "after"),
    [
        (SiteRule(), Change(threshold=0.55), 10, 0.55),
        (SiteRule(0.7), Change(threshold=DEFAULT), 10, DEFAULT),
        (SiteRule(), Change(threshold=0.45), 10, TooLowError),
        (SiteRule(), Change(threshold=0.45, reason="    "), 10, TooLowError),
        (SiteRule(), Change(threshold=0.45, reason="why not"), 10, SiteRuleError),
        (SiteRule(), Change(threshold=0.45, reason=WHY), 10, 0.45),
        (SiteRule(0.45, None, WHY), Change(threshold=0.44), 10, TooLowError),  # a reason holds for its own change
        (SiteRule(), Change(threshold=LOWEST - 0.01, reason=WHY), 10, SiteRuleError),
        (SiteRule(), Change(threshold=HIGHEST + 0.01), 10, SiteRuleError),
        (SiteRule(), Change(threshold=float("nan"), reason=WHY), 10, SiteRuleError),
        (SiteRule(), Change(strangers_per_day=20, false_opens_per_year=1), 50, TooLowError),
        (SiteRule(), Change(0.7, strangers_per_day=20, false_opens_per_year=1), 50, 0.7),
        (SiteRule(), Change(strangers_per_day=20, false_opens_per_year=1, reason=WHY), 50, DEFAULT),
        (SiteRule(), Change(strangers_per_day=20), 50, SiteRuleError),
        (SiteRule(), Change(strangers_per_day=20, false_opens_per_year=0), 50, SiteRuleError),
        # nothing that is claimed about strangers allows less than the product's own threshold
        (SiteRule(), Change(0.45, strangers_per_day=0, false_opens_per_year=1000), 1, TooLowError),
        (SiteRule(0.6, Goal(1000, 0.001)), Change(threshold=HIGHEST), 1000, HIGHEST),
    ],
)  # fmt: skip
def test_what_may_be_set(before, change, residents, after):
    if isinstance(after, float):
        assert changed(before, change, residents).threshold == after
        return
    with pytest.raises(SiteRuleError) as refused:
        changed(before, change, residents)
    assert isinstance(refused.value, after)
    assert str(refused.value).endswith(".")


def test_the_site_changes_the_score_and_nothing_else():
    assert SiteRule().thresholds == Thresholds()
    assert SiteRule(0.6).thresholds == Thresholds(score=0.6)


def test_the_store_keeps_the_rule_and_the_record_of_it(tmp_path: Path):
    strict = SiteRule(0.6, Goal(20, 1))
    with Store.open(tmp_path) as store:
        assert store.site_rule() == SiteRule()
        store.set_site_rule(strict, 12, "Home Assistant")
        store.set_site_rule(SiteRule(0.45, None, WHY), 12, "somebody else")
    with Store.open(tmp_path) as store:
        assert store.site_rule() == SiteRule(0.45, None, WHY, residents=12)
        newest, oldest = store.site_rule_changes()
        assert (newest.actor, newest.rule.reason, newest.least) == ("somebody else", WHY, DEFAULT)
        assert (oldest.rule, oldest.residents, oldest.least) == (replace(strict, residents=12), 12, strict.least(12))
        assert oldest.at <= newest.at


GOAL = Goal(20, 1)


@pytest.mark.parametrize(
    ("rule", "residents", "stale"),
    [
        (SiteRule(), 100_000, False),  # nobody said what it shall achieve
        (SiteRule(SiteRule(goal=GOAL).least(10), GOAL, residents=10), 10, False),
        (SiteRule(SiteRule(goal=GOAL).least(10), GOAL, residents=10), 5, False),
        (SiteRule(SiteRule(goal=GOAL).least(10), GOAL, residents=10), 100, True),
        (SiteRule(HIGHEST, GOAL, residents=10), 100, False),
        (SiteRule(DEFAULT, GOAL, WHY, residents=10), 10, False),
        (SiteRule(DEFAULT, GOAL, WHY, residents=10), 100, True),  # the reason was written for ten
        (SiteRule(0.45, None, WHY, residents=10), 100, False),
    ],
    ids=[
        "no goal", "as it was", "fewer", "many more", "high enough", "with a reason", "a reason for fewer",
        "a reason without a goal",
    ],
)  # fmt: skip
def test_a_rule_grows_stale_with_the_residents(rule, residents, stale):
    assert rule.is_stale(residents) is stale
