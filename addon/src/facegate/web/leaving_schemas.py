"""What requests about residents who leave may hold, and what their answers do hold."""

from typing import Any, Final

import voluptuous as vol

from facegate.core.certificate import LIMITS
from facegate.core.leaving import Cause
from facegate.web.shapes import HEX32, HEX64, HEX128, IDENTIFIER, Items, Number

_CAUSE = vol.In(list(map(str, Cause)))
_TIME = Number(0, 2**40, whole=True)
_SECONDS = vol.Any(int, float)
LEAVING = vol.Schema(
    {
        vol.Required("doubted", description="Whether nobody is erased for now, because the clock is doubted."): bool,
        vol.Required("leaving"): [
            vol.Schema(
                {
                    vol.Required("resident"): str,
                    vol.Required("cause"): _CAUSE,
                    vol.Required(
                        "since", description="When their time ended, or the month of the last passage."
                    ): _SECONDS,
                    vol.Required("due", description="When they are erased; Unix seconds."): _SECONDS,
                }
            )
        ],
    }
)
ERASE: Final = vol.Schema(
    {vol.Required("cause"): vol.In([str(Cause.HOUSE), str(Cause.RESIDENT), str(Cause.PERSON_REMOVED)])}
)
_CERTIFICATE: dict[Any, Any] = {
    vol.Required("installation"): HEX32,
    vol.Required("resident", description="The random id, which leads to nobody any more."): IDENTIFIER,
    vol.Required("cause"): _CAUSE,
    vol.Required("asked_at", description="Unix seconds."): _TIME,
    vol.Required("at", description="Unix seconds."): _TIME,
    vol.Required("keys", description="SHA-256 of each destroyed key, by its kind."): vol.Schema(
        {vol.In(["residents", "faces"]): HEX64}
    ),
    vol.Required("rows", description="How many records went, by their kind."): vol.Schema({IDENTIFIER: _TIME}),
    vol.Required("limits", description="What this does not reach."): Items(vol.In(list(LIMITS)), most=len(LIMITS)),
    vol.Required("key", description="The public key that signs, Ed25519."): HEX64,
    vol.Required("signature", description="Ed25519 over the certificate's statement."): HEX128,
}
CERTIFICATE: Final = vol.Schema(_CERTIFICATE)
CERTIFICATES = vol.Schema([CERTIFICATE])
GENUINE = vol.Schema({vol.Required("genuine", description="Whether this installation has signed it."): bool})
