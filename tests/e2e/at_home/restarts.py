"""Each part goes and comes back: nothing old is believed, nobody has to do anything, and how long it took is said."""

import time

import pytest

from tests.parts import left_behind
from tests.parts.home_assistant import HomeAssistantError
from tests.parts.house import ACCESS, NODE, OPEN, TOPICS, House
from tests.parts.traces import in_folder


def opens(house: House, what: str) -> None:
    """Press the button until the gate opens; note the seconds from now as those that ``what`` took."""
    assert house.node is not None
    begun, pulses = time.monotonic(), len(house.node.relay.pulses())

    def press() -> bool:
        if house.home.state(OPEN)["state"] == "unavailable":
            return False  # Home Assistant would not even ask
        try:
            house.home.act("button.press", OPEN)
        except HomeAssistantError:
            return False  # it is told why, and tries again
        return True

    house.home.wait_for(press, f"{what}: the gate does not open", 60)
    house.node.relay.wait_for_pulses(pulses + 1)
    house.seconds[f"{what} until it opens"] = time.monotonic() - begun


def shown(house: House, what: str) -> None:
    """Wait until the gate's node is shown; note the seconds from now."""
    begun = time.monotonic()
    house.home.wait_for_state(NODE, "on", 60)
    house.seconds[f"{what} until shown"] = time.monotonic() - begun


def test_silent_node_is_told_when_the_button_is_pressed(house: House) -> None:
    assert house.node is not None
    house.node.stop()
    house.home.wait_for_state(NODE, "off")
    with pytest.raises(HomeAssistantError, match=r"Main entrance was not opened.* gate node"):
        house.home.act("button.press", OPEN)
    house.node.start()
    shown(house, "node back")
    opens(house, "node back and shown")


def test_restart_of_the_core_readmits_nothing_and_leaves_no_names(house: House) -> None:
    home = house.home
    before = home.state(ACCESS)["attributes"]
    assert left_behind.shown(house) == set()
    home.stop()
    assert left_behind.left_behind(house) == set()
    assert left_behind.PERSON not in left_behind.traces(house)
    assert house.node is not None
    # The node's key is shown once and kept nowhere.
    assert in_folder(home.folder, {"node's key": house.node.key.hex()}) == set()

    # What a broker has kept is given to whoever comes back.
    house.eavesdropper.say(TOPICS.event, house.eavesdropper.events()[-1], retain=True)
    house.seconds["core starts again"] = home.start()
    shown(house, "core back")
    restored = home.state(ACCESS)
    assert restored["attributes"]["event_type"] == before["event_type"]
    replayed = sorted(set(house.eavesdropper.events()))
    for payload in replayed:
        house.eavesdropper.say(TOPICS.event, payload)
    home.wait_for(lambda: sum(house.dropped().values()) >= len(replayed), "not all repeated events were dropped")
    assert (
        {"event retained"}
        < set(house.dropped())
        <= {
            "event retained",
            "event repeated",
            "event old",
            "event age",
        }
    )
    house.eavesdropper.say(TOPICS.event, b"", retain=True)
    assert home.state(ACCESS)["state"] == restored["state"]
    opens(house, "core back and shown")
    home.wait_for(lambda: home.state(ACCESS)["state"] != restored["state"], "no event after the restart")


def test_recognizer_that_restarts_is_found_again(house: House) -> None:
    house.recognizer.stop()
    house.home.wait_for_state(NODE, "unavailable")
    house.recognizer.start()
    opens(house, "recognizer back")
    shown(house, "recognizer back and opening")


def test_broker_that_dies_is_found_again_by_all(house: House) -> None:
    house.broker.kill()
    with pytest.raises(HomeAssistantError, match=r"Main entrance was not opened"):
        house.home.act("button.press", OPEN)
    house.broker.start()
    begun, before = time.monotonic(), house.home.state(ACCESS)["state"]
    opens(house, "broker back")

    def heard() -> bool:  # what happens while Home Assistant is not back yet is not told later: events are not kept
        opens(house, "broker back, once more")
        return bool(house.home.state(ACCESS)["state"] != before)

    house.home.wait_for(heard, "no event after the broker's return", 60)
    house.seconds["broker back until an event entity"] = time.monotonic() - begun
    shown(house, "broker back and heard of")
