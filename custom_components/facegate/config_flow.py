"""Setting up a recognizer: found over MQTT or by its address, and paired by a one-time code in either case."""

from collections.abc import Mapping
from typing import Any, Final, override

import probatio
from homeassistant.components import mqtt
from homeassistant.components.camera import async_get_stream_source
from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_CODE, CONF_NAME, CONF_URL, Platform
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import selector
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo

from .address import async_note_moved, parse_address
from .client import FaceGateClient
from .const import CONF_API, CONF_APP, DOMAIN
from .errors import FaceGateError, RefusedError
from .forms import CODE, entry_data, form_errors
from .identities import learns_persons
from .messages import DIRECTIONS, MessageError, Status
from .models import NewGate, Pairing
from .options_flow import FaceGateOptionsFlow
from .panel import link_of
from .proving import async_prove

CONF_CAMERA: Final = "camera"
CONF_DIRECTION: Final = "direction"
CONF_TRIAL: Final = "trial"

_ADDRESS = {probatio.Required(CONF_URL): selector.TextSelector(selector.TextSelectorConfig(autocomplete="off"))}
_GATE: Final = probatio.Schema(
    {
        probatio.Optional(CONF_NAME): selector.TextSelector(),
        probatio.Optional(CONF_CAMERA): selector.EntitySelector(selector.EntitySelectorConfig(domain=Platform.CAMERA)),
        probatio.Required(CONF_DIRECTION, default=DIRECTIONS[0]): selector.SelectSelector(
            selector.SelectSelectorConfig(options=list(DIRECTIONS), translation_key="direction")
        ),
        probatio.Required(CONF_TRIAL, default=True): selector.BooleanSelector(),
    }
)


