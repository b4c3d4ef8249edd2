"""Masked faces: the mask is the reason of what is refused anyway, and refuses nobody by itself."""

from dataclasses import replace

import pytest

from facegate.core.models import Camera, LivenessLevel, Masks, Reason, Verdict
from facegate.core.policy import asks_for_mask
from tests.addon.test_pipeline import CAMERA, STRANGER, A, Stage

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


def test_a_resident_who_is_recognised_in_spite_of_a_mask_is_not_refused_for_it() -> None:
    stage = Stage(camera=replace(CAMERA, liveness=LivenessLevel.OFF))
    (decision,) = stage.show(replace(A, masked=True), seconds=3)
    assert (decision.verdict, decision.resident) == (Verdict.GRANTED, "A")


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


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_mask_is_the_reason_for_nobody_but_the_unrecognised(verdict: Verdict, reason: Reason) -> None:
    unrecognised = reason in {Reason.UNKNOWN_FACE, Reason.AMBIGUOUS, Reason.UNDECIDED}
    assert asks_for_mask(verdict, reason, Masks.DENY) == (verdict is Verdict.DENIED and unrecognised)
    assert not asks_for_mask(verdict, reason, Masks.SECOND_FACTOR)
