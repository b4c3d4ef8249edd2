"""Actions about people: a guest's pass, an invitation, and pausing a resident's access.

What an action is given and answers, Home Assistant keeps: in an automation's traces, and in the recorder's events for
what it is given. So answers hold no more than what the action is for, and no error repeats whom it was about.
"""

import base64
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import probatio
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import FaceGateConfigEntry
from .errors import FaceGateError, RefusedError, ThrottledError, UnauthorizedError, UnreachableError
from .targets import find_gate, find_recognizer

CREATE_PASS: Final = "create_pass"  # noqa: S105  # an action, no password
INVITE_RESIDENT: Final = "invite_resident"
SUSPEND_RESIDENT: Final = "suspend_resident"
RESUME_RESIDENT: Final = "resume_resident"

ATTR_PERSON: Final = "person"
ATTR_LABEL: Final = "label"
ATTR_VALID_FROM: Final = "valid_from"
ATTR_VALID_UNTIL: Final = "valid_until"
ATTR_DURATION: Final = "duration"
ATTR_USES: Final = "uses"

DAY: Final = timedelta(days=1)
LONGEST: Final = timedelta(days=31)
"""How far ahead a pass may end that is made from here; the recognizer says so too."""
MOST_USES: Final = 10_000
LABEL_MOST: Final = 60  # characters, as the recognizer takes them

OF_PERSONS: Final = {
    "not_found": "no_resident",
    "exists": "several_residents",
    "not_now": "not_as_it_stands",
    "forbidden": "pair_again",
}
OF_PASSES: Final = {"not_found": "no_gate", "forbidden": "pair_again", "invalid": "pass_refused"}
"""By the recognizer's problem, the sentence for whoever asked."""
FAULTS: Final[Mapping[type[FaceGateError], str]] = {
    UnauthorizedError: "unauthorized",
    UnreachableError: "unreachable",
    ThrottledError: "too_often",
}

_RECOGNIZER: Final = {probatio.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
_PERSON: Final = probatio.Schema({probatio.Required(ATTR_PERSON): cv.entity_domain("person"), **_RECOGNIZER})
_PASS: Final = probatio.Schema(
    {
        probatio.Optional(ATTR_DEVICE_ID, default=list): probatio.All(cv.ensure_list, [cv.string]),
        probatio.Optional(ATTR_LABEL, default=""): probatio.All(cv.string, probatio.Length(max=LABEL_MOST)),
        probatio.Optional(ATTR_VALID_FROM): cv.datetime,
        probatio.Exclusive(ATTR_VALID_UNTIL, "end"): cv.datetime,
        probatio.Exclusive(ATTR_DURATION, "end"): cv.positive_time_period,
        probatio.Optional(ATTR_USES): probatio.All(probatio.Coerce(int), probatio.Range(min=1, max=MOST_USES)),
        **_RECOGNIZER,
    }
)


@callback
def async_setup_person_actions(hass: HomeAssistant) -> None:
    """Offer the actions to administrators, and to whatever automations they have made."""
    for action, act, schema, answers in (
        (CREATE_PASS, _create_pass, _PASS, SupportsResponse.ONLY),
        (INVITE_RESIDENT, _invite_resident, _PERSON, SupportsResponse.ONLY),
        (SUSPEND_RESIDENT, _suspend_resident, _PERSON, SupportsResponse.NONE),
        (RESUME_RESIDENT, _resume_resident, _PERSON, SupportsResponse.NONE),
    ):
        async_register_admin_service(hass, DOMAIN, action, act, schema, answers)


async def _create_pass(call: ServiceCall) -> ServiceResponse:
    entry, gates = _gates(call)
    begins, ends = _times(call)
    label = " ".join(call.data[ATTR_LABEL].split())
    wish = entry.runtime_data.client.people.make_pass(
        gates=gates, label=label, begins=begins, ends=ends, uses=call.data.get(ATTR_USES)
    )
    made = await _asked(call, entry, wish, OF_PASSES)
    return {"code": made.code, "qr": _picture(made.qr), **_written(valid_from=begins, valid_until=ends)}


async def _invite_resident(call: ServiceCall) -> ServiceResponse:
    entry = find_recognizer(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    wish = entry.runtime_data.client.people.invite(call.data[ATTR_PERSON])
    made = await _asked(call, entry, wish, OF_PERSONS)
    ends = datetime.fromtimestamp(made.expires_at, UTC)
    return {"url": made.url, "qr": _picture(made.qr), **_written(valid_until=ends)}


async def _suspend_resident(call: ServiceCall) -> None:
    await _suspend(call, suspended=True)


async def _resume_resident(call: ServiceCall) -> None:
    await _suspend(call, suspended=False)


async def _suspend(call: ServiceCall, *, suspended: bool) -> None:
    entry = find_recognizer(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    wish = entry.runtime_data.client.people.suspend(call.data[ATTR_PERSON], suspended=suspended)
    await _asked(call, entry, wish, OF_PERSONS)


def _gates(call: ServiceCall) -> tuple[FaceGateConfigEntry, list[str]]:
    """The recognizer and its gates that a pass is for; none of them named means all. Raises ServiceValidationError."""
    found = [find_gate(call.hass, device) for device in call.data[ATTR_DEVICE_ID]]
    entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID)
    entries = {entry.entry_id for entry, _ in found} | ({entry_id} if entry_id else set())
    if len(entries) > 1:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="which_recognizer")
    return find_recognizer(call.hass, next(iter(entries), None)), sorted({gate.id for _, gate in found})


def _times(call: ServiceCall) -> tuple[datetime, datetime]:
    """From when until when a pass is good. Raises ServiceValidationError."""
    now = dt_util.utcnow()
    given: datetime | None = call.data.get(ATTR_VALID_FROM)
    begins = now if given is None else dt_util.as_utc(given)
    end: datetime | None = call.data.get(ATTR_VALID_UNTIL)
    ends = begins + call.data.get(ATTR_DURATION, DAY) if end is None else dt_util.as_utc(end)
    if not max(begins, now) < ends <= now + LONGEST:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="pass_times",
            translation_placeholders={"days": str(LONGEST.days)},
        )
    return begins, ends


async def _asked[T](
    call: ServiceCall, entry: FaceGateConfigEntry, wish: Awaitable[T], refusals: Mapping[str, str]
) -> T:
    """Return what the recognizer answers. Raises HomeAssistantError."""
    try:
        return await wish
    except RefusedError as error:
        if error.problem == "forbidden":
            entry.async_start_reauth(call.hass)
        sentence = refusals.get(error.problem, "refused")
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key=sentence) from error
    except FaceGateError as error:
        sentence = FAULTS.get(type(error), "unexpected_answer")
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key=sentence) from error


def _picture(svg: str) -> str:
    """An SVG picture as an address that holds it, for whatever shows pictures."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _written(**times: datetime) -> dict[str, str]:
    """Times as people at this place write them, to the second."""
    return {name: dt_util.as_local(at).isoformat(timespec="seconds") for name, at in times.items()}
