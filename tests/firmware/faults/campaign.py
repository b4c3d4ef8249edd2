"""A thousand openings, or a hundred, while everything fails that can: wire, node, recognizer, broker.

Everything random comes from one seed. Nothing is judged before the end; ``account`` does that.
"""

import contextlib
import itertools
import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from facegate.adapters.store import Store
from facegate.contract import lines
from tests.firmware.faults import account
from tests.firmware.faults.recognizer import Outcome, Recognizer
from tests.firmware.faults.wire import FAULTS, GATE, Wire
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode
from tests.parts.relay import Pulse

USERS = {"recognizer": "p1", "node": "p2", "wire": "p3", "second": "p4"}
EXIT_RELAY = 2
MOST_RECORDS = 1_000_000
RECONNECT_SECONDS = 5.0  # a recognizer that was refused waits some seconds before it calls the broker again
BEAM_SECONDS = 0.3  # a beam that is broken too shortly to be seen, on a machine that stalls, is nobody
PATIENCE_SECONDS = 2.0  # before somebody presses again
RELEASED_SECONDS = 0.4  # a release that is too short to be seen, on a machine that stalls, joins two presses to one
MEDDLED = 0.3  # share of the openings on which the wire lays its hands
SPOILT = tuple(
    [f"command {fault}" for fault in (*FAULTS, "reordered", "retained")]
    + [f"ack {fault}" for fault in (*FAULTS, "reordered")]
    + [f"event {fault}" for fault in ("duplicated", "flipped and whole", "replayed", "reordered", "dropped")]
    + [f"hello {fault}" for fault in ("flipped and whole", "replayed", "dropped", "delayed")]
)


@dataclass
class Figures:
    """What a campaign counts."""

    seed: int = 0
    openings: int = 0
    results: dict[str, int] = field(default_factory=dict)
    node_kills: int = 0
    recognizer_kills: int = 0
    broker_kills: int = 0
    broker_restarts: int = 0
    exits: list[float] = field(default_factory=list)
    passages: int = 0
    pulses: int = 0
    meddled: dict[str, int] = field(default_factory=dict)
    unauthorised: list[Any] = field(default_factory=list)
    untrue: list[Any] = field(default_factory=list)
    lost_stimuli: list[str] = field(default_factory=list)
    events: dict[str, Any] = field(default_factory=dict)
    unrecorded: list[str] = field(default_factory=list)
    boots: int = 0
    sanitizer: str = ""
    seconds: float = 0.0


