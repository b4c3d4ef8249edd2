"""Press-to-recognise: nobody is looked into until somebody presses, and a press is good for one approach."""

from dataclasses import replace

import pytest

from facegate.contract.lines import NodeEvent
from facegate.core import press
from facegate.core.models import Camera, Direction, LivenessLevel, Method, Reason, Verdict
from facegate.core.node_events import Happening, read
from facegate.core.second_factor import Factor
from tests.parts.stage import CAMERA, FPS, STRANGER, A, B, Stage

WAITING = replace(CAMERA, on_press=True)


def stage(camera: Camera = WAITING) -> Stage:
    return Stage(camera=camera)


def looked_into(gate: Stage) -> int:
    return gate.eyes.calls["embed"] + gate.eyes.calls["live_probability"]


def test_nobody_is_looked_into_until_somebody_presses() -> None:
    gate = stage()
    assert gate.show(A, seconds=5) == []
    assert looked_into(gate) == 0
    assert {"align", "quality", "liveness", "embed", "match"}.isdisjoint(gate.pipeline.health.ms)
    assert gate.pipeline.prompt == "press_button"
    gate.pipeline.press(gate.now)
    (decision,) = gate.show(A, seconds=2)
    assert (decision.verdict, decision.resident) == (Verdict.GRANTED, "A")
    assert gate.pipeline.prompt == ""


def test_without_the_setting_a_press_means_nothing() -> None:
    gate = stage(CAMERA)
    gate.show(A, seconds=1)
    gate.pipeline.press(gate.now)
    gate.show(A, seconds=2)
    assert gate.said == [("A", Reason.RECOGNISED)]


def test_whoever_presses_first_and_looks_up_then_is_recognised() -> None:
    gate = stage()
    gate.pipeline.press(gate.now)
    gate.show(seconds=3)
    assert [d.resident for d in gate.show(A, seconds=1)] == ["A"]


def test_a_press_is_over_after_its_time() -> None:
    gate = stage()
    gate.pipeline.press(gate.now)
    gate.show(seconds=press.SECONDS + 0.1)
    assert gate.show(A, seconds=3) == []
    assert looked_into(gate) == 0


@pytest.mark.parametrize("off", [-press.SECONDS - 1, 3600, float("nan"), float("inf"), float("-inf")])
def test_a_press_of_another_time_arms_nothing(off: float) -> None:
    gate = stage()
    gate.pipeline.press(gate.now + off)
    assert gate.show(A, seconds=3) == []
    assert looked_into(gate) == 0


def test_the_end_of_its_time_ends_what_was_undecided_and_keeps_nothing() -> None:
    gate = stage(replace(WAITING, liveness=LivenessLevel.CHALLENGE))
    gate.pipeline.press(gate.now - press.SECONDS + 1)
    gate.show(A, seconds=0.8)
    assert looked_into(gate) > 0
    assert gate.pipeline.prompt in ("turn_left", "turn_right", "come_closer")  # all is proved but the movement
    gate.show(A, seconds=0.5)
    before = looked_into(gate)
    assert gate.show(A, seconds=3) == []
    assert looked_into(gate) == before
    assert gate.pipeline.prompt == "press_button"


def test_a_press_is_good_for_one_approach() -> None:
    gate = stage()
    gate.pipeline.press(gate.now)
    gate.show(A, seconds=1)
    gate.show(seconds=3)
    before = looked_into(gate)
    assert gate.show(B, seconds=3) == []
    assert looked_into(gate) == before
    gate.pipeline.press(gate.now)
    assert [d.resident for d in gate.show(B, seconds=1)] == ["B"]


def test_a_press_is_for_the_nearest_face_alone() -> None:
    gate = stage()
    near, behind = replace(A, x=200, size=110), replace(STRANGER, x=480, size=90)
    gate.pipeline.press(gate.now)
    gate.show(near, behind, seconds=3)
    assert gate.said == [("A", Reason.RECOGNISED)]
    assert [d.faces for d in gate.decisions] == [2]
    # The next press is for whoever stands behind: the first one is known already, and still there.
    gate.pipeline.press(gate.now)
    gate.show(near, behind, seconds=3)
    assert gate.said == [("A", Reason.RECOGNISED), (None, Reason.UNKNOWN_FACE)]


