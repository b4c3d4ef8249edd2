"""Every literal line of vectors.tsv gets its verdict from the Python side of the wire."""

import subprocess
import sys
from pathlib import Path

import pytest

from facegate.contract import lines
from facegate.core.node import NodeConfig, NodeModel, Say, Switch
from tests.contract import vectors

CASES = vectors.read()
NODE_CASES = [c for c in CASES if c.receiver == "node"]
RECOGNIZER_CASES = [c for c in CASES if c.receiver == "recognizer"]
KINDS = {"hello": lines.Hello, "ack": lines.Ack, "event": lines.NodeEvent}


class Node:
    """A model brought into the state that a row asks for, through its own doors."""

    def __init__(self, case: vectors.Vector) -> None:
        self.case = case
        self.config = NodeConfig(case.gate, case.key, pulse_ms=500, max_pulse_ms=3_000)
        self._challenges: list[str] = []
        self.model = NodeModel(self.config, boot=1, challenge=lambda: self._challenges.pop(0))
        uptime = case.uptime
        busy_pulse = case.state == "open"
        if case.previous != "-":
            self._challenges = ["0123456789abcdef" * 2, case.previous, case.challenge]
            self.model.connected(uptime - 20_000)
            self._finish("0123456789abcdef" * 2, uptime - 20_000, unless=busy_pulse)
            self.model.tick(uptime - 10_000)
            self._challenge = case.challenge
            self.model.tick(uptime)
        else:
            self._challenges = [case.challenge if case.challenge != "-" else "abcdef0123456789" * 2]
            self.model.connected(uptime)
        if case.state in ("fire", "quiet"):
            self.model.fire(uptime, active=True)
        if case.state == "quiet":
            self.model.fire(uptime, active=False)
        if case.state in ("lockdown", "free"):
            value = "600" if case.state == "free" else "0"
            mode = lines.Command(case.gate, 1, "d" * 16, case.challenge, 1, uptime, "mode", case.state, value)
            self.send(mode, uptime)
        if busy_pulse:
            opening = case.done.partition(":")[2].partition("=")[0] if case.done != "-" else "b" * 16
            busy = lines.Command(case.gate, 1, opening, case.challenge, 1, uptime + 1_000, "open", "1", "3000")
            assert Switch(1, open=True) in self.send(busy, uptime)
        if case.counter:
            self._use(case.counter)

    def send(self, command: lines.Command, now: int):
        key = lines.command_key(self.case.key, command.slot, self.case.gate)
        return self.model.command(command.sign(key), now)

    def _finish(self, challenge: str, now: int, *, unless: bool) -> None:
        if self.case.done == "-" or unless:
            return
        slot, _, rest = self.case.done.partition(":")
        opening, _, result = rest.partition("=")
        not_after = 0 if result == "late" else now + 1_000
        subject = "9" if result == "argument" else "1"
        command = lines.Command(self.case.gate, int(slot), opening, challenge, 1, not_after, "open", subject, "0")
        assert answer(self.case, self.send(command, now)) == result

    def _use(self, counter: int) -> None:
        """A command that is answered for its verb uses its counter and changes nothing else."""
        command = lines.Command(
            self.case.gate, 1, "c" * 16, self.case.challenge, counter, self.case.uptime, "nothing", "-", "-"
        )
        assert answer(self.case, self.send(command, self.case.uptime)) == "verb"


def answer(case: vectors.Vector, effects) -> str:
    """The result in the ack, or the reason in the event about a refusal."""
    said, *others = sorted((e for e in effects if isinstance(e, Say)), key=lambda e: e.leaf)
    key = lines.node_key(case.key, case.gate)
    if said.leaf == "ack":
        return lines.Ack.parse(said.line, gate=case.gate, key=key).result
    assert others == []
    event = lines.NodeEvent.parse(said.line, gate=case.gate, key=key)
    assert event.type == "refused"
    return event.subject


@pytest.mark.parametrize("case", NODE_CASES, ids=lambda c: c.name)
def test_node_gives_the_verdict(case):
    node = Node(case)
    effects = node.model.command(case.line, case.uptime)
    acked = any(isinstance(e, Say) and e.leaf == "ack" for e in effects)
    assert answer(case, effects) == case.verdict
    assert acked == (case.verdict in lines.RESULTS)
    if case.detail != "-":
        (ack,) = (e.line for e in effects if isinstance(e, Say) and e.leaf == "ack")
        assert ack.split(b" ")[9].decode() == case.detail
    moves = [e for e in effects if isinstance(e, Switch)]
    if case.relay == "-":
        held = b" mode free " in case.line and case.verdict == "done"
        let_go = b" reset fire " in case.line and case.state == "quiet"
        assert moves == [Switch(relay, open=held) for relay in lines.RELAYS if held or let_go]
        return
    relay, pulse = int(case.relay), int(case.pulse_ms)
    assert moves == [Switch(relay, open=True)]
    assert Switch(relay, open=False) not in node.model.tick(case.uptime + pulse - 1)
    assert Switch(relay, open=False) in node.model.tick(case.uptime + pulse)


@pytest.mark.parametrize("case", RECOGNIZER_CASES, ids=lambda c: c.name)
def test_recognizer_gives_the_verdict(case):
    key = lines.node_key(case.key, case.gate)
    try:
        line = KINDS[case.kind].parse(case.line, gate=case.gate, key=key)
    except lines.LineError as error:
        verdict = error.reason
    else:
        verdict = "old" if case.position and line.position <= case.position else "ok"
        assert line.sign(key) == case.line
    assert verdict == case.verdict


def test_every_reason_and_many_results_occur():
    reasons = {"size", "format", "version", "kind", "gate", "mac"}
    assert {c.verdict for c in RECOGNIZER_CASES} == reasons | {"ok", "old"}
    # "fault" belongs to hardware.
    assert {c.verdict for c in NODE_CASES} == reasons | {"slot"} | (set(lines.RESULTS) - {"fault"})
    assert len({c.name for c in CASES}) == len(CASES) >= 60


def test_table_is_what_openssl_makes_of_the_cases():
    generator = Path(__file__).with_name("make_vectors.py")
    made = subprocess.run([sys.executable, generator], capture_output=True, check=True).stdout
    assert made == vectors.TABLE.read_bytes(), "run tests/contract/make_vectors.py > tests/contract/vectors.tsv"
