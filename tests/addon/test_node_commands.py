"""The way of a command, against a real Mosquitto and a software gate; lies are told by a client of their own."""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack

import pytest

from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.contract import verbs
from facegate.contract.lines import Command, Hello
from facegate.core.models import Direction
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode
from tests.parts.node_link import (
    GATE,
    ID,
    KEY,
    TOPICS,
    Kept,
    Site,
    always,
    running,
)
from tests.parts.waiting import eventually


@pytest.fixture
async def site(tmp_path):
    async with running(tmp_path) as site:
        yield site


async def test_opens_entry_and_exit(site):
    link = await site.link()
    await site.node()
    await eventually(lambda: link.state == "online")
    entry = await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always)
    assert (entry.result, entry.detail, entry.tries) == ("opened", "100", 1)
    leave = await link.open(Direction.EXIT, 150, secrets.token_hex(8), always)
    assert (leave.result, leave.detail) == ("opened", "150")
    assert site.pulses == [1, 2]


async def test_anything_of_the_contract_is_asked_and_answered(site):
    link = await site.link()
    heard: list[Hello] = []
    link.on_hello(heard.append)
    await site.node()
    await eventually(lambda: link.state == "online")
    card = verbs.Entry(b"12345678")
    (chunk,) = verbs.chunks(7, 0, [card])
    answers = [await link.ask(request) for request in (verbs.Time(1_790_000_000, 60), chunk, verbs.SetMode("lockdown"))]
    assert [(a.result, a.detail, a.done) for a in answers] == [
        ("done", "-", True),
        ("done", "committed", True),
        ("done", "0", True),
    ]
    await eventually(lambda: (heard[-1].list_version, heard[-1].mode) == (7, "lockdown"))
    assert link.hello == heard[-1]
    (older,) = verbs.chunks(6, 0, [])
    refused = await link.ask(older)
    assert (refused.result, refused.detail, refused.done) == ("node_refused", "argument version", False)
    assert (await link.ask(verbs.Open(1))).detail == "mode lockdown"
    assert (await link.ask(verbs.Guard(1))).opened
    assert site.pulses == [1]


async def test_two_grants_a_moment_apart_are_two_pulses_in_order(site):
    link = await site.link()
    await site.node()
    await eventually(lambda: link.state == "online")
    results = await asyncio.gather(
        *(link.open(d, 0, secrets.token_hex(8), always) for d in (Direction.ENTRY, Direction.EXIT, Direction.ENTRY))
    )
    assert [r.result for r in results] == ["opened"] * 3
    assert site.pulses == [1, 2, 1]


async def test_the_same_id_opens_once(site):
    link = await site.link()
    await site.node()
    await eventually(lambda: link.state == "online")
    first = await link.open(Direction.ENTRY, 0, ID, always)
    again = await link.open(Direction.ENTRY, 0, ID, always)
    assert (first.result, again.result) == ("opened", "opened")
    assert site.pulses == [1]


async def test_recognizers_in_two_slots_do_not_disturb_each_other(site):
    first, second = await site.link(slot=1), await site.link(slot=2)
    await site.node()
    await eventually(lambda: first.state == second.state == "online")
    for _ in range(2):
        for link in (first, second):
            assert (await link.open(Direction.ENTRY, 50, secrets.token_hex(8), always)).opened
    assert site.pulses == [1] * 4


async def test_a_recognizer_that_starts_anew_goes_on_under_the_same_challenge(site):
    before = await site.link()
    await site.node()
    await eventually(lambda: before.state == "online")
    for _ in range(3):
        assert (await before.open(Direction.ENTRY, 50, secrets.token_hex(8), always)).opened
    await before.stop()
    after = await site.link()
    await eventually(lambda: after.state == "online")
    result = await after.open(Direction.ENTRY, 50, secrets.token_hex(8), always)
    assert result.opened
    assert site.pulses == [1] * 4


async def test_whoever_finds_the_node_busy_waits_until_the_person_leaves(site):
    link = await site.link()
    await site.node(pulse_ms=3_000)
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always)).opened
    asked = []

    def lasts() -> bool:
        asked.append(1)
        return len(asked) < 20

    result = await link.open(Direction.ENTRY, 0, secrets.token_hex(8), lasts)
    assert result.result == "person_left"
    assert result.tries > 1
    assert site.pulses == [1]


async def test_a_busy_node_is_given_up_when_the_time_is_over(site):
    link = await site.link()
    await site.node(pulse_ms=3_000)
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always)).opened
    result = await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always, until=time.monotonic() + 0.5)
    assert result.result == "node_busy"
    assert site.pulses == [1]


