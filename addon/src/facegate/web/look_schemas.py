"""What requests for what has been may hold, and what their answers do hold."""

from typing import Any, Final

import voluptuous as vol

from facegate.adapters.store.access import KINDS
from facegate.contract.messages import DIRECTIONS, METHODS, REASONS
from facegate.core.audit import LEAST_REASON, MOST_REASON
from facegate.web.shapes import GATE, Number, Text

_LATEST: Final = 4_102_444_800  # Unix seconds of the year 2100
_SECONDS = Number(0, _LATEST)
_DIGITS = vol.Match(r"[0-9]{1,12}\Z", msg="expected a whole number")
_LOOKED: Final = vol.Required("reason", description="Why; it is kept, and the residents see it.")
_SPAN: dict[Any, Any] = {
    vol.Required("from", description="Unix seconds."): _SECONDS,
    vol.Required("to", description="Unix seconds."): _SECONDS,
}
OPTIONS: Final = {
    "from": _DIGITS,
    "to": _DIGITS,
    "gate": GATE,
    "kind": vol.In(KINDS),
    "before": _DIGITS,
}
NAMES: Final = vol.Schema(
    {
        _LOOKED: Text(LEAST_REASON, MOST_REASON),
        **_SPAN,
        vol.Optional("gate"): GATE,
        vol.Optional("kind"): vol.In(KINDS),
        vol.Optional("before", description="The number of the record to page on from."): Number(1, 2**53, whole=True),
    }
)
LOOK: Final = vol.Schema({_LOOKED: Text(LEAST_REASON, MOST_REASON), **_SPAN})

_RECORD: dict[Any, Any] = {
    vol.Required("number"): int,
    vol.Required("kind"): vol.In(KINDS),
    vol.Required("gate"): str,
    vol.Required("direction"): vol.In(DIRECTIONS),
    vol.Required("method"): vol.In(METHODS),
    vol.Required("reason"): vol.In(REASONS),
    vol.Required("at", description="Unix seconds; whole minutes once the name is gone."): float,
    vol.Required("says", description="The keys of the texts that tell it, in their order."): [str],
    vol.Required("past", description="Told late: the time is that of its arrival."): bool,
    vol.Required("actor", description="Who asked for it from afar, unless that leads to a resident."): vol.Any(
        None, str
    ),
    vol.Required("pseudonym", description="In the place of a resident, of that day alone."): vol.Any(None, str),
}
_NAMED: dict[Any, Any] = {
    **_RECORD,
    vol.Required("resident"): vol.Any(None, str),
    vol.Required("name"): vol.Any(None, str),
    vol.Required("note", description="A guard's reason."): vol.Any(None, str),
}
ACTIVITY = vol.Schema({vol.Required("records"): [vol.Schema(_RECORD)]})
NAMED_ACTIVITY = vol.Schema({vol.Required("records"): [vol.Schema(_NAMED)]})
LOOKS = vol.Schema(
    {
        vol.Required("looks"): [
            vol.Schema(
                {
                    vol.Required("at"): float,
                    vol.Required("actor"): str,
                    vol.Required("reason"): str,
                    vol.Required("from"): vol.Any(None, float),
                    vol.Required("to"): vol.Any(None, float),
                }
            )
        ]
    }
)
