"""What requests about passes may hold, and what their answers do."""

from typing import Any, Final

import voluptuous as vol

from facegate.adapters.store.passes import LABEL_MOST
from facegate.contract.messages import DIRECTIONS, REASONS
from facegate.core.passes import TEXT_MAX
from facegate.web.shapes import GATE, IDENTIFIER, Items, Number, Text

STATES: Final = ("good", "later", "over", "used", "revoked")
_LATEST: Final = 4_102_444_800  # Unix seconds of the year 2100: beyond it is a mistake, such as milliseconds
_MOST_USES: Final = 10_000
_LONGEST_PASSBACK: Final = 86_400
_MOST_GATES: Final = 100
_BOUNDS: dict[Any, Any] = {
    vol.Optional("label", description="Whose it is, for whoever manages them; sealed."): Text(0, LABEL_MOST),
    vol.Optional("gates", description="None: every gate."): Items(GATE, most=_MOST_GATES),
    vol.Optional("valid_from", description="Unix seconds; null for no limit."): vol.Any(Number(0, _LATEST), None),
    vol.Optional("uses", description="How often it opens; null without limit."): vol.Any(
        Number(1, _MOST_USES, whole=True), None
    ),
    vol.Optional("passback", description="Seconds in which it does not open twice in the same direction."): Number(
        0, _LONGEST_PASSBACK
    ),
}
NEW_PASS: Final = vol.Schema(
    {
        **_BOUNDS,
        vol.Optional("valid_until", description="Unix seconds; null for no limit."): vol.Any(Number(0, _LATEST), None),
    }
)
NEW_GUEST: Final = vol.Schema(
    {
        **_BOUNDS,
        vol.Required("valid_until", description="Unix seconds: a guest leaves."): Number(0, _LATEST),
        vol.Optional("resident", description="Who vouches for the guest; the house where left out."): IDENTIFIER,
    }
)
_PASS: dict[Any, Any] = {
    vol.Required("id"): str,
    vol.Required("kind", description="rotating: on a phone; fixed: on paper or sent."): vol.In(["rotating", "fixed"]),
    vol.Required("state"): vol.In(list(STATES)),
    vol.Required("guest"): bool,
    vol.Required("resident", description="Whose it is, or who vouches; empty where the house does."): str,
    vol.Required("label"): str,
    vol.Required("gates"): [str],
    vol.Required("created_at"): vol.Any(int, float),
    vol.Required("valid_from"): vol.Any(int, float, None),
    vol.Required("valid_until"): vol.Any(int, float, None),
    vol.Required("uses", description="How often it still opens; null without limit."): vol.Any(int, None),
    vol.Required("passback"): vol.Any(int, float),
}
PASSES: Final = vol.Schema([_PASS])
PASS_MADE: Final = vol.Schema(
    {
        **_PASS,
        vol.Required("text", description="What stands in the code; it is told this once."): str,
        vol.Required("qr", description="The same as a QR code: an SVG picture."): str,
    }
)
CHECK: Final = vol.Schema(
    {
        vol.Required("text", description="What was read from the code."): Text(1, TEXT_MAX),
        vol.Required("gate"): GATE,
        vol.Optional("direction"): vol.In(list(DIRECTIONS)),
    }
)
CHECKED: Final = vol.Schema(
    {
        vol.Required("good", description="Whether it would open now; it was not used by that."): bool,
        vol.Required("reason"): vol.In(list(REASONS)),
    }
)
