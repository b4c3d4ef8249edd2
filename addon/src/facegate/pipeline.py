"""The way of a frame: one picture of one camera → decisions, readable from top to bottom.

Whatever goes wrong on the way is no decision or a denial, with the stage that failed in ``health``, never a grant.
It is longer than other files because the way is one thing: cut in two, it would no longer read from top to bottom.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import isfinite
from random import SystemRandom

import numpy as np

from facegate.core import second_factor, usable
from facegate.core.admission import Admissions
from facegate.core.attention import Attention
from facegate.core.challenge import Challenge
from facegate.core.evidence import weigh as weigh_frame
from facegate.core.guidance import Advice, advise, advise_after
from facegate.core.intent import Intent, in_zone
from facegate.core.liveness import LEAST_CONTEXT, context, weigh
from facegate.core.masking import mask_out
from facegate.core.models import (
    Box,
    Camera,
    Decision,
    Face,
    Frame,
    Image,
    LivenessLevel,
    Luma,
    Method,
    Reason,
    Vector,
    Verdict,
)
from facegate.core.policy import Ruling, asks_for_mask, decide
from facegate.core.press import Press, nearest
from facegate.core.quality import GATE, Fault, acts, assess, estimate_pose
from facegate.core.recognition import Recognition
from facegate.core.search import search
from facegate.core.session import Approach, Outcome, Sight
from facegate.core.stages import Health, StageError, Stages
from facegate.core.tracking import Track, Tracker
from facegate.core.visit import Glimpse, Look, Masked, Visit
from facegate.presenting import Desk, Presenting
from facegate.vision import Models, chips, motion
from facegate.vision.occlusion import LEAST_FACE, is_masked

MASK_PICTURES = 2
"""Pictures that all have to show a mask: a second one is asked for only where the first does."""

WATCH = 0.25
"""Seconds between two looks at a face that was decided about: often enough for a match at most one second old."""

_RANDOM = SystemRandom()

TOGETHER = 10
"""Chips that are embedded before other cameras have a turn: what two people's dwell leaves, 0.15 s of a processor."""

LINGER = 0.7
"""Seconds beyond the dwell before somebody is told what to do: most are recognised by then."""

SPOILT = 3
"""Poor pictures in a row before they are told what is wrong with them: one may be a blink."""


