"""What a gate is told over the API: who may, what is kept of it, and what the answers say."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from facegate.adapters.gate import OpenResult
from facegate.contract.verbs import Reset, SetMode
from facegate.core.models import Gate, Method, Mode, Reason
from tests.parts.web import LOCAL_TOKEN, Reply, Site, now_ms, running_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.add_gate(Gate("front", "Front gate", trial=True))
        yield running


async def put(site: Site, token: str, **body: Any) -> Reply:
    return await site.ask("PUT", "/gates/front/mode", body, token=token)


async def guard(site: Site, token: str, key: str, **body: Any) -> Reply:
    wish = {"direction": "exit", "issued_at": now_ms(), "reason": "Delivery, seen by camera"} | body
    return await site.ask("POST", "/gates/front/guard", wish, token=token, headers={"Idempotency-Key": key})


async def test_a_mode_is_told_to_the_node_and_stands_in_the_record(site: Site, token: str) -> None:
    site.gate_side.answer = OpenResult("done", "600")
    reply = await put(site, token, mode="free", seconds=3_600)
    assert reply.content == {"mode": "free", "seconds": 600, "confirmed": True, "result": "done", "said": "600"}
    assert site.gate_side.orders == [SetMode("free", 3_600)]
    assert (site.store.gate("front").mode, site.gate_side.changes) == (Mode.FREE, 1)
    [order] = (await site.ask("GET", "/gates/front/orders", token=token)).content
    assert (order["what"], order["seconds"], order["actor"], order["result"]) == (
        "free",
        3_600,
        "Home Assistant",
        "done",
    )


@pytest.mark.parametrize(
    "body",
    [{"mode": "free"}, {"mode": "lockdown", "seconds": 60}, {"mode": "free", "seconds": 0}, {"mode": "party"}, {}],
)
async def test_a_mode_that_makes_no_sense_is_told_to_nobody(site: Site, token: str, body: dict[str, Any]) -> None:
    assert (await put(site, token, **body)).problem() == "invalid"
    assert site.gate_side.orders == []
    assert site.store.orders("front") == []


async def test_a_lockdown_holds_though_the_node_is_silent_and_nothing_else_does(site: Site, token: str) -> None:
    site.gate_side.answer = OpenResult("node_silent")
    locked = await put(site, token, mode="lockdown")
    assert (locked.status, locked.content["confirmed"], locked.content["result"]) == (200, False, "node_silent")
    refused = await put(site, token, mode="normal")
    assert (refused.status, refused.problem(), refused.content["result"]) == (409, "mode_not_set", "node_silent")
    assert site.store.gate("front").mode is Mode.LOCKDOWN


async def test_who_may_not_manage_sets_no_mode(site: Site) -> None:
    others = await site.pair("read", "open", "persons", "guard")
    assert (await put(site, others, mode="lockdown")).problem() == "forbidden"
    reset = await site.ask("POST", "/gates/front/fire-reset", token=others)
    assert reset.problem() == "forbidden"
    assert site.gate_side.orders == []


async def test_a_guard_opens_in_a_lockdown_and_says_why(site: Site) -> None:
    site.store.set_gate_mode("front", Mode.LOCKDOWN)
    on_guard = await site.pair("guard")
    reply = await guard(site, on_guard, "guard-opens-0001")
    assert (reply.status, reply.content["reason"]) == (200, "guard")
    assert site.gate_side.guards == [True]
    record = site.store.opening(reply.content["opening"])
    assert record is not None
    assert (record.method, record.reason, record.actor, record.note) == (
        Method.REMOTE, Reason.GUARD, "Home Assistant", "Delivery, seen by camera",
    )  # fmt: skip


async def test_the_usual_token_is_no_guards(site: Site, token: str) -> None:
    site.store.set_gate_mode("front", Mode.LOCKDOWN)
    assert (await guard(site, token, "no-guard-0000001")).problem() == "forbidden"
    assert site.gate_side.asked == []


async def test_a_guard_gives_a_reason(site: Site) -> None:
    on_guard = await site.pair("guard")
    for empty in ("", " ", "\n"):
        assert (await guard(site, on_guard, "no-reason-000001", reason=empty)).problem() == "invalid"
    assert site.gate_side.asked == []


async def test_an_open_and_a_guards_open_under_one_key_are_two_openings(site: Site) -> None:
    key = {"Idempotency-Key": "one-key-for-both"}
    plain = await site.ask(
        "POST", "/gates/front/open", {"direction": "exit", "issued_at": now_ms()}, token=LOCAL_TOKEN, headers=key
    )
    guarded = await guard(site, LOCAL_TOKEN, "one-key-for-both")
    assert plain.content["opening"] != guarded.content["opening"]
    assert site.gate_side.guards == [False, True]


@pytest.mark.parametrize(
    ("said", "reason"), [("mode free", "stands_open"), ("mode fire", "stands_open"), ("mode lockdown", "lockdown")]
)
async def test_a_node_that_refuses_for_its_mode_is_understood(site: Site, token: str, said: str, reason: str) -> None:
    site.gate_side.result, site.gate_side.said = "node_refused", said
    body = {"direction": "entry", "issued_at": now_ms()}
    reply = await site.ask(
        "POST", "/gates/front/open", body, token=token, headers={"Idempotency-Key": "a-node-refuses-1"}
    )
    assert (reply.problem(), reply.content["reason"]) == ("not_opened", reason)


async def test_a_fire_is_reset_or_stays(site: Site, token: str) -> None:
    assert (await site.ask("POST", "/gates/front/fire-reset", token=token)).status == 200
    assert site.gate_side.orders == [Reset()]
    site.gate_side.answer = OpenResult("node_refused", "mode fire")
    reply = await site.ask("POST", "/gates/front/fire-reset", token=token)
    assert (reply.status, reply.problem(), reply.content["said"]) == (409, "fire_not_reset", "mode fire")


async def test_residents_that_nobody_can_read_show_in_the_health(site: Site, token: str) -> None:
    resident = site.store.add_resident("Resident 1")
    site.store.add_resident("Resident 2")  # whose key is there
    (site.store.data / "keys" / "residents" / resident.id).unlink()
    found = (await site.ask("GET", "/health", token=token)).content["unreadable"]
    assert found == [resident.id]
