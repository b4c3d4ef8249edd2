"""The way of a frame, from picture to decision: who is let in, who is not, and that no failure opens a gate."""

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from facegate.core.matching import Gallery
from facegate.core.models import (
    Frame,
    Gate,
    LivenessLevel,
    Method,
    Mode,
    Reason,
    Resident,
    ResidentState,
    Template,
    Verdict,
)
from facegate.core.recognition import Recognition
from facegate.core.second_factor import Factor
from facegate.pipeline import TOGETHER, CameraPipeline
from facegate.vision.chips import cut
from tests.fakes.sight import Person, recognition
from tests.parts.eyes import models, portrait
from tests.parts.stage import CAMERA, FPS, STRANGER, A, B, Stage


def test_a_resident_is_let_in_once_the_dwell_is_over():
    stage = Stage()
    (decision,) = stage.show(A, seconds=2)
    assert (decision.verdict, decision.reason, decision.resident) == (Verdict.GRANTED, Reason.RECOGNISED, "A")
    assert decision.at - (100 + 1 / FPS) == pytest.approx(CAMERA.dwell, abs=1.5 / FPS)
    assert (decision.camera, decision.gate, decision.track, decision.faces) == ("cam", "gate", 1, 1)
    assert decision.score == pytest.approx(1.0)
    assert set(decision.ms) >= {
        "detect",
        "track",
        "align",
        "quality",
        "liveness",
        "embed",
        "match",
        "session",
        "policy",
    }
    assert stage.pipeline.health.problem == ""


def test_a_stranger_is_refused_once_and_names_nobody():
    stage = Stage()
    (decision,) = stage.show(STRANGER, seconds=6)
    assert (decision.verdict, decision.reason, decision.resident) == (Verdict.DENIED, Reason.UNKNOWN_FACE, None)


def test_a_stranger_does_not_keep_a_resident_out_who_walks_up_next():
    stage = Stage()
    stage.show(STRANGER, seconds=2)
    stage.show(A, seconds=1)  # in the very same place: only the face tells that it is somebody else
    assert stage.said == [(None, Reason.UNKNOWN_FACE), ("A", Reason.RECOGNISED)]


def test_two_people_are_decided_alone():
    stage = Stage()
    stage.show(replace(A, x=150), replace(STRANGER, x=480), seconds=3)
    assert sorted(stage.said, key=str) == [("A", Reason.RECOGNISED), (None, Reason.UNKNOWN_FACE)]
    assert {d.faces for d in stage.decisions} == {2}
    assert len({d.track for d in stage.decisions}) == 2


def test_a_crowd_lets_other_cameras_have_a_turn_between_two_people():
    stage = Stage()
    embedded: list[int] = []
    stage.pipeline = CameraPipeline(
        CAMERA, stage.eyes, stage.known, unix=lambda: stage.unix,
        pause=lambda: embedded.append(stage.eyes.calls["embed"]),
    )  # fmt: skip
    crowd = [Person(who, x=80 + 160 * number, size=80) for number, who in enumerate("ABSS")]
    stage.show(*crowd, seconds=2)
    assert len(stage.decisions) == 4
    steps = np.diff([0, *embedded, stage.eyes.calls["embed"]])
    assert steps.sum() >= 12
    assert steps.max() <= TOGETHER


@pytest.mark.parametrize(
    "wake",
    [
        lambda pipeline, at: pipeline.press(at),
        lambda pipeline, at: pipeline.factor(Factor("A", Method.CARD, at)),
        lambda pipeline, at: pipeline.shut_out(1, "A"),
    ],
    ids=["press", "factor", "shut out"],
)
def test_a_camera_that_looks_away_looks_at_once_when_something_waits_for_a_face(wake):
    stage = Stage()
    wall = np.full((90, 160), 90, np.uint8)
    looked = []
    for _ in range(20 * FPS):
        looked.append(stage.pipeline.attends(wall, stage.now))
        if looked[-1]:
            stage.show()
        else:
            stage.number += 1
    assert 1 < sum(looked[-10 * FPS :]) < 30
    while stage.pipeline.attends(wall, stage.now):
        stage.show()
    stage.number += 1
    wake(stage.pipeline, stage.now)
    assert stage.pipeline.attends(wall, stage.now)


