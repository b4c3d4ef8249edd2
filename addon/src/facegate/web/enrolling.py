"""Enrolling over the API: before a gate's camera, from pictures that were handed in, and by invitations."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import hdrs

from facegate.core.audit import Act
from facegate.core.links import INVITATION_SECONDS, LinkKind
from facegate.residents.consents import NoticeError
from facegate.residents.enrolling import EnrolmentError, Session
from facegate.residents.enrolment import Alike, Picture
from facegate.web import enrolling_schemas as schemas
from facegate.web.call import Answer, Call
from facegate.web.consents import read_given
from facegate.web.links import qr
from facegate.web.operation import Operation
from facegate.web.problems import CONSENT_REFUSED, ENROLMENT_REFUSED, NOT_FOUND, ProblemError
from facegate.web.residents import actor
from facegate.web.services import Services
from facegate.web.tokens import Scope


async def begin_standing(call: Call) -> Answer:
    """Look through a gate's camera at a resident who stands there and has agreed to be recognised."""
    enrolling, body = call.services.enrolling, call.body
    try:
        session = await enrolling.begin(actor(call), body["resident"], body["camera"], read_given(body))
    except (NoticeError, EnrolmentError) as error:
        raise refused(error) from error
    return Answer(await _described(call, session))


async def read_standing(call: Call) -> Answer:
    """Say how an enrolment before a camera stands, with what the person sees of themselves while it runs."""
    return Answer(await _described(call, call.services.enrolling.session(call.given["standing"])))


async def end_standing(call: Call) -> Answer:
    """End an enrolment; nothing of one that is not done is kept."""
    await call.services.enrolling.cancel(call.given["standing"])
    return Answer()


async def upload_pictures(call: Call) -> Answer:
    """Enrol from pictures that were handed in with a consent on paper; no picture is kept, nor ever in a file."""
    pictures = [Picture(name, content) for name, content in call.body["pictures"]]
    if not pictures:
        raise ProblemError(ENROLMENT_REFUSED, "Choose at least one picture.")
    try:
        report, kept = await call.services.enrolling.upload(
            actor(call), call.given["resident"], read_given(call.body), pictures
        )
    except (NoticeError, EnrolmentError) as error:
        raise refused(error) from error
    names = await asyncio.to_thread(_names, call.services)
    return Answer(
        {
            "accepted": report.accepted,
            "share": qr(kept.share) if kept.share else "",
            "pictures": [
                {
                    "name": picture.name,
                    "refused": [str(fault) for fault in picture.refused],
                    "hints": [str(fault) for fault in picture.hints],
                    "detail": picture.detail,
                }
                for picture in report.pictures
            ],
            "duplicate": names.get(report.duplicate, report.duplicate) if report.duplicate else None,
            "alike": _alike(report.alike, names),
        }
    )


async def make_invitations(call: Call) -> Answer:
    """Make an invitation for each of these residents; those they had before and have not opened are void."""
    wanted = list(dict.fromkeys(call.body["residents"]))
    return Answer(await asyncio.to_thread(_invite, call.services, wanted, actor(call)))


def refused(error: NoticeError | EnrolmentError) -> ProblemError:
    """The problem that a refusal is."""
    return ProblemError(CONSENT_REFUSED if isinstance(error, NoticeError) else ENROLMENT_REFUSED, str(error))


def _invite(services: Services, wanted: Sequence[str], who: str) -> dict[str, Any]:
    store = services.store
    residents = [store.resident(identifier) for identifier in wanted]  # all are there, or nobody is invited
    made = []
    for resident in sorted(residents, key=lambda one: (one.flat.casefold(), one.name.casefold())):
        link = services.links.make(resident.id, LinkKind.INVITATION)
        store.record_act(who, Act.INVITED, resident=resident.id)
        shown = {"resident": resident.id, "name": resident.name, "flat": resident.flat}
        made.append({**shown, "url": link.url, "qr": qr(link.url)})
    return {"expires_at": int(time.time() + INVITATION_SECONDS), "invitations": made}


async def _described(call: Call, session: Session) -> dict[str, Any]:
    enrolling, standing = call.services.enrolling, session.standing
    names = await asyncio.to_thread(_names, call.services) if standing.alike or standing.duplicate else {}
    return {
        "id": session.id,
        "stage": str(standing.stage),
        "left": round(enrolling.left(session), 1),
        "wanted": enrolling.wanted(session),
        "views": [str(view) for view in standing.collection.views],
        "says": [str(reason) for reason in standing.collection.last.says],
        "kept": standing.collection.last.kept,
        "picture": b64encode(session.preview).decode(),
        "stored": standing.stored,
        "recognised": standing.recognised,
        "share": qr(session.share) if session.share else "",
        "duplicate": names.get(standing.duplicate, standing.duplicate) if standing.duplicate else None,
        "alike": _alike(standing.alike, names),
    }


def _alike(found: Sequence[Alike], names: dict[str, str]) -> list[dict[str, Any]]:
    return [{"name": names.get(one.resident, one.resident), "score": round(one.score, 3)} for one in found]


def _names(services: Services) -> dict[str, str]:
    return {resident.id: resident.name for resident in services.store.residents()}


# fmt: off
OPERATIONS: Final = (
    Operation(
        hdrs.METH_POST, "/standings", Scope.OWNER, begin_standing, "Enrol somebody before a gate's camera",
        schemas.STANDING, schemas.NEW_STANDING, 201, problems=(NOT_FOUND, CONSENT_REFUSED, ENROLMENT_REFUSED),
    ),
    Operation(
        hdrs.METH_GET, "/standings/{standing}", Scope.OWNER, read_standing, "How that stands", schemas.STANDING,
        problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_DELETE, "/standings/{standing}", Scope.OWNER, end_standing, "End that", None, status=204,
    ),
    Operation(
        hdrs.METH_POST, "/residents/{resident}/pictures", Scope.OWNER, upload_pictures,
        "Enrol from pictures that were handed in", schemas.UPLOADED, schemas.UPLOAD,
        problems=(NOT_FOUND, CONSENT_REFUSED, ENROLMENT_REFUSED), pictures=True, in_turn=False,
    ),
    Operation(
        hdrs.METH_POST, "/invitations", Scope.OWNER, make_invitations, "Invite residents to enrol by themselves",
        schemas.INVITED, schemas.INVITE, 201, problems=(NOT_FOUND,),
    ),
)
# fmt: on
