"""Enrolling before a gate's camera: what is asked for, what ends it, and what the gate does meanwhile."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from facegate.adapters.mqtt import MqttClient
from facegate.adapters.store import Store
from facegate.building import Building
from facegate.contract.messages import Topics
from facegate.core.consent import Channel, Purpose
from facegate.core.models import Camera, Decision, Direction, Gate, LivenessLevel, Reason, Vector, Verdict
from facegate.core.quality import Fault, Pose, Quality
from facegate.core.sparing import Sparing
from facegate.residents.collecting import PATIENCE, Collection, View
from facegate.residents.consents import Consents, Given
from facegate.residents.enrolling import Enrolling
from facegate.residents.picture import Judgement, Refusal
from facegate.residents.standing import MOST_SECONDS, TEST_SECONDS, Stage, Standing
from facegate.settings import Broker
from tests.parts.eyes import models
from tests.parts.fake_camera import LOOKS, seen
from tests.parts.rtsp import write_clip
from tests.parts.waiting import eventually


def face(seed: int, *, like: Vector | None = None) -> Vector:
    """A unit vector; with ``like`` one of the same person's."""
    drawn = np.random.default_rng(seed).standard_normal(128).astype(np.float32)
    drawn /= np.linalg.norm(drawn)
    if like is not None:
        drawn = 0.8 * like + 0.6 * drawn
        drawn /= np.linalg.norm(drawn)
    return drawn.astype(np.float32)


FRONT = face(1)


def looking(vector: Vector, yaw: float = 0.0) -> Judgement:
    return Judgement(vector, quality=Quality(200, Pose(yaw, 0, 0), 1.0, 120, 40, ()))


# What is gathered


def test_all_three_views_are_asked_for_one_after_the_other() -> None:
    collection = Collection()
    assert collection.wanted(0) is View.FRONT
    assert collection.offer(looking(FRONT), 0).kept
    assert collection.wanted(1) is View.LEFT
    assert collection.offer(looking(face(2, like=FRONT), 20), 1).view is View.LEFT
    assert collection.wanted(2) is View.RIGHT
    assert collection.offer(looking(face(3, like=FRONT), -20), 2).view is View.RIGHT
    assert collection.wanted(2) is None
    assert len(collection.vectors) == 3


def test_whoever_cannot_turn_the_head_is_enrolled_from_the_front_alone() -> None:
    collection = Collection()
    collection.offer(Judgement(refused=(Fault.NO_FACE,)), 0)
    assert collection.wanted(10 * PATIENCE) is View.FRONT, "without a front there is nothing"
    collection.offer(looking(FRONT), 100)
    assert collection.wanted(100 + PATIENCE - 1) is View.LEFT
    assert collection.wanted(100 + PATIENCE) is None


def test_a_picture_that_shows_nothing_new_or_somebody_else_is_not_kept() -> None:
    collection = Collection()
    collection.offer(looking(FRONT), 0)
    again = collection.offer(looking(FRONT), 1)
    assert (again.kept, again.says) == (False, ())
    assert collection.offer(looking(face(9)), 2).says == (Refusal.NOT_SAME_PERSON,)
    assert collection.offer(Judgement(refused=(Fault.DARK,)), 3).says == (Fault.DARK,)
    assert len(collection.vectors) == 1


def test_what_is_known_of_somebody_says_who_may_stand_there() -> None:
    collection = Collection(own=[FRONT])
    assert collection.offer(looking(face(9)), 0).says == (Refusal.NOT_SAME_PERSON,)
    assert collection.offer(looking(face(2, like=FRONT)), 1).kept


# What ends it


def test_nothing_is_kept_when_time_is_over_or_somebody_cancels() -> None:
    for cancelled in (False, True):
        standing = Standing("one", "c1", Collection(), 0.0)
        standing.saw(looking(FRONT), 1)
        assert standing.collection.vectors
        standing.go(Stage.CANCELLED, 5) if cancelled else standing.tick(MOST_SECONDS)
        assert standing.ended
        assert standing.collection.vectors == []
        standing.saw(looking(FRONT), 2)
        standing.go(Stage.STORING, 3)
        assert standing.stage in {Stage.TIMED_OUT, Stage.CANCELLED}, "an end is final"


