"""``facegate evaluate``: how often recognition is right, on pictures of which it is known who is on them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facegate.cli.console import notes, stops_at
from facegate.cli.reporting import (
    Approaches,
    FalseOpens,
    Language,
    ReportFile,
    check_language,
    goal_of,
    now,
    site_rule,
    write_report,
)
from facegate.core.false_opens import HIGHEST, LOWEST
from facegate.settings import SettingsError, default_data, default_models, make_settings

if TYPE_CHECKING:
    from facegate.cli.manifest import Looks
    from facegate.core.evaluation import Figures, Report
    from facegate.core.evaluation_liveness import LifeFigures
    from facegate.core.false_opens import Goal
    from facegate.core.statistics import Rate
    from facegate.core.verification import Scores

_DEFAULT = "sface"  # whose similarities the product's own threshold is about

_SWEPT = range(36, 62, 2)  # hundredths of cosine: from where strangers are common to where hardly any pair matches

LIVENESS = (
    "Still pictures cannot prove that somebody lives: figures of recognition say nothing of photographs held up, and "
    "liveness figures of stills nothing of movement."
)


def evaluate(
    manifest: Annotated[Path, typer.Argument(help="CSV file: file,identity,role; paths relative to it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    models: Annotated[Path | None, typer.Option(help="Where models lie; FACEGATE_MODELS by default.")] = None,
    report: ReportFile = None,
    language: Language = "en",
    residents: Annotated[
        int | None, typer.Option(min=1, help="People who will live there; those of the manifest by default.")
    ] = None,
    approaches_per_day: Approaches = None,
    false_opens_per_year: FalseOpens = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the store whose threshold is used; FACEGATE_DATA_DIR by default.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=LOWEST, max=HIGHEST, help="A threshold to try instead of the site's own.")
    ] = None,
    embedder: Annotated[
        str, typer.Option(help="The model to use; 'facegate models' shows which there are.")
    ] = _DEFAULT,
) -> None:
    """Measure recognition with the product's own detector, quality gates, liveness model and the site's threshold.

    Roles: enrol, probe, impostor (strangers), noface, enrol_reject, live, spoof, and some more; an optional column
    group gives figures for each group, and says of attacks which kind they are. Nothing is stored but the report that
    is asked for.
    """
    from facegate.adapters.store import StoreError
    from facegate.cli.life import look_for_life
    from facegate.cli.manifest import ManifestError, look_at, read_manifest
    from facegate.core.evaluation import evaluate as figures_of
    from facegate.core.evaluation_liveness import evaluate_liveness
    from facegate.reports import evaluation
    from facegate.vision import load
    from facegate.vision.errors import VisionError

    language = check_language(language)
    with stops_at(SettingsError, ManifestError, StoreError, VisionError):
        rows = read_manifest(manifest)
        rule = site_rule(data)
        rule = rule if threshold is None else replace(rule, threshold=threshold)
        settings = make_settings({"embedder": embedder}, data=data or default_data(), models=models or default_models())
        loaded = load(settings)
        looks = look_at(loaded, rows)
        life = evaluate_liveness(look_for_life(loaded, rows))
    found = figures_of(looks.samples, loaded.embedder.model, rule.thresholds)
    goal = goal_of(rule.goal, approaches_per_day, false_opens_per_year)
    size = residents or found.residents
    if report is not None:
        page = evaluation.report(found, life, goal, residents=size, language=language, made=now())
        write_report(report, page)
    if as_json:
        site = {"residents": size, **as_dict_of_site(found, goal, size)}
        typer.echo(json.dumps(as_dict(found, looks) | {"site": site, "life": [_life(figures) for figures in life]}))
    else:
        print_report(found, looks)
        print_site(found, goal, size)
        print_life(life)
    if embedder != _DEFAULT:
        said = f"The threshold of {rule.threshold:.2f} was derived for {_DEFAULT}: choose another one for {embedder}."
        notes.print(said, style="yellow", markup=False, highlight=False, soft_wrap=True)
    notes.print(LIVENESS, style="yellow", markup=False, highlight=False, soft_wrap=True)


def as_dict(report: Report, looks: Looks) -> dict[str, Any]:
    """Return the report as it is printed with ``--json``."""
    return {
        **_figures(report.overall),
        "false_detections": report.noface.count,
        "threshold": report.thresholds.score,
        "margin": report.thresholds.margin,
        "counts": {
            "residents": report.residents,
            "templates": report.templates,
            "not_enrolled": len(report.not_enrolled),
            "probes": report.overall.fnir.of,
            "strangers": report.overall.fpir.of,
            "noface": report.noface.of,
            "comparisons": report.overall.matches.of,
            "roles": dict(report.roles),
            "not_used": report.not_used,
            "refusals": {role: dict(reasons) for role, reasons in report.refusals.items()},
            "unreadable": looks.unreadable,
        },
        "intervals": {**_intervals(report.overall), "false_detections": list(report.noface.interval)},
        "ms": looks.ms(),
        "enrol_reject": _rate(report.enrol_reject),
        "nobody": {role: _rate(rate) for role, rate in report.nobody.items()},
        "groups": {
            group: {
                **_figures(figures),
                "counts": {"probes": figures.fnir.of, "strangers": figures.fpir.of, "comparisons": figures.matches.of},
                "intervals": _intervals(figures),
                "pairs": {
                    "genuine": _rate(report.pairs[group].genuine),
                    "impostor": _rate(report.pairs[group].impostor),
                },
            }
            for group, figures in report.groups.items()
        },
        "verification": _verification(report),
        "look_alikes": [[pair.one, pair.other, round(pair.score, 3)] for pair in report.enrolled.pairs],
        "margins": [
            {"identity": m.identity, "probes": m.probes, "lowest": round(m.lowest, 3), "lead": round(m.lead, 3)}
            for m in report.margins
        ],
        "liveness": LIVENESS,
    }


def as_dict_of_site(report: Report, goal: Goal, residents: int) -> dict[str, Any]:
    """Return what the threshold means for a site of so many residents."""
    from facegate.core.false_opens import false_opens, fpir, recommended

    threshold, reference = report.thresholds.score, report.reference
    return {
        "strangers_per_day": goal.strangers_per_day,
        "false_opens_per_year": goal.false_opens_per_year,
        "reference": reference.name,
        "fmr": asdict(reference.fmr(threshold)),
        "fpir": asdict(fpir(threshold, residents, reference)),
        "expected": asdict(false_opens(threshold, residents, goal.strangers_per_day, reference)),
        "recommended": recommended(goal, residents, reference),
    }


def _verification(report: Report) -> dict[str, Any]:
    from facegate.reports.evaluation import verification

    scores = report.scores
    error = scores.equal_error()
    return {
        "genuine": int(scores.genuine.sum()),
        "impostor": int(scores.impostor.sum()),
        "eer": None if error is None else {"value": error[0], "threshold": error[1]},
        "tar": {fmr: {"threshold": at, **_rate(rate)} for fmr, (at, rate) in verification(scores).items()},
        "fmr_by_threshold": _false_matches(scores),
        "by_group": {group: _false_matches(own) for group, own in report.group_scores.items()},
    }


def _false_matches(scores: Scores) -> dict[str, Any]:
    return {f"{at / 100:.2f}": _rate(scores.false_matches(at / 100)) for at in _SWEPT}


def _life(figures: LifeFigures) -> dict[str, Any]:
    rates = {
        "frames": figures.frames,
        "sequences": figures.sequences,
        "moment": figures.moment,
        "silent": figures.silent,
    }
    known = {"role": figures.role, "kind": figures.kind, "people": figures.people, "attack": figures.attack}
    return known | {name: _rate(rate) for name, rate in rates.items()}


def _named(figures: Figures) -> dict[str, Rate]:
    return {
        "rank1": figures.rank1,
        "fpir": figures.fpir,
        "fnir": figures.fnir,
        "misnamed": figures.misnamed,
        "fmr": figures.matches,
    }


def _figures(figures: Figures) -> dict[str, Any]:
    tpir = {str(fpir): rate.value for fpir, rate in figures.tpir.items()}
    return {**{name: rate.value for name, rate in _named(figures).items()}, "tpir": tpir}


def _intervals(figures: Figures) -> dict[str, Any]:
    tpir = {str(fpir): list(rate.interval) for fpir, rate in figures.tpir.items()}
    return {**{name: list(rate.interval) for name, rate in _named(figures).items()}, "tpir": tpir}


def _rate(rate: Rate) -> dict[str, Any]:
    return {"count": rate.count, "of": rate.of, "value": rate.value, "interval": list(rate.interval)}


def print_report(report: Report, looks: Looks) -> None:
    """Print the report as tables."""
    from rich.console import Console

    console = Console()
    console.print(
        f"{report.residents} residents with {report.templates} templates; named at a cosine of "
        f"{report.thresholds.score} with a margin of {report.thresholds.margin}.",
        highlight=False,
    )
    rates = {
        "right person first (rank 1)": report.overall.rank1,
        **{f"named rightly where {fpir:.1%} of strangers are let in": r for fpir, r in report.overall.tpir.items()},
        "residents not named (FNIR)": report.overall.fnir,
        "residents named as somebody else": report.overall.misnamed,
        "strangers named (FPIR)": report.overall.fpir,
        "comparisons with another person that match (FMR)": report.overall.matches,
        "pictures without a face in which one is found": report.noface,
        "pictures to refuse at enrolment that are refused": report.enrol_reject,
        **{f"pictures of the role {role} in which somebody is named": rate for role, rate in report.nobody.items()},
    }
    console.print(_table({"": rates}, "Figure"))
    if report.groups:
        by_group = {
            group: {
                "rank 1": figures.rank1,
                "FNIR": figures.fnir,
                "FPIR": figures.fpir,
                "FMR, against the gallery": figures.matches,
                "FMR, all pairs of the group": report.pairs[group].impostor,
            }
            for group, figures in report.groups.items()
        }
        console.print(_table(by_group, "Group"))
    for role, reasons in report.refusals.items():
        said = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        console.print(f"[dim]refused ({role}): {said}[/]", highlight=False)
    if report.not_used:
        said = ", ".join(f"{count} {role}" for role, count in report.not_used.items())
        console.print(f"[dim]rows that say nothing here: {said}[/]", highlight=False)
    taken = ", ".join(f"{stage} {times['median']} ms" for stage, times in looks.ms().items())
    console.print(f"[dim]median times: {taken}[/]", highlight=False)


def print_site(report: Report, goal: Goal, residents: int) -> None:
    """Print what the threshold means a year at a site of this size."""
    from facegate.core.false_opens import DAYS_A_YEAR, false_opens, fpir, recommended

    threshold, reference = report.thresholds.score, report.reference
    fmr, chance = reference.fmr(threshold), fpir(threshold, residents, reference)
    opens = false_opens(threshold, residents, goal.strangers_per_day, reference)
    best = recommended(goal, residents, reference)
    advice = "none is high enough: use a second factor" if best is None else f"at least {best:.2f}"
    typer.echo(
        f"FPIR ≈ N × FMR = {residents} × {_percent(fmr.value)} ≈ {_percent(chance.value)}; "
        f"{goal.strangers_per_day:g} strangers a day × {DAYS_A_YEAR} ≈ {opens.value:.2g} false opens a year "
        f"({opens.low:.2g} to {opens.high:.2g}, from {reference.pairs:,} pairs of {reference.name}).\n"
        f"Threshold for {goal.false_opens_per_year:g} a year: {advice}."
    )


def print_life(life: Sequence[LifeFigures]) -> None:
    """Print the liveness figures, if any were asked for."""
    from rich.console import Console

    sections = {
        " ".join(filter(None, (figures.role, figures.kind))): {
            f"{'APCER' if figures.attack else 'BPCER'}, single pictures": figures.frames,
            f"{'APCER' if figures.attack else 'BPCER'}, sequences": figures.sequences,
            f"{'APCER' if figures.attack else 'BPCER'}, sequences at any moment": figures.moment,
            "without an answer": figures.silent,
        }
        for figures in life
    }
    if sections:
        Console().print(_table(sections, "Liveness"))


def _table(sections: Mapping[str, Mapping[str, Rate]], title: str) -> Any:
    from rich.table import Table

    table = Table()
    table.add_column(title)
    for column in ("Rate", "Count", "95 % interval"):
        table.add_column(column, justify="right")
    for section, rates in sections.items():
        for name, rate in rates.items():
            if rate.value is None:
                continue
            low, high = rate.interval
            label = f"{section}: {name}" if section else name
            table.add_row(
                label, _percent(rate.value), f"{rate.count} of {rate.of}", f"{_percent(low)}–{_percent(high)}"
            )
    return table


def _percent(value: float) -> str:
    """Two digits that say something, however rare."""
    return f"{value:.2%}" if value == 0 or value >= 0.0005 else f"{value:.1e}"
