"""Somebody asks to be recognised: who they are, what they agreed to, what their pictures are worth, and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from facegate.adapters.store import Store
from facegate.core.audit import Act
from facegate.core.consent import Channel, Purpose
from facegate.core.models import Resident
from facegate.residents.consents import Consents, Given
from facegate.residents.enrolment import EnrolmentReport, Picture, examine, keep
from facegate.residents.notices import Notice
from facegate.vision import Models


class ApplicationError(Exception):
    """It cannot be said who is meant; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Application:
    """``name`` of somebody new, or the name or id of a resident. ``channel``: how they agreed to ``notice``."""

    name: str
    pictures: tuple[Picture, ...]
    notice: Notice
    channel: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """The report, and the resident it made or found; ``None`` where no picture of somebody new could be used."""

    report: EnrolmentReport
    resident: Resident | None


def admit(store: Store, models: Models, application: Application) -> Admitted:
    """Enrol from good pictures, making the resident if need be. Raises ApplicationError, StoreError.

    The operator has vouched for the consent before this is called; it is recorded with the first template, and
    somebody of whom nothing is stored leaves no record.
    """
    resident = named(store.residents(), application.name)
    consents = Consents(store)
    given = _given(consents, application)
    own = resident.id if resident else None
    report = examine(models, application.pictures, store.templates(), own, store.site_rule().thresholds)
    if not report.accepted:
        return Admitted(report, resident)
    resident = resident or store.add_resident(application.name)
    if application.person is not None:
        store.update_resident(replace(resident, person=application.person))
    consent = consents.record(given.channel, resident.id, given)
    report = keep(store, resident, report, consent.id)
    store.record_act(given.channel, Act.ENROLLED, resident=resident.id)
    return Admitted(report, store.resident(resident.id))


def _given(consents: Consents, application: Application) -> Given:
    """What was agreed to, with how that is known; raises ApplicationError where it was another text than holds."""
    word, _, remark = application.channel.partition(": ")
    known = word in set(Channel)
    channel, remark = (Channel(word), remark) if known else (Channel.COMMAND_LINE, application.channel)
    notice = consents.notice(Purpose.FACE_AT_GATES, application.notice.language)
    if notice.hash != application.notice.hash and not remark:
        raise ApplicationError(
            "The notice of this house has other words than the one that was shown here: show the one on the panel's "
            "page Notices, and say with --consent how the resident agreed to it."
        )
    return Given(Purpose.FACE_AT_GATES, notice.hash, notice.language, channel, remark=remark)


def named(residents: Sequence[Resident], name: str) -> Resident | None:
    """The resident with this id or name. Raises ApplicationError when several have the name."""
    found = [resident for resident in residents if name in {resident.id, resident.name}]
    if len(found) > 1:
        raise ApplicationError(
            f"{len(found)} residents are called {name}: say which by the id that 'facegate residents' shows."
        )
    return found[0] if found else None


def describe(admitted: Admitted, residents: Sequence[Resident]) -> dict[str, Any]:
    """The answer in plain values, with names instead of ids of others: for the API and the command line."""
    names = {resident.id: resident.name for resident in residents}
    report = admitted.report
    return {
        "resident": admitted.resident.id if admitted.resident else None,
        "accepted": report.accepted,
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
        "alike": [
            {"name": names.get(alike.resident, alike.resident), "score": round(alike.score, 3)}
            for alike in report.alike
        ],
    }
