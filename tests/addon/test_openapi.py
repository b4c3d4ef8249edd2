"""The OpenAPI description: valid by the specification, complete, and what the API really answers."""

import base64
import json
from typing import Any

import numpy as np
import pytest
import voluptuous as vol
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from facegate.adapters.gate import OpenResult
from facegate.adapters.store import Intent
from facegate.core.models import Decision, Direction, Gate, Method, Reason, Verdict
from facegate.residents.notices import PRESENCE
from facegate.web import problems
from facegate.web.openapi import describe, possible_problems, schema
from facegate.web.operation import Operation
from facegate.web.operations import OPERATIONS
from facegate.web.services import CameraHealth, GateHealth, Health
from tests.parts.forms import form
from tests.parts.web import LOCAL_TOKEN, PEOPLE, Reply, Site, now_ms


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(describe()))
    return content


def described(description: dict[str, Any], operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = description["paths"][operation.path][operation.method.lower()]
    return found


def check(description: dict[str, Any], operation: Operation, reply: Reply) -> None:
    """Fail unless the description foresees this very answer."""
    responses = described(description, operation)["responses"]
    assert str(reply.status) in responses, (operation.name, reply.raw)
    content = responses[str(reply.status)].get("content")
    if content is None:
        assert reply.raw == b""
        return
    [(media_type, media)] = content.items()
    assert reply.content_type == media_type
    wanted = media["schema"]
    if "$ref" in wanted:
        wanted = description["components"]["schemas"]["Problem"]
    Draft202012Validator(wanted).validate(reply.content)
    # Answers may grow later; today they hold nothing that is not described.
    if media_type == "application/json":
        for item in reply.content if isinstance(reply.content, list) else [reply.content]:
            members = wanted["items"] if isinstance(reply.content, list) else wanted
            assert set(item) <= set(members["properties"]), operation.name


def test_the_description_is_valid_openapi(description: dict[str, Any]) -> None:
    assert description["openapi"] == "3.1.0"
    validate(description)


def test_every_operation_is_described_once(description: dict[str, Any]) -> None:
    names = [entry["operationId"] for path in description["paths"].values() for entry in path.values()]
    assert sorted(names) == sorted(operation.name for operation in OPERATIONS)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_says_who_may_and_what_may_go_wrong(description: dict[str, Any], operation: Operation) -> None:
    entry = described(description, operation)
    assert entry["summary"]
    assert entry["description"]
    wanted = [{"token": [str(operation.scope)]}] if operation.scope else [{}, {"token": []}]
    assert entry["security"] == wanted
    assert {kind.status for kind in possible_problems(operation)} <= {int(code) for code in entry["responses"]}
    assert [parameter["name"] for parameter in entry["parameters"] if parameter["in"] == "path"] == [
        part.strip("{}") for part in operation.path.split("/") if part.startswith("{")
    ]


def form_of(content: dict[str, Any]) -> Any:
    """The JSON part of a form with pictures."""
    return content["multipart/form-data"]["schema"]["properties"]["given"]


def test_requests_take_no_unknown_members(description: dict[str, Any]) -> None:
    bodies = [operation for operation in OPERATIONS if operation.body is not None]
    assert bodies
    for operation in bodies:
        content = described(description, operation)["requestBody"]["content"]
        body = content["application/json"]["schema"] if not operation.pictures else form_of(content)
        assert body["additionalProperties"] is False


def test_problem_kinds_have_names_of_their_own() -> None:
    assert len({kind.type for kind in problems.KINDS}) == len(problems.KINDS)
    assert {value for value in vars(problems).values() if isinstance(value, problems.Kind)} == set(problems.KINDS)


@pytest.mark.parametrize(
    ("operation", "value", "good"),
    [
        ("add_gate", {"name": "Front"}, True),
        ("add_gate", {"name": ""}, False),
        ("add_gate", {"name": "Front", "id": "Front"}, False),
        ("add_gate", {"name": "Front", "pulse_ms": 70_000}, False),
        ("add_gate", {"name": "Front", "pulse_ms": "700"}, False),
        ("add_camera", {"source": "rtsp://camera.example/1", "zone": []}, True),
        ("add_camera", {"source": "rtsp://camera.example/1", "zone": [[0, 0], [1, 0], [0.5, 1]]}, True),
        ("add_camera", {"source": "rtsp://camera.example/1", "zone": [[0, 0], [1, 0]]}, False),
        ("add_camera", {"source": "rtsp://camera.example/1", "zone": [[0, 0], [1, 0], [2, 0]]}, False),
        ("add_camera", {"source": "rtsp://camera.example/1", "liveness": "none"}, False),
        ("add_resident", {"name": "Resident 1", "person": None, "valid_until": None}, True),
        ("add_resident", {"name": "Resident 1", "gates": ["Front gate"]}, False),
        ("open_gate", {"direction": "entry", "issued_at": 1}, True),
        ("open_gate", {"direction": "entry", "issued_at": 1.5}, False),
    ],
)
def test_the_described_checks_are_the_checks(operation: str, value: Any, good: bool) -> None:
    [found] = [entry for entry in OPERATIONS if entry.name == operation]
    assert found.body is not None
    assert Draft202012Validator(schema(found.body)).is_valid(value) is good
    if good:
        assert found.body(value) == value
    else:
        with pytest.raises(vol.Invalid):
            found.body(value)


async def test_the_api_hands_out_its_description(site: Site, description: dict[str, Any]) -> None:
    reply = await site.ask("GET", "/openapi.json")
    assert (reply.status, reply.content_type) == (200, "application/json")
    assert reply.content == description


async def test_what_the_api_answers_is_what_it_describes(site: Site, description: dict[str, Any]) -> None:
    """One walk through every operation, good answers and refusals alike."""
    by_name = {operation.name: operation for operation in OPERATIONS}
    walked: set[str] = set()
    token = ""

    async def step(name: str, body: Any = None, *, status: int, bearer: str | None = None, **more: Any) -> Any:
        operation = by_name[name]
        path = operation.path.format(**more.get("path", {})) + more.get("query", "")
        reply = await site.ask(
            operation.method,
            path,
            body,
            token=token if bearer is None else bearer,
            headers=more.get("headers"),
            data=more.get("data"),
        )
        assert reply.status == status, (name, reply.raw)
        check(description, operation, reply)
        if status < 300:
            walked.add(name)
        return reply.content

    made = await step("make_pairing_code", status=201, bearer=LOCAL_TOKEN)
    await step("pair", {"code": "0000-0000-0000", "name": "x"}, status=403)
    token = (await step("pair", {"code": made["code"], "name": "Home Assistant"}, status=201))["token"]
    await step("prove_key", status=200, query="?nonce=" + "0" * 32)
    await step("prove_key", status=422)
    await step("health", status=200, bearer="")
    await step("add_gate", {"name": "Front gate"}, status=201)
    await step("add_gate", {"name": "Front gate"}, status=409)
    trial = {"gate": (await step("add_gate", {"name": "Trial gate", "trial": True}, status=201))["id"]}
    await step("add_gate", {"name": 7}, status=422)
    await step("list_boards", status=200)
    node = {"board": "esp32-relay-x4", "lock": "fail-secure"}
    await step("add_gate", {"name": "Side gate", "node": node | {"features": ["pn532", "keypad-matrix"]}}, status=422)
    await step("add_gate", {"name": "Side gate", "node": node}, status=201)
    await step("read_node_file", status=200, path={"gate": "side-gate"})
    side = {"gate": "side-gate"}
    await step("change_key", {}, status=200, path=side)
    await step("change_key", {"compromised": True}, status=200, path=side)
    await step("drive_test", {"action": "begin", "step": "relay"}, status=409, path=side)
    await step("drive_test", {"action": "start"}, status=200, path=side)
    await step("drive_test", {"action": "skip", "step": "relay"}, status=422, path=side)
    await step("drive_test", {"action": "skip", "step": "relay", "reason": "no lock yet"}, status=200, path=side)
    attested = {"installer": "Resident 1", "hardware_exit": True, "hardware_fire": True}
    await step("finish_test", attested, status=200, path=side)
    await step("finish_test", attested, status=409, path=side)
    await step("read_test", status=200, path=side)
    await step("remove_gate", status=204, path=side)
    gate = {"gate": "front-gate"}
    camera = {**gate, "camera": "clip"}
    off = {"liveness": "off", "source": "rtsp://camera.example/1"}
    await step("add_camera", off, status=422, path=gate)
    zone = [[0, 0], [1, 0], [0.5, 1]]
    await step(
        "add_camera", {"id": "clip", "source": "/clips/visit.mp4", "zone": zone, "dwell": 1}, status=201, path=gate
    )
    await step("add_camera", {"id": "clip", "source": "/clips/visit.mp4"}, status=409, path=gate)
    site.gate_side.health = Health(
        broker=True,
        gates={"front-gate": GateHealth("ok", "online", ("clock",))},
        cameras={"clip": CameraHealth("ok")},
    )
    await step("health", status=200)
    await step("check_broker", status=200)
    await step("tell_residents_address", {"url": "https://home.example/pages"}, status=200)
    await step("tell_residents_address", {"url": "https://home.example/pages"}, status=404, bearer=LOCAL_TOKEN)
    await step("read_residents_address", status=200)
    await step("take_back_residents_address", status=200)
    await step("list_gates", status=200)
    await step("read_gate", status=200, path=gate)
    await step("read_gate", status=404, path={"gate": "none"})
    await step("change_gate", {"mode": "free"}, status=422, path=gate)
    await step("change_gate", {"pulse_ms": 700}, status=200, path=gate)
    await step("read_ways", status=200, path=gate)
    await step("switch_faces", {"on": True}, status=409, path=gate)
    await step("switch_faces", {"on": False}, status=200, path=gate)
    kept = await step("list_checkpoints", status=200, bearer=LOCAL_TOKEN)
    await step("prove_trail", {"checkpoints": kept["checkpoints"]}, status=200, bearer=LOCAL_TOKEN)
    await step("confirm_clock", status=200, bearer=LOCAL_TOKEN)
    owner, guard = {"name": "Owner", "role": "owner"}, {"name": "Guard", "role": "guard"}
    await step("list_members", status=403)
    for member, wish, status in (("own", guard, 409), ("own", owner, 200), ("gua", guard, 200), ("own", guard, 409)):
        await step("set_member", wish, status=status, bearer=LOCAL_TOKEN, path={"member": member})
    await step("list_members", status=200, bearer=LOCAL_TOKEN)
    await step("remove_member", status=409, bearer=LOCAL_TOKEN, path={"member": "own"})
    await step("remove_member", status=204, bearer=LOCAL_TOKEN, path={"member": "gua"})
    await step("set_mode", {"mode": "free"}, status=422, path=gate)
    await step("set_mode", {"mode": "lockdown"}, status=200, path=gate)
    await step("set_mode", {"mode": "normal"}, status=200, path=gate)
    await step("reset_fire", status=200, path=gate)
    await step("list_orders", status=200, path=gate)
    await step("list_cameras", status=200, path=gate)
    await step("read_camera", status=200, path=camera)
    await step("change_camera", {"min_face": 64.5}, status=200, path=camera)
    await step("change_camera", off, status=422, path=camera)
    body = {"name": "Resident 1", "valid_from": 1.5, "gates": ["front-gate"]}
    resident = {"resident": (await step("add_resident", body, status=201))["id"]}
    why = {"reason": "A parcel is missing since Monday", "from": 0, "to": 4_000_000_000}
    visit = Intent("0" * 16, "front-gate", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, 9.0, resident["resident"])
    site.store.begin_opening(visit)
    await step("list_now", status=200, bearer=LOCAL_TOKEN)
    await step("list_activity", status=403)
    await step("list_activity", status=200, bearer=LOCAL_TOKEN, query="?from=0&kind=opening&gate=front-gate")
    await step("list_activity", status=422, bearer=LOCAL_TOKEN, query="?from=yesterday")
    await step("name_activity", why, status=200, bearer=LOCAL_TOKEN)
    await step("look_at_resident", why, status=200, bearer=LOCAL_TOKEN, path=resident)
    await step("look_at_resident", why | {"reason": "why"}, status=422, bearer=LOCAL_TOKEN, path=resident)
    await step("look_at_resident", why, status=404, bearer=LOCAL_TOKEN, path={"resident": "none"})
    assert len((await step("list_looks", status=200, bearer=LOCAL_TOKEN, path=resident))["looks"]) == 2
    await step("list_looks", status=404, bearer=LOCAL_TOKEN, path={"resident": "none"})
    await step("list_residents", status=200)
    await step("read_resident", status=200, path=resident)
    await step("make_link", {"kind": "personal"}, status=403, path=resident)
    made = await step("make_link", {"kind": "invitation"}, status=201, path=resident, bearer=LOCAL_TOKEN)
    await step("list_links", status=200, path=resident, bearer=LOCAL_TOKEN)
    await step("revoke_link", status=204, path={**resident, "link": made["id"]}, bearer=LOCAL_TOKEN)
    await step("revoke_link", status=404, path={**resident, "link": "none"}, bearer=LOCAL_TOKEN)
    await step("list_leaving", status=200)
    await step("keep_resident", status=204, path=resident)
    await step("keep_resident", status=404, path={"resident": "none"})
    other = await step("add_resident", {"name": "Resident 9"}, status=201)
    gone = await step("erase_for_cause", {"cause": "house"}, status=201, path={"resident": other["id"]})
    await step("list_certificates", status=200)
    await step("prove_certificate", gone, status=200)
    await step("make_guest_pass", {"valid_until": 1.0}, status=422, bearer=LOCAL_TOKEN)
    guest = await step("make_guest_pass", {"valid_until": 4e9, **resident}, status=201, bearer=LOCAL_TOKEN)
    shown = {"text": guest["text"], "gate": "front-gate", "direction": "entry"}
    await step("check_pass", shown, status=200, bearer=LOCAL_TOKEN)
    await step("list_passes", status=200, bearer=LOCAL_TOKEN)
    await step("revoke_pass", status=204, path={"pass": guest["id"]}, bearer=LOCAL_TOKEN)
    await step("revoke_pass", status=404, path={"pass": "none"}, bearer=LOCAL_TOKEN)
    own = await step("make_resident_pass", {}, status=201, path=resident, bearer=LOCAL_TOKEN)
    await step("list_resident_passes", status=200, path=resident, bearer=LOCAL_TOKEN)
    await step("revoke_resident_pass", status=204, path={**resident, "pass": own["id"]}, bearer=LOCAL_TOKEN)
    await step("change_resident", {"suspended": True}, status=200, path=resident)
    listed = {"file": base64.b64encode(b"name,gates\nResident 9,nowhere\n").decode()}
    await step("import_residents", listed, status=200)
    await step("import_residents", listed | {"store": "all"}, status=422)
    people = [{"id": f"person.{name}", "name": name} for name in ("one", "two")]
    await step("hear_persons", {"persons": people[:1]}, status=200)
    assert len((await step("hear_persons", {"persons": people}, status=200))["new"]) == 1
    await step("list_candidates", status=200, bearer=LOCAL_TOKEN)
    await step("admit_person", {"person": "person.two"}, status=201)
    await step("admit_person", {"person": "person.two"}, status=409)
    await step("admit_person", {"person": "person.three"}, status=404)
    await step("invite_person", {"person": "person.two"}, status=403)
    await step("invite_person", {"person": "person.two"}, status=201, bearer=LOCAL_TOKEN)
    await step("suspend_person", {"person": "person.two", "suspended": True}, status=204)
    await step("invite_person", {"person": "person.two"}, status=409, bearer=LOCAL_TOKEN)
    await step("answer_person", {"person": "person.two", "outcome": "stays"}, status=409)
    assert len((await step("hear_persons", {"persons": people[:1]}, status=200))["gone"]) == 1
    await step("answer_person", {"person": "person.two", "outcome": "stays"}, status=204)
    site.gate_side.people["alias1"] = resident["resident"]
    await step("event_person", status=404, path={"alias": "alias1"})
    told = {"notice": PRESENCE["en"].hash, "language": "en", "channel": "paper"}
    told |= {"purpose": "presence_in_home_assistant"}
    await step("add_consent", told, status=201, path=resident, bearer=LOCAL_TOKEN)
    await step("event_person", status=200, path={"alias": "alias1"})
    assert len(await step("list_presence", status=200)) == 1
    window = {"days": ["mon", "fri"], "first": "22:00", "last": "06:00"}
    card = {"kind": "card", "number": "0012345678", "windows": [window], "valid_until": 1.9e9}
    card_made = await step("add_credential", card, status=201, path=resident)
    await step("add_credential", card, status=409, path=resident)
    await step("add_credential", {"kind": "pin", "pin": "1234"}, status=422, path=resident)
    await step("add_credential", {"kind": "pin"}, status=201, path=resident)
    own_card = {**resident, "credential": card_made["id"]}
    await step("list_credentials", status=200, path=resident)
    await step("change_credential", {"windows": [], "valid_from": None}, status=200, path=own_card)
    await step("change_credential", {"valid_from": 2e9}, status=422, path=own_card)
    await step("remove_credential", status=204, path=own_card)
    await step("remove_credential", status=404, path=own_card)
    await step("read_lesson", status=404, path=gate)
    await step("begin_lesson", resident, status=202, path=gate)
    await step("read_lesson", status=200, path=gate)
    wish = {"direction": "entry", "issued_at": now_ms()}
    await step("open_gate", wish, status=422, path=trial)
    await step("open_gate", wish, status=200, path=trial, headers={"Idempotency-Key": "0" * 16})
    site.gate_side.result = "node_silent"
    wish["issued_at"] = now_ms()
    await step("open_gate", wish, status=409, path=trial, headers={"Idempotency-Key": "1" * 16})
    wish |= {"issued_at": now_ms(), "reason": "seen by camera"}
    await step("guard_gate", wish, status=403, path=trial, headers={"Idempotency-Key": "2" * 16})
    await step("guard_gate", wish, status=409, path=trial, headers={"Idempotency-Key": "2" * 16}, bearer=LOCAL_TOKEN)
    site.gate_side.result = "opened"
    await step("guard_gate", wish, status=200, path=trial, headers={"Idempotency-Key": "3" * 16}, bearer=LOCAL_TOKEN)
    press = {"direction": "entry", "issued_at": now_ms()}
    await step("press_gate", press, status=200, path=gate, headers={"Idempotency-Key": "4" * 16})
    await step("press_gate", press, status=422, path=gate, headers={"Idempotency-Key": "4" * 16})
    site.gate_side.waiting = 0
    await step("press_gate", press, status=409, path=gate, headers={"Idempotency-Key": "5" * 16})
    site.gate_side.answer = OpenResult("node_silent")
    await step("set_mode", {"mode": "normal"}, status=409, path=gate)
    await step("begin_lesson", resident, status=409, path=gate)
    await step("reset_fire", status=409, path=gate)
    pictures = [str(PEOPLE / name) for name in ("astronaut.png", "biden.jpg", "not-there.jpg")]
    wish = {"name": "Resident 2", "pictures": pictures, "language": "en", "channel": "given on paper"}
    await step("enrol", wish, status=403)
    await step("enrol", {**wish, "pictures": ["a.jpg"]}, status=422, bearer=LOCAL_TOKEN)
    await step("enrol", wish, status=200, bearer=LOCAL_TOKEN)
    await step("enrol", {**wish, "pictures": pictures[:1]}, status=200, bearer=LOCAL_TOKEN)
    await step("read_calibration", status=200, bearer=LOCAL_TOKEN)
    await step("read_recognition", status=200)
    await step("change_recognition", {"threshold": 0.45}, status=422)
    goal = {"strangers_per_day": 1, "false_opens_per_year": 2.5}
    await step("change_recognition", {"threshold": 0.6, **goal}, status=200)
    face = {**resident, "purpose": "face_at_gates"}
    words = {"en": "Words.", "zh-Hans": "话。", "new_meaning": False}
    await step("change_notice", words, status=403, path=face)
    await step("change_notice", words, status=200, path=face, bearer=LOCAL_TOKEN)
    await step("change_notice", words, status=409, path=face, bearer=LOCAL_TOKEN)
    held = next(n["hash"] for n in await step("list_notices", status=200) if n["holds"] and n["text"] == "Words.\n")
    given = {"notice": held, "language": "en", "channel": "paper", "remark": "seen by the office"}
    await step("add_consent", {**given, "purpose": "face_at_gates"}, status=201, path=resident, bearer=LOCAL_TOKEN)
    await step("list_consents", status=200, path=resident, bearer=LOCAL_TOKEN)
    await step("withdraw_consent", status=200, path=face, bearer=LOCAL_TOKEN)
    standing = {**given, "channel": "panel", **resident, "camera": camera["camera"]}
    await step("begin_standing", {**standing, "notice": "0" * 64}, status=409, bearer=LOCAL_TOKEN)
    begun = await step("begin_standing", standing, status=201, bearer=LOCAL_TOKEN)
    await step("begin_standing", standing, status=409, bearer=LOCAL_TOKEN)
    await step("read_standing", status=200, path={"standing": begun["id"]}, bearer=LOCAL_TOKEN)
    await step("end_standing", status=204, path={"standing": begun["id"]}, bearer=LOCAL_TOKEN)
    await step("read_standing", status=404, path={"standing": begun["id"]}, bearer=LOCAL_TOKEN)
    handed_in = form(given, [("a.png", (PEOPLE / "astronaut.png").read_bytes()), ("b.png", b"none")])
    await step("upload_pictures", status=200, path=resident, bearer=LOCAL_TOKEN, **handed_in)
    await step("upload_pictures", status=415, path=resident, bearer=LOCAL_TOKEN)
    await step("make_invitations", {"residents": [resident["resident"]]}, status=201, bearer=LOCAL_TOKEN)
    await step("make_invitations", {"residents": []}, status=422, bearer=LOCAL_TOKEN)
    await step("erase_resident", status=204, path=resident)
    await step("read_node_file", status=404, path=gate)
    await step("begin_preview", status=403, path=camera)
    begun = await step("begin_preview", status=201, path=camera, bearer=LOCAL_TOKEN)
    seen = {**camera, "preview": begun["preview"]}
    await step("read_preview", status=409, path=seen, bearer=LOCAL_TOKEN)
    site.scenes[camera["camera"]] = np.full((90, 160, 3), 96, np.uint8)
    await step("read_preview", status=200, path=seen, bearer=LOCAL_TOKEN)
    await step("end_preview", status=204, path=seen, bearer=LOCAL_TOKEN)
    await step("read_preview", status=404, path=seen, bearer=LOCAL_TOKEN)
    named = {"name": "House", "contact": "office", "officer": "", "purposes": ["Light"], "people": 40, "filed_on": ""}
    await step("read_papers", status=403)
    await step("read_papers", status=200, bearer=LOCAL_TOKEN)
    await step("name_responsible", named | {"filed_on": "tomorrow"}, status=422, bearer=LOCAL_TOKEN)
    await step("name_responsible", named, status=200, bearer=LOCAL_TOKEN)
    await step("mark_assessed", status=200, bearer=LOCAL_TOKEN)
    await step("note_print", {"document": "novel"}, status=422, bearer=LOCAL_TOKEN)
    await step("note_print", {"document": "notice"}, status=204, bearer=LOCAL_TOKEN)
    await step("remove_camera", status=204, path=camera)
    await step("remove_gate", status=204, path=gate)
    await step("list_snapshots", status=403, path={"gate": "front"})
    site.store.add_gate(Gate("snaps", "Snaps", trial=True))
    snaps = {"gate": "snaps"}
    await step("keep_snapshots", {"hours": 6}, status=200, path=snaps, bearer=LOCAL_TOKEN)
    site.services.snapshots._look = lambda _: b"a picture"
    refused = Decision("door", "snaps", Direction.ENTRY, 1, Verdict.DENIED, Reason.UNKNOWN_FACE, 1.0)
    kept = site.services.snapshots.refused(refused)
    assert kept is not None
    await step("list_snapshots", status=200, path=snaps, bearer=LOCAL_TOKEN)
    look = {"reason": "a bicycle was stolen"}
    await step("show_snapshot", look, status=200, path={**snaps, "snapshot": kept.id}, bearer=LOCAL_TOKEN)
    passphrase = {"passphrase": "correct horse battery staple"}
    await step("list_first_steps", status=403)
    await step("list_first_steps", status=200, bearer=LOCAL_TOKEN)
    await step("read_keys", status=403)
    await step("read_keys", status=200, bearer=LOCAL_TOKEN)
    await step("set_passphrase", {"passphrase": "short"}, status=422, bearer=LOCAL_TOKEN)
    await step("set_passphrase", {"passphrase": None}, status=204, bearer=LOCAL_TOKEN)
    await step("change_site_key", status=200, bearer=LOCAL_TOKEN)
    await step("renew_templates", status=200, bearer=LOCAL_TOKEN)
    exported = await step("export_keys", passphrase, status=200, bearer=LOCAL_TOKEN)
    file = site.store.data / "export"
    file.write_bytes(base64.b64decode(exported["export"]))
    await step("import_keys", {**passphrase, "path": "not-there"}, status=422, bearer=LOCAL_TOKEN)
    await step("import_keys", {**passphrase, "path": str(file)}, status=200, bearer=LOCAL_TOKEN)
    await step("list_gates", status=401, bearer="fg_wrong")
    [listed] = await step("list_tokens", status=200)
    await step("stop_sharing", status=403, path={"token": listed["id"]})
    await step("stop_sharing", status=204, path={"token": listed["id"]}, bearer=LOCAL_TOKEN)
    await step("stop_sharing", status=404, path={"token": "none"}, bearer=LOCAL_TOKEN)
    await step("read_own_token", status=200)
    await step("narrow_own_token", {"scopes": ["persons"]}, status=403)
    await step("narrow_own_token", {"scopes": ["read", "manage"]}, status=200)
    await step("revoke_own_token", status=404, bearer=LOCAL_TOKEN)
    await step("revoke_token", status=404, path={"token": "none"})
    await step("revoke_token", status=204, path={"token": listed["id"]})
    await step("revoke_own_token", status=204, bearer=await site.pair("read"))
    assert walked == set(by_name)
