"""The API through real HTTP: who may do what, what goes in and what never comes out."""

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facegate import __version__
from facegate.core.consent import Channel, Purpose
from facegate.core.models import Direction
from facegate.residents.consents import Given
from facegate.web import server
from facegate.web.operations import OPERATIONS
from facegate.web.services import CameraHealth, GateHealth, Health
from tests.parts.web import Site, now_ms, running_site, settings

KEY = "0123456789abcdef"
CAMERA = {"source": "rtsp://owner:s3cret@camera.example:554/stream1?pwd=s3cret"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        yield running


@pytest.fixture
async def token(site: Site) -> str:
    return await site.pair()


async def make_gate(site: Site, token: str, name: str = "Front gate", **more: Any) -> dict[str, Any]:
    """A trial gate unless told, so that nobody has to commission it before it opens."""
    reply = await site.ask("POST", "/gates", {"name": name, "trial": True, **more}, token=token)
    assert reply.status == 201, reply.raw
    return dict(reply.content)


def wish(**more: Any) -> dict[str, Any]:
    return {"direction": "entry", "issued_at": now_ms(), **more}


async def ask_open(site: Site, token: str, gate: str, body: Any, key: str | None = KEY) -> Any:
    return await site.ask(
        "POST", f"/gates/{gate}/open", body, token=token, headers={"Idempotency-Key": key} if key else {}
    )


# Who may do what


async def test_every_operation_asks_for_its_scope_and_takes_no_other(site: Site) -> None:
    scopes = ("read", "manage", "open", "persons")
    by_scope = {scope: await site.pair(scope) for scope in scopes}
    for operation in OPERATIONS:
        if operation.scope is None:
            continue
        path = re.sub(r"{\w+}", "none", operation.path)
        assert (await site.ask(operation.method, path, {})).problem() == "unauthenticated", operation.name
        for scope in scopes:
            reply = await site.ask(operation.method, path, {}, token=by_scope[scope])
            refused = reply.status == 403
            assert refused is (scope != operation.scope), (operation.name, scope, reply.raw)


async def test_a_bad_token_is_refused_even_where_none_is_needed(site: Site) -> None:
    reply = await site.ask("GET", "/health", token="fg_wrong")
    assert reply.problem() == "unauthenticated"
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer " + "x" * 5000, "Bearer é"])
async def test_odd_authorization_headers_open_nothing(site: Site, header: str) -> None:
    reply = await site.ask("GET", "/gates", headers={"Authorization": header})
    assert reply.problem() == "unauthenticated"


async def test_guessing_tokens_is_slowed_while_a_good_token_still_works(site: Site, token: str) -> None:
    replies = [await site.ask("GET", "/gates", token=f"fg_{number}") for number in range(12)]
    assert [reply.status for reply in replies] == [401] * 10 + [429] * 2
    assert replies[-1].problem() == "rate_limited"
    assert (await site.ask("GET", "/gates", token=token)).status == 200


async def test_ingress_headers_are_no_identity_on_the_api(site: Site) -> None:
    headers = {
        "X-Remote-User-Id": "0" * 32,
        "X-Remote-User-Name": "owner",
        "X-Remote-User-Display-Name": "Owner",
        "X-Ingress-Path": "/api/hassio_ingress/x",
        "X-Hass-Is-Admin": "1",
        "X-Forwarded-For": "172.30.32.2",
    }
    assert (await site.ask("GET", "/gates", headers=headers)).problem() == "unauthenticated"
    assert (await site.ask("POST", "/pairing-codes", headers=headers)).problem() == "unauthenticated"


# Health


async def test_health_says_little_to_strangers_and_all_to_readers(site: Site, token: str) -> None:
    site.gate_side.health = Health(broker=True, gates={"front": GateHealth("silent", "online", ("camera_silent",))})
    assert (await site.ask("GET", "/health")).content == {"ok": True, "version": __version__}
    detailed = (await site.ask("GET", "/health", token=token)).content
    assert detailed["broker"] is True
    assert detailed["gates"] == [{"id": "front", "camera": "silent", "node": "online", "problems": ["camera_silent"]}]
    only_open = await site.pair("open")
    assert "gates" not in (await site.ask("GET", "/health", token=only_open)).content


# Gates


async def test_a_gate_lives_from_its_first_to_its_last_request(site: Site, token: str) -> None:
    made = await make_gate(site, token, "Front gate", pulse_ms=700, trial=False)
    assert made["id"] == "front-gate"
    assert bytes.fromhex(made["key"]) == site.store.gate_key("front-gate")
    shown = (await site.ask("GET", "/gates/front-gate", token=token)).content
    assert shown == {
        "id": "front-gate",
        "name": "Front gate",
        "mode": "normal",
        "pulse_ms": 700,
        "trial": False,
        "faces": False,
        "phone": False,
        "readers": [],
        "camera": "off",
        "node": "offline",
        "problems": [],
        "waits": False,
        "free_until": None,
        "state": "",
        "fire": "none",
        "tamper": False,
        "held": False,
        "refused": 0,
        "lost": 0,
        "list_version": 0,
        "heard_at": None,
        "acked_at": None,
        "prompt": "",
        "list": {
            "state": "none",
            "version": 0,
            "expires": 0,
            "entries": 0,
            "capacity": 1008,
            "left_out": 0,
            "stale": 0,
            "sent": 0,
            "chunks": 0,
            "detail": "",
        },
        "pattern": "",
    }
    site.gate_side.health = Health(gates={"front-gate": GateHealth("ok", "online")})
    assert [(gate["camera"], gate["node"]) for gate in (await site.ask("GET", "/gates", token=token)).content] == [
        ("ok", "online")
    ]
    changed = await site.ask("PATCH", "/gates/front-gate", {"name": "Main gate"}, token=token)
    assert (changed.content["name"], changed.content["pulse_ms"]) == ("Main gate", 700)
    assert (await site.ask("DELETE", "/gates/front-gate", token=token)).status == 204
    assert (await site.ask("GET", "/gates/front-gate", token=token)).problem() == "not_found"
    assert site.gate_side.changes == 3


async def test_a_gates_key_is_shown_once(site: Site, token: str) -> None:
    key = (await make_gate(site, token))["key"]
    for path in ("/gates", "/gates/front-gate", "/health"):
        assert key.encode() not in (await site.ask("GET", path, token=token)).raw


async def test_two_gates_do_not_share_an_id(site: Site, token: str) -> None:
    first = await make_gate(site, token)
    assert (await site.ask("POST", "/gates", {"name": "Front gate"}, token=token)).problem() == "exists"
    assert bytes.fromhex(first["key"]) == site.store.gate_key("front-gate")


async def test_a_name_in_any_script_gets_an_id_for_the_wire(site: Site, token: str) -> None:
    made = await make_gate(site, token, "东门")
    assert made["name"] == "东门"
    assert made["id"].startswith("gate-")


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": " Front"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"name": "Front", "id": "Front"}, "id"),
        ({"name": "Front", "id": "../keys"}, "id"),
        ({"name": "Front", "id": "front\n"}, "id"),
        ({"name": "Front", "pulse_ms": True}, "pulse_ms"),
        ({"name": "Front", "pulse_ms": 1.5}, "pulse_ms"),
        ({"name": "Front", "pulse_ms": -1}, "pulse_ms"),
        ({"name": "Front", "pulse_ms": 10**400}, "pulse_ms"),
        ({"name": "Front", "key": "00" * 32}, "key"),
        ({"name": "Front", "mode": "free"}, "mode"),
    ],
)
async def test_a_gate_that_makes_no_sense_is_refused_by_name(site: Site, token: str, body: Any, at: str) -> None:
    reply = await site.ask("POST", "/gates", body, token=token)
    assert reply.problem() == "invalid"
    assert [error["at"] for error in reply.content["errors"]] == [at]
    assert site.store.gates() == []
    assert site.gate_side.changes == 0


