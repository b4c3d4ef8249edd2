"""What is known of a node from its own lines, on a clock that the test winds."""

import pytest

from facegate.adapters.node_voice import Loss, NodeReport, NodeVoice
from facegate.adapters.software_gate import next_boot
from facegate.contract.lines import Hello, NodeEvent, Position
from tests.parts.node_link import (
    GATE,
    NODE_KEY,
)


class TestVoice:
    """What is known of a node, on a clock that the test winds."""

    @pytest.fixture(autouse=True)
    def voice(self):
        self.now = 1_000.0
        self.voice = NodeVoice(GATE, NODE_KEY, lambda: self.now)
        self.seq = 0

    def hello(self, uptime: int, challenge: str = "a" * 32, boot: int = 1) -> None:
        self.seq += 1
        hello = Hello(GATE, boot, self.seq, uptime, challenge, "normal", "closed", 0, 0)
        assert self.voice.hear_hello(hello.sign(NODE_KEY), retained=False) == hello

    def event(self, seq: int, boot: int = 1, uptime: int = 0) -> NodeReport | None:
        line = NodeEvent(GATE, boot, seq, uptime, "exit", "1", "-")
        return self.voice.hear_event(line.sign(NODE_KEY), retained=False)

    def test_what_is_missing_comes_once_and_late(self):
        self.hello(0)
        assert self.event(1) == NodeReport(GATE, NodeEvent(GATE, 1, 1, 0, "exit", "1", "-"), history=False)
        self.event(4)
        assert self.voice.missing == {(1, 2), (1, 3)}
        assert self.voice.next_event(1) == 2
        filled = self.event(3)
        assert filled is not None
        assert (filled.history, filled.filled) == (True, True)
        assert [self.event(seq) for seq in (1, 3, 4)] == [None, None, None]
        self.event(5)
        self.event(8)
        assert self.voice.missing == {(1, 2), (1, 6), (1, 7)}
        assert self.voice.next_event(2) == 1
        assert self.voice.take_losses() == []

    def test_a_node_that_starts_anew_has_forgotten_what_is_missing(self):
        self.event(1)
        self.event(4)
        self.event(2, boot=2)
        assert self.voice.missing == {(2, 1)}
        assert self.event(3, boot=1) is None
        assert self.voice.take_losses() == [Loss(GATE, Position(1, 4), 2)]
        assert self.voice.take_losses() == []

    def test_no_more_is_missing_than_a_node_keeps(self):
        self.event(1)
        self.event(5)
        self.event(102)
        assert self.voice.missing == {(1, seq) for seq in range(38, 102)}
        assert self.voice.take_losses() == [Loss(GATE, Position(1, 102), 3 + 32)]
        self.voice.write_off(frozenset({Position(1, 38), Position(1, 5)}))
        assert self.voice.take_losses() == [Loss(GATE, Position(1, 102), 1)]
        assert self.event(38) is None

    def test_what_an_earlier_run_has_missed_may_still_come(self):
        self.voice.recall({"event": Position(3, 9)}, {Position(3, 7), Position(2, 1), Position(3, 11)})
        assert self.voice.missing == {(3, 7)}
        assert self.event(9, boot=3) is None
        assert self.event(7, boot=3) is not None

    def test_silence_shows(self):
        assert self.voice.state == "offline"
        self.voice.hear_status(b"online")
        assert self.voice.state == "silent"
        self.hello(0)
        assert self.voice.state == "online"
        self.now += 25.1
        assert self.voice.state == "silent"
        self.hello(25_100)
        self.voice.hear_status(b"offline")
        assert self.voice.state == "offline"
        self.hello(25_200)
        assert self.voice.state == "online"

    def test_a_challenge_dies_by_its_first_hello_not_by_its_last(self):
        self.hello(0)
        self.now += 19.9
        self.hello(19_900)
        assert self.voice.challenge() == "a" * 32
        self.now += 0.1
        assert self.voice.challenge() is None
        self.hello(20_000, "b" * 32)
        assert self.voice.challenge() == "b" * 32
        self.voice.give_up("b" * 32)
        self.hello(20_001, "b" * 32)
        assert self.voice.challenge() is None

    def test_a_delayed_hello_does_not_set_the_node_s_clock_back(self):
        self.hello(10_000)
        self.now += 10
        assert self.voice.uptime() == pytest.approx(20_000)
        self.now += 5
        self.hello(20_000, "b" * 32)  # five seconds under way
        assert self.voice.uptime() == pytest.approx(25_000)

    def test_a_restart_sets_the_node_s_clock_anew(self):
        self.hello(10_000_000)
        self.hello(5_000, "b" * 32, boot=2)
        assert self.voice.uptime() == pytest.approx(5_000)

    def test_drift_is_forgotten_with_the_hellos_that_showed_it(self):
        self.hello(60_000)
        for index in range(6):
            self.now += 10
            self.hello(10_000 * index, f"{index:032x}")
        assert self.voice.uptime() == pytest.approx(50_000)


def test_boots_are_counted_in_a_file(tmp_path):
    assert [next_boot(tmp_path / "boot") for _ in range(3)] == [1, 2, 3]
