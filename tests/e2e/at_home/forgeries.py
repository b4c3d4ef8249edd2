"""Whoever may publish on the broker changes nothing: no entity, no automation, and no token leaves the house."""

import json
import time
from collections import Counter
from dataclasses import replace

from facegate.contract.messages import GateEvent, GateState, Status
from tests.parts.house import ACCESS, MAIN, OPEN, TOPICS, House
from tests.parts.intruders import Eavesdropper

ALARM = "automation.anything_at_all"
WRONG_KEY = bytes(32)
HOUR_MS = 3_600_000


def test_forged_messages_change_nothing(house: House) -> None:
    assert house.node is not None
    home, eavesdropper = house.home, house.eavesdropper
    home.automate(
        "Anything at all",
        triggers=[
            {"trigger": "facegate.access", "target": {"entity_id": ACCESS}},
            {"trigger": "state", "entity_id": sorted(ours(house))},
        ],
        actions=[{"event": "facegate_test_ran"}],
    )
    home.wait_for_state(ALARM, "on")
    house.let_go()
    pulses = len(house.node.relay.pulses())
    before, known_before = ours(house), Counter(house.dropped())
    installation = home.entries("facegate")[0]

    said = forge_events(house, eavesdropper) + forge_states(house, eavesdropper)
    forge_status(house, eavesdropper)
    # The last one has arrived once a stranger is proposed; and that is all that a stranger comes to.
    proposed = home.discovered("facegate")
    assert proposed["description_placeholders"] == {"url": house.trap.url}
    dropped = home.wait_for(
        lambda: (d := Counter(house.dropped()) - known_before) >= said and d, f"not dropped: {said}"
    )
    assert ours(house) == before
    assert home.state(ALARM)["attributes"]["last_triggered"] is None
    assert {kind for kind in dropped if kind.startswith("event")} == {kind for kind in said if kind.startswith("event")}

    home.act("button.press", OPEN)  # the recognizer that was paired is still the one that is asked
    assert len(house.node.relay.wait_for_pulses(pulses + 1)) == pulses + 1
    home.wait_for(lambda: home.state(ALARM)["attributes"]["last_triggered"], "the automation sleeps")
    assert home.entries("facegate")[0] == installation
    home.forget_automation("Anything at all")
    home.decline(proposed)
    assert house.trap.visitors == 0
    tokens = house.tokens()
    assert tokens
    assert not [topic for topic, payload in eavesdropper.heard if any(token in payload for token in tokens)]


def ours(house: House) -> dict[str, tuple[str, str]]:
    """Every entity of FaceGate that shows what comes over the broker, as it stands."""
    mine = {e["entity_id"] for e in house.home.command("config/entity_registry/list") if e["platform"] == "facegate"}
    return {
        state["entity_id"]: (state["state"], state["last_updated"])
        for state in house.home.get("/api/states")
        if state["entity_id"] in mine
    }


def forge_events(house: House, eavesdropper: Eavesdropper) -> Counter[str]:
    """Say events that nobody may believe; return at least how often each reason has to be given."""
    heard = eavesdropper.events()
    assert len(heard) >= 3
    last = GateEvent.parse(heard[-1], house.event_key)
    newer = GateEvent(
        site="home", boot=last.boot + 1, seq=1, id="f" * 16, at=int(time.time() * 1000), gate=MAIN,
        type="access_granted", reason="recognised", method="face",
    )  # fmt: skip
    genuine = replace(newer, boot=last.boot, seq=last.seq + 1)
    held_back = replace(genuine, at=newer.at - HOUR_MS).sign(house.event_key)  # signed, and an hour old
    elsewhere = replace(newer, site="other").sign(house.event_key)
    flipped = heard[-1].replace(
        b'"' + last.type.encode(), b'"access_granted' if last.type != "access_granted" else b'"x'
    )
    for retain in (False, True):
        for payload in (newer.sign(WRONG_KEY), unsigned(newer.sign(WRONG_KEY)), b"access_granted", b"", *heard[-3:]):
            eavesdropper.say(TOPICS.event, payload, retain=retain)
    eavesdropper.say(TOPICS.event, b"", retain=True)
    for payload in (held_back, elsewhere, flipped):
        eavesdropper.say(TOPICS.event, payload)
    return Counter(
        {
            "event mac": 3,
            "event format": 1,
            "event size": 1,
            "event repeated": 2,
            "event old": 4,
            "event age": 1,
            "event site": 1,
        }
    )


def forge_states(house: House, eavesdropper: Eavesdropper) -> Counter[str]:
    """Say states that nobody may believe, the kept one of the recognizer among them, and put that back."""
    topic = TOPICS.state(MAIN)
    kept = eavesdropper.said_on(topic)
    now = GateState.parse(kept[-1], house.event_key)
    down = replace(now, boot=now.boot + 1, name="Forged", camera="off", node="offline", mode="free")
    older = next(p for p in kept if GateState.parse(p, house.event_key) != now)
    for payload in (down.sign(WRONG_KEY), unsigned(down.sign(WRONG_KEY)), b"online", older):
        eavesdropper.say(topic, payload, retain=True)
    side = TOPICS.state("trial-gate")
    eavesdropper.say(side, kept[-1])  # another gate's
    eavesdropper.say(topic, kept[-1], retain=True)  # the same once more: believed, and nothing new
    return Counter({"state mac": 1, "state format": 1, "state old": 1, "state gate": 1})


def forge_status(house: House, eavesdropper: Eavesdropper) -> None:
    """Say of the recognizer that it has moved, and gone; and let another one appear."""
    real = eavesdropper.said_on(TOPICS.status)[-1]
    known = Status.parse(real)
    for online in (True, False):
        for retain in (False, True):
            moved = Status(known.installation, "9.9.9", house.trap.url, online=online).encode()
            eavesdropper.say(TOPICS.status, moved, retain=retain)
    eavesdropper.say(TOPICS.status, b"{}", retain=True)
    eavesdropper.say(TOPICS.status, real, retain=True)
    eavesdropper.say("facegate/other/status", Status("f" * 32, "9.9.9", house.trap.url, online=True).encode())


def unsigned(payload: bytes) -> bytes:
    """A message without its MAC."""
    return json.dumps({k: v for k, v in json.loads(payload).items() if k != "mac"}).encode()
