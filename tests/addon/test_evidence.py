"""Which frames of an approach count, and for how much: the best recent ones, and no frame near anybody else."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate import pipeline
from facegate.core.evidence import vote, weigh
from facegate.core.matching import Gallery, Match
from facegate.core.models import Camera, LivenessLevel, Reason, Template, Vector, Verdict
from facegate.core.quality import Pose, Quality
from facegate.core.session import Approach, Sight, Thresholds
from tests.fakes.sight import Eyes, Person, Scene, recognition

RULES = Thresholds()
STEP = 0.1
FACE = np.eye(4, dtype=np.float32)[0]


def sight(score: float, weight: float = 1.0, *, who: str = "A", live: float = 0.9) -> Sight:
    match = Match(who, score, "B" if who == "A" else "A", 0.1)
    return Sight(0.0, vector=FACE, match=match, live=live, change=0.1, weight=weight)


GOOD, NEARLY, WEAK = sight(0.7), sight(0.45), sight(0.45, 0.4)


def shown(*sights: Sight, level: LivenessLevel = LivenessLevel.PASSIVE, step: float = STEP) -> Approach:
    approach = Approach(since=0.0)
    for number, seen in enumerate(sights):
        approach = approach.saw(replace(seen, at=number * step), RULES).conclude(number * step, level, RULES)
    return approach


def quality(yaw: float = 0.0, sharpness: float = 0.5) -> Quality:
    return Quality(100.0, Pose(yaw, 0.0, 0.0), sharpness, 120.0, 50.0, ())


@pytest.mark.parametrize(
    ("seen", "weight"),
    [(quality(), 1.0), (quality(35), 0.8), (quality(-48), 0.7), (quality(sharpness=0.1), 0.9), (quality(95), 0.0)],
)
def test_a_turned_or_blurred_face_counts_for_less(seen, weight):
    assert weigh(seen) == pytest.approx(weight)


@pytest.mark.parametrize("spoilt", [quality(math.nan), quality(sharpness=math.nan), quality(sharpness=-9.0)])
def test_what_is_no_number_counts_for_nothing(spoilt):
    assert weigh(spoilt) == 0.0


def test_poor_frames_do_not_push_good_ones_out():
    assert shown(GOOD, GOOD, WEAK, WEAK, WEAK, WEAK).outcome is None
    assert shown(GOOD, GOOD, WEAK, WEAK, WEAK, WEAK, GOOD).outcome.resident == "A"


def test_as_good_frames_give_way_to_newer_ones():
    assert shown(GOOD, GOOD, NEARLY, NEARLY, NEARLY, NEARLY, GOOD).outcome is None


def test_three_weak_frames_do_not_outvote_two_strong_ones():
    lucky = sight(0.55, 0.4)
    assert shown(NEARLY, lucky, NEARLY, lucky, lucky).outcome is None
    assert shown(WEAK, lucky, WEAK, lucky, lucky).outcome.resident == "A"


def test_a_frame_speaks_for_a_while_only():
    late = round(RULES.recent / STEP) + 1
    assert shown(GOOD, GOOD, *[Sight(0.0, failure="embed")] * late, GOOD).outcome is None


def test_a_poor_frame_that_comes_near_to_somebody_else_still_counts_against():
    other = sight(0.6, 0.1, who="B")
    approach = shown(other, *[GOOD] * 6)
    assert other.match not in [s.match for s in vote(approach.evidence, 6 * STEP, RULES).asked]
    assert approach.outcome is None


def test_life_is_asked_of_the_very_frames_that_name_the_resident():
    """Somebody alive who is not named stays in front, and a picture that is named comes in between."""
    alive, picture = replace(WEAK, live=0.99), sight(0.7, live=0.01)
    approach = shown(*[alive] * 9, *[picture] * 3)
    assert approach.liveness(LivenessLevel.PASSIVE).passed  # of all the frames together
    assert approach.outcome is None
    late = approach.conclude(RULES.patience, LivenessLevel.PASSIVE, replace(RULES, recent=9.0))
    assert (late.outcome.verdict, late.outcome.reason) == (Verdict.DENIED, Reason.NOT_LIVE)
    assert late.outcome.liveness.frames == 3


@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.floats(0.2, 0.9), st.floats(0, 1)).map(
            lambda given: sight(given[1], given[2], who=given[0])
        ),
        max_size=30,
    )
)
def test_whoever_wins_has_k_of_n_frames_and_no_rival(sights):
    frames = [replace(seen, at=number * STEP) for number, seen in enumerate(sights)]
    at = len(sights) * STEP
    found = vote(frames, at, RULES)
    recent = [frame for frame in frames if at - frame.at <= RULES.recent]
    assert len(found.asked) == min(len(recent), RULES.of)
    assert not found.asked or min(s.weight for s in found.asked) >= max(
        (s.weight for s in recent if s not in found.asked), default=0.0
    )
    if found.resident is not None:
        assert len(found.named) >= RULES.agree
        assert {RULES.names(s.match) for s in found.named} == {found.resident}
        assert not any(RULES.reaches(s.match) and s.match.resident != found.resident for s in recent)


# A weight that cannot be had opens nothing, wherever it fails.


def raising(_: Quality) -> float:
    raise RuntimeError("broken on purpose")


@pytest.mark.parametrize(
    ("spoilt", "reason", "problem"),
    [
        (raising, Reason.FAULT, "quality_failed"),
        (lambda _: None, Reason.FAULT, "quality_failed"),
        (lambda _: math.nan, Reason.FAULT, "quality_failed"),
        (lambda _: -1.0, Reason.FAULT, "quality_failed"),
        (lambda _: 9.0, Reason.FAULT, "quality_failed"),
        (lambda _: 0.0, Reason.UNDECIDED, ""),
    ],
    ids=["exception", "none", "no number", "negative", "too much", "nothing"],
)
def test_a_weight_that_fails_lets_nobody_in(monkeypatch, spoilt, reason, problem):
    monkeypatch.setattr(pipeline, "weigh_frame", spoilt)
    scene = Scene()
    camera = Camera("cam", "gate", "scene", liveness=LivenessLevel.OFF)
    gate = pipeline.CameraPipeline(camera, Eyes(scene), recognition("A", "B"), unix=lambda: 1.8e9)
    said = [d for n in range(40) for d in gate.process(scene.frame(n, 100 + n * STEP, Person("A")))]
    assert [(d.verdict, d.reason) for d in said] == [(Verdict.DENIED, reason)]
    assert gate.health.problem == problem


# Residents who look so much alike that they reach the threshold with each other.


def turned(one: Vector, aside: Vector, cosine: float) -> Vector:
    """A unit vector at ``cosine`` from ``one``, towards ``aside``."""
    away = aside - float(aside @ one) * one
    vector = cosine * one + math.sqrt(1 - cosine**2) * away / float(np.linalg.norm(away))
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


AXES = np.eye(16, dtype=np.float32)
TWIN_A = AXES[0]
TWIN_B = turned(TWIN_A, AXES[1], 0.57)
"""Above the threshold of 0.49, below that at which enrolment takes them for one person."""


def templates(who: str, face: Vector, axes: tuple[int, int]) -> list[Template]:
    return [Template(f"{who}{n}", who, "made", turned(face, AXES[n], 0.9)) for n in axes]


TWINS = Gallery([*templates("A", TWIN_A, (2, 3)), *templates("B", TWIN_B, (4, 5))])


def before_the_gate(*faces: Vector) -> Approach:
    return shown(
        *[Sight(0.0, vector=face, match=TWINS.match(face), live=0.9, change=0.1) for face in faces],
        level=LivenessLevel.PASSIVE,
    )


def test_the_twins_reach_the_threshold_with_each_other():
    assert min(TWINS.match(TWIN_A).runner_up_score, TWINS.match(TWIN_B).runner_up_score) >= RULES.score


@pytest.mark.parametrize(("face", "name"), [(TWIN_A, "A"), (TWIN_B, "B")], ids="AB")
def test_each_twin_gets_in_as_themself(face, name):
    outcome = before_the_gate(*[turned(face, AXES[number], 0.97) for number in (6, 7, 8, 9)]).outcome
    assert (outcome.verdict, outcome.resident) == (Verdict.GRANTED, name)
    assert outcome.match.runner_up_score >= RULES.score  # the margin alone has told them apart


def test_a_twin_halfway_to_the_other_opens_for_neither():
    between = turned(TWIN_A, TWIN_B, math.cos(math.acos(0.57) / 2))
    approach = before_the_gate(*[between] * 40)
    assert (approach.outcome.verdict, approach.outcome.reason) == (Verdict.DENIED, Reason.AMBIGUOUS)


@given(st.lists(st.tuples(st.integers(6, 15), st.floats(0.5, 1.0), st.floats(0.0, 0.9)), min_size=3, max_size=12))
def test_no_twin_is_ever_taken_for_the_other_while_nearer_to_themself(poses):
    """However the face is turned, and however far it leans towards the other's in some frames."""
    faces = [turned(turned(TWIN_A, AXES[axis], cosine), TWIN_B, 1 - 0.3 * lean) for axis, cosine, lean in poses]
    mine = [face for face in faces if TWINS.match(face).resident == "A"]
    outcome = before_the_gate(*mine).outcome
    assert outcome is None or outcome.resident in (None, "A")