class FaceGateConfigFlow(ConfigFlow, domain=DOMAIN):
    """Handle set-up. What comes over MQTT only proposes; pairing or the paired key proves."""

    VERSION = 1

    def __init__(self) -> None:
        """Start with nothing known."""
        self._url = ""
        self._app: dict[str, str] = {}
        self._pairing: Pairing | None = None
        self._gate: NewGate | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> FaceGateOptionsFlow:
        """Return what can be set later."""
        return FaceGateOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set up by hand: address and code."""
        if not await mqtt.async_wait_for_mqtt_client(self.hass):
            return self.async_abort(reason="mqtt_not_available")
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._take_address(user_input)):
            self._async_abort_entries_match({CONF_URL: self._url})
            errors, pairing = await self._async_pair(user_input[CONF_CODE])
            if pairing is not None:
                await self.async_set_unique_id(pairing.installation, raise_on_progress=False)
                self._abort_if_unique_id_configured()
                return await self._async_paired(pairing)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(probatio.Schema(_ADDRESS | CODE), user_input),
            errors=errors,
        )

    @override
    async def async_step_mqtt(self, discovery_info: MqttServiceInfo) -> ConfigFlowResult:
        """Propose an installation that is not known yet; nothing is asked of its address before the owner agrees."""
        payload = discovery_info.payload
        try:
            status = Status.parse(payload if isinstance(payload, str) else bytes(payload))
        except MessageError:
            return self.async_abort(reason="invalid_discovery_info")
        return await self._async_propose(status, discovery_info.topic.split("/")[1])

    @override
    async def async_step_hassio(self, discovery_info: HassioServiceInfo) -> ConfigFlowResult:
        """Propose the app that the Supervisor runs; it proves no more than an announcement over MQTT does."""
        said = discovery_info.config
        try:
            announced = Status(said["installation"], version="", api=said["api"], online=True)
            status, site = Status.parse(announced.encode()), str(said["site"])  # checked as what comes over MQTT
        except KeyError, TypeError, MessageError:
            return self.async_abort(reason="invalid_discovery_info")
        self._app = {CONF_APP: discovery_info.slug}
        return await self._async_propose(status, site)

    async def _async_propose(self, status: Status, name: str) -> ConfigFlowResult:
        """Propose an installation, or note that a known one seems to have moved; both sources name the same one."""
        try:
            self._url = parse_address(status.api)
        except ValueError:
            return self.async_abort(reason="invalid_discovery_info")
        if entry := await self.async_set_unique_id(status.installation):
            async_note_moved(self.hass, entry, status)
            if status.api == entry.data.get(CONF_API):  # it only says where links lead, and what is known stays
                self.hass.config_entries.async_update_entry(entry, data={**self._app, **entry.data})
            return self.async_abort(reason="already_configured")
        if not status.online:
            return self.async_abort(reason="not_online")
        self.context["title_placeholders"] = {"name": name}
        return await self.async_step_discovery_confirm()

    async def async_step_discovery_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Pair with the proposed installation."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors, pairing = await self._async_pair(user_input[CONF_CODE])
            if pairing is not None:
                if pairing.installation != self.unique_id:
                    return self.async_abort(reason="another_installation")
                return await self._async_paired(pairing)
        return self.async_show_form(
            step_id="discovery_confirm",
            data_schema=probatio.Schema(CODE),
            description_placeholders={"url": self._url},
            errors=errors,
        )

    async def async_step_gate(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add the first gate, or leave that to the panel."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := await self._async_add_gate(user_input)):
            if self._gate is None or self._gate.trial:  # there is no node to flash
                return self._finish()
            return await self.async_step_node()
        if user_input is None and len(cameras := self.hass.states.async_entity_ids(Platform.CAMERA)) == 1:
            user_input = {CONF_CAMERA: cameras[0]}
        return self.async_show_form(
            step_id="gate",
            data_schema=self.add_suggested_values_to_schema(_GATE, user_input),
            errors=errors,
        )

    async def async_step_node(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what the gate's node needs, this once; Home Assistant does not keep it."""
        assert self._gate is not None
        if user_input is not None:
            return self._finish()
        shown = {"gate_id": self._gate.id, "gate_key": self._gate.key, "panel": link_of(self._app)}
        return self.async_show_form(step_id="node", description_placeholders=shown)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The token is no longer taken."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Pair again with the same installation."""
        entry = self._get_reauth_entry()
        self._url = entry.data[CONF_URL]
        errors: dict[str, str] = {}
        if user_input is not None:
            errors, pairing = await self._async_pair(user_input[CONF_CODE], persons=learns_persons(entry.options))
            if pairing is not None:
                await self.async_set_unique_id(pairing.installation, raise_on_progress=False)
                self._abort_if_unique_id_mismatch(reason="another_installation")
                return self.async_update_reload_and_abort(entry, data_updates=entry_data(self._url, pairing))
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=probatio.Schema(CODE),
            description_placeholders={"name": entry.title, "url": self._url},
            errors=errors,
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Follow a recognizer that moved, once whoever answers has proved the paired key."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        own = ""
        if user_input is not None and not (errors := self._take_address(user_input)):
            self._async_abort_entries_match({CONF_URL: self._url})
            errors, own = await async_prove(self.hass, entry, self._url)
            if not errors:
                moved = {CONF_URL: parse_address(own), CONF_API: own}
                return self.async_update_reload_and_abort(entry, data_updates=moved)
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(probatio.Schema(_ADDRESS), user_input or entry.data),
            description_placeholders={"name": entry.title, "own": own},
            errors=errors,
        )

    def _take_address(self, user_input: dict[str, Any]) -> dict[str, str]:
        try:
            self._url = parse_address(user_input[CONF_URL])
        except ValueError:
            return {CONF_URL: "invalid_address"}
        return {}

    async def _async_pair(self, code: str, *, persons: bool = False) -> tuple[dict[str, str], Pairing | None]:
        try:
            return {}, await self._client().pair(code, self.hass.config.location_name, persons=persons)
        except FaceGateError as error:
            return form_errors(error), None

    async def _async_paired(self, pairing: Pairing) -> ConfigFlowResult:
        """Go on to the first gate unless there is one already."""
        self._pairing = pairing
        try:
            if await self._client().gates():
                return self._finish()
        except FaceGateError:
            # The code is used up, so the entry must come into being; its set-up tells what is wrong and tries again.
            return self._finish()
        return await self.async_step_gate()

    async def _async_add_gate(self, user_input: dict[str, Any]) -> dict[str, str]:
        name, camera = user_input.get(CONF_NAME, "").strip(), user_input.get(CONF_CAMERA)
        if not name:
            return {CONF_NAME: "name_missing"} if camera else {}
        source = None
        if camera:
            try:
                source = await async_get_stream_source(self.hass, camera)
            except HomeAssistantError:
                return {CONF_CAMERA: "camera_unavailable"}
            if not source:
                return {CONF_CAMERA: "camera_without_stream"}
        client = self._client()
        try:
            if self._gate is None:  # a second try after the camera was refused must not make a second gate
                self._gate = await client.add_gate(name, trial=user_input[CONF_TRIAL])
            if source:
                await client.add_camera(self._gate.id, source, user_input[CONF_DIRECTION])
            if self._gate.trial:  # it moves no door, so nobody is shut out
                await client.switch_faces(self._gate.id, on=True)
        except RefusedError:
            return {CONF_CAMERA if self._gate else CONF_NAME: "refused"}
        except FaceGateError as error:
            return form_errors(error)
        return {}

    def _client(self) -> FaceGateClient:
        token = self._pairing.token if self._pairing else None
        return FaceGateClient(async_get_clientsession(self.hass), self._url, token)

    def _finish(self) -> ConfigFlowResult:
        assert self._pairing is not None
        return self.async_create_entry(
            title=f"FaceGate {self._pairing.site}",
            data=entry_data(self._url, self._pairing) | self._app,
            description_placeholders={"panel": link_of(self._app)},
        )
