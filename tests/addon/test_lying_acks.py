"""Acks that lie, come again or come late: none of them is an answer to anything else."""

import pytest

from facegate.contract import lines
from facegate.contract.lines import Command, Position
from facegate.core.models import Direction
from tests.parts.node_link import (
    GATE,
    ID,
    KEY,
    OTHER_KEY,
    TOPICS,
    Kept,
    ScriptedNode,
    always,
    running,
)
from tests.parts.waiting import eventually


@pytest.fixture
async def site(tmp_path):
    async with running(tmp_path) as site:
        yield site


def lie_with_another_key(node: ScriptedNode, command: Command) -> None:
    node.ack(command, key=lines.node_key(OTHER_KEY, GATE))


def lie_with_the_key_of_commands(node: ScriptedNode, command: Command) -> None:
    node.ack(command, key=lines.command_key(KEY, 1, GATE))


def lie_about_another_id(node: ScriptedNode, command: Command) -> None:
    node.ack(command, opening="f" * 16)


def lie_about_another_slot(node: ScriptedNode, command: Command) -> None:
    node.ack(command, slot=2)


def lie_with_an_old_position(node: ScriptedNode, command: Command) -> None:
    node.ack(command, seq=1)


def lie_with_an_old_boot(node: ScriptedNode, command: Command) -> None:
    node.ack(command, boot=1, seq=99)


def lie_with_a_bit_flipped(node: ScriptedNode, command: Command) -> None:
    line = bytearray(node.make_ack(command, result="busy", detail="1"))
    line[line.index(b"busy")] ^= 1
    node.mqtt.publish(TOPICS.node(GATE, "ack"), bytes(line))


@pytest.mark.parametrize(
    "lie",
    [
        lie_with_another_key,
        lie_with_the_key_of_commands,
        lie_about_another_id,
        lie_about_another_slot,
        lie_with_an_old_position,
        lie_with_an_old_boot,
        lie_with_a_bit_flipped,
    ],
)
async def test_a_lying_ack_is_no_answer(site, lie):
    kept = Kept()
    kept.positions["ack"] = Position(2, 1)
    link = await site.link(kept=kept)
    node = await site.scripted(boot=2)
    node.answer = lambda command: lie(node, command)
    node.hello()
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "no_answer"


async def test_an_ack_cannot_be_played_again(site):
    link = await site.link()
    node = await site.scripted()
    said: list[bytes] = []

    def answer(command: Command) -> None:
        if not said:
            said.append(node.make_ack(command))
        node.mqtt.publish(TOPICS.node(GATE, "ack"), said[0])

    node.answer = answer
    node.hello()
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, ID, always)).opened
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "no_answer"


async def test_a_late_ack_counts_for_its_own_opening_only(site, caplog):
    link = await site.link()
    node = await site.scripted()
    node.hello()
    await eventually(lambda: link.state == "online")
    assert (await link.open(Direction.ENTRY, 0, ID, always)).result == "no_answer"
    node.ack(node.commands[0])
    await eventually(lambda: "too late" in caplog.text)
    node.answer = lambda command: node.ack(command, result="mode", detail="fire")
    assert (await link.open(Direction.ENTRY, 0, "2" * 16, always)).result == "node_refused"
