"""When is there enough evidence about one approach? One verdict each, as early as the frames allow.

An approach is one person who walks up, on one unbroken run of one track. Each frame that was good enough says at the
same time who it is and whether it lives; a jump of the embedding, an overlap or a gap throws all of it away, so that
one person's liveness never carries another's picture. Time is an argument; nothing here has a clock.
"""

from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from facegate.core.challenge import Challenge
from facegate.core.evidence import Vote, vote
from facegate.core.liveness import Sign, has_changed, judge
from facegate.core.matching import Match
from facegate.core.models import LivenessEvidence, LivenessLevel, Reason, Vector, Verdict
from facegate.core.quality import Fault


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When two faces are the same person, and how often that must be seen.

    Derived on the development sets (docs/measurements/accuracy.md), never on the evaluation set:

    Attributes:
        score: least cosine between a frame and a resident (the best template or their mean). A threshold from LFW pairs
            alone (0.425 for one false match in 10,000) lets in five times as many East Asian and eight times as many
            South Asian strangers as it says; at 0.49 one comparison in 10,000 or fewer matches in each group measured
            but look-alike idols, and 1 % of the LFW probes and no more of the camera pictures are missed.
        margin: how much better the best resident must be than the second-best, for relatives who reach the threshold
            with each other; it costs none of the residents measured.
        agree, of: how many of the best recent frames must name the same resident, and with more than half of their
            weight (``core.evidence``): one frame of motion or of a stranger's lucky angle does not decide.
        recent: seconds for which a frame speaks: three frames fit in at two a second, the slowest that a track
            survives, and whoever was looked at from a bad angle is not held back by it for long.
        same: least cosine between a frame and the mean of the approach so far for it to be the same face. Frames of
            one person on the development clips stay above 0.54, one pair of strangers in 100,000 reaches 0.5.
        pictures: least cosine between two enrolment pictures of one person, who may wear a cap in one and glasses in
            the other: 997 of 1000 pairs of pictures of one person reach it.
        unknown_frames, unknown_seconds: a stranger is refused after this many good frames, not before this long:
            a resident who comes from afar is named when nearer.
        patience: seconds of acting after which an approach is refused as it stands.
    """

    score: float = 0.49
    margin: float = 0.05
    agree: int = 3
    of: int = 5
    recent: float = 1.5
    same: float = 0.5
    pictures: float = 0.364
    unknown_frames: int = 8
    unknown_seconds: float = 1.0
    patience: float = 2.5

    def names(self, match: Match) -> str | None:
        """Return the resident that ``match`` names for certain, if any."""
        return match.resident if self.reaches(match) and self.is_clear(match) else None

    def reaches(self, match: Match) -> bool:
        """Whether the best resident is near enough to be that person. False for anything that is no number."""
        return match.resident is not None and isfinite(match.score) and match.score >= self.score

    def is_clear(self, match: Match) -> bool:
        """Whether no other resident is nearly as near. False for anything that is no number."""
        return match.runner_up is None or match.score - match.runner_up_score >= self.margin


@dataclass(frozen=True, slots=True)
class Sight:
    """What one frame says about one face.

    Exactly one of three: evidence (``vector`` and ``match``), a poor picture (``faults``), or a stage that failed
    (``failure``, its name). ``live`` and ``change`` are what ``core.liveness.Sign`` says of them, ``weight`` what
    ``core.evidence.weigh`` does.
    """

    at: float
    vector: Vector | None = None
    match: Match | None = None
    live: float | None = None
    change: float | None = None
    faults: tuple[Fault, ...] = ()
    failure: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict of recognition about one approach, before policy has its say."""

    verdict: Verdict
    reason: Reason
    resident: str | None = None
    match: Match | None = None
    liveness: LivenessEvidence | None = None


