"""The way of a frame: one picture of one camera → decisions, readable from top to bottom.

Whatever goes wrong on the way is no decision or a denial, with the stage that failed in ``health``, never a grant.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import isfinite

import numpy as np

from facegate.core.admission import Admissions
from facegate.core.intent import Intent, in_zone
from facegate.core.matching import Match
from facegate.core.models import Camera, Decision, Face, Frame, Image, LivenessLevel, Reason, Vector, Verdict
from facegate.core.policy import Ruling, decide
from facegate.core.quality import GATE, Quality, acts, assess
from facegate.core.recognition import Recognition
from facegate.core.session import Approach, Outcome, Sight
from facegate.core.stages import Health, StageError, Stages
from facegate.core.tracking import Track, Tracker
from facegate.vision import Models, chips

WATCH = 0.25
"""Seconds between two looks at a face that was decided about: often enough for a match at most one second old."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A face in one frame, waiting as pixels until its intent is clear; ``chip`` is ``None`` if it is not worth it."""

    sight: Sight
    chip: Image | None = None


@dataclass(frozen=True, slots=True)
class _Visit:
    """What is known on one run of one track. ``refused``: why the track was refused last, which is not said twice."""

    run: int
    intent: Intent = field(default_factory=Intent)
    waiting: tuple[_Look, ...] = ()
    approach: Approach | None = None
    refused: Reason | None = None
    looked: float = float("-inf")

    @property
    def outcome(self) -> Outcome | None:
        return self.approach.outcome if self.approach else None


