"""The calibration report of a site: who looks like whom, who is recognised how surely, what the threshold means."""

from facegate.core.calibration import Calibration, OwnScores
from facegate.core.false_opens import SAME_SEX, Goal
from facegate.reports.door import door
from facegate.reports.page import Page, Section, Table, Tile, Words, number, render, yearly


def report(calibration: Calibration, goal: Goal, language: str, made: str) -> str:
    """Return the report as HTML. ``made``: when, as it shall be printed."""
    words = Words(language)
    return render(_page(calibration, goal, words, made), language)


def _page(calibration: Calibration, goal: Goal, words: Words, made: str) -> Page:
    threshold = calibration.rule.threshold
    sections = [
        door(threshold, calibration.residents, goal, SAME_SEX, words),
        _alike(calibration, words),
        _people(calibration, words),
        Section(words("limits"), (words("calibration_limits"), words("reference_limits"), words("approach_limits"))),
    ]
    if calibration.rule.reason:
        sections.insert(1, Section(words("reason"), (words("reason_kept", reason=calibration.rule.reason),)))
    return Page(
        title=words("calibration_title"),
        about=words(
            "calibration_about",
            residents=calibration.residents,
            templates=calibration.templates,
            threshold=f"{threshold:.2f}",
            margin=f"{calibration.rule.thresholds.margin:.2f}",
        ),
        tiles=_tiles(calibration, goal, words),
        sections=sections,
        foot=(words("personal"), words("made", made=made, command="facegate calibrate --report FILE.html")),
    )


def _tiles(calibration: Calibration, goal: Goal, words: Words) -> list[Tile]:
    expected = calibration.expected(goal.strangers_per_day)
    ceiling, threshold = calibration.ceiling, calibration.rule.threshold
    confused = sum(pair.score >= threshold for pair in calibration.pairs)
    return [
        Tile(
            yearly(expected, words),
            words("tile_yearly", strangers=number(goal.strangers_per_day)),
            "good" if expected.value <= goal.false_opens_per_year else "bad",
        ),
        Tile(
            "–" if ceiling is None else f"{ceiling:.2f}",
            words("tile_ceiling", threshold=f"{threshold:.2f}"),
            "idle" if ceiling is None else "bad" if confused else "good",
        ),
        Tile(
            str(sum(person.templates == 1 for person in calibration.people)),
            words("tile_single"),
            "idle",
        ),
    ]


def _alike(calibration: Calibration, words: Words) -> Section:
    threshold = calibration.rule.threshold
    over = [pair for pair in calibration.pairs if pair.score >= threshold]
    if not calibration.pairs:
        return Section(words("alike"), (words("alike_nobody"),))
    return Section(
        heading=words("alike"),
        words=(
            words("alike_some", count=len(over), compared=calibration.compared)
            if over
            else words("alike_none", compared=calibration.compared, threshold=f"{threshold:.2f}"),
        ),
        table=Table(
            (words("pair"), words("similarity"), words("judgement")),
            [
                (
                    words("pair_of", one=pair.one, other=pair.other),
                    f"{pair.score:.2f}",
                    words("alike_over") if pair.score >= threshold else words("alike_under"),
                )
                for pair in calibration.pairs
            ],
        ),
    )


def _people(calibration: Calibration, words: Words) -> Section:
    head = ("resident", "templates", "own_lowest", "own_middle", "nearest", "lead")
    return Section(
        heading=words("people"),
        words=(words("people_means"), words("people_single")),
        table=Table(tuple(words(key) for key in head), [_person(person, words) for person in calibration.people]),
    )


def _person(person: OwnScores, words: Words) -> tuple[str, ...]:
    scores = (person.lowest, person.middle, person.nearest, person.margin)
    return (
        person.name,
        str(person.templates),
        *(words("not_known") if score is None else f"{score:.2f}" for score in scores),
    )
