"""What requests about residents' links may hold, and what their answers do hold."""

from typing import Any, Final

import voluptuous as vol

from facegate.core.links import LinkKind, LinkState

_KIND = vol.In(list(map(str, LinkKind)))
NEW_LINK: Final = vol.Schema({vol.Required("kind"): _KIND})
_LINK: dict[Any, Any] = {
    vol.Required("id"): str,
    vol.Required("kind"): _KIND,
    vol.Required("state"): vol.In(list(map(str, LinkState))),
    vol.Required("created_at"): vol.Any(int, float),
    vol.Required("expires_at"): vol.Any(int, float, None),
    vol.Required("used_at", description="When it was last opened."): vol.Any(int, float, None),
}
LINKS = vol.Schema([vol.Schema(_LINK)])
LINK_MADE = vol.Schema(
    {
        **_LINK,
        vol.Required("url", description="The address that opens it; it is told this once."): str,
        vol.Required("qr", description="The same as a QR code: an SVG picture."): str,
    }
)