class CameraPipeline:
    """The recognition of one camera. ``process`` is called from one thread, everything else from any.

    Args:
        camera: zone, least face, dwell and liveness level.
        models: shared by all cameras.
        recognition: who may be recognised; assign the attribute to exchange it.
        unix: the wall clock, for the validity of residents alone.
        clock: seconds, for the times of the stages alone.
    """

    def __init__(
        self,
        camera: Camera,
        models: Models,
        recognition: Recognition,
        *,
        unix: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.camera = camera
        self.recognition = recognition
        self.health = Health()
        self._models = models
        self._unix = unix
        self._clock = clock
        self._used = recognition
        self._stages = Stages(clock)
        self._tracker = Tracker()
        self._visits: dict[int, _Visit] = {}
        self._admissions = Admissions()

    def process(self, frame: Frame) -> list[Decision]:
        """Return what this frame decides: mostly nothing, and at most one decision for each face in it."""
        self._stages = Stages(self._clock)
        decisions: list[Decision] = []
        with suppress(StageError):  # The stages have written it down; what was decided before it stands, nothing after.
            self._stages.run("frame", self._go, frame, decisions, usable=lambda _: True)
        self.health = self.health.after(self._stages)
        return decisions

    def _go(self, frame: Frame, decisions: list[Decision]) -> None:
        """The whole way, in the order of the stages."""
        self._take_recognition()
        faces = self._mask_out(self._detect(frame), frame)
        tracks = self._track(faces, frame.captured_at)
        acting = [track for track in tracks if self._acts(track, frame.captured_at)]
        for track in acting:
            self._look(track, frame)
        staying = [track for track in acting if self._visits[track.id].intent.stayed(self.camera.dwell)]
        for track, sights in self._identify(staying):
            decision = self._judge(track, sights, frame)
            if decision is not None:
                decisions.append(replace(decision, faces=len(acting), ms=dict(self._stages.ms)))

    def still_there(self, track: int, at: float) -> bool:
        """Whether the resident let in on ``track`` was recognised on it, in the zone, within a second before ``at``."""
        return self._admissions.still_there(track, at)

    def _take_recognition(self) -> None:
        """Whatever is undecided begins anew under a new gallery: evidence rests on one."""
        newest = self.recognition
        if newest is not self._used:
            self._used = newest
            self._visits = {t: v if v.outcome else replace(v, approach=None) for t, v in self._visits.items()}

    def _detect(self, frame: Frame) -> list[Face]:
        if not isfinite(frame.captured_at):
            raise self._stages.fault("frame", "it has no time")
        return self._stages.run("detect", self._models.detector.detect, frame.image, usable=_are_faces)

    def _mask_out(self, faces: Sequence[Face], frame: Frame) -> list[Face]:
        """Drop every face outside the marked zone: nothing after detection sees it, nothing of it is kept."""
        return [face for face in faces if in_zone(face.box.centre, frame.image.shape, self.camera.zone)]

    def _track(self, faces: Sequence[Face], at: float) -> tuple[Track, ...]:
        """Follow the faces; forget whoever has left, and what a broken track was thought to know."""
        follow = self._tracker.update
        tracks = self._stages.run("track", follow, faces, at, usable=lambda found: len(found) == len(faces))
        live = {track.id for track in self._tracker.live}
        self._visits = {track: visit for track, visit in self._visits.items() if track in live}
        self._admissions = self._admissions.at(at)
        for track in tracks:
            visit = self._visits.setdefault(track.id, _Visit(track.run))
            if visit.run != track.run:
                self._visits[track.id] = _Visit(track.run, refused=visit.refused)
                self._admissions = self._admissions.part(track.id)
        return tracks

    def _acts(self, track: Track, at: float) -> bool:
        """Whether the face means the gate in this frame."""
        visit = self._visits[track.id]
        acting = acts(track.face, GATE, self.camera.min_face)
        self._visits[track.id] = replace(visit, intent=visit.intent.saw(acting, at))
        return acting

    def _look(self, track: Track, frame: Frame) -> None:
        """Add this frame to what waits to be embedded."""
        visit = self._visits[track.id]
        at = frame.captured_at
        if visit.outcome is not None and at - visit.looked < WATCH:
            return
        waiting = (*visit.waiting, self._see(track.face, frame))[-self._used.thresholds.of :]
        self._visits[track.id] = replace(visit, waiting=waiting, looked=at)

    def _see(self, face: Face, frame: Frame) -> _Look:
        """Align → good enough? → alive?"""
        at = frame.captured_at
        try:
            chip = self._stages.run("align", chips.cut, frame.image, face.landmarks, usable=_is_chip)
            quality = self._stages.run("quality", assess, face, chip, frame.image.shape, GATE, usable=_is_quality)
        except StageError as error:
            return _Look(Sight(at, failure=error.stage))
        if not quality.good:
            return _Look(Sight(at, faults=quality.faults))
        return _Look(Sight(at, live=self._live(face, frame)), chip)

    def _live(self, face: Face, frame: Frame) -> float | None:
        """The probability that the face is alive; ``None``, which no rule accepts, wherever it cannot be had."""
        if self.camera.liveness is LivenessLevel.OFF:
            return None
        try:
            if self._models.antispoof is None:
                raise self._stages.fault("liveness", "the anti-spoofing model is not loaded")
            measure = self._models.antispoof.live_probability
            return self._stages.run("liveness", measure, frame.image, face.box, usable=_is_probability)
        except StageError:
            return None

    def _identify(self, tracks: Sequence[Track]) -> list[tuple[Track, list[Sight]]]:
        """Embed everything that waits on ``tracks`` in one batch, and match each with the gallery."""
        waiting = [(track, look) for track in tracks for look in self._visits[track.id].waiting]
        vectors = iter(self._embed([look.chip for _, look in waiting if look.chip is not None]))
        sights: dict[int, list[Sight]] = {track.id: [] for track in tracks}
        for track, look in waiting:
            sights[track.id].append(look.sight if look.chip is None else self._match(look.sight, next(vectors)))
        for track in tracks:
            self._visits[track.id] = replace(self._visits[track.id], waiting=())
        return [(track, sights[track.id]) for track in tracks]

    def _embed(self, faces: Sequence[Image]) -> list[Vector | None]:
        """One vector for each chip; ``None`` for all of them where the model gives no answer."""
        if not faces:
            return []
        try:
            batch = np.stack(faces)
            embed = self._models.embedder.embed
            return list(self._stages.run("embed", embed, batch, usable=lambda vectors: _are_units(vectors, len(batch))))
        except StageError:
            return [None] * len(faces)

    def _match(self, sight: Sight, vector: Vector | None) -> Sight:
        if vector is None:
            return replace(sight, failure="embed")
        try:
            match = self._stages.run("match", self._used.gallery.match, vector, usable=_is_match)
        except StageError as error:
            return replace(sight, failure=error.stage)
        return replace(sight, vector=vector, match=match)

    def _judge(self, track: Track, sights: Sequence[Sight], frame: Frame) -> Decision | None:
        """Add the sights to the approach, and say what follows as soon as there is enough."""
        visit, at = self._visits[track.id], frame.captured_at
        approach = visit.approach or Approach(since=at)
        for sight in sights:
            face = approach.face
            approach = approach.saw(sight, self._used.thresholds)
            if approach.face != face:  # Someone else: intent and everything else begin with this frame.
                visit = replace(visit, intent=Intent(sight.at, at), refused=None)
                self._admissions = self._admissions.part(track.id)
            named = self._used.thresholds.names(sight.match) if sight.match else None
            if named is not None:
                self._admissions = self._admissions.name(named, track.id, at)
        decided = approach.outcome is not None
        if visit.intent.stayed(self.camera.dwell):
            approach = self._conclude(approach, at)
        self._visits[track.id] = replace(visit, approach=approach)
        if decided or approach.outcome is None:
            return None
        return self._decide(track, approach.outcome, frame)

    def _conclude(self, approach: Approach, at: float) -> Approach:
        try:
            conclude = approach.conclude
            return self._stages.run(
                "session", conclude, at, self.camera.liveness, self._used.thresholds, usable=_is_approach
            )
        except StageError:
            return replace(approach, outcome=Outcome(Verdict.DENIED, Reason.FAULT))

    def _decide(self, track: Track, outcome: Outcome, frame: Frame) -> Decision | None:
        """What follows from the outcome, unless it was said already about whoever still stands there."""
        visit, at = self._visits[track.id], frame.captured_at
        ruling = self._rule(outcome)
        if ruling.verdict is Verdict.GRANTED and ruling.resident is not None:
            known = ruling.resident in self._admissions.of
            self._admissions = self._admissions.admit(ruling.resident, track.id, at)
            self._visits[track.id] = replace(visit, refused=None)
        else:
            known = ruling.reason is visit.refused
            self._visits[track.id] = replace(visit, refused=ruling.reason)
        if known:
            return None
        match = outcome.match
        return Decision(
            camera=self.camera.id,
            gate=self.camera.gate,
            direction=self.camera.direction,
            track=track.id,
            verdict=ruling.verdict,
            reason=ruling.reason,
            at=at,
            clip_time=frame.clip_time,
            resident=ruling.resident,
            score=match.score if match else None,
            runner_up=match.runner_up_score if match and match.runner_up else None,
        )

    def _rule(self, outcome: Outcome) -> Ruling:
        if outcome.verdict is not Verdict.GRANTED or outcome.resident is None:
            return Ruling(Verdict.DENIED, outcome.reason, None)
        resident = self._used.residents.get(outcome.resident)
        try:
            now = self._stages.run("policy", self._unix, usable=isfinite)
            return self._stages.run(
                "policy", decide, outcome.resident, resident, self._used.gate, now, usable=_is_ruling
            )
        except StageError:
            return Ruling(Verdict.DENIED, Reason.FAULT, None)


# What a usable answer of each stage is. Anything else, and anything that raises here, is a failure of that stage.


def _are_faces(answer: object) -> bool:
    return isinstance(answer, list) and all(
        isfinite(sum((face.box.left, face.box.top, face.box.right, face.box.bottom, face.score)))
        and face.landmarks.shape == (5, 2)
        and bool(np.isfinite(face.landmarks).all())
        for face in answer
    )


def _is_chip(answer: object) -> bool:
    return isinstance(answer, np.ndarray) and answer.shape == (112, 112, 3) and answer.dtype == np.uint8


def _is_quality(answer: object) -> bool:
    return isinstance(answer, Quality) and isfinite(sum((answer.size, answer.sharpness, answer.brightness)))


def _is_probability(answer: object) -> bool:
    return isinstance(answer, float) and 0.0 <= answer <= 1.0


def _are_units(answer: object, count: int) -> bool:
    if not isinstance(answer, np.ndarray) or answer.ndim != 2 or len(answer) != count:
        return False
    return bool((np.abs(np.linalg.norm(answer, axis=1) - 1.0) < 1e-3).all())  # also false where one is no number


def _is_match(answer: object) -> bool:
    return isinstance(answer, Match) and isfinite(answer.score) and isfinite(answer.runner_up_score)


def _is_approach(answer: object) -> bool:
    return (
        isinstance(answer, Approach)
        and isfinite(answer.since)
        and (answer.outcome is None or answer.outcome.reason in Reason)
    )


def _is_ruling(answer: object) -> bool:
    return isinstance(answer, Ruling) and answer.verdict in Verdict and answer.reason in Reason
