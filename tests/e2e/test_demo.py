"""``facegate demo`` as a person runs it, counted by this test: from the relay's own log, not from what is printed."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer.main

from facegate.adapters.demo_clip import Programme
from facegate.cli import app
from tests.parts.eyes import models_folder, people_folder
from tests.parts.node import build_node
from tests.parts.relay import Pulse, RelayLog

pytestmark = pytest.mark.real_time

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Demo:
    """One run of the demo in a folder of its own; ``stray``: somebody moves the relay behind the recognizer's back."""

    folder: Path
    native: bool = True
    stray: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.temporary = self.folder / "temporary"
        self.temporary.mkdir()
        self.environment = {
            **{key: value for key, value in os.environ.items() if key != "FACEGATE_NODE"},
            "FACEGATE_MODELS": str(models_folder()),
            "FACEGATE_PEOPLE": str(people_folder()),
            "TMPDIR": str(self.temporary),
            **({"FACEGATE_NODE": str(self._watched_node())} if self.native else {}),
            **self.environment,
        }

    def _watched_node(self) -> Path:
        """The native node, with a second name for its relay log that outlives the demo's folder."""
        script = self.folder / "node"
        log = '"$FACEGATE_NODE_SIM/relay.log"'
        script.write_text(
            f"#!/bin/sh\ntouch {log}\nln {log} '{self.folder}/relay.log'\n"
            + (f'(sleep 6; echo "$(date +%s%N) 2 1" >>{log}) &\n' if self.stray else "")
            + f"exec '{build_node()}'\n"
        )
        script.chmod(0o755)
        return script

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            [sys.executable, "-m", "facegate.cli", "demo", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=self.environment,
        )  # fmt: skip

    def run(self, *arguments: str, timeout: float = 100) -> tuple[int, str, str]:
        """Run it to its end: exit code, output, errors."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=timeout)
        assert "Traceback" not in errors
        return process.returncode, output, errors

    def pulses(self) -> list[Pulse]:
        """What the native node's relays did."""
        return RelayLog(self.folder / "relay.log").pulses()


def parsed(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def only(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]


def check(events: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Hold one round against the programme; returns the visits of the resident."""
    truth = Programme(people_folder(), seed, 0.0, 1)
    visits, decisions, relays = only(events, "visit"), only(events, "decision"), only(events, "relay")
    assert [visit["picture"] for visit in visits] == [visit.picture for visit in truth.visits(1)]
    for visit in truth.visits(1):
        begins, ends = visit.gate_size / truth.fps, visit.end / truth.fps
        inside = [decision for decision in decisions if begins <= decision["at"] < ends]
        moved = [relay for relay in relays if begins <= relay["at"] < ends + 1]
        assert {decision["type"] for decision in inside} == {"access_granted" if visit.resident else "access_denied"}
        assert [relay["relay"] for relay in moved] == ([1] if visit.resident else [])
        for relay in moved:
            assert relay["glass_to_relay_ms"] == pytest.approx((relay["at"] - begins) * 1000, abs=2)
    residents = [visit for visit in visits if visit["resident"]]
    assert len(relays) == len(residents)
    summary = events[-1]
    assert summary["event"] == "summary"
    assert (summary["granted"], summary["denied"]) == (len(residents), len(visits) - len(residents))
    assert (summary["wrong"], summary["opens_without_decision"]) == (0, 0)
    assert 0 < summary["glass_to_relay_ms"]["median"] <= summary["glass_to_relay_ms"]["p95"]
    return residents


def test_one_round_with_the_native_node(tmp_path: Path) -> None:
    demo, seed = Demo(tmp_path), 4_000_000_000  # the README's own round, which is tested too, draws any seed
    code, output, errors = demo.run("--once", "--json", "--seed", str(seed))
    assert code == 0, output + errors
    events = parsed(output)
    assert (events[0]["seed"], events[0]["node"], events[0]["liveness"]) == (seed, "native", "off")
    residents = check(events, seed)
    assert [pulse.relay for pulse in demo.pulses()] == [1] * len(residents)
    assert all(pulse.closed_at is not None for pulse in demo.pulses())
    assert list(demo.temporary.iterdir()) == []  # nothing is left behind


def test_one_round_with_the_software_gate_and_for_people(tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    code, output, errors = Demo(tmp_path, native=False).run("--once", "--seed", "2", "--save-picture", str(picture))
    assert code == 0, output + errors
    visits = Programme(people_folder(), 2, 0.0).visits(1)
    assert "LIVENESS IS OFF" in output
    assert "software gate" in output
    assert output.count("relay 1 pulses") == sum(visit.resident for visit in visits)
    assert output.count("access_denied · unknown_face") == sum(not visit.resident for visit in visits)
    svg = picture.read_text()
    assert "walks" in svg
    assert "@font-face" not in svg
    assert len(svg) < 60_000


def test_an_opening_that_nobody_decided_is_found_out(tmp_path: Path) -> None:
    code, output, _ = Demo(tmp_path, stray=True).run("--once", "--json", "--seed", "3")
    summary = parsed(output)[-1]
    assert code == 1
    assert summary["wrong"] == 1
    assert summary["opens_without_decision"] == 1


def test_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    process = demo.start("--json")
    assert process.stdout is not None
    seen = []
    while not seen or seen[-1]["event"] != "ruling":
        seen.append(json.loads(process.stdout.readline()))
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    summary = parsed(output)[-1]
    assert process.returncode == 0, errors
    assert errors == ""
    assert (summary["event"], summary["visits"], summary["wrong"]) == ("summary", 1, 0)
    assert list(demo.temporary.iterdir()) == []
    assert _processes_in(demo.folder) == []


def test_a_round_that_was_cut_short_proves_nothing(tmp_path: Path) -> None:
    process = Demo(tmp_path, native=False).start("--once", "--json")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "started"
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert parsed(output)[-1]["event"] == "summary"


@pytest.mark.parametrize("arguments", [("--json",), ()])
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    process = Demo(tmp_path, native=False).start(*arguments)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=60)
    assert process.stderr is not None
    assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("variable", "sentence"),
    [
        ("FACEGATE_PEOPLE", "obama.jpg is missing: fetch the demo's people with 'facegate people fetch'"),
        ("FACEGATE_MODELS", "facegate models fetch"),
        ("FACEGATE_NODE", "build it with scripts/lib/build_node"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path, variable: str, sentence: str) -> None:
    demo = Demo(tmp_path, native=False, environment={variable: str(tmp_path / "nowhere")})
    code, output, errors = demo.run("--once", "--json")
    assert code == 1
    assert output == ""
    assert sentence in errors
    assert errors.count("\n") == 1


def test_it_cannot_be_pointed_at_a_camera(tmp_path: Path) -> None:
    code, output, errors = Demo(tmp_path, native=False).run("--once", "rtsp://192.0.2.1/stream")
    assert code == 2
    assert output == ""
    assert "unexpected extra argument" in errors
    command = typer.main.get_command(app).commands["demo"]  # type: ignore[attr-defined]
    names = {parameter.name for parameter in command.params}
    assert names == {"once", "rounds", "as_json", "seed", "save_picture"}  # none of them can name a source


def _processes_in(folder: Path) -> list[str]:
    """Command lines of processes that were started with this folder in their environment, and still run."""
    found = []
    for _ in range(20):
        found = []
        for process in Path("/proc").iterdir():
            try:
                if process.name.isdigit() and str(folder).encode() in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_text())
            except OSError:
                continue  # it has ended, or belongs to somebody else
        if not found:
            break
        time.sleep(0.1)
    return found