class Campaign:
    """One gate under attack. ``program``: the native node, with the sanitizers."""

    def __init__(self, folder: Path, *, program: Path, seed: int) -> None:
        self.figures = Figures(seed=seed)
        self.dice = random.Random(seed)
        self._folder = folder
        self._program = program
        self._presses: list[float] = []
        self._deaf: list[tuple[float, float]] = []

    @contextlib.contextmanager
    def _world(self) -> Iterator[None]:
        key = secrets.token_bytes(32)
        with Mosquitto(self._folder / "broker", tls=True, users=USERS, keep=True) as self.broker:
            self.node = NativeNode(
                self._folder / "node", self.broker, key=key, gate=GATE, site="far", username="node",
                program=self._program,
            )  # fmt: skip
            # ESPHome never frees what it sets up once, so leaks say nothing.
            self.node.environment |= {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
            self.key = lines.node_key(key, GATE)
            self.recognizer = Recognizer(
                self._folder / "recognizer", self.broker, key=key, username="recognizer", site="near"
            )
            with Wire(self.broker, username="wire", dice=self.dice) as self.wire, self.node, self.recognizer:
                self.recognizer.wait_for_state("online")
                yield

    def run(self, openings: int, kills: int) -> Figures:
        """Do it all: ``openings``, ``kills`` of the node among them, and one of everything else to every tenth kill."""
        began = time.monotonic()
        others = max(1, kills // 10)
        steps = (
            ["node killed"] * kills
            + ["recognizer killed"] * others
            + ["broker killed"] * others
            + ["broker restarted"] * others
        )
        meddled = itertools.islice(itertools.cycle(SPOILT), max(len(SPOILT), round(openings * MEDDLED)))
        steps += list(meddled)[: max(0, openings - len(steps))]
        steps += ["plain"] * (openings - len(steps))
        self.dice.shuffle(steps)
        with self._world():
            self._leave()  # of what came before the first event that it hears, a recognizer cannot know
            for step in steps:
                self._step(step)
            self.wire.calm()
            self._leave()  # the last event: were one before it missing, its number would show it
            self._wait(lambda: not account.unexplained(self.recognizer.events, self.recognizer.losses), "losses")
        self._settle()
        self.figures.seconds = round(time.monotonic() - began, 1)
        return self.figures

    # ---- one opening ----

    def _step(self, step: str) -> None:
        self.figures.openings += 1
        match step:
            case "plain":
                outcome = self._end(self.recognizer.ask())
                if outcome == "opened" and self.dice.random() < 0.5:
                    self._pass()
                if self.dice.random() < 0.4:
                    self._leave()
            case "node killed":
                self._kill_node()
            case "recognizer killed":
                self._kill_recognizer()
            case "broker killed" | "broker restarted":
                self._end_broker(step)
            case "command retained":
                self._retain()
            case _:
                leaf, fault = step.split(" ", 1)
                self.wire.spoil(leaf, fault)
                if leaf == "event":
                    self._press_exit()
                self._end(self.recognizer.ask())
                if leaf != "command":
                    self.wire.replay("command", 3)

    def _end(self, asked: Future[Outcome | None]) -> str:
        outcome = asked.result(60)
        result = outcome.result if outcome is not None else "killed"
        self.figures.results[result] = self.figures.results.get(result, 0) + 1
        return result

    def _kill_node(self) -> None:
        """At any moment: before the command, under the pulse, or long after; its boot number and nothing else stays."""
        queued = self.dice.random() < 0.3
        if queued:
            self.wire.queue_commands()
        asked = self.recognizer.ask()
        time.sleep(self.dice.choice((self.dice.uniform(0, 0.05), self.dice.uniform(0, 0.5))))
        self.node.kill()
        self.figures.node_kills += 1
        if self.dice.random() < 0.3:
            self._press_exit(live=False)
        self.node.start()
        if queued:
            time.sleep(self.dice.uniform(0, 1))
            self.wire.deliver_queued()
        self._end(asked)

    def _kill_recognizer(self) -> None:
        if self.dice.random() < 0.5:  # it dies while it writes down what it has just heard
            self._press_exit()
        asked = self.recognizer.ask()
        time.sleep(self.dice.uniform(0, 0.1))
        began = time.time()
        self.recognizer.kill()
        self.figures.recognizer_kills += 1
        self.wire.replay("command", 20)  # it is not there to mind
        self._press_exit()
        self.recognizer.start()
        self._deaf.append((began, time.time()))
        self._end(asked)

    def _end_broker(self, step: str) -> None:
        asked = self.recognizer.ask()
        time.sleep(self.dice.uniform(0, 0.1))
        began = time.time()
        if step == "broker killed":
            self.broker.kill()
            self.figures.broker_kills += 1
        else:
            self.broker.stop()
            self.figures.broker_restarts += 1
        self._press_exit()
        self.broker.start()
        self.wire.wait_until_connected()
        self._end(asked)
        self.recognizer.wait_for_state("online")
        self._deaf.append((began, time.time() + RECONNECT_SECONDS))

    def _retain(self) -> None:
        """A whole command, kept by the broker and given to the node at its next start."""
        self._end(self.recognizer.ask())
        self.wire.tally.done["command retained"] = self.wire.tally.done.get("command retained", 0) + 1
        self.wire.retain(self.wire.commands[-1])
        self.node.kill()
        self.node.start()
        self._end(self.recognizer.ask())
        self.figures.openings += 1
        self.wire.forget_retained()

    # ---- people ----

    def _press_exit(self, *, live: bool = True) -> None:
        """Press the exit button; ``live``: the node is there, so a relay must follow, and its time is kept."""
        self._presses.append(time.time())
        if live:
            self.figures.exits.append(press_exit(self.node))
        else:
            self.node.touch_input("exit", 0.02)

    def _pass(self) -> None:
        before = self._told("passed")
        self.node.touch_input("beam", BEAM_SECONDS)
        self._wait(lambda: self._told("passed") > before, "passed")
        self.figures.passages += 1

    def _leave(self) -> None:
        before = self._told("exit")
        self._press_exit()
        self._wait(lambda: self._told("exit") > before, "exit")

    def _told(self, kind: str) -> int:
        return sum(event.type == kind for event in self.recognizer.events)

    def _wait(self, happened: Any, what: str) -> None:
        deadline = time.monotonic() + 15
        while not happened():
            if time.monotonic() > deadline:
                self.figures.lost_stimuli.append(f"{what} at opening {self.figures.openings}")
                return
            time.sleep(0.01)

    # ---- the end ----

    def _settle(self) -> None:
        figures, wire = self.figures, self.wire
        with Store.open(self.recognizer.data) as store:
            log = store.access_log(MOST_RECORDS)
        records = [record for record in log if record.kind == "opening"]
        pulses = self.node.relay.pulses()
        entries = [pulse for pulse in pulses if pulse.relay != EXIT_RELAY]
        verdict = account.judge(entries, account.reasons(records, self.recognizer.killed_at))
        figures.pulses = len(pulses)
        figures.unauthorised = [asdict(pulse) for pulse in (*verdict.unauthorised, *self._exits_unasked(pulses))]
        figures.untrue = [asdict(reason) for reason in verdict.untrue]
        # Killed before the intent was on the disk, it has asked nobody for anything.
        unrecorded = figures.openings - len(records)
        assert 0 <= unrecorded <= figures.recognizer_kills, f"{unrecorded} openings have left no record"
        parsed = {line: lines.NodeEvent.parse(line, gate=GATE, key=self.key) for line in set(wire.events)}
        excused = {(e.boot, e.seq) for line, e in parsed.items() if line in set(wire.tally.dropped_events)}
        excused |= {
            (e.boot, e.seq)
            for line, e in parsed.items()
            if any(begin <= wire.seen_at[line] <= end for begin, end in self._deaf)
        }
        seen = [(e.boot, e.seq) for e in parsed.values()]
        figures.events = asdict(account.count_events(seen, self.recognizer.events, self.recognizer.losses, excused))
        figures.unrecorded = account.unrecorded(log, self.recognizer.events)
        figures.boots = max((boot for boot, _ in seen), default=0)
        figures.meddled = dict(sorted(wire.tally.done.items()))
        said = self.node.log.read_text(errors="replace")
        place = min((said.find(word) for word in ("Sanitizer", "runtime error") if word in said), default=-1)
        figures.sanitizer = "" if place < 0 else said[max(0, place - 500) : place + 3000]

    def _exits_unasked(self, pulses: list[Pulse]) -> list[Pulse]:
        """Pulses of the way out that no press explains."""
        return [
            pulse
            for pulse in pulses
            if pulse.relay == EXIT_RELAY and not any(at <= pulse.opened_at <= at + 5 for at in self._presses)
        ]


def press_exit(node: NativeNode, *, timeout: float = 20.0) -> float:
    """Press the exit button until the relay moves or is held; milliseconds from the press to the relay.

    Who sees nothing happen presses again; the time counts from the first press.
    """
    before = len(node.relay.writes())
    pressed = time.time()
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        node.set_input("exit", True)
        again = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < again:
            for moved, relay, energised in node.relay.writes()[before:]:
                if relay == EXIT_RELAY and energised and moved >= pressed:
                    node.set_input("exit", False)
                    time.sleep(RELEASED_SECONDS)
                    return (moved - pressed) * 1000
            time.sleep(0.002)
        node.set_input("exit", False)
        time.sleep(RELEASED_SECONDS)
    raise AssertionError("somebody is locked in: the exit button did not open")
