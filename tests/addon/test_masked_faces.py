"""Masked faces: refused with that reason, until the mask is off or a second factor is asked for."""

from dataclasses import replace

import pytest

from facegate.core.models import Camera, LivenessLevel, Masks, Reason, Verdict
from facegate.core.policy import asks_for_mask
from tests.parts.stage import CAMERA, STRANGER, A, Stage

FACTOR = replace(CAMERA, liveness=LivenessLevel.SECOND_FACTOR)


def test_a_masked_stranger_is_told_to_take_it_off() -> None:
    stage = Stage()
    (decision,) = stage.show(replace(STRANGER, masked=True), seconds=4)
    assert (decision.verdict, decision.reason, decision.resident) == (Verdict.DENIED, Reason.MASK, None)
    assert decision.advice == "take_off_mask"


def test_a_bare_stranger_is_a_stranger() -> None:
    stage = Stage()
    (decision,) = stage.show(STRANGER, seconds=4)
    assert (decision.reason, decision.advice) == (Reason.UNKNOWN_FACE, "")


def test_a_resident_with_a_mask_is_refused_once_and_let_in_when_it_is_off() -> None:
    stage = Stage(camera=replace(CAMERA, liveness=LivenessLevel.OFF))
    (decision,) = stage.show(replace(A, masked=True), seconds=3)
    assert (decision.verdict, decision.reason, decision.resident) == (Verdict.DENIED, Reason.MASK, None)
    assert decision.advice == "take_off_mask"
    (decision,) = stage.show(A, seconds=3)
    assert (decision.verdict, decision.resident) == (Verdict.GRANTED, "A")


def test_a_mask_in_one_picture_of_two_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([True, False])
    monkeypatch.setattr("facegate.pipeline.is_masked", lambda *_: next(answers))
    stage = Stage(camera=replace(CAMERA, liveness=LivenessLevel.OFF))
    (decision,) = stage.show(A, seconds=3)
    assert (decision.verdict, decision.resident) == (Verdict.GRANTED, "A")


def test_a_face_too_small_for_the_cue_is_not_refused_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facegate.pipeline.LEAST_FACE", 10_000.0)
    stage = Stage(camera=replace(CAMERA, liveness=LivenessLevel.OFF))
    (decision,) = stage.show(replace(A, masked=True), seconds=3)
    assert (decision.verdict, decision.resident) == (Verdict.GRANTED, "A")


def test_where_masked_faces_are_compared_the_second_factor_decides() -> None:
    stage = Stage(camera=replace(FACTOR, masks=Masks.SECOND_FACTOR))
    decisions = stage.show(replace(A, masked=True), seconds=3)
    assert Reason.MASK not in {decision.reason for decision in decisions}
    assert "mask" not in stage.pipeline.health.ms


def test_where_masked_faces_are_compared_a_mask_is_no_reason() -> None:
    stage = Stage(camera=replace(FACTOR, masks=Masks.SECOND_FACTOR))
    (decision,) = stage.show(replace(STRANGER, masked=True), seconds=4)
    assert decision.reason is Reason.UNKNOWN_FACE
    assert "mask" not in decision.ms


@pytest.mark.parametrize("level", [level for level in LivenessLevel if level is not LivenessLevel.SECOND_FACTOR])
def test_masked_faces_are_compared_only_beside_a_second_factor(level: LivenessLevel) -> None:
    with pytest.raises(ValueError, match="second factor"):
        Camera("c", "g", "s", liveness=level, masks=Masks.SECOND_FACTOR)
    with pytest.raises(ValueError, match="second factor"):
        replace(FACTOR, masks=Masks.SECOND_FACTOR, liveness=level)


@pytest.mark.parametrize("answer", ["raises", None, 1])
def test_a_cue_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    def spoilt(*_: object) -> object:
        if answer == "raises":
            raise RuntimeError("broken")
        return answer

    monkeypatch.setattr("facegate.pipeline.is_masked", spoilt)
    stage = Stage()
    (decision,) = stage.show(replace(STRANGER, masked=True), seconds=4)
    assert (decision.verdict, decision.reason) == (Verdict.DENIED, Reason.UNKNOWN_FACE)
    assert stage.pipeline.health.failures == {"mask": 1}


@pytest.mark.parametrize("answer", ["raises", None, 1])
def test_a_cue_that_fails_lets_nobody_in(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    def spoilt(*_: object) -> object:
        if answer == "raises":
            raise RuntimeError("broken")
        return answer

    monkeypatch.setattr("facegate.pipeline.is_masked", spoilt)
    stage = Stage(camera=replace(CAMERA, liveness=LivenessLevel.OFF))
    (decision,) = stage.show(A, seconds=3)
    assert (decision.verdict, decision.reason, decision.resident) == (Verdict.DENIED, Reason.FAULT, None)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_mask_is_the_reason_wherever_the_face_decides(reason: Reason) -> None:
    by_the_face = {Reason.UNKNOWN_FACE, Reason.AMBIGUOUS, Reason.UNDECIDED, Reason.SECOND_FACTOR_MISSING}
    assert asks_for_mask(Verdict.DENIED, reason, Masks.DENY) == (reason in by_the_face)


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("reason", list(Reason))
def test_where_masked_faces_are_compared_a_mask_is_never_the_reason(verdict: Verdict, reason: Reason) -> None:
    assert not asks_for_mask(verdict, reason, Masks.SECOND_FACTOR)
