"""What an owner may switch on later: who learns of persons, and how residents reach their pages."""

from typing import Any, Final

import probatio
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import CONF_CODE, CONF_TOKEN, CONF_URL
from homeassistant.helpers import selector
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .client import FaceGateClient
from .const import CONF_RESIDENTS_PAGES, LOGGER
from .errors import FaceGateError
from .forms import CODE, entry_data, form_errors
from .identities import SHARING
from .models import Pairing
from .residents_pages import async_pages_url

_SHARING: Final = probatio.Schema({probatio.Required(option): selector.BooleanSelector() for option in SHARING})
_PAGES: Final = probatio.Schema({probatio.Required(CONF_RESIDENTS_PAGES): selector.BooleanSelector()})


class FaceGateOptionsFlow(OptionsFlowWithReload):
    """A menu; each of its steps changes its own options, leaves the others alone and reloads the entry."""

    def __init__(self) -> None:
        """Start with nothing wished."""
        self._wished: dict[str, bool] = {}
        self._led = ""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer what can be set."""
        return self.async_show_menu(step_id="init", menu_options=["sharing", "pages"])

    async def async_step_sharing(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose what Home Assistant learns of persons; more of it is asked of the recognizer's owner."""
        options = self.config_entry.options
        now = {option: bool(options.get(option)) for option in SHARING}
        if user_input is not None:
            self._wished = {option: user_input[option] for option in SHARING}
            if any(self._wished[option] and not now[option] for option in SHARING):
                return await self.async_step_sharing_code()
            return self._set(self._wished)
        return self.async_show_form(
            step_id="sharing", data_schema=self.add_suggested_values_to_schema(_SHARING, now), last_step=False
        )

    async def async_step_sharing_code(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the code that only the recognizer's owner can make, and pair anew with it."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := await self._async_pair(user_input[CONF_CODE])):
            return self._set(self._wished)
        return self.async_show_form(
            step_id="sharing_code",
            data_schema=probatio.Schema(CODE),
            description_placeholders={"name": self.config_entry.title},
            errors=errors,
        )

    async def async_step_pages(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let residents reach their pages through Home Assistant's address, if it has one for that, or no more."""
        entry, errors = self.config_entry, {}
        now = {CONF_RESIDENTS_PAGES: bool(entry.options.get(CONF_RESIDENTS_PAGES))}
        url = async_pages_url(self.hass, entry)
        if user_input is not None:
            if not user_input[CONF_RESIDENTS_PAGES]:
                return self._set(user_input)
            if url is None:
                errors = {"base": "no_external_address"}
            else:
                client = FaceGateClient(
                    async_get_clientsession(self.hass), entry.data[CONF_URL], entry.data[CONF_TOKEN]
                )
                try:
                    self._led = await client.tell_pages(url)
                except FaceGateError as error:
                    errors = form_errors(error)
                else:
                    return self._set(user_input) if self._led == url else await self.async_step_pages_elsewhere()
        return self.async_show_form(
            step_id="pages",
            data_schema=self.add_suggested_values_to_schema(_PAGES, user_input or now),
            description_placeholders={"url": url or "–"},
            errors=errors,
        )

    async def async_step_pages_elsewhere(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say that links go on leading elsewhere, as the recognizer's owner has set."""
        if user_input is not None:
            return self._set({CONF_RESIDENTS_PAGES: True})
        return self.async_show_form(step_id="pages_elsewhere", description_placeholders={"url": self._led})

    def _set(self, changed: dict[str, bool]) -> ConfigFlowResult:
        """End with these options changed. Set-up gives back what they no longer need."""
        return self.async_create_entry(data={**self.config_entry.options, **changed})

    async def _async_pair(self, code: str) -> dict[str, str]:
        """Put a token that learns of persons in the place of the one before."""
        entry, session = self.config_entry, async_get_clientsession(self.hass)
        url = entry.data[CONF_URL]
        try:
            pairing = await FaceGateClient(session, url).pair(code, self.hass.config.location_name, persons=True)
        except FaceGateError as error:
            return form_errors(error)
        if pairing.installation != entry.unique_id:
            await self._async_give_back(FaceGateClient(session, url, pairing.token))
            return {"base": "another_installation"}
        before = FaceGateClient(session, url, entry.data[CONF_TOKEN])
        self._take(pairing)
        await self._async_give_back(before)
        return {}

    def _take(self, pairing: Pairing) -> None:
        """Use the new token at once: until the entry is reloaded, nobody may ask with the one that is given back."""
        entry = self.config_entry
        if entry.state is ConfigEntryState.LOADED:
            entry.runtime_data.client.take_token(pairing.token)
        self.hass.config_entries.async_update_entry(
            entry, data={**entry.data, **entry_data(entry.data[CONF_URL], pairing)}
        )

    async def _async_give_back(self, client: FaceGateClient) -> None:
        """Have a token revoked that nobody needs any more."""
        try:
            await client.give_back()
        except FaceGateError as error:
            # Nothing depends on it: the owner sees the token among those that are paired.
            LOGGER.warning("A token that is no longer needed could not be given back to the recognizer: %r", error)
