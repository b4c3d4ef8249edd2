"""Asking to be recognised, over the API: a press arms a camera that waits for one, once, and nothing else."""

from typing import Any

import pytest

from facegate.web.services import GateHealth, Health
from tests.parts.gates_api import CAMERA, make_gate
from tests.parts.web import Site, now_ms


def pressing(**changes: Any) -> dict[str, Any]:
    return {"body": {"direction": "entry", "issued_at": now_ms()} | changes, "headers": {"Idempotency-Key": "k" * 16}}


async def test_a_press_arms_the_gate_once(site: Site, token: str) -> None:
    await make_gate(site, token)
    path = "/gates/front-gate/press"
    press = pressing(direction="exit")
    assert (await site.ask("POST", path, token=token, **press)).content == {"cameras": 1, "seconds": 10.0}
    assert (await site.ask("POST", path, token=token, **press)).problem() == "press_expired"  # played again
    assert site.gate_side.presses == [("front-gate", "exit")]
    assert (await site.ask("POST", path, token=token, **pressing())).status == 200  # another side, another press


@pytest.mark.parametrize("age", [-2_500, 2_500, 86_400_000])
async def test_a_press_of_another_time_arms_nothing(site: Site, token: str, age: int) -> None:
    await make_gate(site, token)
    late = pressing(issued_at=now_ms() - age)
    assert (await site.ask("POST", "/gates/front-gate/press", token=token, **late)).problem() == "press_expired"
    assert site.gate_side.presses == []


async def test_a_press_where_no_camera_waits_says_so(site: Site, token: str) -> None:
    await make_gate(site, token)
    site.gate_side.waiting = 0
    assert (await site.ask("POST", "/gates/front-gate/press", token=token, **pressing())).problem() == "not_waiting"
    assert (await site.ask("POST", "/gates/nowhere/press", token=token, **pressing())).problem() == "not_found"


async def test_a_button_on_a_wall_may_press_and_nothing_else(site: Site, token: str) -> None:
    await make_gate(site, token)
    button = await site.pair("press")
    assert (await site.ask("POST", "/gates/front-gate/press", token=button, **pressing())).status == 200
    assert (await site.ask("GET", "/gates", token=button)).problem() == "forbidden"
    opening = {"direction": "entry", "issued_at": now_ms()}
    key = {"Idempotency-Key": "k" * 16}
    refused = await site.ask("POST", "/gates/front-gate/open", opening, token=button, headers=key)
    assert refused.problem() == "forbidden"
    reader = await site.pair("read")
    assert (await site.ask("POST", "/gates/front-gate/press", token=reader, **pressing())).problem() == "forbidden"


async def test_what_a_gate_says_to_people_is_seen(site: Site, token: str) -> None:
    await make_gate(site, token)
    site.gate_side.health = Health(gates={"front-gate": GateHealth(prompt="take_off_mask", pattern="denied")})
    shown = (await site.ask("GET", "/gates/front-gate", token=token)).content
    assert (shown["prompt"], shown["pattern"]) == ("take_off_mask", "denied")


async def test_a_camera_may_wait_for_a_press(site: Site, token: str) -> None:
    await make_gate(site, token)
    made = await site.ask("POST", "/gates/front-gate/cameras", CAMERA | {"id": "front"}, token=token)
    assert made.content["on_press"] is False
    changed = await site.ask("PATCH", "/gates/front-gate/cameras/front", {"on_press": True}, token=token)
    assert changed.content["on_press"] is True
    assert [camera.on_press for camera in site.store.cameras()] == [True]