async def test_changes_at_the_same_moment_do_not_overwrite_each_other(site: Site, token: str) -> None:
    await make_gate(site, token)
    await asyncio.gather(
        site.ask("PATCH", "/gates/front-gate", {"name": "Main gate"}, token=token),
        site.ask("PATCH", "/gates/front-gate", {"pulse_ms": 900}, token=token),
        site.ask("PUT", "/gates/front-gate/mode", {"mode": "lockdown"}, token=token),
    )
    gate = site.store.gate("front-gate")
    assert (gate.name, gate.pulse_ms, gate.mode) == ("Main gate", 900, "lockdown")


# Cameras


async def test_a_cameras_password_goes_in_and_never_comes_out(
    site: Site, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    await make_gate(site, token)
    made = await site.ask("POST", "/gates/front-gate/cameras", CAMERA, token=token)
    assert made.status == 201
    camera = made.content["id"]
    path = f"/gates/front-gate/cameras/{camera}"
    replies = [
        made,
        await site.ask("GET", path, token=token),
        await site.ask("GET", "/gates/front-gate/cameras", token=token),
        await site.ask("PATCH", path, {"direction": "exit", "zone": [[0, 0], [1, 0], [0.5, 1]]}, token=token),
        await site.ask("GET", "/health", token=token),
        await site.ask("PATCH", path, {"source": "ftp://owner:s3cret@camera.example/"}, token=token),
        await site.ask("PATCH", path, {"source": ["rtsp://owner:s3cret@camera.example/"]}, token=token),
    ]
    for reply in replies:
        assert b"s3cret" not in reply.raw
        assert b"owner" not in reply.raw
    assert "s3cret" not in caplog.text
    assert replies[5].problem() == replies[6].problem() == "invalid"
    [stored] = site.store.cameras("front-gate")
    assert stored.source == CAMERA["source"]
    assert stored.zone == ((0, 0), (1, 0), (0.5, 1))
    assert stored.direction is Direction.EXIT


async def test_what_is_shown_of_an_address_cannot_overwrite_it(site: Site, token: str) -> None:
    await make_gate(site, token)
    made = (await site.ask("POST", "/gates/front-gate/cameras", CAMERA, token=token)).content
    assert "camera.example" in made["source"]
    reply = await site.ask("PATCH", f"/gates/front-gate/cameras/{made['id']}", {"source": made["source"]}, token=token)
    assert reply.problem() == "invalid"
    assert site.store.cameras()[0].source == CAMERA["source"]


async def test_a_camera_belongs_to_its_gate(site: Site, token: str) -> None:
    await make_gate(site, token)
    await make_gate(site, token, "Back gate")
    made = (await site.ask("POST", "/gates/front-gate/cameras", CAMERA, token=token)).content
    for method in ("GET", "PATCH", "DELETE"):
        path = f"/gates/back-gate/cameras/{made['id']}"
        assert (await site.ask(method, path, {}, token=token)).problem() == "not_found"
    site.gate_side.health = Health(cameras={made["id"]: CameraHealth("silent", "frozen")})
    [shown] = (await site.ask("GET", "/gates/front-gate/cameras", token=token)).content
    assert (shown["state"], shown["reason"]) == ("silent", "frozen")
    assert (await site.ask("DELETE", f"/gates/front-gate/cameras/{made['id']}", token=token)).status == 204
    assert site.store.cameras() == []
    assert (await site.ask("POST", "/gates/no-gate/cameras", CAMERA, token=token)).problem() == "not_found"


@pytest.mark.parametrize(
    ("source", "liveness", "accepted", "made"),
    [
        ("rtsp://camera.example/1", "passive", None, True),
        ("rtsp://camera.example/1", "off", None, False),
        ("rtsp://camera.example/1", "off", False, False),
        ("rtsp://camera.example/1", "off", True, True),
        ("RTSPS://camera.example/1", "off", None, False),
        ("http://camera.example/1", "off", None, False),
        ("/clips/visit.mp4", "off", None, True),
        ("file:///clips/visit.mp4", "off", None, True),
    ],
)
async def test_a_network_camera_without_liveness_needs_a_confirmation(
    site: Site, token: str, source: str, liveness: str, accepted: bool | None, made: bool
) -> None:
    await make_gate(site, token)
    body = {"source": source, "liveness": liveness}
    if accepted is not None:
        body["accept_recognition_only"] = accepted
    reply = await site.ask("POST", "/gates/front-gate/cameras", body, token=token)
    assert len(site.store.cameras()) == int(made)
    if not made:
        assert reply.problem() == "recognition_only"
        assert "photograph" in reply.content["detail"]


async def test_no_change_slips_past_that_confirmation(site: Site, token: str) -> None:
    await make_gate(site, token)
    body = {"id": "clip", "source": "/clips/visit.mp4", "liveness": "off"}
    await site.ask("POST", "/gates/front-gate/cameras", body, token=token)
    path = "/gates/front-gate/cameras/clip"
    assert (await site.ask("PATCH", path, CAMERA, token=token)).problem() == "recognition_only"
    assert (await site.ask("PATCH", path, {**CAMERA, "liveness": "passive"}, token=token)).status == 200
    assert (await site.ask("PATCH", path, {"liveness": "off"}, token=token)).problem() == "recognition_only"
    confirmed = {"liveness": "off", "accept_recognition_only": True}
    assert (await site.ask("PATCH", path, confirmed, token=token)).status == 200
    assert (await site.ask("PATCH", path, {"dwell": 0.5}, token=token)).content["dwell"] == 0.5


@pytest.mark.parametrize(
    "change",
    [
        {"zone": [[0, 0], [1, 1]]},
        {"zone": [[0, 0], [1, 0], [2, 0]]},
        {"zone": [[0, 0], [1, 0], [0]]},
        {"zone": [[0, 0], [1, 0], ["0", 1]]},
        {"min_face": 0},
        {"dwell": "1"},
        {"liveness": "none"},
        {"transport": "http"},
        {"direction": "sideways"},
        {"on_press": "yes"},
        {"masks": "allow"},
    ],
)
async def test_camera_properties_out_of_bounds_are_refused(site: Site, token: str, change: Any) -> None:
    await make_gate(site, token)
    reply = await site.ask("POST", "/gates/front-gate/cameras", CAMERA | change, token=token)
    assert reply.problem() == "invalid"
    assert site.store.cameras() == []


async def test_masked_faces_are_compared_only_beside_a_second_factor(site: Site, token: str) -> None:
    await make_gate(site, token)
    made = await site.ask("POST", "/gates/front-gate/cameras", CAMERA | {"masks": "second_factor"}, token=token)
    assert made.problem() == "masks_need_factor"
    body = CAMERA | {"id": "front", "masks": "second_factor", "liveness": "second_factor"}
    made = await site.ask("POST", "/gates/front-gate/cameras", body, token=token)
    assert (made.status, made.content["masks"]) == (201, "second_factor")
    path = "/gates/front-gate/cameras/front"
    # Nor does the second factor go away beneath it.
    assert (await site.ask("PATCH", path, {"liveness": "passive"}, token=token)).problem() == "masks_need_factor"
    both = {"liveness": "passive", "masks": "deny"}
    assert (await site.ask("PATCH", path, both, token=token)).status == 200
    assert (site.store.cameras()[0].masks, site.store.cameras()[0].liveness) == ("deny", "passive")


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


# Residents


async def test_a_resident_lives_from_the_first_to_the_last_request(site: Site, token: str) -> None:
    await make_gate(site, token)
    body = {"name": "Resident 1", "person": "person.resident_1", "valid_until": 2_000_000_000, "gates": ["front-gate"]}
    made = await site.ask("POST", "/residents", body, token=token)
    assert made.status == 201
    resident = made.content["id"]
    assert made.content == {
        "id": resident,
        "state": "invited",
        "valid_from": None,
        "flat": "",
        "groups": [],
        "level": "standard",
        "minor": False,
        "residence_seen": False,
        "person_gone": False,
        "person_renamed": "",
        "ways": [],
        "without_way": [],  # at a trial gate nobody needs one
        **body,
    }
    changed = await site.ask("PATCH", f"/residents/{resident}", {"person": None, "gates": []}, token=token)
    assert (changed.content["person"], changed.content["gates"], changed.content["name"]) == (None, [], "Resident 1")
    assert (await site.ask("GET", "/residents", token=token)).content == [changed.content]
    assert (await site.ask("DELETE", f"/residents/{resident}", token=token)).status == 204
    assert (await site.ask("GET", "/residents", token=token)).content == []
    assert (await site.ask("GET", f"/residents/{resident}", token=token)).problem() == "not_found"
    assert (await site.ask("DELETE", f"/residents/{resident}", token=token)).problem() == "not_found"


async def test_suspending_closes_and_restores_what_was_there(site: Site, token: str) -> None:
    enrolled = site.store.add_resident("Resident 1")
    consent = site.store.add_consent(enrolled.id, notice="0" * 64, language="en", channel="test")
    vector = np.zeros(128, np.float32)
    vector[0] = 1
    site.store.add_templates(enrolled.id, "sface", [vector], consent.id)
    invited = site.store.add_resident("Resident 2")
    for resident, before in ((enrolled, "enrolled"), (invited, "invited")):
        path = f"/residents/{resident.id}"
        for suspended, state in ((True, "suspended"), (True, "suspended"), (False, before), (False, before)):
            reply = await site.ask("PATCH", path, {"suspended": suspended}, token=token)
            assert reply.content["state"] == state
    site.store.withdraw_consent(consent.id)
    for suspended, state in ((True, "suspended"), (False, "withdrawn")):  # their card would open, so it can be paused
        reply = await site.ask("PATCH", f"/residents/{enrolled.id}", {"suspended": suspended}, token=token)
        assert reply.content["state"] == state


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Resident\u202e1"},
        {"name": "Resident 1", "state": "enrolled"},
        {"name": "Resident 1", "gates": "front-gate"},
        {"name": "Resident 1", "gates": ["Front gate"]},
        {"name": "Resident 1", "valid_from": 2000, "valid_until": 1000},
        {"name": "Resident 1", "valid_until": 2_000_000_000_000},
        {"name": "Resident 1", "person": "<script>"},
    ],
)
async def test_a_resident_that_makes_no_sense_is_refused(site: Site, token: str, body: Any) -> None:
    assert (await site.ask("POST", "/residents", body, token=token)).problem() == "invalid"
    assert site.store.residents() == []


