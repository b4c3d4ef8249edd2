"""Where FaceGate's own pages are: gates and residents are looked after there, and nowhere else."""

from typing import TYPE_CHECKING, Final

from .const import CONF_APP

if TYPE_CHECKING:
    from .coordinator import FaceGateConfigEntry

DOCS: Final = "https://github.com/facegate/facegate/blob/main/docs"


def panel_path(entry: FaceGateConfigEntry) -> str | None:
    """Return the path of the pages in Home Assistant's own address; ``None`` where FaceGate is no app of it.

    Home Assistant shows an app's first page and leads to no other one, so whoever links here names the page as well.
    """
    app = entry.data.get(CONF_APP)
    return f"/app/{app}" if app else None


def panel_link(entry: FaceGateConfigEntry) -> str:
    """Return what a text links to: the pages, or where it says how to reach them."""
    return panel_path(entry) or f"{DOCS}/panel.md"


def device_link(entry: FaceGateConfigEntry, gate: str | None = None) -> str:
    """Return where a device leads: to its gate's own page, since the panel reads there what it is asked for.

    Identifiers of gates are plain words, so nothing has to be escaped.
    """
    if (path := panel_path(entry)) is None:
        return panel_link(entry)
    return f"homeassistant:/{path}" + (f"?gate={gate}" if gate else "")
