"""What requests about notices and consents may hold, and what their answers do hold."""

from typing import Any, Final

import voluptuous as vol

from facegate.core.consent import LANGUAGES, NOTICE_MOST, Channel, ConsentState, Purpose, Relation
from facegate.web.shapes import Text

PURPOSE: Final = vol.In([str(purpose) for purpose in Purpose])
_LANGUAGE = vol.In(list(LANGUAGES))
_HASH = vol.All(str, vol.Match(r"^[0-9a-f]{64}\Z", msg="expected 64 hex digits"))
_WORDS = vol.All(str, vol.Length(min=1, max=2 * NOTICE_MOST))  # its lines are counted once they are tidied
_NUMBER = vol.Any(int, float)

NOTICES: Final = vol.Schema(
    [
        {
            vol.Required("purpose"): PURPOSE,
            vol.Required("language"): _LANGUAGE,
            vol.Required("version"): int,
            vol.Required("meaning", description="Grows where a version changes what is agreed to."): int,
            vol.Required("hash", description="SHA-256 of the text, as consents refer to it."): str,
            vol.Required("text"): str,
            vol.Required("holds", description="Whether this is the version that is shown now."): bool,
        }
    ]
)
NOTICE_CHANGE: Final = vol.Schema(
    {
        **{vol.Required(language, description="The notice in this language."): _WORDS for language in LANGUAGES},
        vol.Required("new_meaning", description="Whether everybody has to be asked again."): bool,
    }
)
GUARDIAN: Final = vol.Schema(
    {
        vol.Required("name"): Text(1, 80),
        vol.Required("relation"): vol.In([str(relation) for relation in Relation]),
    }
)
GIVEN_MEMBERS: Final[dict[Any, Any]] = {
    vol.Required("notice", description="The hash of the text that was shown."): _HASH,
    vol.Required("language"): _LANGUAGE,
    vol.Required("channel", description="How the yes was said."): vol.In([str(Channel.PANEL), str(Channel.PAPER)]),
    vol.Optional("guardian", description="Who has decided for a child under 14."): GUARDIAN,
    vol.Optional("remark", description="What is noted with it, such as who has seen the paper."): Text(0, 100),
}
GIVEN: Final = vol.Schema(GIVEN_MEMBERS)
NEW_CONSENT: Final = vol.Schema({vol.Required("purpose"): PURPOSE, **GIVEN_MEMBERS})

STANDING: Final = vol.Schema(
    {
        vol.Required("purpose"): PURPOSE,
        vol.Required("state", description="'outdated': the notice means something else by now; ask again."): (
            vol.In([str(state) for state in ConsentState])
        ),
        vol.Required("notice", description="The hash of the text that was agreed to."): vol.Any(str, None),
        vol.Required("version"): vol.Any(int, None),
        vol.Required("language"): vol.Any(str, None),
        vol.Required("channel"): vol.Any(str, None),
        vol.Required("at"): vol.Any(_NUMBER, None),
        vol.Required("until", description="When it ends by itself, where that is known."): vol.Any(_NUMBER, None),
        vol.Required("withdrawn_at"): vol.Any(_NUMBER, None),
        vol.Required("guardian"): vol.Any(GUARDIAN, None),
        vol.Required("remark"): str,
    }
)
STANDINGS: Final = vol.Schema([STANDING])