async def test_an_events_alias_leads_to_its_person_while_it_lives(site: Site, token: str) -> None:
    resident = site.store.add_resident("Resident 1", "person.resident_1")
    site.gate_side.people["a1b2"] = resident.id
    assert (await site.ask("GET", "/events/a1b2", token=token)).problem() == "not_found"
    notice = site.services.consents.notice(Purpose.PRESENCE_IN_HOME_ASSISTANT, "en")
    yes = Given(notice.purpose, notice.hash, "en", Channel.PAPER)
    site.services.consents.record("Owner", resident.id, yes)
    reply = await site.ask("GET", "/events/a1b2", token=token)
    assert reply.content == {"resident": resident.id, "name": "Resident 1", "person": "person.resident_1"}
    assert (await site.ask("GET", "/events/ffff", token=token)).problem() == "not_found"
    site.store.erase_resident(resident.id)
    assert (await site.ask("GET", "/events/a1b2", token=token)).problem() == "not_found"


# Opening


async def test_an_open_reaches_the_gate_once_and_says_what_came_of_it(site: Site, token: str) -> None:
    await make_gate(site, token)
    reply = await ask_open(site, token, "front-gate", wish(direction="exit"))
    assert reply.status == 200
    [(direction, opening)] = site.gate_side.asked
    assert direction is Direction.EXIT
    assert reply.content == {"opening": opening, "result": "opened", "reason": "remote"}
    record = site.store.opening(opening)
    assert record is not None
    assert (record.gate, record.method, record.result) == ("front-gate", "remote", "opened")
    assert [(news.type, news.method, news.opening) for news in site.gate_side.news] == [
        ("access_granted", "remote", opening)
    ]


