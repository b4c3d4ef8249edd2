"""What residents and passers-by are told: the notice that hangs in the house, and the sign at the gate."""

from facegate.core.assessment import Facts
from facegate.reports.documents.registers import periods
from facegate.reports.documents.texts import Texts, page, purposes, who
from facegate.reports.page import Page, Section, Table


def notice(facts: Facts, t: Texts) -> Page:
    """PIPL art. 17, GDPR art. 13: everything that people must be told, in words of the house."""
    faces = [gate.name for gate, _ in facts.gates if gate.faces and not gate.trial]
    hours = facts.scope.snapshots
    kept = t("notice.kept_snapshots", hours=hours) if hours else t("notice.kept_says")
    where = t("notice.where", gates=", ".join(faces)) if faces else t("notice.nowhere")
    return page(
        "notice",
        facts,
        t,
        (
            who(facts, t),
            Section(t("notice.what"), (*purposes(facts, t), where, t("notice.how"), t("basis"))),
            Section(t("notice.choice"), (t("notice.choice_says"), t("notice.withdraw"))),
            Section(t("notice.kept"), (kept,), table=periods(facts, t)),
            Section(t("notice.others"), (t("receivers"), t("notice.looks"))),
            Section(t("notice.rights"), (t("notice.rights_says"), t("notice.complain"))),
        ),
    )


def sign(facts: Facts, t: Texts) -> Page:
    """What is seen before anybody is seen: short, at the height of eyes, before the camera's zone."""
    named = facts.responsible
    return page(
        "sign",
        facts,
        t,
        (
            Section(t("sign.heading"), (t("sign.who"), t("sign.others"), t("sign.choice"))),
            Section(
                t("who"),
                table=Table(("", ""), [(named.name or t("not_filled_in"), named.contact or t("not_filled_in"))]),
            ),
        ),
    )
