"""``scripts/measure unlinkability``: what two sites' stolen, unsealed templates tell about who lives at both.

Real faces of LFW, two pictures of each person: one is enrolled at one site, the other at another. Every seal is taken
as broken, so that what is measured is the turning alone (``core/rotation.py``). The page is
docs/measurements/unlinkability.md.
"""

import argparse
import hashlib
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measure_table import find_data, notes
from numpy.typing import NDArray

from facegate.cli.manifest import look_at, read_manifest
from facegate.core.evaluation import ENROL, PROBE
from facegate.core.rotation import rotation, turn
from facegate.core.statistics import Rate
from facegate.settings import default_models, make_settings
from facegate.vision import load

PAGE = Path("docs/measurements/unlinkability.md")
SITES = 200
"""Pairs of sites, each with keys of its own: a person's two templates are compared across each."""
KNOWN = (1, 2, 4, 8, 16, 32)
"""How many people the attacker knows to be at both sites."""
DRAWS = 20
"""How often whom the attacker knows is drawn anew."""

type Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the ROC curve, with its 95 % interval by resampling people."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} – {self.high:.4f})"


def main() -> int:
    """Measure and write the page."""
    argparse.ArgumentParser(prog="scripts/measure unlinkability", description=__doc__).parse_args()
    data = find_data()
    if data is None:
        print(
            "There is no test data: put gate-dev into ../shared/data, or name its parent in FACEGATE_DATA.",
            file=sys.stderr,
        )
        return 2
    models = load(make_settings({}, data=Path(os.devnull), models=default_models()))
    rows = [row for row in read_manifest(data / "gate-dev" / "manifest.csv") if row.role in (ENROL, PROBE)]
    pictures: dict[str, list[Rows]] = defaultdict(list)
    for sample in look_at(models, [row for row in rows if row.file.startswith("lfw/")]).samples:
        if sample.vectors:
            pictures[sample.identity].append(sample.vectors[0].astype(np.float64))
    pairs = [(found[0], found[1]) for found in pictures.values() if len(found) > 1]
    one, other = np.stack([a for a, _ in pairs]), np.stack([b for _, b in pairs])
    notes.print(f"{len(pairs)} people with two pictures")
    model = models.embedder.model
    single = across(one, other, model)
    PAGE.write_text(
        page(len(pairs), model, single, linked(one, other, model), linked(one, one, model)), encoding="utf-8"
    )
    print(f"{PAGE}: across sites {single[1]}")
    return 0 if single[1].low <= 0.5 <= single[1].high else 1


def key(site: int) -> bytes:
    """A site's secret, the same in every run."""
    return hashlib.sha256(f"site {site}".encode()).digest()


def at_site(vectors: Rows, site: int, model: str) -> Rows:
    """The vectors as a site keeps them."""
    matrix = rotation(key(site), model, vectors.shape[1])
    return np.stack([turn(matrix, vector.astype(np.float32)) for vector in vectors]).astype(np.float64)


def across(one: Rows, other: Rows, model: str) -> tuple[Auc, Auc, Auc]:
    """AUC at one site, across two, and across two by the cosine's size without its sign."""
    chance = np.random.default_rng(20261122)
    here = one @ other.T
    mated, strange = [], []
    for number in range(SITES):
        cosines = at_site(one, 2 * number, model) @ at_site(other, 2 * number + 1, model).T
        mated.append(np.diag(cosines))
        # One stranger for each person and pair of sites, so that both kinds are as many.
        strange.append(cosines[np.arange(len(one)), (np.arange(len(one)) + chance.integers(1, len(one))) % len(one)])
    far = here[~np.eye(len(one), dtype=bool)].reshape(len(one), -1)
    return (
        auc(np.diag(here)[:, None], far, chance),
        auc(np.stack(mated, 1), np.stack(strange, 1), chance),
        auc(np.abs(np.stack(mated, 1)), np.abs(np.stack(strange, 1)), chance),
    )


def auc(mated: Rows, strange: Rows, chance: np.random.Generator, draws: int = 400) -> Auc:
    """Rows are people; both of a person's rows are drawn together."""
    values = [_area(mated.ravel(), strange.ravel())]
    for _ in range(draws):
        drawn = chance.integers(0, len(mated), len(mated))
        values.append(_area(mated[drawn].ravel(), strange[drawn].ravel()))
    return Auc(values[0], *(float(q) for q in np.quantile(values[1:], (0.025, 0.975))))


