"""What requests about keys may hold, and what their answers do hold."""

from typing import Final

import voluptuous as vol

from facegate.adapters.crypto import Kind
from facegate.adapters.passphrase import LEAST, MOST
from facegate.web.shapes import IDENTIFIER, Text

_PASSPHRASE: Final = Text(LEAST, MOST)

STANDING = vol.Schema(
    {
        vol.Required("locked", description="Whether every start asks for a passphrase."): bool,
        vol.Required("counts", description="How many keys there are of each kind."): {
            vol.Required(str(kind)): int for kind in Kind
        },
        vol.Required("rotation", description="How often templates were turned by a new secret."): int,
        vol.Required("model", description="The one that faces are embedded with now."): str,
        vol.Required("models", description="Residents by the model that made their templates."): {str: int},
        vol.Required("outdated", description="Who has to be enrolled again, because the model is another now."): [
            {vol.Required("resident"): IDENTIFIER, vol.Required("models"): [str]}
        ],
    }
)
SET_PASSPHRASE: Final = vol.Schema(
    {vol.Required("passphrase", description="null for none."): vol.Any(None, _PASSPHRASE)}
)
CHANGED = vol.Schema({vol.Required("keys", description="How many were wrapped anew."): int})
RENEWED = vol.Schema({vol.Required("templates", description="How many were turned anew."): int})
EXPORT: Final = vol.Schema({vol.Required("passphrase", description="What locks the export."): _PASSPHRASE})
EXPORTED = vol.Schema({vol.Required("export", description="The file in base64."): str})
IMPORT: Final = vol.Schema(
    {
        vol.Required("path", description="The file of the export, on this machine."): Text(1, 4096),
        vol.Required("passphrase", description="What locks it."): Text(1, MOST),
    }
)
IMPORTED = vol.Schema(
    {
        vol.Required("brought", description="Put back."): int,
        vol.Required("kept", description="There already."): int,
        vol.Required("refused", description="Of whoever is erased or has withdrawn since."): int,
    }
)
