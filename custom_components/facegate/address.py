"""Where the recognizer lives: what people type, and what happens when it seems to have moved."""

from typing import TYPE_CHECKING, Final

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryState
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from yarl import URL

from .const import CONF_API, DEFAULT_PORT, DOMAIN
from .messages import Status
from .panel import DOCS

if TYPE_CHECKING:
    from .coordinator import FaceGateConfigEntry

MOVED: Final = "moved"


def parse_address(text: str) -> str:
    """Return ``scheme://host:port`` of an address as people write it; raises ValueError."""
    text = text.strip()
    url = URL(text if "://" in text else f"http://{text}")
    if url.scheme not in ("http", "https") or not url.host or url.user is not None:
        raise ValueError(text)
    if url.explicit_port is None and "://" not in text:
        url = url.with_port(DEFAULT_PORT)
    return str(url.origin())


@callback
def async_note_moved(hass: HomeAssistant, entry: FaceGateConfigEntry, status: Status) -> None:
    """Tell the owner that a recognizer which no longer answers is announced elsewhere.

    The announcement is unsigned, so it changes nothing: reconfiguring makes the other address prove the paired key.
    """
    if not status.online or entry.source == SOURCE_IGNORE or entry.disabled_by or _works(entry):
        return
    try:
        address = parse_address(status.api)
    except ValueError:
        return
    if address == entry.data[CONF_URL] or status.api == entry.data[CONF_API]:
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue(entry),
        data={"kind": MOVED, "entry_id": entry.entry_id, "address": address},
        is_fixable=True,
        learn_more_url=f"{DOCS}/home-assistant/repairs.md#{MOVED}",
        severity=ir.IssueSeverity.WARNING,
        translation_key=MOVED,
        translation_placeholders={"name": entry.title, "known": entry.data[CONF_URL], "announced": address},
    )


@callback
def async_clear_moved(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Take the issue back."""
    ir.async_delete_issue(hass, DOMAIN, _issue(entry))


def _works(entry: FaceGateConfigEntry) -> bool:
    return entry.state is ConfigEntryState.LOADED and entry.runtime_data.last_update_success


def _issue(entry: FaceGateConfigEntry) -> str:
    return f"{MOVED}_{entry.entry_id}"
