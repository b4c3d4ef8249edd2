"""What requests about cards and PINs may hold, and what their answers do."""

from typing import Any, Final

import voluptuous as vol

from facegate.contract.messages import DIRECTIONS
from facegate.contract.verbs import LEARN_MAX_S
from facegate.core.credentials import PIN_MOST, WINDOWS_MOST, CredentialKind
from facegate.web.shapes import GATE, IDENTIFIER, Items, Number, Text

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LESSON_STATES: Final = ("waiting", "learned", "taken", "ended", "failed")

_LATEST: Final = 4_102_444_800  # Unix seconds of the year 2100: beyond it is a mistake, such as milliseconds
_TIME = vol.Any(Number(0, _LATEST), None)
_CLOCK = vol.All(str, vol.Match(r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z", msg="expected hours and minutes"))
_WINDOW = vol.Schema(
    {
        vol.Required("days", description="On which it begins."): Items(vol.In(list(DAYS)), least=1, most=len(DAYS)),
        vol.Required("first", description="Local time, such as 08:00."): _CLOCK,
        vol.Required("last", description="Not inside any more; before 'first' it runs through midnight."): _CLOCK,
    }
)
_VALIDITY: dict[Any, Any] = {
    vol.Optional("valid_from", description="Unix seconds; null for no limit."): _TIME,
    vol.Optional("valid_until", description="Unix seconds; null for no limit."): _TIME,
    vol.Optional("windows", description="Times of the week; none for any time."): Items(_WINDOW, most=WINDOWS_MOST),
}
NEW_CREDENTIAL = vol.Schema(
    {
        vol.Required("kind"): vol.In(list(map(str, CredentialKind))),
        vol.Optional("number", description="Of a card: the long number printed on it, or its bytes in hex."): Text(
            1, 40
        ),
        vol.Optional("pin", description="Digits; left out, FaceGate makes one and shows it this once."): Text(
            1, PIN_MOST
        ),
        **_VALIDITY,
    }
)
CREDENTIAL_CHANGE = vol.Schema(_VALIDITY)
_CREDENTIAL: dict[Any, Any] = {
    vol.Required("id"): str,
    vol.Required("kind"): vol.In(list(map(str, CredentialKind))),
    vol.Required("created_at"): vol.Any(int, float),
    vol.Required("hint", description="The last four hex digits of a card whose number was typed."): str,
    vol.Required("learned_at", description="The one gate that a learned card is good for; empty for all."): str,
    vol.Required("valid_from"): vol.Any(int, float, None),
    vol.Required("valid_until"): vol.Any(int, float, None),
    vol.Required("windows"): [{vol.Required("days"): [str], vol.Required("first"): str, vol.Required("last"): str}],
}
CREDENTIAL_ANSWER = vol.Schema(_CREDENTIAL)
CREDENTIALS_ANSWER = vol.Schema([_CREDENTIAL])
CREDENTIAL_MADE = vol.Schema(
    {**_CREDENTIAL, vol.Optional("pin", description="A PIN that FaceGate has made; never shown again."): str}
)

NEW_LESSON = vol.Schema(
    {
        vol.Required("resident", description="Whose card it will be."): IDENTIFIER,
        vol.Optional("direction", description="The side of the gate on which the reader is."): vol.In(list(DIRECTIONS)),
        vol.Optional("seconds", description="How long the reader waits for the card."): Number(
            1, LEARN_MAX_S, whole=True
        ),
        **_VALIDITY,
    }
)
LESSON = vol.Schema(
    {
        vol.Required("id"): str,
        vol.Required("gate"): GATE,
        vol.Required("direction"): vol.In(list(DIRECTIONS)),
        vol.Required("resident"): str,
        vol.Required("state", description="taken: the card is somebody's already; ended: none came."): vol.In(
            list(LESSON_STATES)
        ),
        vol.Required("credential", description="The new card's id, once it is learned."): str,
        vol.Required("detail"): str,
    }
)