class CameraPipeline:
    """The recognition of one camera. ``process`` is called from one thread, everything else from any.

    Args:
        camera: zone, least face, dwell and liveness level.
        models: shared by all cameras.
        recognition: who may be recognised; assign the attribute to exchange it.
        unix: the wall clock, for the validity of residents alone.
        clock: seconds, for the times of the stages alone.
        draw: a random number from 0 up to 1 that nobody can foresee, for the challenge alone.
        pause: called between two people of one picture, so that a crowd here does not hold up other cameras.
        desk: what judges codes that are held before the camera; without one none are read.
    """

    def __init__(
        self,
        camera: Camera,
        models: Models,
        recognition: Recognition,
        *,
        unix: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.perf_counter,
        draw: Callable[[], float] = _RANDOM.random,
        pause: Callable[[], None] = lambda: None,
        desk: Desk | None = None,
    ) -> None:
        self.camera = camera
        self.recognition = recognition
        self.health = Health()
        self.prompt = ""
        self._models = models
        self._unix = unix
        self._clock = clock
        self._draw = draw
        self._pause = pause
        self._used = recognition
        self._stages = Stages(clock)
        self._attention = Attention(camera.zone)
        self._tracker = Tracker()
        self._visits: dict[int, Visit] = {}
        self._admissions = Admissions()
        self._shut_out: deque[tuple[int, str | None]] = deque()
        self._waiting = Admissions()  # recognised, and waiting for a second factor
        self._factors: tuple[second_factor.Factor, ...] = ()
        self._shown: deque[second_factor.Factor] = deque(maxlen=16)  # handed over from other threads
        self._press: Press | None = None
        self._codes = Presenting(camera, desk, models)
        self._presses: deque[Press] = deque(maxlen=1)  # handed over from other threads; the newest counts

    def attends(self, luma: Luma, at: float) -> bool:
        """Whether the picture taken ``at``, of whose brightness ``luma`` is a sample, is worth to be processed.

        From the thread that calls ``process``. Always, while a face is there or something waits for one.
        """
        waits = self._press or self._presses or self._shown or self._factors or self._shut_out
        occupied = bool(self._tracker.live or waits or self._waiting.of or self._admissions.of or self._codes.busy)
        return self._attention.wants(luma, at, occupied=occupied)

    def process(self, frame: Frame) -> list[Decision]:
        """Return what this frame decides: mostly nothing, and at most one decision for each face in it."""
        self._stages = Stages(self._clock)
        decisions: list[Decision] = []
        with suppress(StageError):  # The stages have written it down; what was decided before it stands, nothing after.
            self._stages.run("frame", self._go, frame, decisions, usable=lambda _: True)
        self.health = self.health.after(self._stages)
        self.prompt = self._prompt()
        return decisions

    def factor(self, factor: second_factor.Factor) -> None:
        """Take a second factor that was shown at this camera's gate; the next frame may be decided by it."""
        self._shown.append(factor)

    def press(self, at: float) -> None:
        """Take a press of the button at this camera's gate, heard of ``at`` (monotonic seconds). From any thread."""
        self._presses.append(Press(at))

    def _go(self, frame: Frame, decisions: list[Decision]) -> None:
        """The whole way, in the order of the stages."""
        self._take_recognition()
        self._take_shut_out()
        decisions += self._read_codes(frame)
        if not self._used.gate.faces:
            self._forget_everybody()
            return
        found = self._detect(frame)
        boxes = tuple(face.box for face in found)
        faces = self._mask_out(found, frame)
        tracks = self._track(faces, frame.captured_at)
        acting = [track for track in tracks if self._acts(track, frame.captured_at)]
        wanted = self._leave_alone(tracks, acting, frame.captured_at)
        for track in wanted:
            self._look(track, frame, boxes)
        staying = [track for track in wanted if self._visits[track.id].intent.stayed(self.camera.dwell)]
        for track, looks in self._identify(staying):
            decision = self._judge(track, looks, frame)
            if decision is not None:
                decisions.append(replace(decision, faces=len(acting), ms=dict(self._stages.ms)))
        completed = self._complete(frame)
        if completed is not None:
            decisions.append(replace(completed, faces=len(acting), ms=dict(self._stages.ms)))

    def still_there(self, track: int, at: float) -> bool:
        """Whether the resident let in on ``track`` was recognised on it, in the zone, within a second before ``at``.

        A ``track`` below nought is a pass: whether that very code was read in the zone within the second.
        """
        if track < 0:  # a pass
            return self._codes.still_there(track, at)
        return self.recognition.gate.faces and self._admissions.still_there(track, at)

    def shut_out(self, track: int, resident: str | None) -> None:
        """The gate did not open for whom it was granted: if they still stand there, decide anew. From any thread."""
        self._shut_out.append((track, resident))

    def _take_shut_out(self) -> None:
        """Forget the grant and its evidence, but not that the person means the gate."""
        while self._shut_out:
            track, resident = self._shut_out.popleft()
            if track < 0:
                self._codes.take_back(track)
            if resident is None:
                continue
            self._admissions = self._admissions.without(resident)
            visit = self._visits.get(track)
            if visit is not None:
                self._visits[track] = Visit(visit.run, intent=visit.intent, armed=visit.armed)

    def _take_recognition(self) -> None:
        """Whatever is undecided begins anew under a new gallery: evidence rests on one."""
        newest = self.recognition
        if newest is not self._used:
            self._used = newest
            unproved = {t: replace(v, approach=None, first=None) for t, v in self._visits.items() if not v.outcome}
            self._visits = {**self._visits, **unproved}

    def _read_codes(self, frame: Frame) -> list[Decision]:
        """What passes that are held up decide; without an answer of the reader faces are recognised all the same."""
        found: list[Decision] = []
        self._codes.settle(frame.captured_at, self._used.gate)
        if self._codes.due(frame.captured_at):
            with suppress(StageError):
                found = self._stages.run(
                    "codes", self._codes.look, frame, self._used.gate, usable=lambda said: isinstance(said, list)
                )
        if self._codes.changed:  # a template was opened or closed: what was seen was compared with something else
            self._codes.changed = False
            self._visits = {track: Visit(visit.run, intent=visit.intent) for track, visit in self._visits.items()}
        while self._codes.factors:
            self._shown.append(self._codes.factors.pop())
        return [replace(decision, ms=dict(self._stages.ms)) for decision in found]

    def _leave_alone(self, tracks: Sequence[Track], acting: Sequence[Track], at: float) -> list[Track]:
        """Whose approach is looked into; of whoever shows a pass nothing is looked into any more, or kept."""
        for track in self._codes.left_alone(tracks, self._tracker.live, at):
            if (visit := self._visits.get(track)) is not None:
                self._visits[track] = Visit(visit.run, refused=visit.refused)
        if self._codes.gallery is not None:  # whoever shows a share asks to be recognised, with or without a button
            return self._codes.looked_into(acting, at)
        return self._codes.looked_into(self._wanted(acting, at), at)

    def _forget_everybody(self) -> None:
        """The gate's face reader is off: whoever stands there is nobody's business, and nothing of them is kept."""
        if self._visits or self._tracker.live:
            self._tracker, self._visits = Tracker(), {}
            self._admissions, self._waiting = Admissions(), Admissions()
        self._press = None
        self._presses.clear()
        self._shown.clear()
        self._factors = ()

    def _detect(self, frame: Frame) -> list[Face]:
        if not isfinite(frame.captured_at):
            raise self._stages.fault("frame", "it has no time")
        return self._stages.run("detect", self._find, frame.image, usable=usable.are_faces)

    def _find(self, image: Image) -> list[Face]:
        where = search(image.shape, self.camera.zone, self.camera.min_face)
        return self._models.detector.detect(image, longest_side=where.longest_side, region=where.region, again=True)

    def _mask_out(self, faces: Sequence[Face], frame: Frame) -> list[Face]:
        """Drop every face outside the marked zone: nothing of it is kept, and what others see of it is grey."""
        return [face for face in faces if in_zone(face.box.centre, frame.image.shape, self.camera.zone)]

    def _track(self, faces: Sequence[Face], at: float) -> tuple[Track, ...]:
        """Follow the faces; forget whoever has left, and what a broken track was thought to know."""
        follow = self._tracker.update
        tracks = self._stages.run("track", follow, faces, at, usable=lambda found: len(found) == len(faces))
        live = {track.id for track in self._tracker.live}
        self._visits = {track: visit for track, visit in self._visits.items() if track in live}
        self._admissions, self._waiting = self._admissions.at(at), self._waiting.at(at)
        for track in tracks:
            visit = self._visits.setdefault(track.id, Visit(track.run))
            if visit.run != track.run:
                self._visits[track.id] = Visit(track.run, refused=visit.refused)
                self._part(track.id)
        return tracks

    def _part(self, track: int) -> None:
        self._admissions, self._waiting = self._admissions.part(track), self._waiting.part(track)

    def _acts(self, track: Track, at: float) -> bool:
        """Whether the face means the gate in this frame."""
        visit = self._visits[track.id]
        acting = acts(track.face, GATE, self.camera.min_face)
        intent = visit.intent.saw(acting, at)
        since = float("inf") if intent.since is None else intent.since
        waiting = tuple(glimpse for glimpse in visit.waiting if glimpse.frame.captured_at >= since)
        self._visits[track.id] = replace(visit, intent=intent, waiting=waiting)
        return acting

    def _wanted(self, acting: Sequence[Track], at: float) -> list[Track]:
        """Whose approach is looked into: everybody's, or on a gate with a button the one that a press is for."""
        if not self.camera.on_press:
            return list(acting)
        while self._presses:
            self._press = self._presses.popleft()
        if self._press is not None and self._press.at <= at:
            self._arm(acting, self._press, at)
        for track, visit in list(self._visits.items()):
            if not visit.counts(at) and visit.armed is not None:  # nothing of what it has allowed is kept
                self._visits[track] = Visit(visit.run, intent=visit.intent, told=visit.outcome is not None)
        return [track for track in acting if self._visits[track.id].counts(at)]

    def _arm(self, acting: Sequence[Track], press: Press, at: float) -> None:
        """Give the press to whoever stands nearest and was not recognised yet."""
        if not press.counts(at):
            self._press = None
            return
        track = nearest([track for track in acting if not self._is_named(track.id)])
        if track is None:
            return  # nobody has looked up yet
        self._press = None
        visit = self._visits[track.id]
        begun = visit.outcome is None and visit.counts(at)  # pressed twice: nothing begins anew
        visit = visit if begun else Visit(visit.run, intent=visit.intent)
        self._visits[track.id] = replace(visit, armed=press.until)

    def _is_named(self, track: int) -> bool:
        outcome = self._visits[track].outcome
        return outcome is not None and outcome.resident is not None

    def _look(self, track: Track, frame: Frame, boxes: tuple[Box, ...]) -> None:
        """Keep this frame until it is clear whether the face means the gate; nobody has looked into it yet."""
        visit = self._visits[track.id]
        at = frame.captured_at
        if visit.outcome is not None and at - visit.looked < WATCH:
            return
        waiting = (*visit.waiting, Glimpse(track.face, frame, boxes))[-self._used.thresholds.of :]
        self._visits[track.id] = replace(visit, waiting=waiting, looked=at)

    def _masked(self, tracks: Sequence[Track]) -> dict[int, Masked]:
        """By number, the frames that wait, in which nobody else than ``tracks`` can be seen."""
        glimpses = [glimpse for track in tracks for glimpse in self._visits[track.id].waiting]
        shown: dict[int, list[Box]] = {glimpse.frame.number: [] for glimpse in glimpses}
        for glimpse in glimpses:
            shown[glimpse.frame.number].append(glimpse.face.box)
        masked: dict[int, Masked] = {}
        for glimpse in glimpses:
            if (number := glimpse.frame.number) not in masked:
                hidden = [box for box in glimpse.boxes if box not in shown[number]]
                image = mask_out(glimpse.frame.image, hidden, shown[number])
                masked[number] = Masked(replace(glimpse.frame, image=image), tuple(hidden))
        return masked

    def _see_all(self, track: Track, masked: Mapping[int, Masked]) -> list[Look]:
        """Look into everything that waits on ``track``."""
        self._pause()
        visit = self._visits[track.id]
        looks = [self._see(g.face, masked[g.frame.number]) for g in visit.waiting]
        spoilt = visit.spoilt
        for look in looks:
            spoilt = spoilt + 1 if look.sight.faults else 0
        faults = looks[-1].sight.faults if looks else visit.faults
        self._visits[track.id] = replace(visit, waiting=(), faults=faults, spoilt=spoilt)
        return looks

    def _see(self, face: Face, picture: Masked) -> Look:
        """Align → good enough? → alive?"""
        frame, at = picture.frame, picture.frame.captured_at
        try:
            chip = self._stages.run("align", chips.cut, frame.image, face.landmarks, usable=usable.is_chip)
            quality = self._stages.run("quality", assess, face, chip, frame.image.shape, GATE, usable=usable.is_quality)
            weight = self._stages.run("quality", weigh_frame, quality, usable=usable.is_probability)
        except StageError as error:
            return Look(Sight(at, failure=error.stage))
        if not quality.good:
            return Look(Sight(at, faults=quality.faults))
        around = context(frame.image.shape, face.box, picture.hidden)
        if self.camera.liveness is not LivenessLevel.OFF and around < LEAST_CONTEXT:
            return Look(Sight(at, faults=(Fault.CUT,)))  # too near: only a face can be seen, not what it is on
        return Look(Sight(at, live=self._live(face, frame, around), weight=weight), chip)

    def _live(self, face: Face, frame: Frame, around: float) -> float | None:
        """The probability that the face is alive; ``None``, which no rule accepts, wherever it cannot be had."""
        if self.camera.liveness is LivenessLevel.OFF:
            return None
        try:
            if self._models.antispoof is None:
                raise self._stages.fault("liveness", "the anti-spoofing model is not loaded")
            measure = self._models.antispoof.live_probability
            seen = self._stages.run("liveness", measure, frame.image, face.box, usable=usable.is_probability)
        except StageError:
            return None
        return weigh(seen, around)

    def _change(self, first: Image | None, chip: Image) -> float | None:
        """What changed in the face since ``first``; ``None``, which proves nothing, wherever it cannot be said."""
        if first is None or self.camera.liveness is LivenessLevel.OFF:
            return None
        try:
            return self._stages.run("motion", motion.change, first, chip, usable=usable.is_change)
        except StageError:
            return None

    def _identify(self, tracks: Sequence[Track]) -> list[tuple[Track, list[Look]]]:
        """Look into everything that waits on ``tracks``, embed it in one batch, and match each with the gallery."""
        masked = self._masked(tracks)
        waiting = [(track, look) for track in tracks for look in self._see_all(track, masked)]
        vectors = iter(self._embed([look.chip for _, look in waiting if look.chip is not None]))
        looks: dict[int, list[Look]] = {track.id: [] for track in tracks}
        for track, look in waiting:
            seen = look if look.chip is None else replace(look, sight=self._match(look.sight, next(vectors)))
            looks[track.id].append(seen)
        return [(track, looks[track.id]) for track in tracks]

    def _embed(self, faces: Sequence[Image]) -> list[Vector | None]:
        """One vector for each chip; ``None`` wherever the model gives no answer."""
        vectors: list[Vector | None] = []
        for begin in range(0, len(faces), TOGETHER):
            if begin:
                self._pause()
            vectors += self._embed_together(faces[begin : begin + TOGETHER])
        return vectors

    def _embed_together(self, faces: Sequence[Image]) -> list[Vector | None]:
        try:
            batch = np.stack(faces)
            embed = self._models.embedder.embed
            return list(
                self._stages.run("embed", embed, batch, usable=lambda vectors: usable.are_units(vectors, len(batch)))
            )
        except StageError:
            return [None] * len(faces)

    def _match(self, sight: Sight, vector: Vector | None) -> Sight:
        if vector is None:
            return replace(sight, failure="embed")
        try:
            gallery = self._codes.gallery or self._used.gallery
            match = self._stages.run("match", gallery.match, vector, usable=usable.is_match)
        except StageError as error:
            return replace(sight, failure=error.stage)
        return replace(sight, vector=vector, match=match)

    def _judge(self, track: Track, looks: Sequence[Look], frame: Frame) -> Decision | None:
        """Add what was seen to the approach, and say what follows as soon as there is enough."""
        visit, at = self._visits[track.id], frame.captured_at
        approach = visit.approach or Approach(since=at)
        for look in looks:
            face, sight = approach.face, look.sight
            if look.chip is not None and sight.vector is not None and not approach.changed:
                sight = replace(sight, change=self._change(visit.first, look.chip))
                if sight.change is None:  # the first one, or turned too far from it: compare with this one
                    visit = replace(visit, first=look.chip)
            approach = approach.saw(sight, self._used.thresholds)
            if approach.face != face:  # Someone else: intent and everything else begin with this frame.
                visit = replace(visit, intent=Intent(sight.at, at), first=look.chip, refused=None)
                self._part(track.id)
                if self.camera.on_press and self._codes.gallery is None:  # and they have not pressed
                    self._visits[track.id] = replace(visit, approach=None, first=None, armed=None)
                    return None
            named = self._used.thresholds.names(sight.match) if sight.match else None
            if named is not None:
                self._admissions = self._admissions.name(named, track.id, at)
                self._wait(named, approach, track.id, at)
        decided = approach.outcome is not None
        approach = self._challenge(approach, track.face, at)
        if visit.intent.stayed(self.camera.dwell):
            approach = self._conclude(approach, at)
        self._visits[track.id] = replace(visit, approach=approach)
        if decided or approach.outcome is None:
            return None
        outcome = self._ask_for_mask(approach.outcome, looks, visit.first, track.face.size)
        decision = self._decide(track, outcome, frame)
        if outcome.reason is Reason.MASK:  # whoever takes it off is looked at anew
            self._visits[track.id] = replace(self._visits[track.id], approach=None, first=None)
        return decision

    def _ask_for_mask(self, outcome: Outcome, looks: Sequence[Look], first: Image | None, size: float) -> Outcome:
        """Refuse a masked face, and say that this is why; of the last pictures all have to show a mask.

        Whoever would be let in is asked about only from the size on for which the cue was proven not to err about bare
        faces (docs/measurements/quality.md). An answer that cannot be had lets nobody in.
        """
        if not asks_for_mask(outcome.verdict, outcome.reason, self.camera.masks):
            return outcome
        named = outcome.resident is not None
        if named and size < LEAST_FACE:
            return outcome
        seen = [(look.chip, look.sight.vector) for look in reversed(looks) if look.chip is not None]
        seen = seen or ([] if first is None else [(first, None)])
        self._pause()
        try:
            masked = bool(seen) and all(
                self._stages.run("mask", is_masked, self._models.embedder, chip, vector, usable=usable.is_answer)
                for chip, vector in seen[:MASK_PICTURES]
            )
        except StageError:
            return replace(outcome, verdict=Verdict.DENIED, reason=Reason.FAULT, resident=None) if named else outcome
        return replace(outcome, verdict=Verdict.DENIED, reason=Reason.MASK, resident=None) if masked else outcome

    def _wait(self, named: str, approach: Approach, track: int, at: float) -> None:
        """Whoever was recognised and looked away, for the card perhaps, waits again as soon as they are named."""
        outcome = approach.outcome
        if outcome is None or outcome.reason is not Reason.SECOND_FACTOR_MISSING or outcome.resident != named:
            return
        if named not in self._admissions.of:
            self._waiting = self._waiting.admit(named, track, at)

    def _challenge(self, approach: Approach, face: Face, at: float) -> Approach:
        """Ask for a movement once all else is proved, one person at a time, and watch for it."""
        try:
            if approach.challenge is not None:
                yaw = self._stages.run("challenge", estimate_pose, face.landmarks, usable=usable.is_pose).yaw
                return replace(approach, challenge=approach.challenge.saw(yaw, face.size, at))
            busy = any(v.approach and v.approach.challenge and not v.outcome for v in self._visits.values())
            if busy or not approach.awaits_challenge(self.camera.liveness, self._used.thresholds):
                return approach
            draw = self._stages.run("challenge", self._draw, usable=lambda number: 0 <= number < 1)
            return replace(approach, challenge=Challenge.pose(draw, at))
        except StageError:
            return approach

    def _prompt(self) -> str:
        """What somebody before the camera is asked to do, empty for nothing."""
        for visit in self._visits.values():
            if visit.approach and visit.approach.challenge and not visit.outcome:
                return str(visit.approach.challenge.prompt)
        return Advice.SHOW_FACTOR if self._waiting.of else self._guide()

    def _guide(self) -> str:
        """What helps whoever stands nearest, lingers there, and was not decided about yet."""
        for track in sorted(self._tracker.live, key=lambda track: -track.face.size):
            visit = self._visits.get(track.id)
            lingers = track.last_seen - track.first_seen >= self.camera.dwell + LINGER
            alone = self._codes.leaves_alone(track.id)
            if visit is None or visit.outcome is not None or visit.told or not lingers or alone:
                continue
            if visit.intent.last is None or visit.intent.last < track.last_seen:
                small = track.face.size < self.camera.min_face
                far = track.face.size < self.camera.min_face / 2  # a passer-by, whom nobody has asked
                advice = "" if far else Advice.COME_CLOSER if small else Advice.LOOK
            elif self.camera.on_press and visit.armed is None:
                advice = Advice.PRESS_BUTTON
            else:
                advice = advise(visit.faults) if visit.spoilt >= SPOILT else ""
            if advice:
                return advice
        return ""

    def _complete(self, frame: Frame) -> Decision | None:
        """Let in whose face waits and whose second factor is here; each factor opens once."""
        at = frame.captured_at
        while self._shown:
            self._factors = (*self._factors, self._shown.popleft())
        self._factors = tuple(factor for factor in self._factors if factor.counts(at))
        completion = second_factor.complete(self._waiting, self._factors, at)
        if completion is None:
            return None
        factor, track = completion.factor, completion.track
        self._factors = tuple(other for other in self._factors if other is not factor)
        self._waiting = self._waiting.without(factor.resident)
        outcome = Outcome(Verdict.GRANTED, Reason.RECOGNISED, factor.resident)
        ruling = self._rule(outcome)
        if ruling.verdict is Verdict.GRANTED:
            self._admissions = self._admissions.admit(factor.resident, track, at)
        return self._say(track, ruling, outcome, frame, factor.method)

    def _conclude(self, approach: Approach, at: float) -> Approach:
        try:
            conclude = approach.conclude
            return self._stages.run(
                "session", conclude, at, self.camera.liveness, self._used.thresholds, usable=usable.is_approach
            )
        except StageError:
            return replace(approach, outcome=Outcome(Verdict.DENIED, Reason.FAULT))

    def _decide(self, track: Track, outcome: Outcome, frame: Frame) -> Decision | None:
        """What follows from the outcome, unless it was said already about whoever still stands there."""
        visit, at = self._visits[track.id], frame.captured_at
        ruling = self._rule(outcome)
        if ruling.reason is Reason.SECOND_FACTOR_MISSING and ruling.resident is not None:
            if ruling.resident in self._admissions.of:
                return None  # let in already, and still here
            self._waiting = self._waiting.admit(ruling.resident, track.id, at)
        if ruling.verdict is Verdict.GRANTED and ruling.resident is not None:
            known = ruling.resident in self._admissions.of
            self._admissions = self._admissions.admit(ruling.resident, track.id, at)
            self._visits[track.id] = replace(visit, refused=None)
        else:
            known = ruling.reason is visit.refused
            self._visits[track.id] = replace(visit, refused=ruling.reason)
        if known:
            return None
        return self._say(track.id, ruling, outcome, frame)

    def _say(
        self, track: int, ruling: Ruling, outcome: Outcome, frame: Frame, method: Method = Method.FACE
    ) -> Decision:
        match, visit = outcome.match, self._visits.get(track)
        return Decision(
            camera=self.camera.id,
            gate=self.camera.gate,
            direction=self.camera.direction,
            track=track,
            verdict=ruling.verdict,
            reason=ruling.reason,
            at=frame.captured_at,
            clip_time=frame.clip_time,
            method=method,
            resident=ruling.resident,
            score=match.score if match else None,
            runner_up=match.runner_up_score if match and match.runner_up else None,
            liveness=outcome.liveness,
            advice="" if visit is None else advise_after(ruling.reason, visit.faults),
        )

    def _rule(self, outcome: Outcome) -> Ruling:
        waits = outcome.reason is Reason.SECOND_FACTOR_MISSING
        if outcome.resident is None or not (waits or outcome.verdict is Verdict.GRANTED):
            return Ruling(Verdict.DENIED, outcome.reason, None)
        resident = self._used.residents.get(outcome.resident)
        try:
            now = self._stages.run("policy", self._unix, usable=isfinite)
            ruling = self._stages.run(
                "policy", decide, outcome.resident, resident, self._used.gate, now, usable=usable.is_ruling
            )
        except StageError:
            return Ruling(Verdict.DENIED, Reason.FAULT, None)
        if waits and ruling.verdict is Verdict.GRANTED:
            return Ruling(Verdict.DENIED, outcome.reason, ruling.resident)
        return ruling
