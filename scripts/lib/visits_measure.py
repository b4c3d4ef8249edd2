"""Several templates and several frames: whole visits by the product's own session rule, by person.

The stills of one person stand for the moments of a visit: each is held for as many frames as must agree, as somebody
at a gate stands still for a fifth of a second. What follows is decided by ``core.session`` as at a gate, with nothing
asked of life, since stills cannot show any.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from measure_table import Measure, at_most, none_of, notes, rate_of
from rich.progress import track

from facegate.cli.manifest import Row, read_manifest
from facegate.core.evaluation import ENROL, PROBE
from facegate.core.evidence import weigh
from facegate.core.matching import Gallery
from facegate.core.models import LivenessLevel, Template, Vector, Verdict
from facegate.core.quality import GATE, Quality, assess, foremost
from facegate.core.session import Approach, Outcome, Sight, Thresholds
from facegate.core.statistics import Rate
from facegate.residents.picture import judge_face
from facegate.vision import Models, chips
from facegate.vision.errors import PictureError
from facegate.vision.pictures import read_picture

CAMERAS = ("casia", "nuaa")
"""The groups whose pictures were taken by a camera at arm's length; the others are pictures from the web."""

RULES = Thresholds()
SEVERAL = 2
"""Templates that a person must have, and as many pictures are given to enrolment."""

MOMENTS = 3
"""Stills in one visit."""

_FPS = 15
_TWINS = 10
"""Pairs of the most alike idols that are enrolled together."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture, once as a frame of a gate and once as one given to enrolment; ``None`` where it is refused."""

    row: Row
    frame: tuple[Vector, Quality] | None = None
    template: Template | None = None


def measures(models: Models, data: Path) -> Iterator[Measure]:
    """Camera pictures, web pictures, and look-alikes who are enrolled together."""
    rows = [row for row in read_manifest(data / "groups-dev" / "manifest.csv") if row.role in (ENROL, PROBE)]
    seen = [_see(models, row) for row in track(rows, description="visits", console=notes, transient=True)]
    groups = sorted({row.group for row in rows})
    people = {group: _people([s for s in seen if s.row.group == group]) for group in groups}
    yield from _cameras(people)
    for group in groups:
        if group not in CAMERAS and _visits(people[group]):
            yield from _manifest(f"visits, group {group}", people[group], _gallery(people), asked=False)
    yield from _look_alikes(people["kr_idol"])


def _cameras(people: Mapping[str, Mapping[str, list[Seen]]]) -> Iterator[Measure]:
    """What the manifest enrols against the rest; every other choice of templates; and everybody as a stranger."""
    own = {who: seen for group in CAMERAS for who, seen in people[group].items()}
    part = f"visits on camera pictures ({', '.join(CAMERAS)})"
    everybody = _gallery(people)
    yield from _manifest(part, own, everybody, asked=True)
    known = [(who, frames) for who, frames in _visits(own) if len(_templates(own[who])) >= SEVERAL]
    strict = rate_of(not _is(_visit(frames, everybody, held=1), who) for who, frames in known)
    yield Measure(part, "the same, each moment one frame, so that all three must agree", strict)
    missed, wrong = [], []
    for who, seen in own.items():
        for chosen in combinations(seen[:5], SEVERAL):  # 5: as many as most have; nuaa has up to 11 of one sitting
            templates = [s.template for s in chosen if s.template is not None]
            rest = [s for s in seen if s not in chosen]
            if len(templates) < SEVERAL or len(rest) < MOMENTS:
                continue
            outcome = _visit(rest[:MOMENTS], Gallery([*_everybody_but(who, people), *templates]))
            missed.append(not _is(outcome, who))
            wrong.append(outcome is not None and outcome.resident not in (None, who))
    name = "residents refused (FNIR), every choice of two templates"
    yield at_most(part, name, rate_of(missed), 0.02, "2 %")
    yield none_of(part, "residents taken for somebody else, every choice of two templates", rate_of(wrong))
    strangers = [_visit(frames, Gallery(_everybody_but(who, people))) for who, frames in _visits(own)]
    yield none_of(part, "strangers let in (everybody but them enrolled)", rate_of(_opens(o) for o in strangers))


def _manifest(part: str, own: Mapping[str, list[Seen]], gallery: Gallery, *, asked: bool) -> Iterator[Measure]:
    without = [who for who, seen in own.items() if len(_templates(seen)) < SEVERAL]
    yield Measure(part, "people of whom enrolment refuses a picture", Rate(len(without), len(own)))
    visits = [(who, _visit(frames, gallery)) for who, frames in _visits(own) if who not in without]
    if not visits:
        return
    name = f"residents refused (FNIR), {SEVERAL} templates, {MOMENTS} moments"
    missed = rate_of(not _is(outcome, who) for who, outcome in visits)
    yield at_most(part, name, missed, 0.02, "2 %") if asked else Measure(part, name, missed)
    wrong = rate_of(outcome is not None and outcome.resident not in (None, who) for who, outcome in visits)
    yield none_of(part, "residents taken for somebody else", wrong)


