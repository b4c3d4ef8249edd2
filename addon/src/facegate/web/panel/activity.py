"""Activity: what has been at the gates. A guard sees the last minutes; names are shown for a reason that is kept."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from facegate.adapters.store.access import EVENT, KINDS, AccessRecord
from facegate.adapters.store.passages import Wanted
from facegate.core.activity import says
from facegate.core.audit import LEAST_REASON, MOST_REASON
from facegate.residents.looks import HOUR, NOW_SECONDS
from facegate.residents.looks import PAGE as RECORDS
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import HISTORIANS

_DAYS: Final = 90  # nothing is kept for longer
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_DIGITS: Final = 15  # no record's number is longer
_SHORT: Final = 6  # digits of a pseudonym that tell a day's people apart to the eye


@dataclass(frozen=True, slots=True)
class Line:
    """One record in words. ``at``: the building's own time; ``who``: by what name a day knows somebody."""

    number: int
    kind: str
    at: str
    iso: str
    gate: str
    what: str
    how: str
    who: str
    past: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of the chart: how many openings, and how high that is drawn, 0 to 100."""

    hour: int
    many: int
    height: int


async def _context(visit: Visit) -> Mapping[str, Any]:
    gates = {gate.id: gate.name for gate in await asyncio.to_thread(visit.services.store.gates)}
    history = visit.may(HISTORIANS)
    context = {"history": history, "gates": gates, "kinds": KINDS, "least": LEAST_REASON, "most": MOST_REASON}
    if not history:
        records = await asyncio.to_thread(visit.services.looks.now)
        lines = [_line(record, gates, visit.words) for record in records]
        return context | {"lines": lines, "minutes": round(NOW_SECONDS / 60)}
    asked = _asked(visit.request.query)
    records = await asyncio.to_thread(visit.services.looks.history, asked.wanted, before=asked.before)
    following = "live" in visit.request.query  # every few seconds: nobody's profile is opened for that
    residents = [] if following else await asyncio.to_thread(visit.services.store.residents)
    today = asked.day or datetime.now().astimezone().date()
    first, last = _bounds(today)
    hours = await asyncio.to_thread(visit.services.looks.openings_by_hour, Wanted(first, last, asked.wanted.gate))
    return context | {
        "lines": [_line(record, gates, visit.words) for record in records],
        "more": records[-1].number if len(records) == RECORDS else None,
        "asked": asked,
        "residents": [(resident.id, resident.name) for resident in residents],
        "today": today.isoformat(),
        "week_ago": (today - timedelta(days=7)).isoformat(),
        "bars": _bars(hours, first),
    }


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody has chosen; what cannot be understood is as if it were not there."""

    wanted: Wanted
    day: date | None
    gate: str
    kind: str
    before: int | None


def _asked(query: Mapping[str, str]) -> _Asked:
    day = _day(query.get("day", ""))
    gate, kind, before = query.get("gate", ""), query.get("kind", ""), query.get("before", "")
    kind = kind if kind in KINDS else ""
    now = time.time()
    since, until = _bounds(day) if day else (now - _DAYS * 86400, now + 86400)
    number = int(before) if before.isascii() and before.isdigit() and len(before) <= _DIGITS else None
    return _Asked(Wanted(since, until, gate or None, (kind,) if kind else ()), day, gate, kind, number)


def _day(given: str) -> date | None:
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def _bounds(day: date) -> tuple[float, float]:
    """From midnight to midnight where the building stands, also on the days on which clocks change."""
    first = datetime(day.year, day.month, day.day).astimezone()
    after = day + timedelta(days=1)
    return first.timestamp(), datetime(after.year, after.month, after.day).astimezone().timestamp()


def _bars(hours: Mapping[int, int], first: float) -> list[Bar]:
    many = [hours.get(int(first // HOUR) + hour, 0) for hour in range(24)]
    most = max(*many, 1)
    return [Bar(hour, count, round(100 * count / most)) for hour, count in enumerate(many)]


def _line(record: AccessRecord, gates: Mapping[str, str], words: Mapping[str, str]) -> Line:
    at = datetime.fromtimestamp(record.at).astimezone()
    told = says(record.kind, record.reason, record.result, record.passage, record.detail)
    how = words[f"activity.method.{record.method}"] if record.method != "none" else ""
    if record.actor:
        how = f"{how} · {record.actor}" if how else record.actor
    where = [gates.get(record.gate, record.gate)]
    if record.kind != EVENT or record.method != "none":  # a fire has no direction
        where.append(words[f"direction.{record.direction}"])
    who = words["activity.somebody"].format(name=record.pseudonym[:_SHORT]) if record.pseudonym else ""
    return Line(
        number=record.number,
        kind=record.kind,
        at=at.strftime("%Y-%m-%d %H:%M" if record.pseudonym else "%Y-%m-%d %H:%M:%S"),
        iso=at.isoformat(timespec="seconds"),
        gate=" · ".join(where),
        what=" · ".join(words[f"activity.{key}"] for key in told),
        how=how,
        who=who,
        past=record.past,
    )


PAGE: Final = Page("activity", "activity", _context)
