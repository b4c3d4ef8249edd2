"""The compiled core and the Python model of a node, side by side: whatever happens, they say and do the same."""

import itertools
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facegate.contract import lines
from facegate.core.node import Effect, NodeConfig, NodeModel, Say, Switch
from tests.firmware.compiled import SANITIZERS, compiled

KEY = bytes.fromhex("8f5b0a7e3c1d94626be2f7a80914cd35e6a1b2780fd34c59913e6ad7c204bb18")  # test_port.h has the same

WAITS = st.sampled_from([0, 1, 16, 200, 249, 250, 251, 700, 950, 999, 1000, 2000, 2001, 9_999, 10_000, 10_001, 20_000])


@dataclass(frozen=True)
class Ask:
    """A command, or what is left of one."""

    slot: int
    id: int
    challenge: int  # how many before the last
    counter: int
    ahead: int
    verb: str
    subject: str
    value: str
    damage: int  # 0: none; else which byte is changed, or where the line is cut


ASKS = st.builds(
    Ask,
    slot=st.integers(1, 5),
    id=st.integers(1, 4),
    challenge=st.sampled_from([0, 0, 0, 1, 2]),
    counter=st.integers(1, 6),
    ahead=st.sampled_from([2000, 2000, 2000, 0, -1, 10_000, 10_001]),
    verb=st.sampled_from(["open", "open", "open", "open", "guard", "lift"]),
    subject=st.sampled_from(["1", "1", "2", "3", "0", "x"]),
    value=st.sampled_from(["0", "0", "300", "5001", "4294967296", "-"]),
    damage=st.sampled_from([0, 0, 0, 0, 7, 40, -10, -200]),
)
STEPS = st.lists(
    st.tuples(
        WAITS, st.one_of(ASKS, ASKS, ASKS, st.sampled_from(["connect", "disconnect", "fire 1", "fire 0", "wait"]))
    ),
    max_size=40,
)


class Compiled:
    """The core at the other end of a pipe."""

    def __init__(self) -> None:
        program = compiled("core_driver.cpp", *SANITIZERS, "-lcrypto")
        self._process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, request: str) -> list[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(request + "\n")
        self._process.stdin.flush()
        answer = []
        while (said := self._process.stdout.readline()) != ".\n":
            assert said, "the core has died; a sanitizer's report stands above"
            answer.append(said.rstrip("\n"))
        return answer

    def close(self) -> int:
        """End it; 0 unless a sanitizer has found something."""
        self._process.communicate()
        return self._process.returncode


@pytest.fixture(scope="module")
def core() -> Iterator[Callable[[str], list[str]]]:
    core = Compiled()
    yield core
    assert core.close() == 0


def line(ask: Ask, challenges: int, now: int) -> bytes:
    command = lines.Command(
        gate="main",
        slot=ask.slot,
        id=f"{ask.id:016x}",
        challenge=f"{max(0, challenges - ask.challenge):032x}",
        counter=ask.counter,
        not_after=max(0, now + ask.ahead),
        verb=ask.verb,
        subject=ask.subject,
        value=ask.value,
    )
    good = command.sign(lines.command_key(KEY, ask.slot, "main"))
    if ask.damage < 0:
        return good[: ask.damage]
    if ask.damage > 0:
        return good[: ask.damage] + bytes([good[ask.damage] ^ 1]) + good[ask.damage + 1 :]
    return good


def by_leaf(said: list[str]) -> dict[str, list[str]]:
    """What was said, in order for each kind; the order between kinds is nobody's promise."""
    return {leaf: [line for line in said if line.startswith(leaf + " ")] for leaf in ("hello", "ack", "event")}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_core_and_model_do_the_same(core: Callable[[str], list[str]], steps: list[tuple[int, Ask | str]]) -> None:
    drawn = itertools.count(1)
    challenges = 0

    def draw() -> str:
        nonlocal challenges
        challenges = next(drawn)
        return f"{challenges:032x}"

    model = NodeModel(NodeConfig(gate="main", key=KEY), boot=7, challenge=draw)
    core("new")
    now = 0
    for wait, step in [(0, "connect"), *steps]:
        now += wait
        effects: list[Effect]
        if isinstance(step, Ask):
            # Both have seen the time before the line is made, so both know the same challenges.
            effects = model.tick(now)
            said = core(f"wait {now}")
            wire = line(step, challenges, now)
            effects += model.command(wire, now)
            request = f"command {now} {wire.hex()}"
        elif step == "connect":
            effects, said, request = model.connected(now), [], f"connect {now}"
        elif step == "disconnect":
            effects, said, request = model.disconnected(now), [], f"disconnect {now}"
        elif step == "wait":
            effects, said, request = [], [], f"wait {now}"
        else:
            effects, said, request = model.fire(now, active=step == "fire 1"), [], f"fire {now} {step[-1]}"
        said += core(request)
        effects += model.tick(now)
        assert by_leaf(said) == by_leaf([f"{e.leaf} {e.line.decode()}" for e in effects if isinstance(e, Say)])
        assert said[-1] == f"relays {int(model.is_open(1))} {int(model.is_open(2))}"
        assert all(isinstance(e, Say | Switch) for e in effects)
