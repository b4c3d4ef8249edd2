"""From discovery to the first gates, as the frontend goes: one that needs no hardware, and one that moves a door."""

import time

from tests.parts.house import CAMERA, MAIN, NODE, PASSWORD, TRIAL, TRIAL_ACCESS, VIEWER, House
from tests.parts.node import NativeNode


def test_from_discovery_to_a_trial_gate(house: House) -> None:
    home = house.home
    camera = home.add_camera(house.camera.url("nobody"), username=VIEWER, password=PASSWORD)
    begun = time.monotonic()
    home.use_broker(house.broker)
    flow = home.discovered("facegate")
    house.seconds["broker set up until discovery"] = time.monotonic() - begun
    assert (flow["step_id"], flow["description_placeholders"]) == (
        "discovery_confirm",
        {"url": house.recognizer.address},
    )
    assert flow["context"]["title_placeholders"] == {"name": "home"}

    wrong = home.fill(flow, code="0000-0000-0000")
    assert wrong["errors"] == {"code": "invalid_code"}
    gate = home.fill(flow, code=house.recognizer.pairing_code())
    assert (gate["type"], gate["step_id"]) == ("form", "gate"), gate
    offered = {field["name"]: field for field in gate["data_schema"]}
    assert offered["camera"]["description"] == {"suggested_value": camera}  # it is the only one
    assert offered["trial"]["default"] is True
    done = home.fill(gate, name="Trial gate", camera=camera, direction="entry", trial=True)
    assert done["type"] == "create_entry", done
    assert home.command("config_entries/flow/progress") == []
    home.wait_for_state("binary_sensor.trial_gate_gate_node", "on")
    home.wait_for_state("binary_sensor.trial_gate_camera", "on")
    house.seconds["broker set up until the trial gate is there"] = time.monotonic() - begun
    devices = {device["name"] for device in home.command("config/device_registry/list")}
    assert {"FaceGate home", "Trial gate"} <= devices


def test_the_resident_is_let_in_at_the_trial_gate_without_hardware(house: House) -> None:
    assert house.api("GET", f"/gates/{TRIAL}")["faces"]  # it moves no door: nothing is missing
    house.show("resident", TRIAL)
    state = house.wait_for_event(TRIAL_ACCESS, event_type="access_granted")
    assert (state["attributes"]["method"], state["attributes"]["reason"]) == ("face", "recognised")
    [camera] = house.api("GET", f"/gates/{TRIAL}/cameras")
    house.api("DELETE", f"/gates/{TRIAL}/cameras/{camera['id']}")


def test_the_first_gate_with_a_door_is_added_in_the_panel(house: House) -> None:
    made = house.api("POST", "/gates", {"name": "Main entrance"})
    assert made["id"] == MAIN
    house.api("POST", f"/gates/{MAIN}/cameras", {"source": house.stream("nobody"), "direction": "entry"})
    # Nobody knows what lock it has, so it opens for nobody before somebody has tested the ways out.
    house.api("POST", f"/gates/{MAIN}/test", {"action": "start"})
    attested = {"installer": "Installer", "hardware_exit": True, "hardware_fire": True, "inside_handle": True}
    assert house.api("POST", f"/gates/{MAIN}/test/sheet", attested)["missing"] == []
    house.node = NativeNode(house.folder / "node", house.broker, key=bytes.fromhex(made["key"]), gate=made["id"])
    house.node.start()
    house.home.wait_for_state(NODE, "on")
    house.home.wait_for_state(CAMERA, "on")
    assert "Main entrance" in {device["name"] for device in house.home.command("config/device_registry/list")}


def test_the_face_reader_stays_off_until_the_resident_has_a_card(house: House) -> None:
    gate = f"/gates/{MAIN}"
    assert not house.api("GET", gate)["faces"]
    house.api("PATCH", gate, {"readers": ["card"]})
    [who] = house.api("GET", f"{gate}/ways")["without"]
    house.api("POST", f"/residents/{who['id']}/credentials", {"kind": "card", "number": "0012345678"})
    house.home.wait_for(lambda: not house.api("GET", f"{gate}/ways")["missing"], "the node has not taken its list", 60)
    assert house.api("PUT", f"{gate}/face-reader", {"on": True})["faces"]


def test_gate_comes_and_goes_without_a_restart(house: House) -> None:
    house.api("POST", "/gates", {"id": "side", "name": "Side gate"})
    house.home.wait_for_state("binary_sensor.side_gate_gate_node", "off")
    house.api("DELETE", "/gates/side")
    house.home.wait_for(
        lambda: house.home.state("binary_sensor.side_gate_gate_node")["state"] is None, "the side gate stays"
    )
