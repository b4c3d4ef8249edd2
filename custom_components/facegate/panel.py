"""Where FaceGate's own pages are: gates and residents are looked after there, and nowhere else."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .const import CONF_APP

if TYPE_CHECKING:
    from .coordinator import FaceGateConfigEntry

DOCS: Final = "https://github.com/facegate/facegate/blob/main/docs"


def panel_path(entry: FaceGateConfigEntry) -> str | None:
    """Return the path of the pages in Home Assistant's own address; ``None`` where FaceGate is no app of it.

    Home Assistant shows an app's first page and leads to no other one, so whoever links here names the page as well.
    """
    return _path(entry.data)


def panel_link(entry: FaceGateConfigEntry) -> str:
    """Return what a text links to: the pages, or where it says how to reach them."""
    return link_of(entry.data)


def link_of(data: Mapping[str, Any]) -> str:
    """Return the same of what an entry keeps, or will keep."""
    return _path(data) or f"{DOCS}/panel.md"


def _path(data: Mapping[str, Any]) -> str | None:
    app = data.get(CONF_APP)
    return f"/app/{app}" if app else None


def device_link(entry: FaceGateConfigEntry, gate: str | None = None) -> str:
    """Return where a device leads: to its gate's own page, since the panel reads there what it is asked for.

    Identifiers of gates are plain words, so nothing has to be escaped.
    """
    if (path := panel_path(entry)) is None:
        return panel_link(entry)
    return f"homeassistant:/{path}" + (f"?gate={gate}" if gate else "")
