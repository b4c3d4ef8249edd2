"""What requests about ways without a face hold."""

from typing import Final

import voluptuous as vol

from facegate.core.ways import Missing

_MISSING: Final = vol.In([str(missing) for missing in Missing])
WAYS: Final = vol.Schema(
    {
        vol.Required("faces", description="Whether the gate's face reader is on."): bool,
        vol.Required("trial"): bool,
        vol.Required("missing", description="What has to be there first; nothing where all is well."): [_MISSING],
        vol.Required("lacking", description="How many residents have no way in without a face."): int,
        vol.Optional("without", description="Who they are; for tokens that may know persons."): [
            {vol.Required("id"): str, vol.Required("name"): str, vol.Required("flat"): str}
        ],
    }
)
SWITCH: Final = vol.Schema({vol.Required("on"): bool})