def test_one_decision_for_an_approach_and_a_new_one_only_after_leaving():
    stage = Stage()
    stage.show(A, seconds=4)
    stage.show(seconds=1)  # hidden behind a pillar: the track ends, the person has not left
    stage.show(A, seconds=2)
    assert len(stage.decisions) == 1
    stage.show(seconds=3)
    stage.show(A, seconds=1)
    assert stage.said == [("A", Reason.RECOGNISED)] * 2


def test_whoever_was_granted_but_shut_out_is_decided_about_anew_while_they_stand_there():
    stage = Stage()
    (granted,) = stage.show(A, seconds=1)
    stage.pipeline.shut_out(granted.track, "A")
    (again,) = stage.show(A, seconds=2)
    assert (again.reason, again.resident, again.track) == (Reason.RECOGNISED, "A", granted.track)


def test_whoever_was_shut_out_and_left_is_not_decided_about():
    stage = Stage()
    (granted,) = stage.show(A, seconds=1)
    stage.show(seconds=3)
    stage.pipeline.shut_out(granted.track, "A")
    assert stage.show(seconds=1) == []
    assert not stage.pipeline.still_there(granted.track, stage.now)


def test_a_shared_track_after_two_people_have_crossed_lets_nobody_in_twice():
    stage = Stage()
    for step in range(60):
        stage.show(replace(A, x=100 + 7 * step), replace(STRANGER, x=520 - 7 * step))
    stage.show(replace(A, x=520), replace(STRANGER, x=100), seconds=3)
    assert stage.said.count(("A", Reason.RECOGNISED)) == 1
    assert {who for who, _ in stage.said} == {"A", None}


@pytest.mark.parametrize(
    "who",
    [replace(A, size=40), replace(A, turned=True), replace(A, x=590)],
    ids=["far away", "turned aside", "outside the zone"],
)
def test_whoever_does_not_mean_the_gate_is_never_embedded(who):
    zone = ((0.0, 0.0), (0.8, 0.0), (0.8, 1.0), (0.0, 1.0))
    stage = Stage(camera=replace(CAMERA, zone=zone))
    assert stage.show(who, seconds=5) == []
    assert stage.eyes.calls["embed"] == stage.eyes.calls["live_probability"] == 0


def test_whoever_only_walks_past_is_never_embedded():
    stage = Stage()
    for _ in range(5):
        assert stage.show(A, seconds=0.2) == []
        assert stage.show(seconds=1) == []
    assert stage.eyes.calls["embed"] == 0


def test_a_poor_picture_is_refused_with_that_reason():
    stage = Stage()
    (decision,) = stage.show(replace(A, dark=True), seconds=4)
    assert (decision.resident, decision.reason) == (None, Reason.POOR_QUALITY)
    assert stage.eyes.calls["embed"] == 0


def test_a_photograph_is_refused():
    stage = Stage()
    (decision,) = stage.show(replace(A, live=0.1), seconds=5)
    assert (decision.verdict, decision.reason) == (Verdict.DENIED, Reason.NOT_LIVE)


def test_the_liveness_of_one_person_does_not_open_for_the_picture_of_another():
    stage = Stage()
    stage.show(STRANGER, seconds=0.9)
    stage.show(replace(A, live=0.1), seconds=5)
    assert [reason for _, reason in stage.said] == [Reason.NOT_LIVE]


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        (LivenessLevel.CHALLENGE, Reason.LIVENESS_MISSING),
        (LivenessLevel.SECOND_FACTOR, Reason.SECOND_FACTOR_MISSING),
    ],
)
def test_a_level_whose_evidence_is_not_there_lets_nobody_in(level, reason):
    stage = Stage(camera=replace(CAMERA, liveness=level))
    (decision,) = stage.show(A, seconds=8)
    assert (decision.verdict, decision.reason) == (Verdict.DENIED, reason)


def test_recognition_only_asks_for_no_liveness():
    stage = Stage(camera=replace(CAMERA, liveness=LivenessLevel.OFF))
    assert [d.verdict for d in stage.show(replace(A, live=0.0), seconds=2)] == [Verdict.GRANTED]
    assert stage.eyes.calls["live_probability"] == 0


