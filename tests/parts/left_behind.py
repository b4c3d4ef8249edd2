"""What a house leaves behind in Home Assistant of the one who lives there."""

import json

from facegate.contract.messages import GateEvent
from tests.parts.house import ACCESS, RESIDENT, House
from tests.parts.traces import Trace, in_folder, in_messages, retained

PERSON = "person.owner"
FLAT = "Flat 7b"
TRACED = "automation.traced"
ANNOUNCED = {
    # The presence entity is called by the resident's name.
    Trace("name", ".storage/core.entity_registry"),
    Trace("name", "recorder state_attributes.shared_attrs"),
}
"""The words of a resident that Home Assistant may hold while presence is shown."""


def live_here(house: House) -> None:
    """Let the resident have all that could stay behind, and let an automation keep traces, as one does by itself."""
    [resident] = house.api("GET", "/residents")
    house.api("PATCH", f"/residents/{resident['id']}", {"flat": FLAT, "person": PERSON})
    house.home.post(
        "/api/config/automation/config/traced",
        alias="Traced",
        triggers=[{"trigger": "facegate.access", "target": {"entity_id": ACCESS}}],
        actions=[{"event": "facegate_test_traced"}],
    )
    house.home.wait_for_state(TRACED, "on")


def words(house: House) -> dict[str, str]:
    """All that leads to the resident, and nobody else has."""
    [resident] = house.api("GET", "/residents")
    assert (resident["flat"], resident["person"]) == (FLAT, PERSON)
    events = [GateEvent.parse(payload, house.event_key) for payload in house.eavesdropper.events()]
    aliases = {f"alias {event.seq}": event.alias for event in events if event.alias}
    assert aliases
    return {"name": RESIDENT, "id": resident["id"], "flat": FLAT} | aliases


def shown(house: House) -> set[str]:
    """Which of those words the pages of Home Assistant show: states, the logbook, notifications."""
    home = house.home
    text = json.dumps([home.get("/api/states"), home.get("/api/logbook"), home.notices()], ensure_ascii=False)
    return {what for what, word in words(house).items() if word in text}


def left_behind(house: House) -> set[Trace]:
    """Where those words are in all that Home Assistant, which has ended, wrote, and in what the broker keeps.

    The integration itself is left out: its texts are not the house's.
    """
    known = words(house)
    return in_folder(house.home.folder, known, leave_out=["custom_components"]) | in_messages(
        retained(house.broker), known
    )


def traces(house: House) -> str:
    """What automations have kept of their runs."""
    return (house.home.folder / ".storage" / "trace.saved_traces").read_text(encoding="utf-8")