async def test_one_who_waits_at_a_busy_node_does_not_hold_up_the_next(site):
    link = await site.link()
    await site.node(pulse_ms=500)
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, secrets.token_hex(8), always)).opened
    first_stays = asyncio.Event()
    first = asyncio.create_task(link.open(Direction.ENTRY, 0, "1" * 16, lambda: not first_stays.is_set()))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(link.open(Direction.EXIT, 0, "2" * 16, always))
    await asyncio.sleep(0.1)
    first_stays.set()
    assert (await first).result == "person_left"
    assert (await second).opened
    assert site.pulses == [1, 2]


async def test_nothing_is_signed_for_somebody_who_has_left(site):
    link = await site.link()
    node = await site.scripted()
    node.hello()
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, ID, lambda: False)).result == "person_left"
    assert (await link.open(Direction.ENTRY, 0, ID, always, until=time.monotonic())).result == "node_silent"
    await node.settle()
    assert node.commands == []


async def test_a_node_that_is_not_there(site):
    link = await site.link()
    assert link.state == "offline"
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "node_silent"


async def test_a_node_that_fire_holds_open_refuses_and_says_why(site):
    link = await site.link()
    node = await site.node()
    await eventually(lambda: link.state == "online")
    node.fire(active=True)
    result = await link.open(Direction.ENTRY, 0, ID, always)
    assert (result.result, result.detail) == ("node_refused", "mode fire")


async def test_without_a_broker_nothing_is_signed_and_nothing_waits(tmp_path):
    mosquitto = Mosquitto(tmp_path / "broker")
    async with AsyncExitStack() as stack:
        site = Site(mosquitto, stack)
        client = MqttClient(site.broker)
        await client.start()
        stack.push_async_callback(client.stop)
        link = GateLink(GATE, KEY, client, TOPICS, positions=Kept())
        await link.start()
        result = await link.open(Direction.ENTRY, 0, ID, always)
        assert (result.result, result.tries) == ("not_connected", 0)
        with mosquitto:
            await site.node()
            await eventually(lambda: link.state == "online")
            assert (await link.open(Direction.ENTRY, 0, "2" * 16, always)).opened
            mosquitto.kill()
            await eventually(lambda: not client.connected)
            assert (await link.open(Direction.ENTRY, 0, "3" * 16, always)).result == "not_connected"
            mosquitto.start()
            await eventually(lambda: client.connected)
            assert (await link.open(Direction.ENTRY, 0, "4" * 16, always)).opened
            await asyncio.sleep(0.5)
        assert site.pulses == [1, 1]
        await link.stop()


async def test_silence_is_asked_twice_under_one_id_and_then_given_up(site):
    link = await site.link()
    node = await site.scripted()
    node.hello(uptime=5_000_000)
    await eventually(lambda: link.state == "online")
    result = await link.open(Direction.EXIT, 700, ID, always)
    assert (result.result, result.tries) == ("no_answer", 2)
    first, second = node.commands
    assert first.id == second.id == ID
    assert (first.subject, first.value, first.verb, first.slot) == ("2", "700", "open", 1)
    assert first.counter < second.counter
    assert 5_002_000 <= first.not_after < second.not_after < 5_002_000 + 15_000


async def test_a_wish_that_ends_soon_ends_at_the_node_too(site):
    link = await site.link()
    node = await site.scripted()
    node.hello(uptime=5_000_000)
    await eventually(lambda: link.state == "online")
    heard = time.monotonic()
    await link.open(Direction.ENTRY, 0, ID, always, until=heard + 0.5)
    (command,) = node.commands
    assert command.not_after <= 5_000_000 + 15_000
    elapsed = (time.monotonic() - heard) * 1000
    assert command.not_after <= 5_000_500 + elapsed


async def test_an_answer_that_overtakes_the_next_try_is_the_answer(site):
    link = await site.link()
    node = await site.scripted()
    node.answer = lambda command: (node.ack(command, result="busy", detail="5000"), node.ack(command))
    node.hello()
    await eventually(lambda: link.state == "online")
    result = await link.open(Direction.ENTRY, 0, ID, always)
    assert (result.result, result.tries) == ("opened", 1)


async def test_a_refusal_does_not_speak_for_the_line_that_nobody_has_answered(site):
    link = await site.link()
    node = await site.scripted()
    # The first line opens and its answer is lost; the second is refused, as by a fire that has begun meanwhile.
    node.answer = lambda command: node.ack(command, result="refused", detail="fire") if len(node.commands) > 1 else None
    node.hello()
    await eventually(lambda: link.state == "online")
    result = await link.open(Direction.ENTRY, 0, ID, always)
    assert (result.result, result.tries) == ("no_answer", 2)


async def test_a_counter_that_was_used_says_nothing_of_the_line_that_used_it(site):
    link = await site.link()
    node = await site.scripted()
    node.answer = lambda command: node.ack(command, result="counter", detail="1")
    node.hello()
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "no_answer"


