"""The report of ``facegate evaluate``: how often recognition is right, for the owner of the pictures."""

from collections.abc import Mapping, Sequence

from facegate.core.evaluation import Figures, Report
from facegate.core.evaluation_liveness import LifeFigures
from facegate.core.false_opens import Goal, recommended
from facegate.core.statistics import Rate
from facegate.core.verification import Scores
from facegate.reports import svg
from facegate.reports.door import door
from facegate.reports.page import Page, Section, Table, Tile, Words, percent, rate_cells, render

FMRS = (1e-2, 1e-3, 1e-4)
"""The rates of false matches at which the rate of right ones is asked for."""

MOST_PEOPLE = 30
"""The least certain people that are listed."""

_RATE_HEAD = ("rate", "counted", "interval")


def report(found: Report, life: Sequence[LifeFigures], goal: Goal, *, residents: int, language: str, made: str) -> str:
    """Return the report as HTML. ``residents``: of the site it shall speak for. ``made``: when, as it is printed."""
    words = Words(language)
    threshold = found.thresholds.score
    sections = [
        _overview(found, words),
        door(threshold, residents, goal, found.reference, words),
        _distributions(found.scores, threshold, words),
        _verification(found.scores, threshold, recommended(goal, residents, found.reference), words),
        _open_set(found, words),
        *_groups(found, words),
        _alike(found, words),
        _margins(found, words),
        _liveness(life, words),
        *_refusals(found, words),
        Section(words("limits"), (words("evaluation_limits"), words("reference_limits"), words("approach_limits"))),
    ]
    page = Page(
        title=words("evaluation_title"),
        about=words(
            "evaluation_about",
            residents=found.residents,
            templates=found.templates,
            threshold=f"{threshold:.2f}",
            margin=f"{found.thresholds.margin:.2f}",
        ),
        tiles=_tiles(found.overall, words),
        sections=sections,
        foot=(
            words("personal"),
            words("made", made=made, command="facegate evaluate MANIFEST.csv --report FILE.html"),
        ),
    )
    return render(page, language)


def verification(scores: Scores) -> Mapping[str, tuple[float | None, Rate]]:
    """By rate of false matches (``eer`` and FMRS): the threshold that keeps to it, and the right matches there."""
    by_fmr = {f"{fmr:g}": scores.threshold_at(fmr) for fmr in FMRS}
    return {key: (at, Rate(0, 0) if at is None else scores.matches(at)) for key, at in by_fmr.items()}


def _tiles(figures: Figures, words: Words) -> list[Tile]:
    def tile(rate: Rate, says: str) -> Tile:
        if rate.value is None:
            return Tile("–", words(says))
        most = words("at_most", rate=percent(rate.interval[1]))
        return Tile(words("count", count=rate.count, of=rate.of), f"{words(says)} {most}", _tone(rate))

    def _tone(rate: Rate) -> str:
        return "good" if rate.count == 0 else "bad"

    missed = figures.fnir
    return [
        tile(figures.fpir, "tile_strangers"),
        tile(figures.misnamed, "tile_misnamed"),
        Tile(
            words("count", count=missed.count, of=missed.of) if missed.of else "–",
            f"{words('tile_missed')} {words('at_most', rate=percent(missed.interval[1]))}",
        ),
    ]


def _overview(found: Report, words: Words) -> Section:
    figures = found.overall
    rates = {
        "f_rank1": figures.rank1,
        "f_fnir": figures.fnir,
        "f_misnamed": figures.misnamed,
        "f_fpir": figures.fpir,
        "f_fmr": figures.matches,
        "f_noface": found.noface,
        "f_reject": found.enrol_reject,
    }
    rows = [(words(key), *rate_cells(rate, words)) for key, rate in rates.items() if rate.of]
    return Section(words("overview"), (words("overview_means"),), table=_table("figure", rows, words))


def _distributions(scores: Scores, threshold: float, words: Words) -> Section:
    said = {"threshold": words("threshold"), "genuine": words("same_person"), "impostor": words("two_people"),
            "across": words("similarity"), "up": words("share"), "title": words("distributions")}  # fmt: skip
    return Section(
        words("distributions"),
        (words("distributions_mean"),),
        svg.histogram(scores.genuine, scores.impostor, threshold, said),
    )