def _look_alikes(idols: Mapping[str, list[Seen]]) -> Iterator[Measure]:
    """The most alike pairs, each enrolled alone with the other, at a threshold that they reach with each other."""
    templates = {who: _templates(seen) for who, seen in idols.items()}
    alike = {
        pair: max(float(a.vector @ b.vector) for a in templates[pair[0]] for b in templates[pair[1]])
        for pair in combinations([who for who, own in templates.items() if own], 2)
    }
    twins = sorted(alike, key=alike.__getitem__, reverse=True)[:_TWINS]
    said = ", ".join(f"{alike[pair]:.2f}" for pair in twins)
    part = f"the {len(twins)} most alike pairs of idols, cosines {said}, each at a threshold just below its own"
    for margin in (0.0, RULES.margin):
        right, wrong, misnamed = [], [], []
        for pair in twins:
            gallery = Gallery([template for who in pair for template in templates[who]])
            rules = replace(RULES, score=alike[pair] - 0.005, margin=margin)
            for who, frames in _visits({who: idols[who] for who in pair}):
                outcome = _visit(frames, gallery, rules=rules)
                right.append(_is(outcome, who))
                wrong.append(_opens(outcome) and not right[-1])
                seen = [gallery.match(one.frame[0]) for one in frames if one.frame is not None]
                misnamed += [rules.names(match) not in (None, who) for match in seen]
        name = f"margin {margin:.2f}"
        asked = none_of if margin else Measure
        yield Measure(part, f"{name}: single frames named as the other", rate_of(misnamed))
        yield asked(part, f"{name}: visits opened as the other", rate_of(wrong))
        yield Measure(part, f"{name}: visits opened as themself", rate_of(right))


def _see(models: Models, row: Row) -> Seen:
    try:
        image = read_picture(row.path)
    except PictureError:
        return Seen(row)
    face = foremost(models.detector.detect(image), image.shape)
    if face is None:
        return Seen(row)
    chip = chips.cut(image, face.landmarks)
    quality = assess(face, chip, image.shape, GATE)
    frame = (models.embedder.embed(chip[None])[0], quality) if quality.good else None
    vector = judge_face(models, image, face).vector
    template = None if vector is None else Template(row.file, row.identity, models.embedder.model, vector)
    return Seen(row, frame, template)


def _people(seen: Sequence[Seen]) -> dict[str, list[Seen]]:
    """Everybody's pictures, those to enrol first."""
    people: dict[str, list[Seen]] = defaultdict(list)
    for one in sorted(seen, key=lambda s: (s.row.role != ENROL, s.row.file)):
        people[one.row.identity].append(one)
    return people


def _templates(seen: Sequence[Seen]) -> list[Template]:
    return [s.template for s in seen if s.row.role == ENROL and s.template is not None]


def _everybody_but(who: str, people: Mapping[str, Mapping[str, list[Seen]]]) -> list[Template]:
    """The templates of all others."""
    return [t for own in people.values() for other, seen in own.items() if other != who for t in _templates(seen)]


def _gallery(people: Mapping[str, Mapping[str, list[Seen]]]) -> Gallery:
    return Gallery(_everybody_but("", people))


def _visits(people: Mapping[str, list[Seen]]) -> list[tuple[str, list[Seen]]]:
    """So many probes at a time; what is left over is no visit."""
    visits = []
    for who, seen in people.items():
        probes = [s for s in seen if s.row.role == PROBE]
        visits += [(who, probes[n : n + MOMENTS]) for n in range(0, len(probes) - MOMENTS + 1, MOMENTS)]
    return visits


def _visit(
    moments: Sequence[Seen], gallery: Gallery, *, held: int = RULES.agree, rules: Thresholds = RULES
) -> Outcome | None:
    """What a gate decides; once it has let somebody in, what follows changes nothing."""
    approach = Approach(since=0.0)
    for number, seen in enumerate(one for one in moments for _ in range(held)):
        at = number / _FPS
        approach = approach.saw(_sight(seen, at, gallery), rules).conclude(at, LivenessLevel.OFF, rules)
        if _opens(approach.outcome):
            break
    return approach.outcome


def _sight(seen: Seen, at: float, gallery: Gallery) -> Sight:
    if seen.frame is None:
        return Sight(at, failure="detect")
    vector, quality = seen.frame
    return Sight(at, vector=vector, match=gallery.match(vector), weight=weigh(quality))


def _opens(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.verdict is Verdict.GRANTED


def _is(outcome: Outcome | None, who: str) -> bool:
    return outcome is not None and _opens(outcome) and outcome.resident == who
