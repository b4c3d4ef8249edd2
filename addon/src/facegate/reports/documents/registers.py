"""The record of processing (GDPR art. 30) and the retention schedule."""

from facegate.core.assessment import Facts
from facegate.core.retention import COPIES_DAYS
from facegate.reports.documents.texts import Texts, page, purposes, who
from facegate.reports.page import Page, Section, Table

_CONSENT_YEARS = 3  # consents and assessments (M art. 9): nobody may set it


def record(facts: Facts, t: Texts) -> Page:
    """Article 30 (1) from a to g, in its order."""
    residents = sum(facts.residents.values())
    return page(
        "record",
        facts,
        t,
        (
            who(facts, t),
            Section(t("record.purposes"), (*purposes(facts, t), t("basis"))),
            Section(
                t("record.people"),
                (t("record.people_says", residents=residents, enrolled=facts.enrolled), t("record.passers")),
            ),
            Section(t("record.data"), (t("record.data_says"), t("record.no_more"))),
            Section(t("record.receivers"), (t("receivers"), _members(facts, t))),
            Section(t("record.abroad"), (t("record.abroad_says"),)),
            Section(t("record.periods"), table=periods(facts, t)),
            Section(t("record.security"), tuple(t(f"measure.{measure}") for measure in MEASURES)),
        ),
    )


def retention(facts: Facts, t: Texts) -> Page:
    """What is kept for how long, why, and what ends it."""
    return page(
        "retention",
        facts,
        t,
        (
            who(facts, t),
            Section(t("retention.heading"), (t("retention.says"),), table=periods(facts, t, reasons=True)),
            Section(t("retention.clock"), (t("retention.clock_says"),)),
        ),
    )


MEASURES = ("local", "sealed", "rotated", "audit", "roles", "masked", "signed", "fallback")


def periods(facts: Facts, t: Texts, *, reasons: bool = False) -> Table:
    """The schedule as it is set now."""
    keep, (grace, absent) = facts.retention, facts.terms
    days = [
        ("frames", t("never")),
        ("strangers", t("never")),
        ("snapshots", t("hours", hours=facts.scope.snapshots) if facts.scope.snapshots else t("never")),
        ("templates", t("templates_until", grace=grace, absent=absent)),
        ("names", t("days", days=keep.names_days) if keep.names_days else t("two_hours")),
        ("passages", t("days", days=keep.passages_days)),
        ("acts", t("years", years=keep.acts_years)),
        ("consents", t("years", years=_CONSENT_YEARS)),
        ("copies", t("days", days=min(COPIES_DAYS, keep.names_days or 1))),
    ]
    if reasons:
        rows = [(t(f"kept.{what}"), until, t(f"why.{what}")) for what, until in days]
        return Table((t("kept"), t("until"), t("why")), rows)
    return Table((t("kept"), t("until")), [(t(f"kept.{what}"), until) for what, until in days])


def _members(facts: Facts, t: Texts) -> str:
    counts = {role: facts.members.get(role, 0) for role in ("owner", "guard", "auditor")}
    return t("record.members", **counts)
