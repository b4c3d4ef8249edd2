"""The result sheet of an installer's walk: one HTML file to print and sign, and the same as plain text."""

from datetime import UTC, datetime

from facegate.core.boards import FEATURES
from facegate.core.commissioning import OFFLINE
from facegate.core.commissioning_sheet import MISSING, UNNAMED, Sheet
from facegate.core.commissioning_steps import StepState, steps
from facegate.reports.page import Page, Section, Table, Tile, Words, render


def sheet_html(sheet: Sheet, language: str) -> str:
    """Return the sheet as one HTML file."""
    return render(sheet_page(sheet, language), language)


def sheet_text(sheet: Sheet, language: str) -> str:
    """Return the sheet as plain text."""
    page = sheet_page(sheet, language)
    lines = [page.title, page.about, ""]
    lines += [f"{tile.figure}: {tile.says}" for tile in page.tiles]
    for section in page.sections:
        lines += ["", section.heading, *section.words]
        if section.table is not None:
            lines += [" | ".join(row) for row in section.table.rows]
    return "\n".join([*lines, "", *page.foot]) + "\n"


def sheet_page(sheet: Sheet, language: str) -> Page:
    """Return what stands on the sheet."""
    words = Words(language)
    good = words("sheet_passed") if sheet.passed else words("sheet_usable")
    verdict = words("sheet_missing") if sheet.missing else good
    return Page(
        title=words("sheet_title", name=sheet.name),
        about=words("sheet_about", at=_moment(sheet.at), gate=sheet.gate, site=sheet.site),
        tiles=(Tile(verdict, words("sheet_verdict"), "bad" if sheet.missing or not sheet.passed else "good"),),
        sections=(_facts(sheet, words), _tried(sheet, words), _attested(sheet, words), _signatures(words)),
        foot=(words("sheet_foot"),),
    )


def _facts(sheet: Sheet, words: Words) -> Section:
    setup = sheet.setup
    has = ", ".join(FEATURES[name].label.in_language(words.language) for name in setup.features) or "–"
    rows = (
        (words("sheet_board"), setup.board or "–"),
        (words("sheet_release"), setup.release or "–"),
        (words("sheet_boot"), "–" if sheet.node_boot is None else str(sheet.node_boot)),
        (words("sheet_lock"), "–" if setup == UNNAMED else words(_LOCKS[setup.lock])),
        (words("sheet_parts"), has),
    )
    return Section(words("sheet_facts"), table=Table(("", ""), rows))


_LOCKS = {"fail-safe": "lock_fail_safe", "fail-secure": "lock_fail_secure", "turnstile": "lock_turnstile"}
_STATES = {
    StepState.WAITING: "step_waiting",
    StepState.RUNNING: "step_waiting",
    StepState.ASKING: "step_waiting",
    StepState.PASSED: "step_passed",
    StepState.FAILED: "step_failed",
    StepState.SKIPPED: "step_skipped",
}


def _tried(sheet: Sheet, words: Words) -> Section:
    labels = {step.name: step.label.in_language(words.language) for step in steps(sheet.setup)}
    rows = [
        (labels.get(name, name), words(_STATES[result.state]), _why(result.why, words), ", ".join(result.seen) or "–")
        for name, result in sheet.results
    ]
    head = (words("sheet_step"), words("sheet_result"), words("sheet_why"), words("sheet_seen"))
    return Section(words("sheet_tried"), (words("sheet_tried_means"),), table=Table(head, rows))


def _why(why: str, words: Words) -> str:
    """A failure in words; the reason of a skip is the person's own."""
    return {"timeout": words("why_timeout"), "person": words("why_person"), OFFLINE: words("why_offline"), "": "–"}.get(
        why, why
    )


def _attested(sheet: Sheet, words: Words) -> Section:
    attested = sheet.attestation
    rows = [
        (words("attest_exit"), words("yes" if attested.hardware_exit else "no")),
        (words("attest_fire"), words("yes" if attested.hardware_fire else "no")),
        (words("attest_handle"), words("yes" if attested.inside_handle else "no")),
    ]
    lacking = tuple(MISSING[what].in_language(words.language) for what in sheet.missing)
    return Section(
        words("sheet_attested"),
        (words("sheet_installer", installer=attested.installer), *lacking),
        table=Table(("", ""), rows),
    )


def _signatures(words: Words) -> Section:
    rows = [(words(who), "", "") for who in ("sign_installer", "sign_second", "sign_owner")]
    return Section(words("sheet_signed"), table=Table(("", words("sign_date"), words("sign_here")), rows))


def _moment(at: float) -> str:
    """In UTC: the sheet is read elsewhere and later."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
