"""The API through real HTTP: who may do what, what goes in and what never comes out."""

import asyncio
import json
import re
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facegate import __version__
from facegate.core.consent import Channel, Purpose
from facegate.residents.consents import Given
from facegate.web import server
from facegate.web.operations import OPERATIONS
from facegate.web.services import GateHealth, Health
from tests.parts.gates_api import make_gate
from tests.parts.web import Site, settings

# Who may do what


async def test_every_operation_asks_for_its_scope_and_takes_no_other(site: Site) -> None:
    scopes = ("read", "manage", "open", "persons")
    by_scope = {scope: await site.pair(scope) for scope in scopes}
    # Last the one that gives the token back.
    for operation in sorted(OPERATIONS, key=lambda one: one.name == "revoke_own_token"):
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
        "tally": {"passages": 0, "inside": None, "unsure": 0, "since": 0.0, "site_inside": None},
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
    told = {key: reply.content[key] for key in ("resident", "name", "person")}
    assert told == {"resident": resident.id, "name": "Resident 1", "person": "person.resident_1"}
    assert (await site.ask("GET", "/events/ffff", token=token)).problem() == "not_found"
    site.store.erase_resident(resident.id)
    assert (await site.ask("GET", "/events/a1b2", token=token)).problem() == "not_found"


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
