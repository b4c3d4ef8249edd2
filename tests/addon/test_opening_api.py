"""Opening a gate over the API: a wish opens once, while it is fresh, and for whoever may open."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from facegate.core.models import Direction
from tests.parts.gates_api import KEY, ask_open, make_gate, wish
from tests.parts.web import Site, now_ms, running_site


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
