"""What each level asks for, on the real way of a frame: painted people before the real pipeline."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from facegate import pipeline as pipeline_module
from facegate.adapters.camera import CameraReader
from facegate.contract.messages import GateState
from facegate.core.challenge import SECONDS, Challenge
from facegate.core.models import Camera, Decision, LivenessLevel, Method, Reason, ResidentState, Verdict
from facegate.core.second_factor import FACTORS, LASTS, Factor
from facegate.core.session import Thresholds
from facegate.pipeline import CameraPipeline
from facegate.vision import motion
from facegate.watch import CameraWatch
from tests.fakes.sight import Eyes, Person, Scene, recognition

FPS = 8
A, B = Person("A"), Person("B")
LEFT, CLOSER = 0.0, 0.9  # draws of the challenge
TURNED = 0.14  # of the face's size, the nose to the picture's right: 30 degrees


@dataclass
class Gateway:
    """One camera at a gate of some level; ``show`` lets people stand there for some seconds."""

    level: LivenessLevel = LivenessLevel.PASSIVE
    draw: Callable[[], float] = lambda: LEFT
    spoilt: dict = field(default_factory=dict)

    def __post_init__(self):
        self.scene = Scene()
        eyes = Eyes(self.scene, self.spoilt)
        camera = Camera("cam", "gate", "scene", liveness=self.level)
        self.pipeline = CameraPipeline(camera, eyes, recognition("A", "B"), unix=lambda: 1.8e9, draw=self.draw)
        self.number = 0
        self.decisions: list[Decision] = []
        self.prompts: list[str] = []

    @property
    def now(self) -> float:
        return 100 + self.number / FPS

    def show(self, *people: Person, seconds: float = 1 / FPS) -> list[tuple[Verdict, Reason]]:
        before = len(self.decisions)
        for _ in range(round(seconds * FPS)):
            self.number += 1
            self.decisions += self.pipeline.process(self.scene.frame(self.number, self.now, *people))
            self.prompts.append(self.pipeline.prompt)
        return [(d.verdict, d.reason) for d in self.decisions[before:]]

    def present(self, resident: str, method: Method = Method.CARD, at: float | None = None) -> None:
        self.pipeline.factor(Factor(resident, method, self.now if at is None else at))


GRANTED = (Verdict.GRANTED, Reason.RECOGNISED)


def denied(reason: Reason) -> tuple[Verdict, Reason]:
    return Verdict.DENIED, reason


# passive


def test_a_decision_says_what_was_known_of_life():
    gateway = Gateway()
    gateway.show(A, seconds=1)
    (decision,) = gateway.decisions
    assert decision.liveness.passed
    assert decision.liveness.live == pytest.approx(0.95)
    assert decision.liveness.change > 0.03
    assert decision.liveness.frames >= 3


def test_a_face_that_never_changes_is_a_picture():
    gateway = Gateway()
    assert gateway.show(replace(A, still=True), seconds=3) == [denied(Reason.NOT_LIVE)]
    assert gateway.decisions[0].liveness.change == pytest.approx(0.0, abs=0.01)


def test_the_change_from_one_face_to_another_is_no_life():
    """A living stranger steps aside for a still picture of a resident, in the very same place."""
    gateway = Gateway()
    gateway.show(Person("S"), seconds=0.6)
    gateway.show(replace(A, still=True), seconds=3)
    assert GRANTED not in [(d.verdict, d.reason) for d in gateway.decisions]
    assert gateway.decisions[-1].reason is Reason.NOT_LIVE


def test_a_face_too_near_to_show_what_it_is_on_is_asked_to_step_back():
    near = replace(A, size=330)  # the picture is 360 pixels high
    assert Gateway().show(near, seconds=3) == [denied(Reason.POOR_QUALITY)]


# Every failure of a stage that liveness rests on is a denial with that reason.

SPOILT = {
    "exception": lambda *_: 1 / 0,
    "none": lambda *_: None,
    "no number": lambda *_: math.nan,
    "infinite": lambda *_: math.inf,
    "negative": lambda *_: -1.0,
    "wrong type": lambda *_: "0.9",
    "a truth": lambda *_: True,
    "empty": lambda *_: [],
    "array": lambda *_: np.ones(3),
}


@pytest.mark.parametrize(
    ("level", "kind"),
    [
        *[(LivenessLevel.PASSIVE, kind) for kind in SPOILT],
        (LivenessLevel.CHALLENGE, "exception"),
        (LivenessLevel.SECOND_FACTOR, "exception"),
    ],
)
@pytest.mark.parametrize("stage", ["liveness", "motion"])
def test_a_stage_of_liveness_that_fails_is_a_denial(monkeypatch, level, kind, stage):
    spoilt = {"live_probability": SPOILT[kind]} if stage == "liveness" else {}
    if stage == "motion":
        monkeypatch.setattr(motion, "change", SPOILT[kind])
    gateway = Gateway(level, spoilt=spoilt)
    assert gateway.show(A, seconds=3) == [denied(Reason.LIVENESS_MISSING)]
    if (stage, kind) != ("motion", "none"):  # no answer is an answer there: the two could not be compared
        assert gateway.pipeline.health.failures[stage] > 0


@pytest.mark.parametrize("level", [LivenessLevel.PASSIVE, LivenessLevel.CHALLENGE, LivenessLevel.SECOND_FACTOR])
def test_without_the_model_nobody_is_let_in(level):
    gateway = Gateway(level, spoilt={"no antispoof": True})
    assert gateway.show(A, seconds=3) == [denied(Reason.LIVENESS_MISSING)]
    assert gateway.pipeline.health.problem == "liveness_failed"


@pytest.mark.parametrize("level", [LivenessLevel.PASSIVE, LivenessLevel.CHALLENGE, LivenessLevel.SECOND_FACTOR])
def test_too_few_frames_are_no_proof(level):
    gateway = Gateway(level)
    gateway.pipeline.recognition = replace(recognition("A"), thresholds=Thresholds(agree=1))
    gateway.show(A, seconds=2 / FPS)
    for _ in range(5):  # one frame a second: what lies between may be anybody
        gateway.number += FPS - 1
        gateway.show(A)
    assert all(d.verdict is Verdict.DENIED for d in gateway.decisions)


@pytest.mark.parametrize("kind", [k for k in SPOILT if k != "negative"])
def test_a_challenge_that_cannot_be_drawn_is_a_denial(kind):
    gateway = Gateway(LivenessLevel.CHALLENGE, draw=SPOILT[kind])
    assert gateway.show(A, seconds=3) == [denied(Reason.LIVENESS_MISSING)]
    assert set(gateway.prompts) == {""}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_pose_that_cannot_be_measured_is_a_denial(monkeypatch, kind):
    monkeypatch.setattr(pipeline_module, "estimate_pose", SPOILT[kind])
    gateway = Gateway(LivenessLevel.CHALLENGE)
    said = gateway.show(A, seconds=1)
    said += gateway.show(replace(A, nose=TURNED), seconds=SECONDS + 1)
    assert said == [denied(Reason.LIVENESS_MISSING)]


# challenge


def test_who_turns_as_asked_is_let_in():
    gateway = Gateway(LivenessLevel.CHALLENGE)
    assert gateway.show(A, seconds=1.5) == []
    assert gateway.pipeline.prompt == "turn_left"
    assert gateway.show(replace(A, nose=TURNED), seconds=0.5) == [GRANTED]
    assert gateway.pipeline.prompt == ""
    assert gateway.pipeline.still_there(gateway.decisions[0].track, gateway.now)


def test_the_prompt_is_seen_in_the_cameras_health():
    gateway = Gateway(LivenessLevel.CHALLENGE)
    camera = gateway.pipeline.camera
    watch = CameraWatch(camera, CameraReader(camera), gateway.pipeline, gateway.decisions.append)
    assert watch.health().prompt == ""
    gateway.show(A, seconds=1.5)
    assert watch.health().prompt == "turn_left"


def test_the_prompt_travels_with_the_gates_state():
    state = GateState(site="home", boot=1, seq=1, at=1, gate="front", name="Front", prompt="turn_left")
    assert GateState.parse(state.sign(b"k" * 32), b"k" * 32).prompt == "turn_left"


def test_who_comes_closer_as_asked_is_let_in():
    gateway = Gateway(LivenessLevel.CHALLENGE, draw=lambda: CLOSER)
    gateway.show(A, seconds=1.5)
    assert gateway.pipeline.prompt == "come_closer"
    for size in range(100, 145, 5):
        gateway.show(replace(A, size=size))
    assert [(d.verdict, d.reason) for d in gateway.decisions] == [GRANTED]


def test_who_turns_the_other_way_is_a_film():
    gateway = Gateway(LivenessLevel.CHALLENGE)
    gateway.show(A, seconds=1.5)
    assert gateway.show(replace(A, nose=-TURNED), seconds=0.5) == [denied(Reason.NOT_LIVE)]


def test_who_does_nothing_is_refused_when_time_is_up():
    gateway = Gateway(LivenessLevel.CHALLENGE)
    assert gateway.show(A, seconds=SECONDS + 2) == [denied(Reason.LIVENESS_MISSING)]
    assert gateway.show(replace(A, nose=TURNED), seconds=1) == []


def test_a_challenge_asks_nothing_of_whoever_does_not_live():
    gateway = Gateway(LivenessLevel.CHALLENGE)
    assert gateway.show(replace(A, live=0.1), seconds=3) == [denied(Reason.NOT_LIVE)]
    assert set(gateway.prompts) == {""}


def test_one_persons_movement_never_serves_another():
    """The challenge is posed to A; B takes the place and moves."""
    gateway = Gateway(LivenessLevel.CHALLENGE)
    gateway.show(A, seconds=1.5)
    assert gateway.show(replace(B, nose=TURNED), seconds=0.5) == []
    assert all(d.verdict is Verdict.DENIED for d in gateway.decisions)


def test_two_people_are_asked_one_after_the_other():
    gateway = Gateway(LivenessLevel.CHALLENGE)
    one, other = replace(A, x=150), replace(B, x=480)
    gateway.show(one, other, seconds=1.5)
    asked = [v.approach.challenge for v in gateway.pipeline._visits.values() if v.approach and v.approach.challenge]
    assert asked == [Challenge(asked[0].prompt, asked[0].since, asked[0].yaw, asked[0].size)]


# second factor


@pytest.mark.parametrize("method", sorted(FACTORS))
def test_a_face_waits_for_its_own_second_factor(method):
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    assert gateway.show(A, seconds=2) == [denied(Reason.SECOND_FACTOR_MISSING)]
    assert gateway.decisions[0].resident == "A"
    assert gateway.pipeline.prompt == "show_factor"
    gateway.present("A", method)
    assert gateway.show(A, seconds=1) == [GRANTED]
    decision = gateway.decisions[-1]
    assert (decision.resident, decision.method, decision.track) == ("A", method, gateway.decisions[0].track)
    assert gateway.pipeline.still_there(decision.track, gateway.now)
    assert gateway.pipeline.prompt == ""


def test_the_factor_may_come_first():
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.present("A")
    assert gateway.show(A, seconds=2) == [denied(Reason.SECOND_FACTOR_MISSING), GRANTED]


def test_who_looks_down_at_the_reader_for_long_still_waits():
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.show(A, seconds=1)
    gateway.show(replace(A, turned=True), seconds=3)
    gateway.present("A")
    assert gateway.show(A, seconds=1)[-1:] == [GRANTED]


@pytest.mark.parametrize("method", [m for m in Method if m not in FACTORS])
def test_nothing_else_is_a_second_factor(method):
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.show(A, seconds=2)
    gateway.present("A", method)
    assert gateway.show(A, seconds=3) == []


def test_another_residents_card_opens_nothing():
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.show(A, seconds=2)
    gateway.present("B")
    assert gateway.show(A, seconds=3) == []


def test_a_card_alone_opens_nothing_here():
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.present("A")
    assert gateway.show(seconds=3) == []


@pytest.mark.parametrize("late", [-LASTS - 0.5, 5.0], ids=["long ago", "in the future"])
def test_a_card_of_another_time_opens_nothing(late):
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.show(A, seconds=2)
    gateway.present("A", at=gateway.now + late)
    assert gateway.show(A, seconds=1) == []


def test_who_has_left_is_no_longer_waited_for():
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.show(A, seconds=2)
    gateway.show(seconds=1.2)
    gateway.present("A")
    assert gateway.show(seconds=1) == []
    assert gateway.pipeline.prompt == ""


def test_somebody_else_in_the_same_place_is_not_let_in_by_the_card():
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.show(A, seconds=2)
    gateway.show(replace(B, still=True), seconds=0.5)
    gateway.present("A")
    assert GRANTED not in gateway.show(replace(B, still=True), seconds=3)


def test_one_card_opens_once():
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.show(A, seconds=1)
    gateway.present("A")
    assert gateway.show(A, seconds=3) == [GRANTED]


def test_a_suspended_resident_is_refused_by_policy_before_and_after_the_card():
    gateway = Gateway(LivenessLevel.SECOND_FACTOR)
    gateway.show(A, seconds=1)
    known = recognition("A", "B")
    suspended = {**known.residents, "A": replace(known.residents["A"], state=ResidentState.SUSPENDED)}
    gateway.pipeline.recognition = replace(known, residents=suspended)
    gateway.present("A")
    assert gateway.show(A, seconds=2) == [denied(Reason.SUSPENDED)]