async def test_an_open_that_failed_is_a_problem_with_its_reason(site: Site, token: str) -> None:
    await make_gate(site, token)
    site.gate_side.result = "node_silent"
    reply = await ask_open(site, token, "front-gate", wish())
    assert (reply.status, reply.problem()) == (409, "not_opened")
    assert (reply.content["result"], reply.content["reason"]) == ("node_silent", "node_silent")
    assert reply.content["opening"] == site.gate_side.asked[0][1]


async def test_the_time_that_a_wish_took_to_arrive_counts(site: Site, token: str) -> None:
    await make_gate(site, token)
    before = time.monotonic()
    await ask_open(site, token, "front-gate", wish(issued_at=now_ms() - 1_500))
    await ask_open(site, token, "front-gate", wish(issued_at=now_ms() + 1_500), key="another-key-0001")
    after = time.monotonic()
    late, early = site.gate_side.until
    assert late <= after + 0.5
    assert before + 1.9 <= early <= after + 2.0


async def test_in_lockdown_nothing_opens_from_afar(site: Site, token: str) -> None:
    await make_gate(site, token)
    await site.ask("PUT", "/gates/front-gate/mode", {"mode": "lockdown"}, token=token)
    reply = await ask_open(site, token, "front-gate", wish())
    assert (reply.problem(), reply.content["reason"]) == ("not_opened", "lockdown")
    assert site.gate_side.asked == []
    record = site.store.opening(reply.content["opening"])
    assert record is not None
    assert (record.result, record.actor) == ("lockdown", "Home Assistant")
    await site.ask("PUT", "/gates/front-gate/mode", {"mode": "normal"}, token=token)
    assert (await ask_open(site, token, "front-gate", wish(), key="another-key-0001")).status == 200


