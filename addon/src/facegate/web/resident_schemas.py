"""What requests about residents may hold, and what their answers do."""

from typing import Any, Final

import voluptuous as vol

from facegate.core.models import Method, PrivacyLevel, ResidentState
from facegate.web.shapes import GATE, PERSON, Items, Number, Text

LATEST: Final = 4_102_444_800  # Unix seconds of the year 2100: beyond it is a mistake, such as milliseconds
MOST_GROUPS: Final = 20
FILE_MOST: Final = 4_000_000  # characters of base64; a line of a resident has about a hundred bytes

NAME: Final = Text(1, 80)
FLAT: Final = Text(0, 40)
GROUP: Final = Text(1, 40)
_TIME = vol.Any(Number(0, LATEST), None)
_NUMBER = vol.Any(int, float)
_GATES = Items(GATE, most=256)
_GROUPS = Items(GROUP, most=MOST_GROUPS)
_LEVEL = vol.In([str(level) for level in PrivacyLevel])
_BASE64 = vol.All(str, vol.Match(r"^[A-Za-z0-9+/]*={0,2}\Z", msg="expected base64"), vol.Length(max=FILE_MOST))

_PROPERTIES: dict[Any, Any] = {
    vol.Optional("person", description="The Home Assistant person this is."): vol.Any(PERSON, None),
    vol.Optional("valid_from", description="Unix seconds; null for no limit."): _TIME,
    vol.Optional("valid_until", description="Unix seconds; null for no limit."): _TIME,
    vol.Optional("gates", description="The gates this resident may use; empty for all."): _GATES,
    vol.Optional("flat", description="The label on the door."): FLAT,
    vol.Optional("groups", description="What lists and automations call several residents by."): _GROUPS,
    vol.Optional("level", description="What the resident lets be kept of their face."): _LEVEL,
    vol.Optional("minor", description="Under 14: a guardian consents."): bool,
    vol.Optional("residence_seen", description="Somebody has seen a proof of residence; nothing of it is kept."): bool,
}
NEW_RESIDENT: Final = vol.Schema({vol.Required("name"): NAME, **_PROPERTIES})
RESIDENT_CHANGE: Final = vol.Schema(
    {
        vol.Optional("name"): NAME,
        **_PROPERTIES,
        vol.Optional("suspended", description="Whether access is paused."): bool,
    }
)
RESIDENT_ANSWER: Final = vol.Schema(
    {
        vol.Required("id"): str,
        vol.Required("name"): str,
        vol.Required("person"): vol.Any(str, None),
        vol.Required("state", description="'expired' follows from 'valid_until'."): (
            vol.In([str(state) for state in ResidentState])
        ),
        vol.Required("valid_from"): vol.Any(_NUMBER, None),
        vol.Required("valid_until"): vol.Any(_NUMBER, None),
        vol.Required("gates"): [GATE],
        vol.Required("flat"): str,
        vol.Required("groups"): [str],
        vol.Required("level"): _LEVEL,
        vol.Required("minor"): bool,
        vol.Required("residence_seen"): bool,
        vol.Required("person_gone", description="Home Assistant has no such person any more: ask what follows."): bool,
        vol.Required("person_renamed", description="What Home Assistant calls the person now, if that is new."): str,
        vol.Required("ways", description="By what the resident gets in somewhere today, beside the face."): (
            [vol.In([str(method) for method in (Method.CARD, Method.PIN, Method.QR, Method.PHONE)])]
        ),
        vol.Required(
            "without_way", description="Gates that the resident may pass today by face alone or not at all."
        ): ([GATE]),
    }
)
RESIDENTS_ANSWER: Final = vol.Schema([RESIDENT_ANSWER.schema])

IMPORT: Final = vol.Schema(
    {
        vol.Required("file", description="The CSV file, as base64 of its bytes."): _BASE64,
        vol.Optional("store", description="What is stored: nothing (a dry run), everything, or the good lines."): (
            vol.In(["nothing", "all", "good"])
        ),
    }
)
_FAULT: Final = {
    vol.Required("column"): str,
    vol.Required("fault", description="A translation key."): str,
    vol.Required("value"): str,
}
IMPORTED: Final = vol.Schema(
    {
        vol.Required("stored", description="How many residents were added."): int,
        vol.Required("encoding"): str,
        vol.Required("separator"): str,
        vol.Required("ignored", description="Columns that mean nothing here; nothing of them is kept."): [str],
        vol.Required("lines"): [
            {
                vol.Required("line", description="Of the file, the heading being the first."): int,
                vol.Required("name"): str,
                vol.Required("flat"): str,
                vol.Required("groups"): [str],
                vol.Required("person"): str,
                vol.Required("valid_from"): vol.Any(_NUMBER, None),
                vol.Required("valid_until"): vol.Any(_NUMBER, None),
                vol.Required("gates"): [str],
                vol.Required("faults", description="None: the line is good."): [_FAULT],
            }
        ],
    }
)