async def test_a_late_answer_is_heard_while_the_node_is_said_to_be_busy(site):
    """Nobody has answered the first command; the second finds the node busy, perhaps with the first one's opening."""
    link = await site.link()
    node = await site.scripted()

    def answer(command: Command) -> None:
        if len(node.commands) == 2:
            node.ack(command, result="busy", detail="60000")

    node.answer = answer
    node.hello()
    await eventually(lambda: link.state == "online")
    left = asyncio.Event()
    opening = asyncio.create_task(link.open(Direction.ENTRY, 0, ID, lambda: not left.is_set()))
    await eventually(lambda: len(node.commands) == 2)
    left.set()
    result = await opening
    assert (result.result, result.detail) == ("no_answer", "person_left")  # and not merely that somebody has left


async def test_one_id_is_not_asked_for_twice_at_a_time(site):
    link = await site.link()
    node = await site.scripted()
    node.hello()
    await eventually(lambda: link.state == "online")
    first = asyncio.create_task(link.open(Direction.ENTRY, 0, ID, always))
    await asyncio.sleep(0.1)
    with pytest.raises(ValueError, match="under way"):
        await link.open(Direction.ENTRY, 0, ID, always)
    assert (await first).result == "no_answer"


async def test_a_stale_challenge_is_replaced_once(site):
    link = await site.link()
    node = await site.scripted()

    def answer(command: Command) -> None:
        if command.challenge == node.challenge:
            node.ack(command)
        else:
            node.ack(command, result="stale", detail="-")
            node.hello()

    node.answer = answer
    node.hello()
    await eventually(lambda: link.state == "online")
    node.challenge = secrets.token_hex(16)  # it has reconnected, and its hello is lost
    result = await link.open(Direction.ENTRY, 0, ID, always)
    assert (result.result, result.tries) == ("opened", 2)
    assert [c.id for c in node.commands] == [ID, ID]
    assert node.commands[1].counter == 1

    node.answer = lambda command: (node.ack(command, result="stale", detail="-"), node.hello(fresh=True))
    result = await link.open(Direction.ENTRY, 0, "2" * 16, always)
    assert (result.result, result.detail, result.tries) == ("node_refused", "stale", 2)


async def test_a_node_that_restarts_after_silence_is_not_asked_again(site):
    """It may have opened before it restarted, and has forgotten the id."""
    link = await site.link()
    node = await site.scripted(boot=7)
    node.hello()
    await eventually(lambda: link.state == "online")

    def restart(command: Command) -> None:
        node.boot = 8
        node.hello(fresh=True)
        node.answer = node.ack

    node.answer = restart
    result = await link.open(Direction.ENTRY, 0, ID, always)
    assert (result.result, result.detail, result.tries) == ("no_answer", "restarted", 1)


async def test_a_command_that_is_kept_opens_nothing_later(site):
    """The broker, or whoever listens there, repeats, retains, cuts and delays what it has seen."""
    link = await site.link()
    node = await site.node()
    thief = await site.client()
    seen: list[bytes] = []
    thief.subscribe(TOPICS.command(GATE), lambda _topic, payload, _retained: seen.append(payload))
    await eventually(lambda: link.state == "online")
    await asyncio.sleep(0.1)
    assert (await link.open(Direction.ENTRY, 50, ID, always)).opened
    await eventually(lambda: any(b" open " in line for line in seen))
    line = next(line for line in seen if b" open " in line)  # the link may have asked for events before
    await asyncio.sleep(0.5)
    for kept in (line, line[:-1], line + b"\n", line.replace(b" 1 50 ", b" 2 50 "), line.replace(GATE.encode(), b"x")):
        thief.publish(TOPICS.command(GATE), kept)
    thief.publish(TOPICS.command(GATE), line, retain=True, qos=1)
    await eventually(lambda: node.model.refused >= 4)
    await node.stop()
    again = await site.node(boot=2)  # finds the retained command when it subscribes
    await eventually(lambda: link.state == "online" and again.model.boot == 2)
    await asyncio.sleep(0.3)
    assert site.pulses == [1]
    assert (await link.open(Direction.ENTRY, 50, "2" * 16, always)).opened
    assert site.pulses == [1, 1]


async def test_a_native_node_opens_once_for_one_id(site, tmp_path):
    link = await site.link()
    with NativeNode(tmp_path / "node", site.mosquitto, key=KEY, gate=GATE) as node:
        await eventually(lambda: link.state == "online")
        before = len(node.relay.pulses())
        results = [await link.open(Direction.ENTRY, 0, i, always) for i in (ID, ID, "2" * 16)]
        assert [r.result for r in results] == ["opened"] * 3
        await eventually(lambda: len(node.relay.pulses()) == before + 2)