async def test_the_same_key_opens_once_however_often_it_is_sent(site: Site, token: str) -> None:
    await make_gate(site, token)
    site.gate_side.free.clear()
    together = [asyncio.ensure_future(ask_open(site, token, "front-gate", wish())) for _ in range(5)]
    await site.gate_side.reached.wait()
    site.gate_side.free.set()
    replies = [*(await asyncio.gather(*together)), await ask_open(site, token, "front-gate", wish())]
    assert len(site.gate_side.asked) == 1
    assert {(reply.status, reply.raw) for reply in replies} == {(200, replies[0].raw)}


async def test_a_sender_who_hangs_up_neither_opens_twice_nor_stops_the_opening(site: Site, token: str) -> None:
    await make_gate(site, token)
    site.gate_side.free.clear()
    first = asyncio.ensure_future(ask_open(site, token, "front-gate", wish()))
    await site.gate_side.reached.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    site.gate_side.free.set()
    assert (await ask_open(site, token, "front-gate", wish())).status == 200
    assert len(site.gate_side.asked) == 1


async def test_a_restart_opens_nothing_twice(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        token = await site.pair()
        await make_gate(site, token)
        first = await ask_open(site, token, "front-gate", wish())
    async with running_site(tmp_path) as site:
        again = await ask_open(site, token, "front-gate", wish())
        assert site.gate_side.asked == []
    assert (again.status, again.content) == (200, first.content)


async def test_another_key_gate_direction_or_sender_is_another_wish(site: Site, token: str) -> None:
    await make_gate(site, token)
    await make_gate(site, token, "Back gate")
    other = await site.pair()
    replies = [
        await ask_open(site, token, "front-gate", wish()),
        await ask_open(site, token, "front-gate", wish(), key="another-key-0001"),
        await ask_open(site, token, "front-gate", wish(direction="exit")),
        await ask_open(site, token, "back-gate", wish()),
        await ask_open(site, other, "front-gate", wish()),
    ]
    assert len({reply.content["opening"] for reply in replies}) == 5
    assert len(site.gate_side.asked) == 5


@pytest.mark.parametrize("late", [2_500, 60_000, -2_500, -60_000])
async def test_a_wish_that_is_not_fresh_opens_nothing(site: Site, token: str, late: int) -> None:
    await make_gate(site, token)
    reply = await ask_open(site, token, "front-gate", wish(issued_at=now_ms() - late))
    assert reply.problem() == "open_expired"
    assert abs(reply.content["now"] - now_ms()) < 60_000
    assert site.gate_side.asked == []


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, KEY),
        ({"direction": "entry"}, KEY),
        ({"issued_at": 0}, KEY),
        ({"direction": "entry", "issued_at": "now"}, KEY),
        ({"direction": "entry", "issued_at": None}, KEY),
        ({"direction": "both", "issued_at": 0}, KEY),
        ({"direction": "entry", "issued_at": 0, "pulse_ms": 60_000}, KEY),
        (None, None),
        (None, "short"),
        (None, "sixteen characters"),
    ],
)
async def test_a_wish_that_makes_no_sense_opens_nothing(site: Site, token: str, body: Any, key: str | None) -> None:
    await make_gate(site, token)
    reply = await ask_open(site, token, "front-gate", wish() if body is None else body, key=key)
    assert reply.problem() == "invalid"
    assert site.gate_side.asked == []


