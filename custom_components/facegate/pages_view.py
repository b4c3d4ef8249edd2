"""The door to the residents' pages at Home Assistant's address: whoever holds a link is let through, without a log-in.

It knows no users and never refuses as a log-in does, so that Home Assistant bans nobody for a stale link; whoever is
banned does not come this far. A view stays registered for ever: where the pages are off, it knows nothing.
"""

from html import escape
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from aiohttp import hdrs, web
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.helpers.translation import async_get_translations
from yarl import URL

from .const import CONF_RESIDENTS_PAGES, DOMAIN
from .pages_gateway import RefusedRequestError, is_page
from .pages_headers import is_host, plain
from .pages_limits import Limits, visitor
from .residents_pages import GATEWAYS, PATH, async_external_url, house_of

_SERVES: Final = (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY, ConfigEntryState.SETUP_IN_PROGRESS)
_HTTPS: Final = 443
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")
_FRAMED: Final = ("iframe", "frame", "embed", "object", "worker", "sharedworker", "serviceworker")
TEXTS: Final = {
    HTTPStatus.FORBIDDEN: ("pages_not_secure", "forbidden"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("pages_too_large", "too_large"),
    HTTPStatus.TOO_MANY_REQUESTS: ("pages_too_many", "rate_limited"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("pages_unreachable", "unreachable"),
}
"""Per status the text of a page, and the kind of problem that a script of the pages is told."""
_LANGUAGE: Final = "facegate_resident_language"
_LANGUAGES: Final = {"en": "en", "zh": "zh-Hans"}
_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;"
    "padding:0 1.5rem}"
)
_HTML: Final = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>FaceGate</title>'
    "<style>{style}</style></head><body><main><h1>FaceGate</h1><p>{text}</p></main></body></html>"
)


@callback
def async_register_pages(hass: HomeAssistant) -> None:
    """Register the view; until somebody switches the pages on, it knows nothing."""
    hass.http.register_view(PagesView(hass))


class PagesView(HomeAssistantView):
    """Serves the pages of every recognizer whose owner has switched that on."""

    url = f"{PATH}/{{house}}/{{page:.*}}"
    name = "api:facegate:pages"
    requires_auth = False

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with nobody there."""
        self._hass = hass
        self._limits = Limits()

    async def get(self, request: web.Request, house: str, page: str) -> web.StreamResponse:
        """Show a page."""
        return await self._serve(request, house, page)

    async def post(self, request: web.Request, house: str, page: str) -> web.StreamResponse:
        """Take what a page sends."""
        return await self._serve(request, house, page)

    async def _serve(self, request: web.Request, house: str, page: str) -> web.StreamResponse:
        entry = _entry(self._hass, house)
        if entry is None or not _is_ours(request, house, page):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        scheme, client = _scheme(self._hass, request), str(request.remote)
        if scheme is None:
            return await self._refuse(request, HTTPStatus.FORBIDDEN)
        who = visitor(client)
        if wait := self._limits.wait(who):
            return await self._refuse(request, HTTPStatus.TOO_MANY_REQUESTS, wait)
        gateway = self._hass.data.get(GATEWAYS, {}).get(entry.entry_id)
        if gateway is None:
            return await self._refuse(request, HTTPStatus.SERVICE_UNAVAILABLE)
        origin = f"{scheme}://{request.host}"
        with self._limits.inside(who):
            try:
                return await gateway.hand_on(request, page, client, origin, is_secure=scheme == "https")
            except RefusedRequestError as refused:
                return await self._refuse(request, refused.status)

    async def _refuse(self, request: web.Request, status: HTTPStatus, wait: float = 0.0) -> web.Response:
        """Say so: to somebody as a page, to a script of the pages as it expects it."""
        text, kind = TEXTS[status]
        headers = plain(_STYLE) | ({hdrs.RETRY_AFTER: str(int(wait) + 1)} if wait else {})
        if request.method == hdrs.METH_POST:
            problem = {"type": f"urn:facegate:problem:{kind}", "status": status}
            return self.json(problem, status, headers)
        language = _language(request)
        texts = await async_get_translations(self._hass, language, "exceptions", [DOMAIN])
        said = texts.get(f"component.{DOMAIN}.exceptions.{text}.message", "FaceGate")
        page = _HTML.format(language=language, style=_STYLE, text=escape(said))
        return web.Response(text=page, content_type="text/html", status=status, headers=headers)


@callback
def _entry(hass: HomeAssistant, house: str) -> ConfigEntry | None:
    """Return whose pages these are, while they are on and can be expected to come."""
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False):
        if house == house_of(entry) and entry.options.get(CONF_RESIDENTS_PAGES) and entry.state in _SERVES:
            return entry
    return None


def _is_ours(request: web.Request, house: str, page: str) -> bool:
    """Whether a page of ours would ask this, in this way."""
    # The path as it was sent: what is written in another way than the pages write it is nothing of theirs.
    if request.rel_url.raw_path != f"{PATH}/{house}/{page}" or not is_page(request.method, page):
        return False
    framed = request.headers.get("Sec-Fetch-Dest") in _FRAMED or "Service-Worker" in request.headers
    return not framed and bool(request.remote) and is_host(request.host)


@callback
def _scheme(hass: HomeAssistant, request: web.Request) -> str | None:
    """Return how the browser has asked; ``None``: in a way in which no face and no link should travel."""
    if request.secure:
        return "https"
    # A proxy that says nothing of HTTPS is known by the address that is Home Assistant's own.
    external = async_external_url(hass)
    if external is not None and _place(URL(external)) == _place(request.url):
        return "https"
    here = request.url.host in _THIS_MACHINE and ip_address(str(request.remote)).is_loopback
    return "http" if here else None


def _place(url: URL) -> tuple[str | None, int]:
    return url.host, url.explicit_port or _HTTPS


def _language(request: web.Request) -> str:
    """Return the first language of ours that the browser names, or the one that was chosen on the pages."""
    wished = [request.cookies.get(_LANGUAGE, ""), *request.headers.get(hdrs.ACCEPT_LANGUAGE, "").split(",")]
    for one in wished:
        if (word := one.strip()[:2].lower()) in _LANGUAGES:
            return _LANGUAGES[word]
    return _LANGUAGES["en"]
