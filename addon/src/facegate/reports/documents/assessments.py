"""The two impact assessments: one set of findings, in the order that each law asks for.

PIPL art. 56: purpose and means lawful, proper and necessary; effect on people and risk; protection lawful, effective
and fit. GDPR art. 35 (7): description; necessity and proportionality; risks; measures.
"""

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from facegate.core.assessment import FILING_DAYS, FILING_FACES, Facts
from facegate.core.statistics import Rate
from facegate.reports.documents.registers import MEASURES, periods
from facegate.reports.documents.texts import Texts, day, page, purposes, who
from facegate.reports.page import Page, Section, Table, Tile, rate_cells

RISKS = ("stranger", "refused", "photograph", "leak", "movements", "pressure", "children", "fire", "lookalike")


class Measured(NamedTuple):
    """One figure of docs/measurements/accuracy.json, from which this file is cut."""

    key: str
    rate: Rate


@cache
def measured() -> tuple[Measured, ...]:
    """The figures that the product ships with."""
    text = files("facegate.reports.documents").joinpath("measured.json").read_text(encoding="utf-8")
    return tuple(Measured(row["key"], Rate(row["count"], row["of"])) for row in json.loads(text))


def pipia(facts: Facts, t: Texts) -> Page:
    """Personal information protection impact assessment, PIPL art. 55 and 56 and the Measures of 2025."""
    return page(
        "pipia",
        facts,
        t,
        (
            who(facts, t),
            Section(t("pipia.lawful"), (*purposes(facts, t), t("basis"), t("necessity"), t("alternatives"))),
            _installation(facts, t),
            Section(t("pipia.effect"), (t("effect"),)),
            _risks(t),
            *_figures(facts, t),
            Section(t("pipia.protection"), tuple(t(f"measure.{measure}") for measure in MEASURES)),
            Section(t("record.periods"), table=periods(facts, t)),
            _filing(facts, t),
            _owner(facts, t),
        ),
        (_standing(facts, t),),
    )


def dpia(facts: Facts, t: Texts) -> Page:
    """Data protection impact assessment, GDPR art. 35."""
    return page(
        "dpia",
        facts,
        t,
        (
            who(facts, t),
            Section(t("dpia.description"), (*purposes(facts, t), t("notice.how"))),
            _installation(facts, t),
            Section(t("record.periods"), table=periods(facts, t)),
            Section(t("dpia.necessity"), (t("basis"), t("necessity"), t("alternatives"), t("dpia.rights"))),
            _risks(t),
            *_figures(facts, t),
            Section(t("dpia.measures"), tuple(t(f"measure.{measure}") for measure in MEASURES)),
            Section(t("dpia.prior"), (t("dpia.prior_says"),)),
            _owner(facts, t),
        ),
        (_standing(facts, t),),
    )


def _standing(facts: Facts, t: Texts) -> Tile:
    if facts.assessment is None:
        return Tile(t("standing.never"), t("standing.never_says"), "bad")
    when = t("standing.by", day=day(facts.assessment.at), by=facts.assessment.by)
    if facts.changes:
        return Tile(t("standing.outdated"), f"{when} " + " ".join(t(f"change.{c}") for c in facts.changes), "bad")
    return Tile(t("standing.holds"), when, "good")


def _installation(facts: Facts, t: Texts) -> Section:
    rows = [
        (
            gate.name + (f" ({t('gate.trial')})" if gate.trial else ""),
            t("on") if gate.faces else t("off"),
            t(f"direction.{camera.direction}"),
            t(f"liveness.{camera.liveness}"),
            t("zone.drawn") if camera.zone else t("zone.whole"),
            t("yes") if camera.on_press else t("no"),
        )
        for gate, cameras in facts.gates
        for camera in cameras
    ]
    head = tuple(t(f"column.{name}") for name in ("gate", "faces", "direction", "liveness", "zone", "press"))
    people = t(
        "installation.people",
        residents=sum(facts.residents.values()), enrolled=facts.enrolled,
        no_face=facts.residents.get("no_face", 0), strict=facts.residents.get("strict", 0),
        expected=facts.responsible.people or t("not_filled_in"),
    )  # fmt: skip
    models = t("installation.models", models=", ".join(facts.scope.models), threshold=f"{facts.scope.threshold:.2f}")
    print_ = t("installation.fingerprint", fingerprint=facts.scope.fingerprint)
    return Section(t("installation"), (people, models, print_), table=Table(head, rows) if rows else None)


def _risks(t: Texts) -> Section:
    rows = [(t(f"risk.{risk}"), t(f"risk.{risk}.why"), t(f"risk.{risk}.against")) for risk in RISKS]
    return Section(t("risks"), table=Table((t("risk"), t("risk.why"), t("risk.against")), rows))


def _figures(facts: Facts, t: Texts) -> tuple[Section, ...]:
    rows = [(t(f"m.{row.key}"), *rate_cells(row.rate, t)) for row in measured()]
    head = (t("figure"), t("rate"), t("counted"), t("interval"))
    shipped = Section(t("figures"), (t("figures.says"), t("figures.limits")), table=Table(head, rows))
    own = facts.calibration
    if own is None:
        return shipped, Section(t("own"), (t("own.none"),))
    said = [t("own.says", residents=own.residents, compared=own.compared, threshold=f"{own.rule.threshold:.2f}")]
    if own.ceiling is not None:
        said.append(t("own.ceiling", ceiling=f"{own.ceiling:.2f}"))
    said.append(t("own.expected", expected=facts.false_opens) if facts.false_opens else t("own.no_goal"))
    if own.rule.is_stale(own.residents):
        said.append(t("own.stale"))
    return shipped, Section(t("own"), tuple(said))


def _filing(facts: Facts, t: Texts) -> Section:
    named = facts.responsible
    if named.filed_on:
        said = t("filing.done", day=named.filed_on)
    elif named.to_file:
        said = t("filing.due", days=FILING_DAYS)
    else:
        said = t("filing.not_due")
    return Section(t("filing"), (t("filing.rule", faces=f"{FILING_FACES:,}", days=FILING_DAYS), said))


def _owner(facts: Facts, t: Texts) -> Section:
    """What no software knows."""
    rows = [(t(f"owner.{question}"), "") for question in ("asked", "balance", "residual", "next")]
    rows += [(t("owner.signed"), "")]
    return Section(t("owner"), (t("owner.says"),), table=Table(("", t("owner.answer")), rows))
