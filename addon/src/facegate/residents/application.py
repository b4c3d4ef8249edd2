"""Somebody asks to be recognised: who they are, what they agreed to, what their pictures are worth, and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from facegate.adapters.store import Store
from facegate.core.models import Resident
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
    own = resident.id if resident else None
    report = examine(models, application.pictures, store.templates(), own, store.site_rule().thresholds)
    if not report.accepted:
        return Admitted(report, resident)
    resident = resident or store.add_resident(application.name)
    if application.person is not None:
        store.update_resident(replace(resident, person=application.person))
    notice = application.notice
    consent = store.add_consent(resident.id, notice=notice.hash, language=notice.language, channel=application.channel)
    report = keep(store, resident, report, consent.id)
    return Admitted(report, store.resident(resident.id))


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
