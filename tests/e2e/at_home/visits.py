"""Who comes to the gate, what Home Assistant hears of it, and what an automation does about it."""

import time
from datetime import datetime

from facegate.contract.messages import GateEvent
from tests.parts.house import ACCESS, OPEN, House
from tests.parts.left_behind import live_here

WATCH = "automation.watch_the_entrance"


def test_an_automation_on_our_trigger_is_written_in_the_editor(house: House) -> None:
    live_here(house)
    house.home.automate(
        "Watch the entrance",
        triggers=[{"trigger": "facegate.access", "target": {"entity_id": ACCESS}, "options": {"method": ["face"]}}],
        actions=[
            {
                "action": "persistent_notification.create",
                "data": {
                    "notification_id": "seen",
                    "message": "{{ trigger.to_state.attributes.event_type }} {{ trigger.person is defined }}",
                },
            }
        ],
    )
    house.home.wait_for_state(WATCH, "on")
    assert house.home.state(WATCH)["attributes"]["last_triggered"] is None


def test_resident_opens_the_gate_and_home_assistant_hears_of_it(house: House) -> None:
    assert house.node is not None
    pulses = len(house.node.relay.pulses())
    house.show("resident")
    state = house.wait_for_event(event_type="access_granted")
    assert state["attributes"]["method"] == "face"
    assert state["attributes"]["reason"] == "recognised"
    assert state["attributes"]["direction"] == "entry"
    event = GateEvent.parse(house.eavesdropper.events()[-1], house.event_key)
    assert event.alias  # a resident was recognised, and Home Assistant is not told who
    fired = datetime.fromisoformat(state["state"]).timestamp()
    house.seconds["decision until event entity"] = fired - event.at / 1000
    assert len(house.node.relay.wait_for_pulses(pulses + 1)) > pulses
    house.home.wait_for_notice("seen", "access_granted False")
    house.show("nobody")


def test_stranger_is_refused_and_home_assistant_hears_of_it(house: House) -> None:
    assert house.node is not None
    house.let_go()
    pulses = len(house.node.relay.pulses())
    house.show("stranger")
    state = house.wait_for_event(event_type="access_denied")
    assert (state["attributes"]["method"], state["attributes"]["reason"]) == ("face", "unknown_face")
    house.home.wait_for_notice("seen", "access_denied False")
    house.show("nobody")
    house.let_go()
    assert len(house.node.relay.pulses()) == pulses


def test_button_pulses_the_relay(house: House) -> None:
    assert house.node is not None
    watched = house.home.state(WATCH)["attributes"]["last_triggered"]
    pulses = len(house.node.relay.pulses())
    begun = time.time()
    house.home.act("button.press", OPEN)
    pulse = house.node.relay.wait_for_pulses(pulses + 1)[pulses]
    house.seconds["button to relay"] = pulse.opened_at - begun
    assert pulse.relay == 1
    state = house.home.wait_for(
        lambda: (s := house.home.state(ACCESS))["attributes"].get("method") == "remote" and s, "no remote event"
    )
    assert state["attributes"]["event_type"] == "access_granted"
    assert len(house.node.relay.pulses()) == pulses + 1
    assert house.home.state(WATCH)["attributes"]["last_triggered"] == watched  # it asks for faces
