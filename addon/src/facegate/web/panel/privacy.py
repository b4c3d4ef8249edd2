"""Privacy: what is kept here and for how long, what was done with it, who looked, and that nothing was forged."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import segno

from facegate.core.audit import Deed
from facegate.core.consent import ConsentState, Purpose
from facegate.core.register import Place
from facegate.core.trail import Broken
from facegate.residents.privacy import Register
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import HISTORIANS, OWNERS
from facegate.web.services import Services
from facegate.web.tokens import Scope

_LOOKS_DAYS: Final = 30
_KILOBYTE: Final = 1024
_FEW: Final = 50


@dataclass(frozen=True, slots=True)
class DeedLine:
    """One act in words. ``whom``: whom it was about, as far as somebody may still be named."""

    at: str
    iso: str
    actor: str
    what: str
    whom: str
    reason: str
    span: str
    many: int | None


async def _context(visit: Visit) -> Mapping[str, Any]:
    return await asyncio.to_thread(_read, visit.services, visit.words) | {"owner": visit.may(OWNERS)}


def _read(services: Services, words: Mapping[str, str]) -> dict[str, Any]:
    names = {resident.id: resident.name for resident in services.store.residents()}
    register = services.privacy.register()
    checkpoints = services.store.checkpoints()
    newest = checkpoints[-1] if checkpoints else None
    line = newest.line(services.store.checkpoint_key()) if newest else ""
    terms, keep = services.departures.terms, services.privacy.retention
    return {
        "doubted": services.privacy.doubts_clock(),
        "register": {place: [one for one in register.stocks if one.entry.place is place] for place in Place},
        "sizes": _sizes(register),
        "retention": [
            ("passages", keep.passages_days, "keep_passages_days"),
            ("names", keep.names_days, "pseudonymise_after_days"),
            ("acts", keep.acts_years, "keep_acts_years"),
            ("leaving", terms.grace_days, "erase_after_days"),
            ("absent", terms.absent_days, "erase_absent_days"),
        ],
        "kept": [_deed(deed, names, words) for deed in services.privacy.done_lately()],
        "consents": _consents(services),
        "sharers": [token for token in services.store.tokens() if Scope.PERSONS in token.scopes],
        "looks": [_deed(deed, names, words) for deed in services.looks.lately(_LOOKS_DAYS, _FEW)],
        "acts": [_deed(deed, names, words) for deed in services.privacy.acts(_FEW)],
        "certificates": [(_time(one.at), one) for one in list(services.departures.certificates())[:_FEW]],
        "checkpoint": newest,
        "checkpoint_at": _time(newest.at) if newest else "",
        "checkpoint_text": line,
        "checkpoint_code": _code(line) if line else "",
        "broken": list(Broken),
    }


def _consents(services: Services) -> list[tuple[Purpose, Counter[ConsentState]]]:
    """How many residents stand where, for each purpose that anybody was asked for."""
    found: dict[Purpose, Counter[ConsentState]] = {purpose: Counter() for purpose in Purpose}
    for standings in services.consents.by_resident().values():
        for one in standings:
            found[one.purpose][one.state] += 1
    asked = {ConsentState.STANDS, ConsentState.OUTDATED, ConsentState.WITHDRAWN}
    return [(purpose, count) for purpose, count in found.items() if asked & count.keys()]


def _sizes(register: Register) -> dict[str, str]:
    return {"database": _size(register.database_bytes), "copies": _size(register.copies_bytes)}


def _size(count: int) -> str:
    if count < _KILOBYTE**2:
        return f"{round(count / _KILOBYTE)} kB"
    return f"{count / _KILOBYTE**2:.1f} MB"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _deed(deed: Deed, names: Mapping[str, str], words: Mapping[str, str]) -> DeedLine:
    at = datetime.fromtimestamp(deed.at).astimezone()
    whom = ""
    if deed.resident is not None:
        whom = names.get(deed.resident, words["privacy.nobody"])
    span = " – ".join(_time(moment) for moment in deed.span) if deed.span else ""
    actor = words.get(f"privacy.actor.{deed.actor}", deed.actor)
    what = words.get(f"privacy.act.{deed.act}", deed.act)
    return DeedLine(
        at.strftime("%Y-%m-%d %H:%M"), at.isoformat(), actor, what, whom, deed.reason, span, deed.many
    )  # fmt: skip


def _code(text: str) -> str:
    return segno.make(text, error="l").svg_inline(scale=3, border=2, svgclass="code", lineclass=None)


PAGE: Final = Page("privacy", "privacy", _context, HISTORIANS)
