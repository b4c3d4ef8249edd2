"""docs/protocol.md says what the code does: its examples are run, its words are the code's words."""

import json
import re
from pathlib import Path

import pytest

from facegate.contract import lines, messages
from facegate.contract.lines import Ack, Command, Hello, NodeEvent
from facegate.core import node

PAGE = (Path(__file__).parents[2] / "docs/protocol.md").read_text(encoding="utf-8")
EXAMPLES = [
    dict(re.split(r"\s*= ", line, maxsplit=1) for line in block.strip().splitlines())
    for block in re.findall(r"^```example\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
]


def section(title: str) -> str:
    return re.search(rf"^## \d+\. {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]


def of_kind(kind: str) -> list[dict[str, str]]:
    found = [example for example in EXAMPLES if example["kind"] == kind]
    assert found
    return found


def numbers(example: dict[str, str]) -> dict[str, object]:
    """The fields of a line as its class names them."""
    names = ("gate", "boot", "seq", "uptime", "slot", "id", "challenge", "counter", "not after", "verb", "subject")
    names += ("value", "mode", "state", "refused", "list version", "result", "detail", "type")
    words = ("gate", "id", "challenge", "verb", "subject", "value", "mode", "state", "result", "detail", "type")
    return {
        name.replace(" ", "_"): example[name] if name in words else int(example[name])
        for name in names
        if name in example
    }


@pytest.mark.parametrize("example", of_kind("key"), ids=lambda e: e["purpose"])
def test_derived_keys(example):
    assert lines.derive_key(bytes.fromhex(example["gate key"]), example["purpose"]).hex() == example["derived"]


def test_the_purposes_are_those_of_the_lines():
    derived = {example["purpose"]: example["derived"] for example in of_kind("key")}
    key = bytes.fromhex(of_kind("key")[0]["gate key"])
    assert derived == {
        "command 1 north-1": lines.command_key(key, 1, "north-1").hex(),
        "node north-1": lines.node_key(key, "north-1").hex(),
    }


@pytest.mark.parametrize("example", of_kind("command"), ids=lambda e: e["id"])
def test_commands(example):
    command = Command(**numbers(example))
    keys = {command.slot: lines.command_key(bytes.fromhex(example["gate key"]), command.slot, command.gate)}
    line = example["line"].encode()
    assert command.sign(keys[command.slot]) == line
    assert Command.parse(line, gate=command.gate, keys=keys) == command


@pytest.mark.parametrize("kind", [Hello, Ack, NodeEvent])
def test_what_a_node_says(kind):
    for example in of_kind({Hello: "hello", Ack: "ack", NodeEvent: "event"}[kind]):
        said = kind(**numbers(example))
        key = lines.node_key(bytes.fromhex(example["gate key"]), said.gate)
        assert said.sign(key) == example["line"].encode()


def test_a_node_does_what_the_examples_say():
    """The command of the page gets the ack of the page from the node that has said the hello of the page."""
    hello, command, ack = (of_kind(kind)[0] for kind in ("hello", "command", "ack"))
    config = node.NodeConfig("north-1", bytes.fromhex(hello["gate key"]), pulse_ms=int(ack["detail"]))
    model = node.NodeModel(config, boot=int(hello["boot"]), challenge=lambda: hello["challenge"])
    model.connected(int(hello["uptime"]))
    effects = model.command(command["line"].encode(), int(ack["uptime"]))
    (said,) = [e for e in effects if isinstance(e, node.Say)]
    answer = Ack.parse(said.line, gate="north-1", key=lines.node_key(config.key, "north-1"))
    assert (answer.id, answer.result, answer.detail) == (ack["id"], ack["result"], ack["detail"])
    assert node.Switch(1, open=True) in effects


def test_messages_of_the_page():
    (example,) = of_kind("message")
    event = messages.GateEvent.parse(example["message"], bytes.fromhex(example["pairing key"]))
    assert event.sign(bytes.fromhex(example["pairing key"])).decode() == example["message"]
    first_column = re.findall(r"^\| (`.*?) \|", section("Messages to Home Assistant"), re.MULTILINE)
    table = set(re.findall(r"`(\w+)`", " ".join(first_column)))
    assert table == set(json.loads(example["message"])) - {"v", "kind", "mac"}


def test_the_proof_of_the_page():
    (example,) = of_kind("proof")
    proof = messages.prove(
        bytes.fromhex(example["pairing key"]),
        nonce=example["nonce"],
        installation=example["installation"],
        api=example["api"],
    )
    assert proof == example["proof"]


def test_topics_of_the_page():
    topics = messages.Topics("<site>".strip("<>"))
    real = [topics.status, topics.event, topics.state("gate"), topics.command("gate")]
    real += [topics.node("gate", leaf) for leaf in ("status", "hello", "ack", "event")]
    written = re.findall(r"^\| `(facegate/.*?)`", section("Topics"), re.MULTILINE)
    assert [t.replace("<site>", "site").replace("<gate>", "gate") for t in written] == real


def test_every_result_and_reason_has_its_place_in_the_tables():
    commands = section("Commands")
    reasons = re.findall(r"^\| \d+ \| .* \| `(\w+)` \|$", commands, re.MULTILINE)
    assert set(reasons) == {"size", "format", "version", "kind", "gate", "slot", "mac"}
    results = set(re.findall(r"^\| \d+ \| .*? \| `(\w+)` \| .* \|$", commands, re.MULTILINE))
    assert results | {"done"} == set(lines.RESULTS)
    assert f"Known verbs: {', '.join(f'`{verb}`' for verb in lines.VERBS)}." in commands


def test_the_numbers_of_the_page_are_the_code_s():
    page = " ".join(PAGE.split())
    for said in (
        f"A line has at most {lines.MAX_LINE} bytes",
        f"every {lines.CHALLENGE_INTERVAL_MS // 1000} s while connected",
        f"less than {lines.CHALLENGE_LIFE_MS // 1000} s from when it was drawn",
        f"is this estimate + {lines.COMMAND_LIFE_MS}",
        f"more than {node.NOT_AFTER_MAX_MS // 1000} s ahead",
        f"at least {node.GAP_MS} ms closed between two",
        f"at least the last {node.REMEMBERED_IDS} by slot and id",
        f"keeps at least the last {node.QUEUED_EVENTS} while it is offline",
        f"at most {node.REFUSED_BURST} at a time",
        f"at most {messages.MAX_MESSAGE} bytes",
        f"more than {messages.MAX_AGE_MS // 1000} s away",
        f"slots are {lines.SLOTS[0]} to {lines.SLOTS[-1]}",
    ):
        assert said in page, said
