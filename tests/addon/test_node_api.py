"""Node files, new keys and the installer's walk through real HTTP."""

from typing import Any

import pytest

from facegate.core.audit import Act
from facegate.core.boards import FEATURES
from tests.parts.web import Site, now_ms

NODE = {"board": "esp32-relay-x4", "lock": "fail-secure"}


async def add(site: Site, token: str, **node: Any) -> dict[str, Any]:
    reply = await site.ask("POST", "/gates", {"name": "Main", "node": NODE | node}, token=token)
    assert reply.status == 201, reply.raw
    return dict(reply.content)


async def test_boards_are_told_in_both_languages(site: Site, token: str) -> None:
    boards = {board["name"]: board for board in (await site.ask("GET", "/boards", token=token)).content}
    shelly = boards["shelly-plus-1"]
    assert [(row["label"]["en"], row["label"]["zh-Hans"], row["gpio"]) for row in shelly["wiring"]] == [
        ("relay 1 of FaceGate", "FaceGate 继电器 1", 26),
        ("exit button", "出门按钮", 4),
    ]
    assert "NEVER with mains" in shelly["note"]["en"]
    assert not any(board["tried"] for board in boards.values())
    assert {feature["name"] for board in boards.values() for feature in board["features"]} == set(FEATURES)


async def test_a_gate_with_its_hardware_gets_both_files_once(site: Site, token: str) -> None:
    made = await add(site, token, features=["second-beam"], broker="broker.example", tls=True)
    files = made["node_files"]
    assert files["file"] == "main.yaml"
    assert "packages/passage-sensor.yaml" in files["yaml"]
    assert 'broker: "broker.example"\n  broker_port: "8883"' in files["yaml"]
    assert made["key"] not in files["yaml"]
    assert files["secrets"]["main_gate_key"] == made["key"]
    assert files["secrets"]["main_mqtt_username"] == "facegate-main"
    assert files["missing"] == ["mqtt_ca", "wifi_ssid", "wifi_password"]
    assert [row["terminal"] for row in files["wiring"]] == ["relay_1", "passage_sensor", "second_beam"]
    assert files["guessed"] is False
    assert (await site.ask("DELETE", "/gates/main", token=token)).status == 204
    other = await add(site, token)
    assert other["node_files"]["secrets"]["main_mqtt_password"] != files["secrets"]["main_mqtt_password"]
    assert other["node_files"]["guessed"], "the broker is 'localhost' to the recognizer, and that is no name for a node"
    for path in ("/gates", "/gates/main", "/gates/main/test"):
        answer = await site.ask("GET", path, token=token)
        assert other["key"] not in answer.raw.decode()


async def test_a_board_without_room_adds_no_gate(site: Site, token: str) -> None:
    reply = await site.ask(
        "POST",
        "/gates",
        {"name": "Main", "node": NODE | {"board": "shelly-plus-1", "features": ["fire-input"]}},
        token=token,
    )
    assert reply.problem() == "invalid"
    assert "no room for 'fire-input'" in reply.content["detail"]
    assert (await site.ask("GET", "/gates", token=token)).content == []


async def test_after_a_compromise_everything_secret_is_new(site: Site, token: str) -> None:
    made = await add(site, token)
    changed = (await site.ask("POST", "/gates/main/key", {"compromised": True}, token=token)).content
    assert changed["state"] == "flash"
    (act,) = [act for act in site.store.acts() if act.act is Act.REKEYED]
    assert (act.actor, act.reason) == ("Home Assistant", "gate main, after a compromise")
    assert bytes.fromhex(changed["key"]) == site.store.gate_key("main")
    before, after = made["node_files"]["secrets"], changed["node_files"]["secrets"]
    assert after["main_gate_key"] == changed["key"]
    assert all(before[name] != after[name] for name in before if name != "main_mqtt_username")
    assert changed["node_files"]["yaml"] == made["node_files"]["yaml"]
    assert (await site.ask("POST", "/gates/none/key", {}, token=token)).problem() == "not_found"
    assert (await site.ask("POST", "/gates/main/key", {}, token=token)).content == {"state": "pending"}


async def test_a_walk_needs_an_online_node_and_a_gate_that_moves_a_door(site: Site, token: str) -> None:
    await site.ask("POST", "/gates", {"name": "Toy", "trial": True}, token=token)
    reply = await site.ask("POST", "/gates/toy/test", {"action": "start"}, token=token)
    assert reply.problem() == "walk_refused"
    assert (await site.ask("GET", "/gates/toy/test", token=token)).content["usable"] is True

    await site.ask("POST", "/gates", {"name": "Bare"}, token=token)
    bare = (await site.ask("POST", "/gates/bare/test", {"action": "start"}, token=token)).content
    assert [s["step"] for s in bare["walk"]["steps"]] == ["relay"], "of its inputs nothing is known"
    assert bare["usable"] is False
    assert {m["what"] for m in bare["missing"]} == {"exit_unattested", "fire_unattested", "handle_unattested"}
    attested = {"installer": "Resident 1", "hardware_exit": True, "hardware_fire": True, "inside_handle": True}
    sheet = (await site.ask("POST", "/gates/bare/test/sheet", attested, token=token)).content
    assert sheet["missing"] == []
    assert (await site.ask("GET", "/gates/bare/test", token=token)).content["usable"] is True

    await add(site, token)
    state = (await site.ask("POST", "/gates/main/test", {"action": "start"}, token=token)).content
    assert [s["step"] for s in state["walk"]["steps"]] == ["relay", "exit", "fire", "fire_quiet", "fire_reset", "beam"]
    assert (state["usable"], state["sheet"]) == (False, None)
    assert {m["what"] for m in state["missing"]} == {
        "exit_untested", "fire_untested", "exit_unattested", "fire_unattested", "handle_unattested"
    }  # fmt: skip
    reply = await site.ask("POST", "/gates/main/test", {"action": "begin", "step": "exit"}, token=token)
    assert (reply.content["walk"]["steps"][1]["state"], reply.content["walk"]["steps"][1]["why"]) == (
        "failed",
        "node_offline",
    )
    wish = {"direction": "entry", "issued_at": now_ms()}
    opened = await site.ask(
        "POST", "/gates/main/open", wish, token=token, headers={"Idempotency-Key": "0123456789abcdef"}
    )
    assert opened.problem() == "not_opened"
    assert opened.content["reason"] == "not_commissioned"


@pytest.mark.parametrize(("language", "verdict"), [("en", "May NOT be taken into use"), ("zh-Hans", "不得投入使用")])
async def test_the_sheet_says_what_is_missing(site: Site, token: str, language: str, verdict: str) -> None:
    await add(site, token)
    await site.ask("POST", "/gates/main/test", {"action": "start"}, token=token)
    body = {"installer": "Resident <1>", "hardware_exit": True, "hardware_fire": False, "language": language}
    made = (await site.ask("POST", "/gates/main/test/sheet", body, token=token)).content
    assert made["passed"] is False
    assert verdict in made["html"]
    assert verdict in made["text"]
    assert "Resident &lt;1&gt;" in made["html"]
    assert "http" not in made["html"].replace("http-equiv", ""), "one file that asks no other machine for anything"
    state = (await site.ask("GET", "/gates/main/test", token=token)).content
    assert {m["what"] for m in state["missing"]} == {
        "exit_untested", "fire_untested", "fire_unattested", "handle_unattested"
    }  # fmt: skip
    assert state["sheet"]["attestation"]["installer"] == "Resident <1>"
