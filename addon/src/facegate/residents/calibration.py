"""The site's own calibration: from the store, and over the API to the command that writes the report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from facegate.core.calibration import Calibration, LookAlikes, OwnScores, calibrate
from facegate.core.false_opens import Goal
from facegate.core.models import Resident, Template
from facegate.core.site_rule import SiteRule


class Store(Protocol):
    """The part of ``adapters.store`` that calibration reads."""

    def templates(self) -> Sequence[Template]:
        """All templates."""

    def residents(self) -> Sequence[Resident]:
        """All residents that are not erased."""

    def site_rule(self) -> SiteRule:
        """The rule that holds."""


def calibrate_site(store: Store) -> Calibration:
    """Compare the residents' templates with each other; blocks. Of several models, the one that most were made by."""
    templates = store.templates()
    models = Counter(template.model for template in templates)
    most = max(models, key=models.__getitem__, default="")
    names = {resident.id: resident.name for resident in store.residents()}
    return calibrate([template for template in templates if template.model == most], names, store.site_rule())


def describe(calibration: Calibration) -> dict[str, Any]:
    """Return it as JSON members."""
    return asdict(calibration)


def read(content: Mapping[str, Any]) -> Calibration:
    """Return what ``describe`` described."""
    rule = content["rule"]
    goal = None if rule["goal"] is None else Goal(**rule["goal"])
    return Calibration(
        rule=SiteRule(rule["threshold"], goal, rule["reason"], rule["residents"]),
        templates=content["templates"],
        people=tuple(OwnScores(**person) for person in content["people"]),
        pairs=tuple(LookAlikes(**pair) for pair in content["pairs"]),
        compared=content["compared"],
    )
