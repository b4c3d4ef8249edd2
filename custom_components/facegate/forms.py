"""What the forms of set-up and of the options have in common."""

from typing import Any, Final

import probatio
from homeassistant.const import CONF_CODE, CONF_TOKEN, CONF_URL
from homeassistant.helpers import selector

from .const import CONF_API, CONF_EVENT_KEY, CONF_PERSONS_TOLD, CONF_SITE
from .errors import FaceGateError, RefusedError, ThrottledError, UnreachableError
from .models import Pairing

CODE: Final = {
    probatio.Required(probatio.Secret(CONF_CODE)): selector.TextSelector(
        selector.TextSelectorConfig(autocomplete="one-time-code")
    )
}


def entry_data(url: str, pairing: Pairing) -> dict[str, Any]:
    """Return what an entry keeps of a pairing."""
    return {
        CONF_URL: url,
        CONF_API: pairing.api,
        CONF_TOKEN: pairing.token,
        CONF_EVENT_KEY: pairing.event_key,
        CONF_SITE: pairing.site,
        CONF_PERSONS_TOLD: pairing.persons,
    }


def form_errors(error: FaceGateError) -> dict[str, str]:
    """Return what a form says about ``error``; the one place where failures become texts of a form."""
    match error:
        case UnreachableError():
            return {"base": "cannot_connect"}
        case ThrottledError():
            return {"base": "too_many_attempts"}
        case RefusedError(problem="pairing_refused"):
            return {CONF_CODE: "invalid_code"}
        case _:
            return {"base": "unexpected_answer"}
