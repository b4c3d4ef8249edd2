"""Residents over the API. Each change is written down as an act; no answer tells a state that is not so today."""

import asyncio
import time
from dataclasses import replace
from typing import Any, Final

from aiohttp import hdrs

from facegate.adapters.store import StandingError
from facegate.core import residency
from facegate.core.audit import Act
from facegate.core.leaving import Cause
from facegate.core.models import PrivacyLevel, Resident
from facegate.core.trusted_time import TrustedTime
from facegate.core.ways import Way, gaps, usable
from facegate.web import resident_schemas as schemas
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import INVALID, NOT_FOUND, ProblemError
from facegate.web.resident_store import ResidentStore
from facegate.web.tokens import Scope


async def list_residents(call: Call) -> Answer:
    """List the residents, with how each gets in beside the face."""
    return Answer(await asyncio.to_thread(described, call.services.store))


async def read_resident(call: Call) -> Answer:
    """Show one resident."""
    return Answer(await asyncio.to_thread(_one, call.services.store, call.given["resident"]))


async def add_resident(call: Call) -> Answer:
    """Add a resident, who is let in by face once their face is enrolled, and by a card or a PIN once they have one."""
    made = await asyncio.to_thread(_add, call.services.store, dict(call.body), actor(call))
    await call.services.changed()
    return Answer(made, {"Location": f"residents/{made['id']}"})


async def change_resident(call: Call) -> Answer:
    """Change what is given; another level of privacy holds at once."""
    try:
        changed = await asyncio.to_thread(
            _change, call.services.store, call.given["resident"], dict(call.body), actor(call)
        )
    except StandingError as error:
        at = "suspended" if "suspended" in call.body else "level"
        raise ProblemError(INVALID, str(error), errors=[{"at": at, "says": "not possible now"}]) from error
    await call.services.changed()
    return Answer(changed)


async def erase_resident(call: Call) -> Answer:
    """Erase a resident for good: the key is destroyed, and no copy of the database can be read for them again."""
    resident = call.given["resident"]
    cause = await asyncio.to_thread(_cause, call.services.store, resident)
    await asyncio.to_thread(call.services.departures.erase, resident, cause, actor(call))
    await call.services.changed()
    return Answer()


def _cause(store: ResidentStore, resident: str) -> Cause:
    """Why an owner erases somebody, as far as the record tells: also somebody whose key is lost."""
    gone = any(known.id == resident and known.person_gone for known in store.residents())
    return Cause.PERSON_REMOVED if gone else Cause.HOUSE


def actor(call: Call) -> str:
    """Who does something, by name, for the record."""
    assert call.bearer is not None  # every operation here asks for a scope
    return call.bearer.name


def described(store: ResidentStore) -> list[dict[str, Any]]:
    """Every resident with where they stand today and how they get in; blocks."""
    book, now = store.way_book(), today(store.trusted_time())
    without = {e.gate.id: frozenset(gaps(e, book.residents, book.ways, now).without) for e in book.gates}
    ways: dict[str, list[Way]] = {}
    for way in book.ways:
        ways.setdefault(way.resident, []).append(way)
    shown = []
    for resident in book.residents:
        open_to = [at for at in book.gates if residency.may_pass(resident, at.gate.id, now)]
        own = {str(way.method) for way in ways.get(resident.id, ()) for at in open_to if usable(way, at, now)}
        lacking = sorted(gate for gate, ids in without.items() if resident.id in ids)
        state = str(residency.standing(resident, now))
        shown.append({**_properties_of(resident), "state": state, "ways": sorted(own), "without_way": lacking})
    return shown


def today(trusted: TrustedTime | None) -> float:
    """Unix seconds that a state is derived by: not of a clock that has jumped."""
    return trusted.now if trusted is not None and trusted.doubted is not None else time.time()


def check_times(valid_from: float | None, valid_until: float | None) -> None:
    """Raise ProblemError for a validity that ends before it begins."""
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        raise ProblemError(
            INVALID,
            "Let 'valid_until' be later than 'valid_from'.",
            errors=[{"at": "valid_until", "says": "expected a time after 'valid_from'"}],
        )


def _one(store: ResidentStore, identifier: str) -> dict[str, Any]:
    store.resident(identifier)
    return next(resident for resident in described(store) if resident["id"] == identifier)


def _add(store: ResidentStore, given: dict[str, Any], who: str) -> dict[str, Any]:
    check_times(given.get("valid_from"), given.get("valid_until"))
    level = PrivacyLevel(given.pop("level", PrivacyLevel.STANDARD))
    [resident] = store.add_residents([_properties(given)])
    store.choose_level(resident.id, level)
    store.record_act(who, Act.ADDED, resident=resident.id)
    return _one(store, resident.id)


def _change(store: ResidentStore, identifier: str, given: dict[str, Any], who: str) -> dict[str, Any]:
    resident = store.resident(identifier)
    suspended, level = given.pop("suspended", None), given.pop("level", None)
    check_times(given.get("valid_from", resident.valid_from), given.get("valid_until", resident.valid_until))
    if suspended is not None:
        after = store.suspend_resident(identifier) if suspended else store.resume_resident(identifier)
        if after.state is not resident.state:
            store.record_act(who, Act.SUSPENDED if suspended else Act.RESUMED, resident=identifier)
    changed = replace(store.resident(identifier), **_properties(given))
    if "person" in given:  # linked anew, or kept without: both answer what was asked
        changed = replace(changed, person_gone=False, person_name="", person_renamed="")
    elif "name" in given and resident.person_renamed:
        changed = replace(changed, person_name=resident.person_renamed, person_renamed="")
    if changed != store.resident(identifier):
        store.update_resident(changed)
        store.record_act(who, Act.CHANGED, resident=identifier)
    if level is not None and PrivacyLevel(level) is not resident.level:
        store.choose_level(identifier, PrivacyLevel(level))
        store.record_act(who, Act.LEVEL_CHANGED, resident=identifier)
    return _one(store, identifier)


def _properties(given: dict[str, Any]) -> dict[str, Any]:
    sets = {name: frozenset(given[name]) for name in ("gates", "groups") if name in given}
    return given | sets


def _properties_of(resident: Resident) -> dict[str, Any]:
    return {
        "id": resident.id,
        "name": resident.name,
        "person": resident.person,
        "valid_from": resident.valid_from,
        "valid_until": resident.valid_until,
        "gates": sorted(resident.gates),
        "flat": resident.flat,
        "groups": sorted(resident.groups),
        "level": str(resident.level),
        "minor": resident.minor,
        "residence_seen": resident.residence_seen,
        "person_gone": resident.person_gone,
        "person_renamed": resident.person_renamed,
    }


_ONE: Final = "/residents/{resident}"
# fmt: off
OPERATIONS: Final = (
    Operation(
        hdrs.METH_GET, "/residents", Scope.PERSONS, list_residents, "The residents", schemas.RESIDENTS_ANSWER
    ),
    Operation(
        hdrs.METH_POST, "/residents", Scope.MANAGE, add_resident, "Add a resident", schemas.RESIDENT_ANSWER,
        schemas.NEW_RESIDENT, 201,
    ),
    Operation(
        hdrs.METH_GET, _ONE, Scope.PERSONS, read_resident, "One resident", schemas.RESIDENT_ANSWER,
        problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_PATCH, _ONE, Scope.MANAGE, change_resident, "Change a resident", schemas.RESIDENT_ANSWER,
        schemas.RESIDENT_CHANGE, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_DELETE, _ONE, Scope.MANAGE, erase_resident, "Erase a resident for good", None, status=204,
        problems=(NOT_FOUND,),
    ),
)
# fmt: on