def test_the_test_is_tried_until_it_is_recognised_or_its_time_is_over() -> None:
    for recognised in (True, False):
        standing = Standing("one", "c1", Collection(), 0.0)
        standing.go(Stage.TESTING, 10)
        standing.tested(recognised=False, at=11)
        assert standing.stage is Stage.TESTING
        standing.tested(recognised=recognised, at=12)
        standing.tick(10 + TEST_SECONDS)
        assert (standing.stage, standing.recognised) == (Stage.DONE, recognised)


# What the gate does meanwhile


def decision(resident: str | None, reason: Reason, *, faces: int = 1, camera: str = "c1") -> Decision:
    verdict = Verdict.DENIED if resident is None else Verdict.GRANTED
    return Decision(camera, "front", Direction.ENTRY, 1, verdict, reason, 0.0, resident=resident, faces=faces)


def test_the_gate_leaves_whoever_is_enrolled_alone_and_nobody_else() -> None:
    sparing = Sparing()
    own, other = decision("one", Reason.RECOGNISED), decision("two", Reason.RECOGNISED)
    unknown, crowd = decision(None, Reason.UNKNOWN_FACE), decision(None, Reason.UNKNOWN_FACE, faces=2)
    assert not any(sparing.holds(one) for one in (own, other, unknown, crowd))
    sparing.begin("c1", "front", "one")
    held = [sparing.holds(one) for one in (own, other, unknown, crowd)]
    assert held == [True, False, True, False]
    assert sparing.holds(decision("one", Reason.RECOGNISED, camera="c2")), "no other camera of the gate opens either"
    assert not sparing.holds(decision(None, Reason.UNKNOWN_FACE, camera="c2"))
    sparing.end("c1")
    assert not any(sparing.holds(one) for one in (own, other, unknown, crowd))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """One man comes, turns his head and stays away for long enough to have left, again and again."""
    empty = np.full_like(seen(LOOKS[0]), 120)
    stays = [seen(LOOKS[0])] * 60
    turns = [picture for name in LOOKS[1:] for picture in [seen(name)] * 15]
    return write_clip(tmp_path / "clip.mp4", [*stays, *turns, *([empty] * 65)])


async def test_enrolled_before_a_running_gate_let_in_afterwards_and_forgotten_when_withdrawn(
    tmp_path: Path, clip: Path
) -> None:
    decisions: list[Decision] = []
    with Store.open(tmp_path / "data") as store:
        store.add_gate(Gate("front", "Front gate", trial=True))
        store.switch_faces("front", on=True)
        store.add_camera(Camera("c1", "front", str(clip), liveness=LivenessLevel.OFF, dwell=0.0))
        building = Building(
            store, MqttClient(Broker()), Topics("home"), models(), {}, loop_clips=True,
            decided=lambda pipeline, decision: decisions.append(decision), heard=lambda report: None,
        )  # fmt: skip
        consents, resident = Consents(store), store.add_resident("Resident 1")
        enrolling = Enrolling(store, models, consents, building.eye, building.follow)
        await building.follow()
        try:
            notice = consents.notice(Purpose.FACE_AT_GATES, "en")
            given = Given(notice.purpose, notice.hash, "en", Channel.PANEL)
            session = await enrolling.begin("Owner", resident.id, "c1", given)
            assert session.task is not None
            await asyncio.wait_for(session.task, 60)
            assert (session.standing.stage, session.standing.recognised) == (Stage.DONE, True)
            assert session.preview == b""
            assert decisions == [], "neither let in nor refused while they are enrolled"

            await eventually(lambda: any(one.resident == resident.id for one in decisions))

            consents.withdraw("resident", resident.id, Purpose.FACE_AT_GATES)
            await building.follow()
            decisions.clear()
            await eventually(lambda: any(one.reason is Reason.UNKNOWN_FACE for one in decisions))
            assert not [one for one in decisions if one.verdict is Verdict.GRANTED]
        finally:
            await enrolling.stop()
            await building.close()
