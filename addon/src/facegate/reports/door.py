"""What a threshold means at this door: the formula with its numbers, and the same at other thresholds."""

from typing import Final

from facegate.core.false_opens import DAYS_A_YEAR, HIGHEST, SAME_SEX, Goal, Reference, false_opens, fpir, recommended
from facegate.reports.page import Section, Table, Words, number, percent, yearly

_SHOWN: Final = tuple(hundredths / 100 for hundredths in range(45, 75, 5))


def door(threshold: float, residents: int, goal: Goal, reference: Reference, words: Words) -> Section:
    """Say how many strangers a year are let in at ``threshold``, and which threshold would keep to the goal."""
    strangers = goal.strangers_per_day
    fmr, chance = reference.fmr(threshold), fpir(threshold, residents, reference)
    expected = false_opens(threshold, residents, strangers, reference)
    best = recommended(goal, residents, reference)
    said = {"residents": residents, "strangers": number(strangers), "opens": number(goal.false_opens_per_year)}
    advice = (
        words("door_none", highest=f"{HIGHEST:.2f}", **said)
        if best is None
        else words("door_enough", threshold=f"{threshold:.2f}", least=f"{best:.2f}", **said)
        if best <= threshold
        else words("door_raise", threshold=f"{threshold:.2f}", least=f"{best:.2f}", **said)
    )
    basis = words("door_source", source=source(reference, words), pairs=f"{reference.pairs:,}", people=reference.people)
    return Section(
        heading=words("door"),
        words=(
            words("door_means", expected=yearly(expected, words), threshold=f"{threshold:.2f}", **said),
            advice,
            basis,
        ),
        formula=(
            f"FPIR ≈ N × FMR = {residents} × {percent(fmr.value)} ≈ {percent(chance.value)}",
            words(
                "door_formula",
                strangers=number(strangers), days=DAYS_A_YEAR, fpir=percent(chance.value),
                expected=number(expected.value),
            ),
        ),
        table=Table(
            (words("threshold"), "FMR", "FPIR", words("yearly")),
            [_row(at, residents, strangers, reference, words) for at in sorted({*_SHOWN, round(threshold, 2)})],
        ),
    )  # fmt: skip


def source(reference: Reference, words: Words) -> str:
    """Where the reference comes from."""
    return words("source_shipped") if reference is SAME_SEX else words("source_here")


def _row(
    threshold: float, residents: int, strangers: float, reference: Reference, words: Words
) -> tuple[str, str, str, str]:
    fmr, chance = reference.fmr(threshold), fpir(threshold, residents, reference)
    opens = yearly(false_opens(threshold, residents, strangers, reference), words)
    return f"{threshold:.2f}", percent(fmr.value), percent(chance.value), opens