def _area(mated: Rows, strange: Rows) -> float:
    """How often somebody's own score is above a stranger's (Mann and Whitney)."""
    ordered = np.sort(strange)
    below = np.searchsorted(ordered, mated, "left") + np.searchsorted(ordered, mated, "right")
    return float(below.mean() / 2 / len(ordered))


def linked(one: Rows, other: Rows, model: str) -> list[tuple[int, Rate, Rate]]:
    """Who holds both whole galleries and knows ``known`` people at both: how many of the others are found first.

    By the cosines to the known ones, which turning leaves as they are, and by the turning that fits the known ones
    best (orthogonal Procrustes).
    """
    chance = np.random.default_rng(1)
    here, there = at_site(one, 1, model), at_site(other, 2, model)
    found = []
    for known in KNOWN:
        hits: dict[Callable[[Rows, Rows, Sequence[int]], Rows], list[bool]] = {_by_cosines: [], _by_turning: []}
        for _ in range(DRAWS):
            anchors = chance.permutation(len(one))[:known]
            rest = np.setdiff1d(np.arange(len(one)), anchors)
            for attack, right in hits.items():
                scores = attack(here, there, anchors)[np.ix_(rest, rest)]
                right.extend((scores.argmax(axis=1) == np.arange(len(rest))).tolist())
        found.append((known, *(Rate(sum(right), len(right)) for right in hits.values())))
    return found


def _by_cosines(here: Rows, there: Rows, anchors: Sequence[int]) -> Rows:
    return _alike(here @ here[anchors].T, there @ there[anchors].T)


def _by_turning(here: Rows, there: Rows, anchors: Sequence[int]) -> Rows:
    # Only the plane of the known ones is fitted; the rest of the space is not known, and left out.
    u, size, v = np.linalg.svd(here[anchors].T @ there[anchors])
    kept = size > 1e-9 * size[0]
    return (here @ u[:, : len(size)][:, kept]) @ (v[: len(size)][kept] @ there.T)


def _alike(a: Rows, b: Rows) -> Rows:
    """Nearness of profiles."""
    return -((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)


def page(
    people: int,
    model: str,
    single: tuple[Auc, Auc, Auc],
    others: list[tuple[int, Rate, Rate]],
    same: list[tuple[int, Rate, Rate]],
) -> str:
    """The page."""
    rows = "\n".join(
        f"| {known} | {_cell(a)} | {_cell(b)} | {_cell(c)} | {_cell(d)} | {1 / (people - known):.1%} |"
        for (known, a, b), (_, c, d) in zip(others, same, strict=True)
    )
    return _PAGE.format(
        people=people,
        model=model,
        sites=SITES,
        draws=DRAWS,
        here=single[0],
        across=single[1],
        size=single[2],
        rows=rows,
    )


def _cell(rate: Rate) -> str:
    return f"{rate.value:.1%}" if rate.value is not None else "–"


_PAGE = """\
# What two sites' templates tell about who lives at both

    scripts/measure unlinkability

takes every seal as broken and looks at templates as two sites keep them: turned by a secret of each
([`core/rotation.py`](../../addon/src/facegate/core/rotation.py)). {people} people of LFW with two pictures each, one
at each site, embedded by {model}; {sites} pairs of sites, each with secrets of its own; 95 % intervals by resampling
people.

## One template from each site

How well a cosine tells the same person from another one, as the area under the ROC curve (1: always; 0.5: no better
than a coin):

| Compared | AUC |
|---|---|
| two pictures at one site | {here} |
| one picture at each of two sites | {across} |
| the same, by the cosine's size alone | {size} |

Who holds one template of each site cannot tell whether both are of the same person. The interval has to hold 0.5, or
the command fails.

## Both whole galleries, and some people known to be in both

Turning leaves all cosines within a gallery as they are: that is what makes it match. So a gallery has a shape, and
two galleries of the same people have much the same shape. Whoever has stolen *and unsealed* both, and knows some
people to be in both, finds the others by how near they are to those: by their cosines to the known ones, or by the
turning that fits the known ones best (Procrustes). Found as the nearest of all who are left, over {draws} draws of
whom they know:

| Known | other pictures: by cosines | by turning | the very same pictures: by cosines | by turning | by chance |
|---|---|---|---|---|---|
{rows}

So turning hides who somebody is as long as one template, or one gallery without a second, is all there is. It is no
wall around two whole galleries that share pictures or many people; the sealing is. Renewing turns all templates by a
new secret: what was copied before matches none of them by itself, and together with the renewed gallery of the same
people it is linked as the table says of the very same pictures.
"""


if __name__ == "__main__":
    sys.exit(main())
