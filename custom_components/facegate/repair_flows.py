"""How an issue is mended from Home Assistant: something is done, or the recognizer is asked again whether it is done.

No flow closes an issue on somebody's word: only what the recognizer tells afterwards does.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import probatio
from homeassistant.components.camera import async_get_stream_source
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_URL, Platform
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import selector

from .address import MOVED, parse_address
from .const import CONF_API, CONF_APP
from .coordinator import FaceGateConfigEntry, FaceGateCoordinator
from .errors import FaceGateError, RefusedError
from .issues import ATTR_COUNT, ATTR_ENTRY, ATTR_GATE, is_told, placeholders
from .messages import DIRECTIONS
from .models import GateCamera
from .proving import async_prove
from .troubles import BROKER, CAMERAS, EVERY, LEASES, LOCKED, RESTARTS

CONF_CAMERA: Final = "camera"
CONF_DIRECTION: Final = "direction"

SUPERVISOR: Final = "hassio"
APP_RESTART: Final = "app_restart"

_NOTHING: Final = probatio.Schema({})


class CheckFlow(RepairsFlow):
    """Says what to do, and asks again when that is done."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        """Take the issue's data."""
        self._entry_id = str(about[ATTR_ENTRY])
        self._gate = str(about[ATTR_GATE] or "")
        self._count = int(about[ATTR_COUNT] or 0)

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_check()

    async def async_step_check(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask again; the form comes back as long as it is not mended."""
        entry = self._entry()
        if entry is None:
            return self.async_abort(reason="gone")
        errors: dict[str, str] = {}
        if user_input is not None:
            wrong = await self._check(entry)
            if wrong is None:
                return self.async_create_entry(data={})
            errors["base"] = wrong
        return self._form("check", _NOTHING, errors)

    async def _check(self, entry: FaceGateConfigEntry) -> str | None:
        """Return why it is not mended, as the key of a text; ``None`` when it is."""
        if entry.state is not ConfigEntryState.LOADED:
            return "unreachable"
        coordinator = entry.runtime_data
        try:
            await self._ask(coordinator)
        except FaceGateError:
            return "unreachable"
        await coordinator.async_refresh()
        if not coordinator.last_update_success:
            return "unreachable"
        return "still" if is_told(self.hass, self.issue_id) else None

    async def _ask(self, coordinator: FaceGateCoordinator) -> None:
        """Let the recognizer find out anew what it does not look at all the time. Raises FaceGateError."""

    def _entry(self) -> FaceGateConfigEntry | None:
        return self.hass.config_entries.async_get_entry(self._entry_id)

    def _form(self, step: str, schema: probatio.Schema, errors: dict[str, str]) -> RepairsFlowResult:
        return self.async_show_form(
            step_id=step, data_schema=schema, errors=errors, description_placeholders=self._placeholders()
        )

    def _placeholders(self) -> dict[str, str]:
        entry = self._entry()
        assert entry is not None
        name = entry.title
        if self._gate and entry.state is ConfigEntryState.LOADED:
            gate = entry.runtime_data.data.gates.get(self._gate)
            name = gate.name if gate else self._gate
        return placeholders(entry, name, self._count)


class BrokerFlow(CheckFlow):
    """The recognizer tries to get in without a user name."""

    async def _ask(self, coordinator: FaceGateCoordinator) -> None:
        await coordinator.client.check_broker()


class RestartFlow(CheckFlow):
    """FaceGate starts anew, by the Supervisor where it is an app; then it is asked again."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Offer the restart where it can be done from here."""
        if self._app() is None:
            return await self.async_step_check()
        return self.async_show_menu(
            step_id="init", menu_options=["restart", "check"], description_placeholders=self._placeholders()
        )

    async def async_step_restart(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Restart it."""
        try:
            await self.hass.services.async_call(SUPERVISOR, APP_RESTART, {CONF_APP: self._app()}, blocking=True)
        except HomeAssistantError:
            return self.async_abort(reason="not_restarted")
        return self._form("check", _NOTHING, {})

    def _app(self) -> str | None:
        entry = self._entry()
        if entry is None or not self.hass.services.has_service(SUPERVISOR, APP_RESTART):
            return None
        app: str | None = entry.data.get(CONF_APP)
        return app


class LockedFlow(CheckFlow):
    """The passphrase is given in FaceGate; then the entry is set up."""

    async def _check(self, entry: FaceGateConfigEntry) -> str | None:
        await self.hass.config_entries.async_reload(entry.entry_id)
        if is_told(self.hass, self.issue_id):
            return "still"
        return None if entry.state is ConfigEntryState.LOADED else "unreachable"


class LookedFlow(CheckFlow):
    """The owner has looked after those who leave; nobody is asked again before there are more."""

    async def _check(self, entry: FaceGateConfigEntry) -> str | None:
        if entry.state is not ConfigEntryState.LOADED:
            return "unreachable"
        entry.runtime_data.issues.async_looked(self.issue_id, self._count)
        return None


class CameraFlow(CheckFlow):
    """Another camera of Home Assistant takes the place of the one from which nothing comes; or it is well again."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Offer both."""
        return self.async_show_menu(
            step_id="init", menu_options=["check", "camera"], description_placeholders=self._placeholders()
        )

    async def async_step_camera(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Pick another camera."""
        entry = self._entry()
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="gone")
        client = entry.runtime_data.client
        try:
            cameras = await client.cameras(self._gate)
        except FaceGateError:
            return self.async_abort(reason="unreachable")
        if not cameras:
            return self.async_abort(reason="gone")
        errors: dict[str, str] = {}
        if user_input is not None:
            errors, source = await self._source(user_input[CONF_CAMERA])
            if not errors:
                camera = _wanted(cameras, user_input.get(CONF_DIRECTION))
                try:
                    await client.change_camera(self._gate, camera.id, source)
                except RefusedError:
                    errors = {CONF_CAMERA: "refused"}
                except FaceGateError:
                    errors = {"base": "unreachable"}
                else:
                    entry.runtime_data.issues.async_give_time(self.issue_id)
                    return self.async_create_entry(data={})
        return self._form("camera", self.add_suggested_values_to_schema(_schema(cameras), user_input), errors)

    async def _source(self, camera: str) -> tuple[dict[str, str], str]:
        try:
            source = await async_get_stream_source(self.hass, camera)
        except HomeAssistantError:
            return {CONF_CAMERA: "camera_unavailable"}, ""
        return ({}, source) if source else ({CONF_CAMERA: "camera_without_stream"}, "")


class MovedFlow(RepairsFlow):
    """Follows the recognizer to the address that was announced, once it has proved the paired key there."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        """Take the issue's data."""
        self._entry_id = str(about[ATTR_ENTRY])
        self._address = str(about["address"])

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_follow()

    async def async_step_follow(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Let whoever answers there prove the key; without that nothing changes."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None:
            return self.async_abort(reason="gone")
        errors: dict[str, str] = {}
        own = ""
        if user_input is not None:
            found, own = await async_prove(self.hass, entry, self._address)
            if not found:
                moved = {CONF_URL: parse_address(own), CONF_API: own}
                self.hass.config_entries.async_update_entry(entry, data={**entry.data, **moved})
                self.hass.config_entries.async_schedule_reload(entry.entry_id)
                return self.async_create_entry(data={})
            errors = {"base": next(iter(found.values()))}
        told = {"name": entry.title, "known": entry.data[CONF_URL], "announced": self._address, "own": own}
        return self.async_show_form(
            step_id="follow", data_schema=_NOTHING, errors=errors, description_placeholders=told
        )


def _broken_first(cameras: list[GateCamera]) -> list[GateCamera]:
    return sorted(cameras, key=lambda camera: (camera.state == "ok", DIRECTIONS.index(camera.direction)))


def _wanted(cameras: list[GateCamera], direction: str | None) -> GateCamera:
    return next((camera for camera in _broken_first(cameras) if direction in (None, camera.direction)), cameras[0])


def _schema(cameras: list[GateCamera]) -> probatio.Schema:
    """The form: which camera, and of a gate with several also in the place of which one."""
    fields: dict[Any, Any] = {
        probatio.Required(CONF_CAMERA): selector.EntitySelector(selector.EntitySelectorConfig(domain=Platform.CAMERA))
    }
    if len(cameras) > 1:
        fields[probatio.Required(CONF_DIRECTION, default=_broken_first(cameras)[0].direction)] = (
            selector.SelectSelector(
                selector.SelectSelectorConfig(options=list(DIRECTIONS), translation_key="direction")
            )
        )
    return probatio.Schema(fields)


FLOWS: Final[Mapping[str, Callable[[Mapping[str, Any]], RepairsFlow]]] = {
    **dict.fromkeys(EVERY, CheckFlow),
    **dict.fromkeys(CAMERAS, CameraFlow),
    **dict.fromkeys(BROKER, BrokerFlow),
    **dict.fromkeys(RESTARTS, RestartFlow),
    LOCKED: LockedFlow,
    LEASES: LookedFlow,
    MOVED: MovedFlow,
}