async def test_a_gate_that_is_not_there_does_not_open(site: Site, token: str) -> None:
    assert (await ask_open(site, token, "front-gate", wish())).problem() == "not_found"
    assert site.gate_side.asked == []


async def test_a_failure_behind_an_open_is_told_without_its_insides(
    site: Site, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_gate(site, token)

    async def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(site.gate_side, "open", fail)
    reply = await ask_open(site, token, "front-gate", wish())
    assert (reply.status, reply.problem()) == (500, "fault")
    assert b"secret" not in reply.raw


# Bad requests


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/gates/UPPER", 422, "invalid"),
        ("GET", "/gates/%2e%2e%2fkeys", 422, "invalid"),
        ("PUT", "/gates", 405, "method_not_allowed"),
        ("DELETE", "/health", 405, "method_not_allowed"),
        ("GET", "/pair", 405, "method_not_allowed"),
    ],
)
async def test_wrong_addresses_and_methods_are_problems(
    site: Site, token: str, method: str, path: str, status: int, kind: str
) -> None:
    reply = await site.ask(method, path, token=token)
    assert (reply.status, reply.problem()) == (status, kind)
    if status == 405:
        assert reply.headers["Allow"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"name"',
        b'{"name": "a", "name": "b"}',
        b'{"name": NaN}',
        b'{"pulse_ms": ' + b"9" * 5000 + b"}",
        b"[" * 30_000,
        b"\xff\xfe",
        b'{"name": "\xff"}',
    ],
)
async def test_what_is_no_json_object_is_malformed(site: Site, token: str, data: bytes) -> None:
    reply = await site.ask("POST", "/gates", data=data, token=token)
    assert (reply.status, reply.problem()) == (400, "malformed")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"]
)
async def test_only_json_is_taken(site: Site, token: str, kind: str) -> None:
    data = json.dumps({"name": "Front"}).encode()
    reply = await site.ask("POST", "/gates", data=data, token=token, headers={"Content-Type": kind})
    assert (reply.status, reply.problem()) == (415, "unsupported_media_type")
    assert site.store.gates() == []


