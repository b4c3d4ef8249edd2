"""Notices and consents over the API: what people are told, what they said, and taking that back."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import hdrs

from facegate.core.consent import LANGUAGES, Channel, Guardian, Notice, Purpose, Relation, Standing, current
from facegate.core.models import Resident
from facegate.residents.consents import Given, NoticeError
from facegate.web import consent_schemas as schemas
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import CONSENT_REFUSED, NOT_FOUND, ProblemError
from facegate.web.residents import actor
from facegate.web.services import Services
from facegate.web.tokens import Scope


async def list_notices(call: Call) -> Answer:
    """List every version of every notice, and say which ones hold."""
    return Answer(described(await asyncio.to_thread(call.services.consents.notices)))


async def change_notice(call: Call) -> Answer:
    """Put other words in the place of a notice; what was agreed to before keeps the words it was agreed to in."""
    purpose, texts = Purpose(call.given["purpose"]), {language: call.body[language] for language in LANGUAGES}
    consents, new_meaning = call.services.consents, call.body["new_meaning"]
    try:
        await asyncio.to_thread(lambda: consents.change(actor(call), purpose, texts, new_meaning=new_meaning))
    except NoticeError as error:
        raise ProblemError(CONSENT_REFUSED, str(error)) from error
    return Answer(described(await asyncio.to_thread(consents.notices)))


async def list_consents(call: Call) -> Answer:
    """Say how a resident stands to each purpose."""
    return Answer(await asyncio.to_thread(_of, call.services, call.given["resident"]))


async def add_consent(call: Call) -> Answer:
    """Record that a resident, or a guardian for them, has agreed to the notice that holds."""
    resident, given = call.given["resident"], read_given(call.body, Purpose(call.body["purpose"]))
    try:
        await asyncio.to_thread(call.services.consents.record, actor(call), resident, given)
    except NoticeError as error:
        raise ProblemError(CONSENT_REFUSED, str(error)) from error
    return Answer(await asyncio.to_thread(_of, call.services, resident))


async def withdraw_consent(call: Call) -> Answer:
    """Take a resident's consent back: what rests on it is gone at once, and so it is at the gates."""
    resident, purpose = call.given["resident"], Purpose(call.given["purpose"])
    await asyncio.to_thread(call.services.consents.withdraw, actor(call), resident, purpose)
    await call.services.changed()
    return Answer(await asyncio.to_thread(_of, call.services, resident))


def read_given(body: Mapping[str, Any], purpose: Purpose = Purpose.FACE_AT_GATES) -> Given:
    """Return a yes as it was sent."""
    guardian = body.get("guardian")
    return Given(
        purpose,
        body["notice"],
        body["language"],
        Channel(body["channel"]),
        Guardian(guardian["name"], Relation(guardian["relation"])) if guardian else None,
        body.get("remark", ""),
    )


def described(notices: Sequence[Notice]) -> list[dict[str, Any]]:
    """All notices, the newest first, with whether each holds."""
    return [
        {
            "purpose": str(notice.purpose),
            "language": notice.language,
            "version": notice.version,
            "meaning": notice.meaning,
            "hash": notice.hash,
            "text": notice.text,
            "holds": current(notices, notice.purpose, notice.language) is notice,
        }
        for notice in sorted(notices, key=lambda notice: (notice.purpose, -notice.version, notice.language))
    ]


def describe_standing(standing: Standing, notices: Sequence[Notice], resident: Resident) -> dict[str, Any]:
    """How a resident stands to one purpose, in plain values."""
    consent = standing.consent
    version = max((n.version for n in notices if consent and n.hash == consent.notice), default=None)
    guardian = consent.guardian if consent else None
    return {
        "purpose": str(standing.purpose),
        "state": str(standing.state),
        "notice": consent.notice if consent else None,
        "version": version,
        "language": consent.language if consent else None,
        "channel": consent.channel if consent else None,
        "at": consent.at if consent else None,
        "until": resident.valid_until if consent else None,
        "withdrawn_at": consent.withdrawn_at if consent else None,
        "guardian": {"name": guardian.name, "relation": str(guardian.relation)} if guardian else None,
        "remark": consent.remark if consent else "",
    }


def _of(services: Services, resident: str) -> list[dict[str, Any]]:
    known, notices = services.store.resident(resident), services.consents.notices()
    return [describe_standing(standing, notices, known) for standing in services.consents.of(known.id)]


# fmt: off
OPERATIONS: Final = (
    Operation(hdrs.METH_GET, "/notices", Scope.READ, list_notices, "What people are told", schemas.NOTICES),
    Operation(
        hdrs.METH_PUT, "/notices/{purpose}", Scope.OWNER, change_notice, "Change what people are told",
        schemas.NOTICES, schemas.NOTICE_CHANGE, problems=(CONSENT_REFUSED,),
    ),
    Operation(
        hdrs.METH_GET, "/residents/{resident}/consents", Scope.OWNER, list_consents, "What a resident has agreed to",
        schemas.STANDINGS, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_POST, "/residents/{resident}/consents", Scope.OWNER, add_consent, "Record a consent",
        schemas.STANDINGS, schemas.NEW_CONSENT, 201, problems=(NOT_FOUND, CONSENT_REFUSED),
    ),
    Operation(
        hdrs.METH_DELETE, "/residents/{resident}/consents/{purpose}", Scope.OWNER, withdraw_consent,
        "Take a consent back", schemas.STANDINGS, problems=(NOT_FOUND,),
    ),
)
# fmt: on
