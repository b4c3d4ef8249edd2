"""The residents' pages at Home Assistant's address: where that is, and letting the recognizer's links lead there."""

from typing import TYPE_CHECKING, Any, Final

from aiohttp import DummyCookieJar
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_TOKEN, CONF_URL, EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_create_clientsession, async_get_clientsession
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util.hass_dict import HassKey

from .client import FaceGateClient
from .const import CONF_PAGES_TOLD, CONF_RESIDENTS_PAGES, DOMAIN, LOGGER
from .errors import FaceGateError
from .pages_gateway import Gateway
from .panel import DOCS

if TYPE_CHECKING:
    from .coordinator import FaceGateConfigEntry

PATH: Final = f"/api/{DOMAIN}/pages"
"""Below /api, which the service worker of Home Assistant's frontend never caches; it keeps copies of all else."""
GATEWAYS: Final[HassKey[dict[str, Gateway]]] = HassKey(f"{DOMAIN}_gateways")
ISSUE: Final = "pages_without_address"
_HOUSE: Final = 8  # hex digits of the installation's id: they tell recognizers apart, and codes stay small


def house_of(entry: ConfigEntry) -> str:
    """Return what names an entry's recognizer in addresses."""
    return str(entry.unique_id)[:_HOUSE]


@callback
def async_external_url(hass: HomeAssistant) -> str | None:
    """Return the address by which phones reach Home Assistant from everywhere by HTTPS; ``None`` without one."""
    try:
        return get_url(hass, require_ssl=True, allow_internal=False, prefer_external=True)
    except NoURLAvailableError:
        return None


@callback
def async_pages_url(hass: HomeAssistant, entry: ConfigEntry) -> str | None:
    """Return the address of the pages; ``None`` where there is none."""
    external = async_external_url(hass)
    return None if external is None else f"{external}{PATH}/{house_of(entry)}"


async def async_set_up_pages(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Open the way to the pages where that is switched on; where it is not, let links lead elsewhere again."""
    told = _Told(hass, entry)
    if not entry.options.get(CONF_RESIDENTS_PAGES):
        await told.take_back()
        return
    path = f"{PATH}/{house_of(entry)}/"
    session = async_create_clientsession(hass, cookie_jar=DummyCookieJar())  # of its own: it must mix no visitors
    gateways = hass.data.setdefault(GATEWAYS, {})
    gateways[entry.entry_id] = Gateway(session, entry.data[CONF_URL], entry.data[CONF_TOKEN], path)
    entry.async_on_unload(lambda: _close(hass, entry))
    entry.async_on_unload(entry.runtime_data.async_add_listener(told.async_check))
    entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, told.async_hear))
    await told.tell()


@callback
def _close(hass: HomeAssistant, entry: ConfigEntry) -> None:
    del hass.data[GATEWAYS][entry.entry_id]


async def async_remove_pages(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Let links lead elsewhere again, now that the entry goes."""
    async_clear_issue(hass, entry)
    if entry.data.get(CONF_PAGES_TOLD):
        client = FaceGateClient(async_get_clientsession(hass), entry.data[CONF_URL], entry.data[CONF_TOKEN])
        try:
            await client.take_back_pages()
        except FaceGateError as error:
            LOGGER.warning(
                "The recognizer could not be told that residents' links lead here no more, revoke its token: %r", error
            )


class _Told:
    """What the recognizer was told, kept true while the address changes or the recognizer is away."""

    def __init__(self, hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._url: str | None = None
        self._busy = False

    @callback
    def async_hear(self, event: Event[Any]) -> None:
        """Home Assistant's own settings have changed."""
        self.async_check()

    @callback
    def async_check(self) -> None:
        """Tell anew where that is needed."""
        if self._entry.runtime_data.last_update_success and async_pages_url(self._hass, self._entry) != self._url:
            self._entry.async_create_task(self._hass, self.tell(), "facegate tell where the pages are")

    async def tell(self) -> None:
        """Tell the address, or that there is none any more."""
        if self._busy:
            return
        self._busy = True
        try:
            await self._tell()
        finally:
            self._busy = False

    async def _tell(self) -> None:
        url = async_pages_url(self._hass, self._entry)
        if url is None:
            _create_issue(self._hass, self._entry)
            if await self.take_back():
                self._url = None
            return
        async_clear_issue(self._hass, self._entry)
        try:
            await self._entry.runtime_data.client.tell_pages(url)
        except FaceGateError as error:
            LOGGER.warning("The recognizer could not be told where residents' links shall lead: %r", error)
            return
        self._url = url
        self._note(told=True)

    async def take_back(self) -> bool:
        """Take back what was told; return whether nothing stands any more."""
        if not self._entry.options.get(CONF_RESIDENTS_PAGES):
            async_clear_issue(self._hass, self._entry)
        if not self._entry.data.get(CONF_PAGES_TOLD):
            return True
        try:
            await self._entry.runtime_data.client.take_back_pages()
        except FaceGateError as error:
            LOGGER.warning("The recognizer could not be told that residents' links lead here no more: %r", error)
            return False
        self._note(told=False)
        return True

    def _note(self, *, told: bool) -> None:
        if self._entry.data.get(CONF_PAGES_TOLD, False) is not told:
            data = {**self._entry.data, CONF_PAGES_TOLD: told}
            self._hass.config_entries.async_update_entry(self._entry, data=data)


@callback
def async_clear_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the issue back."""
    ir.async_delete_issue(hass, DOMAIN, _issue(entry))


def _create_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue(entry),
        is_fixable=False,
        learn_more_url=f"{DOCS}/home-assistant/repairs.md#{ISSUE}",
        severity=ir.IssueSeverity.WARNING,
        translation_key=ISSUE,
        translation_placeholders={"name": entry.title},
    )


def _issue(entry: ConfigEntry) -> str:
    return f"{ISSUE}_{entry.entry_id}"