def _verification(scores: Scores, threshold: float, best: float | None, words: Words) -> Section:
    error = scores.equal_error()
    rows = []
    for fmr, (at, rate) in verification(scores).items():
        rows.append((words("tar_at", fmr=percent(float(fmr))), "–" if at is None else f"{at:.3f}",
                     *rate_cells(rate, words)))  # fmt: skip
    rows.append((words("tar_here"), f"{threshold:.3f}", *rate_cells(scores.matches(threshold), words)))
    if best is not None and best > threshold:
        rows.append((words("tar_raised"), f"{best:.3f}", *rate_cells(scores.matches(best), words)))
    rows.append((words("far_here"), f"{threshold:.3f}", *rate_cells(scores.false_matches(threshold), words)))
    here = (scores.false_matches(threshold).value, scores.matches(threshold).value)
    marked = None if here[0] is None or here[1] is None else (here[0], 1 - here[1])
    said = {"across": words("det_across"), "up": words("det_up"), "title": words("det"),
            "marked": words("marked", threshold=f"{threshold:.2f}")}  # fmt: skip
    means = words("det_means") if error is None else words("det_eer", eer=percent(error[0]), at=f"{error[1]:.3f}")
    return Section(
        words("det"),
        (means, words("det_scale")),
        svg.tradeoff(scores.tradeoff(), said, marked) if scores.tradeoff() else "",
        Table((words("figure"), words("threshold"), *(words(key) for key in _RATE_HEAD)), rows),
    )


def _open_set(found: Report, words: Words) -> Section:
    figures = found.overall
    missed = {fpir: Rate(rate.of - rate.count, rate.of) for fpir, rate in figures.tpir.items()}
    rows = [(words("fnir_at", fpir=percent(fpir)), *rate_cells(rate, words)) for fpir, rate in missed.items()]
    said = {"across": words("open_across"), "up": words("open_up"), "title": words("open_set"),
            "marked": words("marked", threshold=f"{found.thresholds.score:.2f}")}  # fmt: skip
    if not found.open_set:
        return Section(words("open_set"), (words("open_none"),))
    marked = (figures.fpir.value or 0.0, figures.fnir.value or 0.0)
    plot = svg.tradeoff(found.open_set, said, marked)
    return Section(words("open_set"), (words("open_means"),), plot, _table("figure", rows, words))


def _groups(found: Report, words: Words) -> list[Section]:
    if not found.groups:
        return []
    rows = []
    for group, figures in found.groups.items():
        rates = {"f_rank1": figures.rank1, "f_fnir": figures.fnir, "f_fpir": figures.fpir,
                 "f_pairs": found.pairs[group].impostor}  # fmt: skip
        rows += [(f"{group}: {words(key)}", *rate_cells(rate, words)) for key, rate in rates.items() if rate.of]
    return [Section(words("groups"), (words("groups_mean"),), table=_table("figure", rows, words))]


def _alike(found: Report, words: Words) -> Section:
    enrolled, threshold = found.enrolled, found.thresholds.score
    if enrolled.ceiling is None:
        return Section(words("alike"), (words("alike_nobody"),))
    over = sum(pair.score >= threshold for pair in enrolled.pairs)
    said = (
        words("alike_some", count=over, compared=enrolled.compared)
        if over
        else words("alike_none", compared=enrolled.compared, threshold=f"{threshold:.2f}")
    )
    rows = [(words("pair_of", one=pair.one, other=pair.other), f"{pair.score:.2f}") for pair in enrolled.pairs[:10]]
    return Section(words("alike"), (said,), table=Table((words("pair"), words("similarity")), rows))


def _margins(found: Report, words: Words) -> Section:
    rows = [
        (margin.identity, str(margin.probes), f"{margin.lowest:.2f}", f"{margin.lead:+.2f}")
        for margin in found.margins[:MOST_PEOPLE]
    ]
    head = tuple(words(key) for key in ("resident", "probes", "probe_lowest", "lead"))
    text = words("margins_mean", shown=len(rows), of=len(found.margins))
    return Section(words("margins"), (text,), table=Table(head, rows) if rows else None)


def _liveness(life: Sequence[LifeFigures], words: Words) -> Section:
    if not life:
        return Section(words("liveness"), (words("liveness_none"),))
    rows = []
    for figures in life:
        what = words("attack", kind=figures.kind or figures.role) if figures.attack else words("living")
        what = words("close_crops", what=what) if figures.role.endswith("_crop") else what
        error = "APCER" if figures.attack else "BPCER"
        rates = {"by_frame": figures.frames, "by_sequence": figures.sequences, "silent": figures.silent}
        for key, rate in rates.items():
            name = f"{what}: {words(key)}" if key == "silent" else f"{what}: {error}, {words(key)}"
            if rate.of:
                rows.append((name, *rate_cells(rate, words)))
    return Section(words("liveness"), (words("liveness_means"),), table=_table("figure", rows, words))


def _refusals(found: Report, words: Words) -> list[Section]:
    rows = [(role, reason, str(count)) for role, reasons in found.refusals.items() for reason, count in reasons.items()]
    if not rows:
        return []
    head = (words("role"), words("why"), words("counted"))
    return [Section(words("refusals"), (words("refusals_mean"),), table=Table(head, rows))]


def _table(first: str, rows: Sequence[tuple[str, ...]], words: Words) -> Table:
    return Table((words(first), *(words(key) for key in _RATE_HEAD)), rows)
