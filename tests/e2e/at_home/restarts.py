"""Each part goes and comes back: nothing old is believed, nobody has to do anything, and how long it took is said."""

import time
from contextlib import suppress
from datetime import datetime

import pytest

from tests.parts import left_behind
from tests.parts.home_assistant import HomeAssistantError
from tests.parts.house import ACCESS, NODE, OPEN, TOPICS, House
from tests.parts.traces import in_folder


def comes_back(house: House, part: str, *, gone: bool = True) -> None:
    """Note the seconds from now until the gate is shown, opens, and its event entity tells; fail if nothing comes.

    ``gone``: the gate's entities were not available without the part.
    """
    assert house.node is not None
    home, pulses = house.home, len(house.node.relay.pulses())
    begun = time.time()

    def press() -> bool:
        if home.state(OPEN)["state"] != "unavailable":  # else Home Assistant would not even ask
            with suppress(HomeAssistantError):  # it is told why, and tries again
                home.act("button.press", OPEN)
        return len(house.node.relay.pulses()) > pulses

    def told() -> bool:
        state = home.state(ACCESS)["state"]
        return state not in {"unavailable", "unknown"} and datetime.fromisoformat(state).timestamp() > begun

    def tells() -> bool:  # what happens while Home Assistant is not back yet is not told later: events are not kept
        if not told():
            press()
            time.sleep(0.5)
        return told()

    if gone:
        home.wait_for_state(NODE, "on", 60)
        house.seconds[f"{part} back until the gate is shown"] = time.time() - begun
    home.wait_for(press, f"{part}: the gate does not open", 60)
    house.seconds[f"{part} back until the gate opens"] = house.node.relay.pulses()[pulses].opened_at - begun
    home.wait_for(tells, f"{part}: no event after its return", 60)
    house.seconds[f"{part} back until its event is told"] = time.time() - begun


def test_silent_node_is_told_when_the_button_is_pressed(house: House) -> None:
    assert house.node is not None
    house.node.stop()
    house.home.wait_for_state(NODE, "off")
    with pytest.raises(HomeAssistantError, match=r"Main entrance was not opened.* gate node"):
        house.home.act("button.press", OPEN)
    house.node.start()
    comes_back(house, "node")


def test_restart_of_the_core_readmits_nothing_and_leaves_no_names(house: House) -> None:
    home = house.home
    before = home.state(ACCESS)["attributes"]
    # Whoever stands before the camera while the core is away makes news, which it may believe when it is back.
    replayed = sorted(set(house.eavesdropper.events()))
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
    home.wait_for_state(NODE, "on")
    # What was kept has come, so whatever is said from now on is heard.
    home.wait_for(lambda: "event retained" in house.dropped(), "what the broker kept has not been dropped")
    restored = home.state(ACCESS)
    assert restored["attributes"]["event_type"] == before["event_type"]
    for payload in replayed:
        house.eavesdropper.say(TOPICS.event, payload)
    home.wait_for(lambda: sum(house.dropped().values()) >= len(replayed), "not all repeated events were dropped")
    known = {"event retained", "event repeated", "event old", "event age"}
    assert set(house.dropped()) <= known
    house.eavesdropper.say(TOPICS.event, b"", retain=True)
    assert home.state(ACCESS)["state"] == restored["state"]
    comes_back(house, "core")


def test_recognizer_that_restarts_is_found_again(house: House) -> None:
    house.recognizer.stop()
    house.home.wait_for_state(NODE, "unavailable")
    house.recognizer.start()
    comes_back(house, "recognizer")


def test_broker_that_dies_is_found_again_by_all(house: House) -> None:
    house.broker.kill()
    house.home.wait_for_state(ACCESS, "unavailable")
    with pytest.raises(HomeAssistantError, match=r"Main entrance was not opened"):
        house.home.act("button.press", OPEN)
    house.broker.start()
    comes_back(house, "broker", gone=False)