def test_whoever_is_let_in_is_known_to_be_there_while_the_next_one_presses() -> None:
    gate = stage()
    near, behind = replace(A, x=200, size=110), replace(B, x=480, size=90)
    gate.pipeline.press(gate.now)
    (granted,) = gate.show(near, behind, seconds=1)
    gate.pipeline.press(gate.now)
    (next_one,) = gate.show(near, behind, seconds=2)
    assert (granted.resident, next_one.resident) == ("A", "B")
    assert gate.pipeline.still_there(granted.track, gate.now)
    assert gate.pipeline.still_there(next_one.track, gate.now)


def test_somebody_else_in_the_same_place_has_not_pressed() -> None:
    gate = stage()
    gate.pipeline.press(gate.now)
    (granted,) = gate.show(A, seconds=1)
    gate.show(B, seconds=1)
    before = looked_into(gate)
    assert gate.show(B, seconds=3) == []
    assert looked_into(gate) == before
    assert not gate.pipeline.still_there(granted.track, gate.now)


def test_somebody_else_before_the_decision_has_not_pressed_either() -> None:
    gate = stage(replace(WAITING, dwell=0.0))
    gate.pipeline.press(gate.now)
    gate.show(STRANGER, seconds=2 / FPS)
    assert gate.show(A, seconds=4) == []


def test_whoever_was_refused_may_press_again_and_is_told_again() -> None:
    gate = stage()
    for _ in range(2):
        gate.pipeline.press(gate.now)
        gate.show(STRANGER, seconds=3)
        before = looked_into(gate)
        gate.show(STRANGER, seconds=2)
        assert looked_into(gate) == before  # what was decided about is looked at no more
    assert gate.said == [(None, Reason.UNKNOWN_FACE)] * 2


def test_pressing_twice_begins_nothing_anew() -> None:
    gate = stage()
    gate.pipeline.press(gate.now)
    (once,) = gate.show(A, seconds=1)
    again = stage()
    for _ in range(3):
        again.pipeline.press(again.now)
        again.show(A, seconds=2 / FPS)
    again.show(A, seconds=1)
    assert [d.at for d in again.decisions] == [once.at]


def test_whoever_was_shut_out_need_not_press_again_at_once() -> None:
    gate = stage()
    gate.pipeline.press(gate.now)
    (granted,) = gate.show(A, seconds=1)
    gate.pipeline.shut_out(granted.track, "A")
    (again,) = gate.show(A, seconds=2)
    assert again.resident == "A"
    gate.show(A, seconds=press.SECONDS)
    gate.pipeline.shut_out(again.track, "A")
    assert gate.show(A, seconds=2) == []


def test_the_second_factor_may_take_longer_than_the_press() -> None:
    gate = stage(replace(WAITING, liveness=LivenessLevel.SECOND_FACTOR))
    gate.pipeline.press(gate.now)
    gate.show(A, seconds=press.SECONDS + 3)
    assert gate.said == [("A", Reason.SECOND_FACTOR_MISSING)]
    gate.pipeline.factor(Factor("A", Method.CARD, gate.now))
    (granted,) = gate.show(A, seconds=0.5)
    assert (granted.resident, granted.method, granted.verdict) == ("A", Method.CARD, Verdict.GRANTED)


def said_by_node(kind: str, subject: str) -> Happening:
    return read(NodeEvent("main", 1, 1, 1000, kind, subject, "-"))


@pytest.mark.parametrize("direction", list(Direction))
def test_the_button_at_the_node_arms_its_own_side(direction: Direction) -> None:
    pressed = said_by_node("press", str(direction.relay))
    assert press.side(pressed, history=False) is direction
    assert press.side(pressed, history=True) is None  # queued, delayed, or of a node whose time nobody knows


@pytest.mark.parametrize(("kind", "subject"), [("press", "3"), ("press", "-"), ("exit", "1"), ("passed", "1")])
def test_nothing_else_that_a_node_says_arms_anything(kind: str, subject: str) -> None:
    assert press.side(said_by_node(kind, subject), history=False) is None
