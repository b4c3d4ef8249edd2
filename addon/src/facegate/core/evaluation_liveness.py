"""How often the model and its weighing take a picture of a face for a face, and a face for a picture of one.

The words are those of ISO/IEC 30107-3: APCER, attacks let through, for each kind of attack; BPCER, living people
refused; non-response, where no frame was good enough to be asked about. Both are counted for single frames and for
sequences: the frames of one person, or one attack on that person, judged by their median as at the gate. What changes
between frames is not asked here, since a manifest's pictures may lie seconds apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from facegate.core.liveness import LEAST_FRAMES, LIVE_AT
from facegate.core.statistics import Rate

LIVE, SPOOF = "live", "spoof"
LIVE_CROP, SPOOF_CROP = "live_crop", "spoof_crop"
"""Pictures cut close to the face, of which the product says nothing; counted apart."""

ROLES = frozenset({LIVE, SPOOF, LIVE_CROP, SPOOF_CROP})
_ATTACKS = frozenset({SPOOF, SPOOF_CROP})


@dataclass(frozen=True, slots=True)
class LifeSample:
    """What the product made of one picture. ``kind``: the manifest's group, for an attack its kind.

    ``live``: the weighed answer; ``None`` with ``refused``, the reasons, where the picture is not asked about.
    """

    file: str
    identity: str
    role: str
    kind: str = ""
    live: float | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LifeFigures:
    """Errors among the pictures of one role and kind; an error is an attack accepted or a living person refused.

    ``moment``: sequences in which a gate, which asks after each frame, would have let the attack in at some moment,
    whichever frame it began with; or the living person at none, from the first frame on. ``silent``: pictures without
    an answer.
    """

    role: str
    kind: str
    people: int
    frames: Rate
    sequences: Rate
    moment: Rate
    silent: Rate

    @property
    def attack(self) -> bool:
        """Whether these are attacks: the rates are APCER then, else BPCER."""
        return self.role in _ATTACKS


def evaluate_liveness(samples: Iterable[LifeSample]) -> list[LifeFigures]:
    """Return the figures by role and kind of attack; the order of the samples is that of the frames."""
    wanted = [sample for sample in samples if sample.role in ROLES]
    names = sorted({(sample.role, _kind(sample)) for sample in wanted})
    return [_figures(role, kind, [s for s in wanted if (s.role, _kind(s)) == (role, kind)]) for role, kind in names]


def _kind(sample: LifeSample) -> str:
    """The kind of attack; living people are one kind."""
    return sample.kind if sample.role in _ATTACKS else ""


def _figures(role: str, kind: str, samples: Sequence[LifeSample]) -> LifeFigures:
    by_person = groupby(sorted(samples, key=_whose), key=_whose)
    sequences = [[s.live for s in group if s.live is not None] for _, group in by_person]
    enough = [frames for frames in sequences if len(frames) >= LEAST_FRAMES]
    answers = [live for frames in sequences for live in frames]
    attack = role in _ATTACKS

    def wrong(accepted: Iterable[bool]) -> int:
        return sum(one is attack for one in accepted)

    return LifeFigures(
        role=role,
        kind=kind,
        people=len(sequences),
        frames=Rate(wrong(live >= LIVE_AT for live in answers), len(answers)),
        sequences=Rate(wrong(median(frames) >= LIVE_AT for frames in enough), len(enough)),
        moment=Rate(wrong(_passes(frames, anywhere=attack) for frames in enough), len(enough)),
        silent=Rate(len(samples) - len(answers), len(samples)),
    )


def _whose(sample: LifeSample) -> str:
    return sample.identity or sample.file


def _passes(frames: Sequence[float], *, anywhere: bool) -> bool:
    """Whether the median reaches the boundary at some moment, beginning with the first frame or with any."""
    begins = range(len(frames) - LEAST_FRAMES + 1) if anywhere else (0,)
    spans = ((begin, end) for begin in begins for end in range(begin + LEAST_FRAMES, len(frames) + 1))
    return any(median(frames[begin:end]) >= LIVE_AT for begin, end in spans)