async def test_a_body_without_end_is_not_read_to_its_end(site: Site, token: str) -> None:
    reply = await site.ask("POST", "/gates", data=b'{"name": "' + b"x" * 100_000 + b'"}', token=token)
    assert (reply.status, reply.problem()) == (413, "too_large")


async def test_every_answer_carries_the_safe_headers(site: Site, token: str) -> None:
    for path in ("/health", "/gates", "/nothing", "/openapi.json"):
        reply = await site.ask("GET", path, token=token)
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in reply.headers
        assert "Access-Control-Allow-Origin" not in reply.headers


async def test_a_store_that_fails_is_said_in_its_own_words(site: Site, token: str) -> None:
    site.store.close()
    reply = await site.ask("GET", "/gates", token=token)
    assert (reply.status, reply.problem()) == (503, "store")


# Starting


@pytest.mark.parametrize("option", ["api_port", "ingress_port"])
async def test_a_port_in_use_is_one_sentence_that_names_it(site: Site, tmp_path: Path, option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(server.WebError) as raised:
            await server.start(site.services, settings(tmp_path, **{option: port}), ingress_from=server.LOOPBACK)
    text = str(raised.value)
    assert f"Port {port} " in text
    assert option in text
    assert text.count(".") == 1


async def test_an_address_that_is_not_ours_is_one_sentence(site: Site, tmp_path: Path) -> None:
    with pytest.raises(server.WebError, match=r"203\.0\.113\.1.*api_host"):
        await server.start(site.services, settings(tmp_path, api_host="203.0.113.1"))


# How sure recognition must be


async def test_less_sure_only_with_a_written_reason_that_is_kept(site: Site, token: str) -> None:
    refused = await site.ask("PATCH", "/recognition", {"threshold": 0.45}, token=token)
    assert (refused.status, refused.problem()) == (422, "threshold_too_low")
    assert refused.content["least"] == 0.49
    assert (await site.ask("GET", "/recognition", token=token)).content["threshold"] == 0.49
    before = site.gate_side.changes
    reason = "A guard stands behind this gate."
    reply = await site.ask("PATCH", "/recognition", {"threshold": 0.45, "reason": reason}, token=token)
    assert (reply.status, reply.content["threshold"], reply.content["reason"]) == (200, 0.45, reason)
    assert site.gate_side.changes == before + 1, "the gates must hear of it"
    [change] = site.store.site_rule_changes()
    assert (change.rule.threshold, change.rule.reason) == (0.45, reason)
    assert change.actor.startswith("Home Assistant (")
    assert site.store.site_rule().thresholds.score == 0.45


async def test_a_goal_says_what_the_threshold_means(site: Site, token: str) -> None:
    goal = {"threshold": 0.6, "strangers_per_day": 20, "false_opens_per_year": 1}
    reply = await site.ask("PATCH", "/recognition", goal, token=token)
    assert reply.status == 200
    assert reply.content["expected"] == {"value": 0.0, "low": 0.0, "high": 0.0}, "nobody is enrolled"
    assert (await site.ask("PATCH", "/recognition", {"strangers_per_day": -1}, token=token)).status == 422
    assert (await site.ask("PATCH", "/recognition", {"threshold": True}, token=token)).status == 422


@pytest.mark.parametrize("scopes", [("read",), ("open",), ("persons",)])
async def test_the_rule_is_for_those_who_manage(site: Site, scopes: tuple[str, ...]) -> None:
    reply = await site.ask("PATCH", "/recognition", {"threshold": 0.6}, token=await site.pair(*scopes))
    assert reply.status == 403
    assert site.store.site_rule_changes() == []
