"""Cards and PINs over the API. No answer holds a number or a PIN, but for one that FaceGate has just made."""

import asyncio
import secrets
from dataclasses import asdict, replace
from typing import Any

from facegate.adapters.store import ExistsError, FullError
from facegate.core.audit import Act
from facegate.core.credentials import Credential, CredentialError, CredentialKind, Window, read_card
from facegate.core.models import Direction
from facegate.credentials.learning import LEARN_SECONDS, Lesson
from facegate.credentials.lists import ListStanding
from facegate.web.call import Answer, Call
from facegate.web.credential_schemas import DAYS
from facegate.web.problems import INVALID, LIST_FULL, NOT_FOUND, NOT_LEARNED, ProblemError
from facegate.web.services import Store
from facegate.web.tokens import too_many


async def list_credentials(call: Call) -> Answer:
    """List the cards and PINs of a resident, without their numbers."""
    found = await asyncio.to_thread(call.services.store.credentials, call.given["resident"])
    return Answer([describe(credential) for credential in found])


async def add_credential(call: Call) -> Answer:
    """Give a resident a card or a PIN; a PIN that FaceGate makes is in the answer, this once."""
    assert call.bearer is not None  # the operation asks for a scope
    failures = call.desk.pin_failures
    if wait := failures.wait(call.bearer.id):
        raise too_many(wait)
    try:
        made = await asyncio.to_thread(_add, call.services.store, call.given["resident"], dict(call.body))
    except ExistsError:
        if call.body["kind"] == CredentialKind.PIN:
            failures.add(call.bearer.id)  # each such answer tells a PIN of somebody
        raise
    await _note(call, Act.CREDENTIAL_GIVEN)
    await call.services.changed()
    return Answer(made, {"Location": f"credentials/{made['id']}"})


async def change_credential(call: Call) -> Answer:
    """Change when a card or a PIN is good."""
    store = call.services.store
    known = await asyncio.to_thread(store.credential, call.given["resident"], call.given["credential"])
    try:
        changed = _valid(known, dict(call.body))
        await asyncio.to_thread(store.update_credential, changed)
    except (CredentialError, FullError) as error:
        raise _problem(error) from error
    await _note(call, Act.CHANGED)
    await call.services.changed()
    return Answer(describe(changed))


async def remove_credential(call: Call) -> Answer:
    """Take a card or a PIN away; the gates that are online refuse it within seconds."""
    await asyncio.to_thread(call.services.store.remove_credential, call.given["resident"], call.given["credential"])
    await _note(call, Act.CREDENTIAL_TAKEN)
    await call.services.changed()
    return Answer()


async def begin_lesson(call: Call) -> Answer:
    """Let the reader of a gate tell of the next card, once: it becomes the resident's, for this gate alone."""
    services, body = call.services, dict(call.body)
    gate = await asyncio.to_thread(services.store.gate, call.given["gate"])
    resident = await asyncio.to_thread(services.store.resident, body.pop("resident"))
    direction = Direction(body.pop("direction", Direction.ENTRY))
    seconds = int(body.pop("seconds", LEARN_SECONDS))
    try:
        wanted = _valid(Credential("", resident.id, CredentialKind.CARD, 0.0), body)
    except CredentialError as error:
        raise _problem(error) from error
    assert call.bearer is not None  # the operation asks for a scope
    lesson = await services.lessons.begin(
        secrets.token_hex(8), wanted, gate.id, direction, seconds, actor=call.bearer.name
    )
    if lesson.state == "failed":
        raise ProblemError(
            NOT_LEARNED,
            f"The gate's node does not wait for a card ({lesson.detail}): see whether it is online and up to date.",
        )
    return Answer(_lesson(lesson))


async def read_lesson(call: Call) -> Answer:
    """Show what became of the last card that the reader of a gate was asked for."""
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    lesson = call.services.lessons.at(gate.id)
    if lesson is None:
        raise ProblemError(NOT_FOUND, "Nobody has asked this gate's reader for a card: do that first.")
    return Answer(_lesson(lesson))


def describe(credential: Credential) -> dict[str, Any]:
    """What may be shown of a card or a PIN."""
    return {
        "id": credential.id,
        "kind": str(credential.kind),
        "created_at": credential.created_at,
        "hint": credential.hint,
        "learned_at": credential.learned_at,
        "valid_from": credential.valid_from,
        "valid_until": credential.valid_until,
        "windows": [
            {"days": [DAYS[day] for day in sorted(w.days)], "first": _clock(w.first), "last": _clock(w.last)}
            for w in credential.windows
        ],
    }


def describe_list(standing: ListStanding) -> dict[str, Any]:
    """How the list of a gate does; its problems stand among those of the gate."""
    shown = asdict(standing)
    del shown["problems"]
    return shown


async def _note(call: Call, act: Act) -> None:
    """Write down what was done about a resident's cards and PINs, never which."""
    assert call.bearer is not None  # every operation here asks for a scope
    await asyncio.to_thread(call.services.store.record_act, call.bearer.name, act, resident=call.given["resident"])


def _add(store: Store, resident: str, given: dict[str, Any]) -> dict[str, Any]:
    kind, number, pin = CredentialKind(given.pop("kind")), given.pop("number", None), given.pop("pin", None)
    wrong = pin if kind is CredentialKind.CARD else number
    if wrong is not None or (kind is CredentialKind.CARD and number is None):
        raise ProblemError(
            INVALID,
            "Send 'number' with a card, and nothing or 'pin' with a PIN; a card is learned with the gate's 'lessons'.",
            errors=[{"at": "kind", "says": "does not fit the rest"}],
        )
    try:
        wanted = _valid(Credential("", resident, kind, 0.0), given)
        if number is not None:
            return describe(store.add_card(wanted, read_card(number)))
        made, digits = store.add_pin(wanted, pin)
    except (CredentialError, FullError) as error:
        raise _problem(error) from error
    return describe(made) | ({} if pin is not None else {"pin": digits})


def _valid(credential: Credential, given: dict[str, Any]) -> Credential:
    """The credential with the validity that is given."""
    if "windows" in given:
        given["windows"] = tuple(
            Window(frozenset(map(DAYS.index, w["days"])), _minutes(w["first"]), _minutes(w["last"]))
            for w in given["windows"]
        )
    changed = replace(credential, **given)
    if changed.valid_from is not None and changed.valid_until is not None and changed.valid_until <= changed.valid_from:
        raise CredentialError("valid_until", "Let 'valid_until' be later than 'valid_from'.")
    return changed


def _problem(error: CredentialError | FullError) -> ProblemError:
    if isinstance(error, FullError):
        return ProblemError(LIST_FULL, str(error))
    return ProblemError(INVALID, str(error), errors=[{"at": error.key, "says": "refused"}])


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _lesson(lesson: Lesson) -> dict[str, Any]:
    return {
        "id": lesson.id,
        "gate": lesson.gate,
        "direction": str(lesson.direction),
        "resident": lesson.wanted.resident,
        "state": lesson.state,
        "credential": lesson.credential,
        "detail": lesson.detail,
    }