@pytest.mark.parametrize(
    ("known", "reason", "named"),
    [
        (recognition("A", gate=Gate("gate", "Gate", mode=Mode.LOCKDOWN, faces=True)), Reason.LOCKDOWN, "A"),
        (replace(recognition("A"), residents={}), Reason.FAULT, None),
        (
            replace(recognition("A"), residents={"A": Resident("A", "Resident A", state=ResidentState.SUSPENDED)}),
            Reason.SUSPENDED,
            "A",
        ),
        (recognition("B"), Reason.UNKNOWN_FACE, None),
        (recognition(), Reason.UNKNOWN_FACE, None),
    ],
    ids=["lockdown", "torn snapshot", "suspended", "not enrolled", "nobody enrolled"],
)
def test_recognised_but_not_let_in(known, reason, named):
    stage = Stage(known=known)
    (decision,) = stage.show(A, seconds=5)
    assert (decision.verdict, decision.reason, decision.resident) == (Verdict.DENIED, reason, named)


def test_a_new_gallery_counts_from_the_next_frame_and_old_evidence_no_more():
    stage = Stage(camera=replace(CAMERA, dwell=0.0))
    stage.show(A, seconds=2 / FPS)
    stage.pipeline.recognition = recognition("B")
    (decision,) = stage.show(A, seconds=3)
    assert decision.reason is Reason.UNKNOWN_FACE


# Is the person still there when the command is signed?


def test_still_there_while_recognised_and_no_longer_than_a_second_after():
    stage = Stage()
    (decision,) = stage.show(A, seconds=1)
    stage.show(A, seconds=3)
    assert stage.pipeline.still_there(decision.track, stage.now)
    last = stage.now
    stage.show(seconds=1)
    assert not stage.pipeline.still_there(decision.track, last + 1.01)
    assert not stage.pipeline.still_there(decision.track + 1, last)


def test_not_there_once_somebody_else_stands_in_the_same_place():
    stage = Stage()
    (decision,) = stage.show(A, seconds=1)
    stage.show(B, seconds=0.4)
    assert not stage.pipeline.still_there(decision.track, stage.now)


def test_not_there_once_another_face_has_crossed():
    stage = Stage()
    (decision,) = stage.show(A, seconds=1)
    stage.show(A, replace(STRANGER, x=A.x + 80))
    assert not stage.pipeline.still_there(decision.track, stage.now)


def test_nobody_is_there_who_was_refused():
    stage = Stage(known=recognition("A", gate=Gate("gate", "Gate", mode=Mode.LOCKDOWN, faces=True)))
    (decision,) = stage.show(A, seconds=1)
    assert not stage.pipeline.still_there(decision.track, stage.now)


# The real models on real people


def walking_up(name: str, seconds: float = 2.5) -> Iterable[Frame]:
    """A portrait that comes nearer in front of a grey wall."""
    picture = portrait(name)
    for number in range(round(seconds * 10)):
        height = 400 + 8 * number
        small = cv2.resize(
            picture, (height * picture.shape[1] // picture.shape[0], height), interpolation=cv2.INTER_AREA
        )
        image = np.full((720, 960, 3), 96, np.uint8)
        image[60 : 60 + height, 200 + number : 200 + number + small.shape[1]] = small
        yield Frame("cam", number + 1, image, captured_at=number / 10, clip_time=number / 10)


@pytest.mark.parametrize(
    ("name", "resident", "reason"),
    [
        ("obama3.jpg", "resident-1", Reason.RECOGNISED),
        ("biden.jpg", None, Reason.UNKNOWN_FACE),
        ("astronaut.png", None, Reason.UNKNOWN_FACE),
    ],
)
def test_real_people_before_the_real_models(name, resident, reason):
    templates = []
    for picture in ("obama.jpg", "obama2.jpg"):
        (face,) = models().detector.detect(portrait(picture))
        chips = cut(portrait(picture), face.landmarks)[None]
        templates.append(Template(picture, "resident-1", "sface", models().embedder.embed(chips, mirrored=True)[0]))
    known = {"resident-1": Resident("resident-1", "Resident 1", state=ResidentState.ENROLLED)}
    camera = replace(CAMERA, liveness=LivenessLevel.OFF)
    pipeline = CameraPipeline(
        camera, models(), Recognition(Gallery(templates), known, Gate("gate", "Gate", faces=True))
    )
    (decision,) = [d for frame in walking_up(name) for d in pipeline.process(frame)]
    assert (decision.resident, decision.reason) == (resident, reason)
