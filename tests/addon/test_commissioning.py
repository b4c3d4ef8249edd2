"""The installer's walk, and that a gate which stays shut without current opens for nobody before it (PRIVACY P13)."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.adapters.boards import known_boards
from facegate.adapters.store import Store
from facegate.core.boards import FEATURES, Lock
from facegate.core.commissioning import STEP_SECONDS, Walk, WalkError
from facegate.core.commissioning_sheet import MISSING, Attestation, Missing, Sheet, may_be_used, missing
from facegate.core.commissioning_steps import Result, Step, StepState, steps
from facegate.core.models import Direction, Gate, Method, Reason
from facegate.core.node_file import NodeSetup
from facegate.opening import Openings, OpenOutcome, OpenRequest
from tests.fakes.gate_side import GateSide
from tests.parts.web import Clock

ALL_DONE = Attestation("Resident 1", True, True, True)
USUAL = ("exit-button", "fire-input", "passage-sensor")


def setup(*features: str, lock: Lock = Lock.FAIL_SECURE) -> NodeSetup:
    return NodeSetup("esp32-relay-x4", lock, features, "0.1.0")


def satisfy(walk: Walk, step: Step) -> None:
    """Do what the step waits for, in the words of the contract."""
    if walk.begin(step.name):
        walk.commanded(step.name, done=True)
    for sign in step.signs:
        walk.hear(sign.types[0], sign.subject or "1", sign.value or "-")
    if step.question is not None:
        walk.answer(step.name, yes=True)


@pytest.mark.parametrize("board", known_boards().values(), ids=known_boards())
def test_every_part_of_every_board_has_a_step(board) -> None:
    everything = setup(*(name for name in FEATURES if name in board.features))
    walk = Walk(everything, Clock())
    names = [step.name for step in walk.steps]
    assert len(set(names)) == len(names)
    for step in walk.steps:
        assert all((*step.label, *step.do))
        assert step.signs or step.question, "something has to show that it works"
        satisfy(walk, step)
        assert walk.results[step.name].state is StepState.PASSED, step.name
    assert walk.over
    assert walk.next is None
    assert ("exit" in names) is ("exit-button" in board.features)


def test_what_only_a_person_sees_is_asked_after_the_node_has_spoken() -> None:
    walk = Walk(setup(*USUAL), Clock())
    walk.begin("exit")
    with pytest.raises(WalkError, match="asks nothing now"):
        walk.answer("exit", yes=True)
    walk.hear("fire", "start", "-")
    assert walk.results["exit"].state is StepState.RUNNING, "another event shows nothing of this part"
    walk.hear("exit", "2", "-")
    assert walk.results["exit"] == Result(StepState.ASKING, seen=("exit 2",))
    walk.answer("exit", yes=False)
    assert walk.results["exit"].state is StepState.FAILED


def test_the_signs_of_a_step_come_in_their_order() -> None:
    walk = Walk(setup("tamper"), Clock())
    walk.begin("tamper")
    walk.hear("tamper", "clear", "-")
    assert walk.results["tamper"].seen == ()
    walk.hear("tamper", "start", "-")
    walk.hear("tamper", "clear", "-")
    assert walk.results["tamper"] == Result(StepState.PASSED, seen=("tamper start", "tamper clear"))


def test_two_beams_tell_the_way() -> None:
    walk = Walk(setup("passage-sensor", "second-beam"), Clock())
    walk.begin("beam")
    walk.hear("forced", "2", "-")
    assert walk.results["beam"].state is StepState.RUNNING, "wired the wrong way round"
    walk.hear("forced", "1", "-")
    assert walk.results["beam"].state is StepState.PASSED


def test_a_step_waits_so_long_and_can_be_repeated() -> None:
    clock = Clock()
    walk = Walk(setup("exit-button"), clock)
    walk.begin("exit")
    clock.now += STEP_SECONDS
    walk.hear("exit", "1", "-")
    assert walk.results["exit"] == Result(StepState.FAILED, "timeout")
    walk.begin("exit")
    walk.hear("exit", "1", "-")
    walk.answer("exit", yes=True)
    assert walk.results["exit"].state is StepState.PASSED
    walk.begin("exit")
    assert walk.results["exit"].state is StepState.RUNNING, "begun anew, it counts no more until it passes"


def test_a_command_that_fails_and_a_step_that_is_left_have_not_passed() -> None:
    walk = Walk(setup("exit-button"), Clock())
    assert walk.begin("relay") == "open_1"
    walk.commanded("relay", done=False, why="node_busy")
    assert walk.results["relay"] == Result(StepState.FAILED, "node_busy")
    walk.begin("relay")
    walk.begin("exit")
    walk.commanded("relay", done=True)
    assert walk.results["relay"].state is StepState.WAITING
    walk.skip("relay", "no lock yet")
    assert walk.results["relay"] == Result(StepState.SKIPPED, "no lock yet")
    with pytest.raises(WalkError, match="has no step 'fire'"):
        walk.begin("fire")


# Whether the gate may be used


def passed(*names: str) -> dict[str, Result]:
    return {name: Result(StepState.PASSED) for name in names}


def test_nothing_is_missing_where_all_was_tested_and_attested() -> None:
    assert missing(setup(*USUAL), passed("exit", "fire"), ALL_DONE) == ()
    assert missing(setup(), {}, ALL_DONE) == (), "what the board has no input for is tested by hand alone"
    assert missing(setup(*USUAL, lock=Lock.FAIL_SAFE), {}, Attestation("", False, False)) == ()


@pytest.mark.parametrize("state", [state for state in StepState if state is not StepState.PASSED])
@pytest.mark.parametrize("lock", [Lock.FAIL_SECURE, Lock.TURNSTILE])
def test_a_part_that_has_not_passed_is_missing(state: StepState, lock: Lock) -> None:
    results = passed("relay", "exit", "fire")
    assert missing(setup(*USUAL, lock=lock), results | {"exit": Result(state)}, ALL_DONE) == (Missing.EXIT_UNTESTED,)
    assert missing(setup(*USUAL, lock=lock), results | {"fire": Result(state)}, ALL_DONE) == (Missing.FIRE_UNTESTED,)


def test_every_attestation_counts() -> None:
    results = passed("exit", "fire")
    for count in range(3):
        for given_ in combinations(("hardware_exit", "hardware_fire", "inside_handle"), count):
            attested = Attestation(
                "Resident 1", **{"hardware_exit": False, "hardware_fire": False} | dict.fromkeys(given_, True)
            )
            assert missing(setup(*USUAL), results, attested)
    no_handle = Attestation("Resident 1", True, True, False)
    assert missing(setup(*USUAL, lock=Lock.TURNSTILE), results, no_handle) == ()
    assert set(MISSING) == set(Missing)


SHEETS = st.builds(
    Sheet,
    gate=st.just("main"),
    name=st.text(max_size=5),
    site=st.just("home"),
    at=st.floats(0, 1e9),
    setup=st.builds(
        NodeSetup, st.sampled_from(list(known_boards())), st.sampled_from(Lock), st.just(USUAL), st.just("0.1.0")
    ),
    node_boot=st.none() | st.integers(0, 9),
    results=st.lists(
        st.tuples(
            st.sampled_from([s.name for s in steps(setup(*USUAL))]), st.builds(Result, st.sampled_from(StepState))
        ),
        unique_by=lambda pair: pair[0],
    ).map(tuple),
    attestation=st.builds(Attestation, st.text(max_size=5), st.booleans(), st.booleans(), st.booleans()),
    missing=st.lists(st.sampled_from(Missing), unique=True).map(tuple),
)


@given(SHEETS)
def test_a_sheet_is_read_as_it_was_written(sheet: Sheet) -> None:
    assert Sheet.of(sheet.content) == sheet
    assert may_be_used(sheet.setup, sheet, trial=False) is (not sheet.setup.lock.stays_shut or not sheet.missing)
    assert may_be_used(sheet.setup, None, trial=False) is not sheet.setup.lock.stays_shut
    assert not may_be_used(None, None, trial=False)
    assert may_be_used(None, None, trial=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


async def test_a_gate_that_nobody_has_tested_opens_for_its_installer_alone(store: Store) -> None:
    side = GateSide()
    openings = Openings(store, {"main": side}, side.announce)

    async def ask(**more: object) -> OpenOutcome:
        wish = OpenRequest("main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED)
        return await openings.open(replace(wish, **more))

    store.add_gate(Gate("main", "Main"), setup(*USUAL))
    for more in ({}, {"guard": True}, {"method": Method.REMOTE, "reason": Reason.REMOTE}):
        outcome = await ask(**more)
        assert (outcome.opened, outcome.reason, outcome.result) == (False, "not_commissioned", "not_commissioned")
        assert store.opening(outcome.opening).result == "not_commissioned"
        assert (
            await openings.open(
                OpenRequest("main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, id=outcome.opening)
            )
        ).reason == "not_commissioned"
    assert side.asked == []
    assert {news.reason for news in side.news} == {"not_commissioned"}
    assert (await ask(trial=True)).opened
    store.record_commissioning(
        Sheet("main", "Main", "home", 1.0, setup(*USUAL), 3, tuple(passed("exit", "fire").items()), ALL_DONE)
    )
    assert (await ask()).opened
    store.add_gate(Gate("side", "Side"), setup(*USUAL, lock=Lock.FAIL_SAFE))
    assert (await ask(gate="side")).result == "node_silent", "no link; but nobody has asked for a sheet"
    store.add_gate(Gate("bare", "Added without its lock"))
    assert (await ask(gate="bare")).reason == "not_commissioned", "for all that is known it stays shut without current"
    store.add_gate(Gate("toy", "Moves no door", trial=True))
    assert (await ask(gate="toy")).result == "node_silent"
    await openings.stop()


def test_the_last_sheet_counts_and_goes_with_its_gate(store: Store) -> None:
    hardware = setup(*USUAL)
    store.add_gate(Gate("main", "Main"), hardware)
    assert store.node_setup("main") == hardware
    assert not may_be_used(store.node_setup("main"), store.commissioning("main"), trial=False)
    good = Sheet("main", "Main", "home", 1.0, hardware, 3, tuple(passed("exit", "fire").items()), ALL_DONE)
    bad = Sheet("main", "Main", "home", 2.0, hardware, 3, (), ALL_DONE, (Missing.FIRE_UNTESTED,))
    for sheet, usable in ((good, True), (bad, False), (good, True)):
        store.record_commissioning(sheet)
        assert store.commissioning("main") == sheet
        assert may_be_used(store.node_setup("main"), store.commissioning("main"), trial=False) is usable
    store.remove_gate("main")
    store.add_gate(Gate("main", "Another"), hardware)
    assert store.commissioning("main") is None, "another gate of the same name has other wires"
