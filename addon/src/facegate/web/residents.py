"""Residents over the API."""

import asyncio
from dataclasses import replace
from typing import Any

from facegate.core.models import Resident, ResidentState
from facegate.web.call import Answer, Call
from facegate.web.problems import INVALID, ProblemError
from facegate.web.services import Store


async def list_residents(call: Call) -> Answer:
    """List the residents."""
    return Answer([_describe(resident) for resident in await asyncio.to_thread(call.services.store.residents)])


async def read_resident(call: Call) -> Answer:
    """Show one resident."""
    return Answer(_describe(await asyncio.to_thread(call.services.store.resident, call.given["resident"])))


async def add_resident(call: Call) -> Answer:
    """Add a resident, who is let in by face once their face is enrolled."""
    resident = await asyncio.to_thread(_add, call.services.store, dict(call.body))
    await call.services.changed()
    return Answer(_describe(resident), {"Location": f"residents/{resident.id}"})


async def change_resident(call: Call) -> Answer:
    """Change what is given."""
    resident = await asyncio.to_thread(_change, call.services.store, call.given["resident"], dict(call.body))
    await call.services.changed()
    return Answer(_describe(resident))


async def erase_resident(call: Call) -> Answer:
    """Erase a resident for good: the key is destroyed, and no copy of the database can be read for them again."""
    await asyncio.to_thread(call.services.store.erase_resident, call.given["resident"])
    await call.services.changed()
    return Answer()


def _add(store: Store, given: dict[str, Any]) -> Resident:
    _check_times(given.get("valid_from"), given.get("valid_until"))
    resident = store.add_resident(given.pop("name"), given.pop("person", None))
    if not given:
        return resident
    complete = replace(resident, **_properties(given))
    store.update_resident(complete)
    return complete


def _change(store: Store, identifier: str, given: dict[str, Any]) -> Resident:
    resident = store.resident(identifier)
    suspended = given.pop("suspended", None)
    changed = replace(resident, **_properties(given))
    _check_times(changed.valid_from, changed.valid_until)
    if suspended is not None:
        changed = replace(changed, state=_state(store, resident, suspended=suspended))
    store.update_resident(changed)
    return changed


def _properties(given: dict[str, Any]) -> dict[str, Any]:
    return given | ({"gates": frozenset(given["gates"])} if "gates" in given else {})


def _check_times(valid_from: float | None, valid_until: float | None) -> None:
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        raise ProblemError(
            INVALID,
            "Let 'valid_until' be later than 'valid_from'.",
            errors=[{"at": "valid_until", "says": "expected a time after 'valid_from'"}],
        )


def _state(store: Store, resident: Resident, *, suspended: bool) -> ResidentState:
    if suspended is (resident.state is ResidentState.SUSPENDED):
        return resident.state
    if not suspended:
        enrolled = any(template.resident == resident.id for template in store.templates())
        return ResidentState.ENROLLED if enrolled else ResidentState.INVITED
    if resident.state in {ResidentState.INVITED, ResidentState.ENROLLED}:
        return ResidentState.SUSPENDED
    raise ProblemError(
        INVALID,
        f"A resident who is {resident.state} has no access to suspend.",
        errors=[{"at": "suspended", "says": f"not possible while {resident.state}"}],
    )


def _describe(resident: Resident) -> dict[str, Any]:
    return {
        "id": resident.id,
        "name": resident.name,
        "person": resident.person,
        "state": str(resident.state),
        "valid_from": resident.valid_from,
        "valid_until": resident.valid_until,
        "gates": sorted(resident.gates),
    }
