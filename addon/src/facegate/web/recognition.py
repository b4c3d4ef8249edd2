"""How sure recognition must be here, over the API: surer for the asking, less sure only with a written reason."""

import asyncio
from dataclasses import asdict
from typing import Any

from facegate.core.site_rule import Change, SiteRuleError, TooLowError, changed
from facegate.residents.calibration import calibrate_site, describe
from facegate.web.call import Answer, Call
from facegate.web.problems import INVALID, THRESHOLD_TOO_LOW, ProblemError
from facegate.web.services import Store


async def read_recognition(call: Call) -> Answer:
    """Show the threshold that holds, and what it means for so many residents."""
    return Answer(await asyncio.to_thread(_shown, call.services.store))


async def change_recognition(call: Call) -> Answer:
    """Change what is given; below the lowest threshold that the report allows only with a reason, which is kept."""
    assert call.bearer is not None  # the operation asks for a scope
    actor = f"{call.bearer.name} ({call.bearer.id})"
    try:
        await asyncio.to_thread(_change, call.services.store, Change(**call.body), actor)
    except TooLowError as error:
        raise ProblemError(THRESHOLD_TOO_LOW, str(error), least=error.least) from error
    except SiteRuleError as error:
        raise ProblemError(INVALID, str(error)) from error
    await call.services.changed()
    return Answer(await asyncio.to_thread(_shown, call.services.store))


async def read_calibration(call: Call) -> Answer:
    """Compare the residents' templates with each other; for the report that a command on this machine writes."""
    return Answer(await asyncio.to_thread(_calibration, call.services.store))


def _calibration(store: Store) -> dict[str, Any]:
    return describe(calibrate_site(store))


def _change(store: Store, change: Change, actor: str) -> None:
    residents = _residents(store)
    store.set_site_rule(changed(store.site_rule(), change, residents), residents, actor)


def _residents(store: Store) -> int:
    return len({template.resident for template in store.templates()})


def _shown(store: Store) -> dict[str, Any]:
    rule, residents = store.site_rule(), _residents(store)
    expected = rule.expected(residents)
    return {
        "threshold": rule.threshold,
        "least": rule.least(residents),
        "reason": rule.reason,
        "strangers_per_day": None if rule.goal is None else rule.goal.strangers_per_day,
        "false_opens_per_year": None if rule.goal is None else rule.goal.false_opens_per_year,
        "residents": residents,
        "stale": rule.is_stale(residents),
        "expected": None if expected is None else asdict(expected),
    }
