"""What requests about Home Assistant's persons may hold, and what their answers do."""

from typing import Any, Final

import voluptuous as vol

from facegate.residents.persons import NAME_MOST, Outcome
from facegate.web.shapes import PERSON, Items, Text

MOST_PERSONS: Final = 5_000
BODY_MOST: Final = 2_000_000  # bytes: the most persons, each with a long id and a long name

_PERSON: dict[Any, Any] = {vol.Required("person", description="The id of Home Assistant's person."): PERSON}
TOLD: Final = vol.Schema(
    {
        vol.Required("persons", description="All persons that Home Assistant has."): Items(
            vol.Schema({vol.Required("id"): PERSON, vol.Required("name"): Text(0, 200)}), most=MOST_PERSONS
        )
    }
)
_QUESTION: dict[Any, Any] = {
    vol.Required("person"): str,
    vol.Required("mark", description="A random word for the question, which tells nothing of the person."): str,
    vol.Required("name", description="What Home Assistant calls the person, or did last."): str,
}
HEARD: Final = vol.Schema(
    {
        vol.Required("asked", description="About how many residents the owner is asked anew."): int,
        vol.Required("new", description="Persons who came after the first ones and are no residents."): [_QUESTION],
        vol.Required("renamed", description="Residents whose person has another name."): [
            {**_QUESTION, vol.Required("before", description="What the person was called."): str}
        ],
        vol.Required("gone", description="Residents whose person Home Assistant has no more."): [_QUESTION],
    }
)
CANDIDATES: Final = vol.Schema(
    [{**_PERSON, vol.Required("name"): str, vol.Required("new", description="Came after the first ones."): bool}]
)
ADMIT: Final = vol.Schema(
    {**_PERSON, vol.Optional("name", description="Home Assistant's name where left out."): Text(1, NAME_MOST)}
)
ADMITTED: Final = vol.Schema({vol.Required("resident"): str})
ANSWER: Final = vol.Schema(
    {
        **_PERSON,
        vol.Required("outcome", description="What became of the person."): vol.In([str(one) for one in Outcome]),
        vol.Optional("other", description="Which person they are by now."): PERSON,
    }
)
SUSPEND: Final = vol.Schema({**_PERSON, vol.Required("suspended", description="Whether access is paused."): bool})
INVITE: Final = vol.Schema(_PERSON)
INVITED: Final = vol.Schema(
    {
        vol.Required("url", description="The address that opens it; it is told this once."): str,
        vol.Required("qr", description="The same as a QR code: an SVG picture."): str,
        vol.Required("expires_at", description="Unix seconds."): vol.Any(int, float),
    }
)
