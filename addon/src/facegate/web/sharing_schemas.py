"""What requests about sharing who somebody is may hold, and what their answers do hold."""

from typing import Any, Final

import voluptuous as vol

from facegate.web.shapes import HEX32, Items
from facegate.web.tokens import GRANTABLE

TOKEN: Final = vol.Schema({vol.Required("id"): str, vol.Required("name"): str, vol.Required("scopes"): [str]})
NARROW: Final = vol.Schema(
    {
        vol.Required("scopes", description="What it stays good for."): Items(
            vol.In([str(scope) for scope in GRANTABLE]), least=1, most=len(GRANTABLE)
        )
    }
)
_TOLD: Final[dict[Any, Any]] = {
    vol.Required("presence", description="Stands for the resident where presence is kept; leads to nobody."): HEX32,
    vol.Required("name"): str,
    vol.Required("person", description="The person of Home Assistant, if one is linked."): vol.Any(str, None),
    vol.Required("groups"): [str],
}
PRESENCE: Final = vol.Schema([vol.Schema(_TOLD)])
EVENT_PERSON: Final = vol.Schema({vol.Required("resident"): str, **_TOLD})
