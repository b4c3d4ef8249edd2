"""Each stage of a frame's way fails, in each way it can; none of them may ever let anybody in."""

import math
from dataclasses import replace

import numpy as np
import pytest

from facegate import pipeline as pipeline_module
from facegate.core.matching import Gallery, Match
from facegate.core.models import (
    Frame,
    Reason,
    Verdict,
)
from facegate.core.recognition import Recognition
from facegate.core.session import Approach
from facegate.core.tracking import Tracker
from facegate.pipeline import CameraPipeline
from tests.fakes.sight import recognition
from tests.parts.eyes import models
from tests.parts.stage import CAMERA, FPS, A, Stage

# Failures: each stage, each kind. None of them may ever let anybody in.


def raising(*_):
    raise RuntimeError("broken on purpose")


def not_numbers(right):
    """The same answer with numbers that are none."""
    if isinstance(right, np.ndarray):
        return np.full_like(right, np.nan, dtype=np.float32)
    if isinstance(right, list):
        return [replace(face, landmarks=np.full_like(face.landmarks, np.nan)) for face in right]
    if isinstance(right, Match):
        return replace(right, score=math.nan)
    return math.nan


def empty(right):
    return right[:0] if isinstance(right, (np.ndarray, list, tuple)) else type(right).__new__(type(right))


KINDS = {"exception": raising, "none": lambda _: None, "no number": not_numbers, "empty": empty}
MODEL_STAGES = {"detect": "detect", "live_probability": "liveness", "embed": "embed"}


def answers(kind):
    """A stage whose every answer is spoilt in the same way."""
    return lambda real: lambda *arguments, **named: KINDS[kind](real(*arguments, **named))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", MODEL_STAGES)
def test_a_model_that_fails_lets_nobody_in(method, kind):
    stage = Stage(spoilt={method: KINDS[kind]})
    stage.show(A, seconds=5)
    assert all(d.verdict is Verdict.DENIED for d in stage.decisions)
    if (method, kind) == ("detect", "empty"):
        assert (stage.decisions, stage.pipeline.health.problem) == ([], "")  # as if nobody were there
        return
    if (method, kind) != ("live_probability", "empty"):  # an empty float is 0.0: surely not live
        assert stage.pipeline.health.problem == f"{MODEL_STAGES[method]}_failed"
        assert stage.pipeline.health.detail
    expected = {"detect": [], "embed": [Reason.FAULT], "live_probability": [Reason.LIVENESS_MISSING]}
    if (method, kind) == ("live_probability", "empty"):
        expected["live_probability"] = [Reason.NOT_LIVE]
    assert [d.reason for d in stage.decisions] == expected[method]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("where", "name", "stage_name"),
    [
        (Tracker, "update", "track"),
        (pipeline_module.chips, "cut", "align"),
        (pipeline_module, "assess", "quality"),
        (Gallery, "match", "match"),
        (Approach, "conclude", "session"),
        (pipeline_module, "decide", "policy"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stage_that_fails_lets_nobody_in(monkeypatch, where, name, stage_name, kind):
    monkeypatch.setattr(where, name, answers(kind)(getattr(where, name)))
    stage = Stage()
    stage.show(A, seconds=5)
    assert all(d.verdict is Verdict.DENIED and d.resident is None for d in stage.decisions)
    assert stage.pipeline.health.problem == f"{stage_name}_failed"
    assert stage.pipeline.health.detail
    assert [d.reason for d in stage.decisions] == ([] if stage_name == "track" else [Reason.FAULT])


@pytest.mark.parametrize(
    "broken", [raising, lambda _: math.nan, lambda _: None], ids=["exception", "no number", "none"]
)
def test_a_wall_clock_that_fails_lets_nobody_in(broken):
    stage = Stage()
    stage.pipeline._unix = lambda: broken(None)
    assert [d.reason for d in stage.show(A, seconds=2)] == [Reason.FAULT]


def test_without_the_antispoofing_model_nobody_is_let_in():
    stage = Stage(spoilt={"no antispoof": True})
    (decision,) = stage.show(A, seconds=5)
    assert (decision.verdict, decision.reason) == (Verdict.DENIED, Reason.LIVENESS_MISSING)
    assert stage.pipeline.health.problem == "liveness_failed"


@pytest.mark.parametrize(
    "image",
    [None, np.zeros((0, 0, 3), np.uint8), np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32), "picture"],
    ids=["none", "empty", "grey", "floats", "text"],
)
def test_a_frame_that_is_no_picture_decides_nothing_and_stops_nothing(image):
    pipeline = CameraPipeline(CAMERA, models(), recognition("A"))
    for number in range(1, 5):
        assert pipeline.process(Frame("cam", number, image, number / FPS)) == []
    assert pipeline.health.frames == 4


def switched(known: Recognition, *, faces: bool) -> Recognition:
    return replace(known, gate=replace(known.gate, faces=faces))


def test_with_the_face_reader_off_no_face_is_even_looked_for():
    known = recognition("A")
    stage = Stage(known=switched(known, faces=False))
    assert stage.show(A, seconds=2) == []
    assert stage.eyes.calls == {"detect": 0, "embed": 0, "live_probability": 0}
    assert stage.pipeline.health.frames == round(2 * FPS)
    stage.pipeline.recognition = switched(known, faces=True)
    assert [decision.resident for decision in stage.show(A, seconds=2)] == ["A"]


def test_switching_the_face_reader_off_ends_what_a_face_has_begun():
    known = recognition("A")
    stage = Stage(known=known)
    (decision,) = stage.show(A, seconds=2)
    assert stage.pipeline.still_there(decision.track, stage.now)
    stage.pipeline.recognition = switched(known, faces=False)
    assert not stage.pipeline.still_there(decision.track, stage.now), "at once, before the next picture"
    stage.show(A)
    stage.pipeline.recognition = known
    assert not stage.pipeline.still_there(decision.track, stage.now), "nothing was kept"


def test_a_failure_outside_every_stage_decides_nothing_and_stops_nothing(monkeypatch):
    """Nothing is known that fails there; whatever may, is a closed gate with a reason too."""
    monkeypatch.setattr(pipeline_module, "acts", raising)
    stage = Stage()
    assert stage.show(A, seconds=2) == []
    assert stage.pipeline.health.problem == "frame_failed"


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf])
def test_a_frame_without_a_time_decides_nothing(time):
    stage = Stage()
    stage.show(A, seconds=0.2)
    assert stage.pipeline.process(stage.scene.frame(99, time, A)) == []
    assert stage.pipeline.health.problem == "frame_failed"


def test_a_frozen_clock_lets_nobody_in():
    stage = Stage()
    frames = [stage.scene.frame(number, 100.0, A) for number in range(60)]
    assert [d for frame in frames for d in stage.pipeline.process(frame)] == []


def test_a_failure_of_one_moment_is_forgotten():
    failing = iter([True] * 2 + [False] * 99)
    stage = Stage(spoilt={"embed": lambda right: raising(right) if next(failing) else right})
    stage.show(A, seconds=0.4)
    assert stage.pipeline.health.problem == "embed_failed"
    assert [d.verdict for d in stage.show(A, seconds=3)] == [Verdict.GRANTED]
    assert stage.pipeline.health.failures == {"embed": 2}
    assert stage.pipeline.health.problem == ""