@dataclass(frozen=True, slots=True)
class Approach:
    """All that is known about one person who walks up.

    ``face``: how many times the track has changed its face. ``evidence``: the good frames in order. ``centre``: the
    sum of their vectors. ``poor``, ``failed``: how many other frames there were. ``challenge``: the movement that was
    asked for, if one was. ``outcome``: the verdict, once there is one.
    """

    since: float
    face: int = 0
    evidence: tuple[Sight, ...] = ()
    centre: Vector | None = None
    poor: int = 0
    failed: int = 0
    challenge: Challenge | None = None
    outcome: Outcome | None = None

    def saw(self, sight: Sight, thresholds: Thresholds) -> Approach:
        """Return the approach after one more frame; a new one if this frame shows another face."""
        if sight.failure:
            return replace(self, failed=self.failed + 1)
        if sight.faults:
            return replace(self, poor=self.poor + 1)
        if sight.vector is None or sight.match is None:
            return replace(self, failed=self.failed + 1)
        first = (replace(sight, change=None),)  # it was compared with nothing, or with somebody else's face
        if self.centre is None:
            return replace(self, evidence=first, centre=sight.vector)
        if _cosine(self.centre, sight.vector) < thresholds.same:
            return Approach(since=sight.at, face=self.face + 1, evidence=first, centre=sight.vector)
        evidence = (*self.evidence, sight)[-_KEPT:]
        return replace(self, evidence=evidence, centre=np.asarray(self.centre + sight.vector, dtype=np.float32))

    @property
    def changed(self) -> bool:
        """Whether the face has shown what a flat picture cannot."""
        return has_changed([sight.change for sight in self.evidence])

    def liveness(self, level: LivenessLevel) -> LivenessEvidence:
        """What the evidence says of life, in the terms of ``level``."""
        return judge(level, [Sign(sight.live, sight.change) for sight in self.evidence])

    def awaits_challenge(self, level: LivenessLevel, thresholds: Thresholds) -> bool:
        """Whether all is proved but the movement, and none was asked for yet."""
        if level is not LivenessLevel.CHALLENGE or self.challenge is not None or self.outcome is not None:
            return False
        if not self.evidence:
            return False
        found = vote(self.evidence, self.evidence[-1].at, thresholds)
        return found.resident is not None and _alive(self, found, level).passed

    def conclude(self, at: float, level: LivenessLevel, thresholds: Thresholds) -> Approach:
        """Return the approach with its outcome, if there is one by ``at``; what was decided once stays so."""
        if self.outcome is not None:
            return self
        found = vote(self.evidence, at, thresholds)
        live = _alive(self, found, level)
        outcome = _decide(self, at, found, live, thresholds)
        return replace(self, outcome=replace(outcome, liveness=live) if outcome else None)


_KEPT = 64
"""Frames of evidence that one approach keeps: 4 s at 15 frames a second, more than any patience needs."""


def _alive(approach: Approach, found: Vote[Sight], level: LivenessLevel) -> LivenessEvidence:
    """What all frames say of life; and if they say yes, what the very frames say that name somebody."""
    live = approach.liveness(level)
    if found.resident is None or not live.passed:
        return live
    # What changed is measured against the approach's first frame, and no longer once it was enough: it is one answer
    # of the run that all these frames belong to.
    return judge(level, [Sign(sight.live, live.change) for sight in found.named])


def _decide(
    approach: Approach, at: float, found: Vote[Sight], live: LivenessEvidence, thresholds: Thresholds
) -> Outcome | None:
    resident, best = found.resident, found.best
    if resident is not None and live.passed and (verdict := _proved(approach, live.level)) is not None:
        return Outcome(*verdict, resident, best)
    if approach.challenge is not None:
        # A face that turns is recognised less well for a moment: nothing but the challenge's own end ends it.
        lost = approach.challenge.refusal(at)
        return Outcome(Verdict.DENIED, lost, match=best) if lost else None
    spent = at - approach.since
    enough = len(approach.evidence) >= thresholds.unknown_frames and spent >= thresholds.unknown_seconds
    if enough and found.asked and not found.near:
        return Outcome(Verdict.DENIED, Reason.UNKNOWN_FACE, match=best)
    if spent < thresholds.patience:
        return None
    if resident is not None:
        return Outcome(Verdict.DENIED, live.refused or Reason.LIVENESS_MISSING, match=best)
    return Outcome(Verdict.DENIED, _without_evidence(approach, found, thresholds), match=best)


def _proved(approach: Approach, level: LivenessLevel) -> tuple[Verdict, Reason] | None:
    """What follows for a resident whose frames show life; ``None`` where the level asks for more."""
    if level is LivenessLevel.SECOND_FACTOR:
        return Verdict.DENIED, Reason.SECOND_FACTOR_MISSING
    if level is LivenessLevel.CHALLENGE and not (approach.challenge is not None and approach.challenge.met):
        return None
    return Verdict.GRANTED, Reason.RECOGNISED


def _without_evidence(approach: Approach, found: Vote[Sight], thresholds: Thresholds) -> Reason:
    """Why nobody could be named in time."""
    if len(approach.evidence) < thresholds.agree:
        if approach.failed:
            return Reason.FAULT
        return Reason.POOR_QUALITY if approach.poor else Reason.UNDECIDED
    near = [sight.match for sight in found.near if sight.match is not None]
    if not near:
        return Reason.UNKNOWN_FACE
    unclear = sum(not thresholds.is_clear(match) for match in near)
    rivals = len({match.resident for match in near}) > 1
    return Reason.AMBIGUOUS if rivals or 2 * unclear > len(near) else Reason.UNDECIDED


def _cosine(one: Vector, other: Vector) -> float:
    """Cosine; below every threshold where it is no number."""
    length = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    value = float(one @ other) / length if length > 0 else -1.0
    return value if isfinite(value) else -1.0
