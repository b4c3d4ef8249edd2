"""What requests about the trail and the clock may hold, and what their answers do hold."""

from typing import Any, Final

import voluptuous as vol

from facegate.core.trail import Broken
from facegate.web.shapes import HEX32, HEX64, HEX128, Items, Number

_CHECKPOINT: dict[Any, Any] = {
    vol.Required("installation"): HEX32,
    vol.Required("number", description="The link that it signs."): Number(1, 2**53, whole=True),
    vol.Required("hash"): HEX64,
    vol.Required("at", description="Unix seconds."): Number(0, 2**40, whole=True),
    vol.Required("signature", description="Ed25519 over the checkpoint's statement."): HEX128,
}
CHECKPOINTS = vol.Schema(
    {
        vol.Required("key", description="The public key that signs, Ed25519."): HEX64,
        vol.Required("checkpoints"): [vol.Schema(_CHECKPOINT)],
    }
)
PROVE: Final = vol.Schema(
    {vol.Optional("checkpoints", description="Those that somebody has kept."): Items(vol.Schema(_CHECKPOINT), most=100)}
)
PROOF = vol.Schema(
    {
        vol.Required("links"): int,
        vol.Required("checkpoints"): int,
        vol.Required("broken", description="The first place where the trail does not hold, if there is one."): vol.Any(
            None,
            vol.Schema(
                {
                    vol.Required("number"): int,
                    vol.Required("what"): vol.In(list(map(str, Broken))),
                    vol.Required("kind", description="Of which records, where one was added; else empty."): str,
                }
            ),
        ),
    }
)
CLOCK = vol.Schema(
    {vol.Required("doubted", description="Whether what cannot be undone still waits for the clock."): bool}
)
