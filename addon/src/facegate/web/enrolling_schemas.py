"""What requests about enrolling hold, and what their answers do."""

from typing import Any, Final

import voluptuous as vol

from facegate.core.quality import Fault
from facegate.residents.collecting import View
from facegate.residents.picture import Refusal
from facegate.residents.standing import Stage
from facegate.web.consent_schemas import GIVEN_MEMBERS
from facegate.web.shapes import IDENTIFIER, Items

_REASON = vol.In([str(reason) for reason in (*Fault, *Refusal)])
_VIEW = vol.In([str(view) for view in View])
_NUMBER = vol.Any(int, float)
MOST_INVITED: Final = 500
_SHARE: Final = "The code of a strict resident, an SVG picture told this once; else empty."

NEW_STANDING: Final = vol.Schema(
    {vol.Required("resident"): IDENTIFIER, vol.Required("camera"): IDENTIFIER, **GIVEN_MEMBERS}
)
_ALIKE: dict[Any, Any] = {vol.Required("name"): str, vol.Required("score"): _NUMBER}
STANDING: Final = vol.Schema(
    {
        vol.Required("id"): str,
        vol.Required("stage"): vol.In([str(stage) for stage in Stage]),
        vol.Required("left", description="Seconds until it times out."): _NUMBER,
        vol.Required("wanted", description="Which way the head should be turned now."): vol.Any(_VIEW, None),
        vol.Required("views", description="What is gathered already."): [_VIEW],
        vol.Required("says", description="What is wrong with the newest picture."): [_REASON],
        vol.Required("kept", description="Whether the newest picture was good and new."): bool,
        vol.Required("picture", description="The newest picture, JPEG as base64; empty for none."): str,
        vol.Required("stored", description="How many templates."): int,
        vol.Required("recognised", description="What the test at this camera said."): vol.Any(bool, None),
        vol.Required("share", description=_SHARE): str,
        vol.Required("duplicate", description="Which other resident has this face already."): vol.Any(str, None),
        vol.Required("alike"): [_ALIKE],
    }
)
UPLOAD: Final = vol.Schema(GIVEN_MEMBERS)
UPLOADED: Final = vol.Schema(
    {
        vol.Required("accepted", description="How many templates were stored."): int,
        vol.Required("pictures"): [
            {
                vol.Required("name"): str,
                vol.Required("refused"): [_REASON],
                vol.Required("hints"): [_REASON],
                vol.Required("detail"): str,
            }
        ],
        vol.Required("share", description=_SHARE): str,
        vol.Required("duplicate"): vol.Any(str, None),
        vol.Required("alike"): [_ALIKE],
    }
)
INVITE: Final = vol.Schema({vol.Required("residents"): Items(IDENTIFIER, least=1, most=MOST_INVITED)})
INVITED: Final = vol.Schema(
    {
        vol.Required("expires_at", description="Unix seconds until which they can be opened."): _NUMBER,
        vol.Required("invitations"): [
            {
                vol.Required("resident"): str,
                vol.Required("name"): str,
                vol.Required("flat"): str,
                vol.Required("url", description="The address that opens it; it is told this once."): str,
                vol.Required("qr", description="The same as a QR code: an SVG picture."): str,
            }
        ],
    }
)
