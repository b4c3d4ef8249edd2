"""What an invitation opens: the choice, the notice, the pictures of oneself, the test. No picture outlives its look."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.core.consent import Channel, Guardian, Purpose, Relation
from facegate.core.models import PrivacyLevel
from facegate.residents.collecting import View
from facegate.residents.consents import Given, NoticeError
from facegate.residents.enrolling import EnrolmentError
from facegate.residents.inviting import MOST_BYTES, Invited, Step
from facegate.residents.reasons import LIVE
from facegate.web.links import qr
from facegate.web.problems import CONSENT_REFUSED, ENROLMENT_REFUSED, INVALID, ProblemError
from facegate.web.resident_pages.page import INVITATION, Page, Post, Visit, read_object

_PICTURES: Final = 150
"""Pictures that one invitation may send in a minute: one after the other was looked at."""
_NAME_MOST: Final = 80


async def _context(visit: Visit) -> Mapping[str, Any]:
    invited = visit.services.inviting.of(visit.link)
    return {
        "resident": visit.resident,
        "choices": _in_turn(visit.link.id),
        "notice": await asyncio.to_thread(visit.services.consents.notice, Purpose.FACE_AT_GATES, visit.language),
        "step": invited.step,
        "secure": visit.secure,
        "relations": list(Relation),
        "views": list(View),
    }


def _in_turn(link: str) -> list[PrivacyLevel]:
    """The choices, each first as often as the others, so that the order speaks for none."""
    levels = list(PrivacyLevel)
    first = int(link, 16) % len(levels)
    return levels[first:] + levels[:first]


async def _choose(visit: Visit, body: bytes) -> Mapping[str, Any]:
    """Take what somebody has chosen, with their yes where there is to be a face."""
    sent = read_object(body)
    try:
        level = PrivacyLevel(str(sent.get("level")))
    except ValueError as error:
        raise ProblemError(INVALID, "Choose one of the three ways.") from error
    given = None if level is PrivacyLevel.NO_FACE else _given(visit, sent)
    if given is not None and not visit.secure:
        raise ProblemError(ENROLMENT_REFUSED, "Faces travel by HTTPS only: enrol at the gate.")
    try:
        return _described(await visit.services.inviting.choose(visit.link, level, given))
    except (NoticeError, EnrolmentError) as error:
        raise _refused(error) from error


async def _picture(visit: Visit, body: bytes) -> Mapping[str, Any]:
    """Look at one picture and say what is wrong with it, or which one is wanted next."""
    if not visit.secure:
        raise ProblemError(ENROLMENT_REFUSED, "Faces travel by HTTPS only: enrol at the gate.")
    try:
        invited, offered, wanted = await visit.services.inviting.picture(visit.link, body)
    except (NoticeError, EnrolmentError) as error:
        raise _refused(error) from error
    texts = LIVE[visit.language]
    says = texts[offered.says[0]] if offered.says else ""
    return {**_described(invited), "kept": offered.kept, "says": says, "wanted": str(wanted) if wanted else ""}


async def _end(visit: Visit, _: bytes) -> Mapping[str, Any]:
    """End the invitation, and hand over what its resident goes on with."""
    invited = visit.services.inviting.of(visit.link)
    share = invited.share
    try:
        made = await visit.services.inviting.end(visit.link)
    except EnrolmentError as error:
        raise _refused(error) from error
    return {
        "url": made.url if made else "",
        "share": qr(share) if share else "",
        "recognised": invited.recognised,
        "refused": invited.step is Step.REFUSED,
    }


def _described(invited: Invited) -> dict[str, Any]:
    views = [str(view) for view in dict.fromkeys(invited.collection.views)]
    return {"step": str(invited.step), "level": str(invited.level), "views": views}


def _given(visit: Visit, sent: Mapping[str, Any]) -> Given:
    guardian = None
    if visit.resident.minor:
        name, relation = sent.get("guardian"), sent.get("relation")
        if not isinstance(name, str) or not name.strip().isprintable() or not 0 < len(name.strip()) <= _NAME_MOST:
            raise ProblemError(INVALID, "Say the name of the guardian.")
        if relation not in list(Relation):
            raise ProblemError(INVALID, "Say what the guardian is to the child.")
        guardian = Guardian(name.strip(), Relation(relation))
    return Given(Purpose.FACE_AT_GATES, str(sent.get("notice")), visit.language, Channel.PHONE, guardian)


def _refused(error: NoticeError | EnrolmentError) -> ProblemError:
    return ProblemError(CONSENT_REFUSED if isinstance(error, NoticeError) else ENROLMENT_REFUSED, str(error))


PAGES: Final = (Page("invitation", "invitation", _context, INVITATION, camera=True),)
POSTS: Final = (
    Post("invitation-choice", _choose, INVITATION),
    Post("invitation-picture", _picture, INVITATION, most=MOST_BYTES, json=False, a_minute=_PICTURES),
    Post("invitation-end", _end, INVITATION),
)
