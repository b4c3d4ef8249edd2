"""Hints to a node over a real broker: signed, once, never between an opening and its answer, and never late."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from facegate.adapters.hints import Hints
from facegate.contract.lines import Command
from facegate.contract.verbs import Hint
from facegate.core.feedback import Shown
from facegate.core.models import Direction, Reason, Verdict
from tests.parts.node_link import Site, always, running
from tests.parts.waiting import eventually


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running(tmp_path) as site:
        yield site


async def test_what_is_asked_and_decided_reaches_the_node(site: Site) -> None:
    link, node = await site.link(), await site.scripted()
    node.hello()
    await eventually(lambda: link.state == "online")
    hints = Hints({"main": link})
    hints.prompted("main", "come_closer")
    hints.decided("main", Verdict.DENIED, Reason.MASK, "take_off_mask")
    hints.prompted("nowhere", "come_closer")  # a gate whose node cannot be spoken to
    await eventually(lambda: len(node.commands) == 2)
    assert [(c.verb, c.subject, c.value) for c in node.commands] == [("hint", "closer", "0"), ("hint", "denied", "0")]
    assert hints.shown("main") == Shown("take_off_mask", "denied")
    hints.forget("main")
    assert hints.shown("main") == Shown()


async def test_a_hint_is_sent_once_and_is_soon_too_late(site: Site) -> None:
    link, node = await site.link(), await site.scripted()
    node.hello(uptime=1_000_000)
    await eventually(lambda: link.state == "online")
    assert link.hint(Hint("look"))
    await asyncio.sleep(2.5)  # longer than an opening waits for an answer before it asks again
    (command,) = node.commands
    assert command.not_after < 1_000_000 + 2_000


async def test_whatever_the_node_answers_nobody_waits_for_it(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    link, node = await site.link(), await site.scripted()
    node.answer = lambda command: node.ack(command, result="stale", detail="-")
    node.hello()
    await eventually(lambda: link.state == "online")
    assert link.hint(Hint("wait"))
    await eventually(lambda: len(node.commands) == 1)
    await node.settle()
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


async def test_nothing_comes_between_an_opening_and_its_answer(site: Site) -> None:
    link, node = await site.link(), await site.scripted()
    held: list[Command] = []
    node.answer = held.append
    node.hello()
    await eventually(lambda: link.state == "online")
    opening = asyncio.create_task(link.open(Direction.ENTRY, 0, secrets.token_hex(8), always))
    await eventually(lambda: bool(held))
    assert not link.hint(Hint("look"))
    node.ack(held[0])
    assert (await opening).opened
    assert link.hint(Hint("granted"))
    await eventually(lambda: [command.verb for command in node.commands] == ["open", "hint"])


async def test_without_a_node_or_a_broker_nothing_is_kept_for_later(site: Site) -> None:
    link = await site.link()
    assert not link.hint(Hint("look"))  # there was no hello to sign it under
    node = await site.scripted()
    node.hello()
    await eventually(lambda: link.state == "online")
    await node.settle()
    assert node.commands == []
    site.mosquitto.stop()
    await eventually(lambda: not link.hint(Hint("look")))


async def test_hints_do_not_hold_up_an_opening(site: Site) -> None:
    link = await site.link()
    await site.node()
    await eventually(lambda: link.state == "online")
    for pattern in ("closer", "look", "wait"):
        assert link.hint(Hint(pattern))
    opened = await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always)
    assert (opened.result, opened.tries) == ("opened", 1)
    assert site.pulses == [1]
