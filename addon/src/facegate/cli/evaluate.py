"""``facegate evaluate``: how often recognition is right, on pictures of which it is known who is on them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facegate.cli.console import notes, stops_at
from facegate.settings import SettingsError, default_data, default_models, make_settings

if TYPE_CHECKING:
    from facegate.cli.manifest import Looks
    from facegate.core.evaluation import Figures, Report
    from facegate.core.statistics import Rate

LIVENESS = "Still pictures cannot prove that somebody lives: these figures are about identification only."


def evaluate(
    manifest: Annotated[Path, typer.Argument(help="CSV file: file,identity,role; paths relative to it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    models: Annotated[Path | None, typer.Option(help="Where models lie; FACEGATE_MODELS by default.")] = None,
) -> None:
    """Measure identification with the product's own detector, quality gates, embedder and thresholds.

    Roles: enrol, probe, impostor (strangers), noface, enrol_reject, and some more; an optional column group gives
    figures for each group. Nothing is stored.
    """
    from facegate.cli.manifest import ManifestError, look_at, read_manifest
    from facegate.core.evaluation import evaluate as figures_of
    from facegate.core.session import Thresholds
    from facegate.vision import load
    from facegate.vision.errors import VisionError

    with stops_at(SettingsError, ManifestError, VisionError):
        rows = read_manifest(manifest)
        settings = make_settings({}, data=default_data(), models=models or default_models())
        loaded = load(settings)
        looks = look_at(loaded, rows)
    report = figures_of(looks.samples, loaded.embedder.model, Thresholds())
    content = as_dict(report, looks)
    if as_json:
        typer.echo(json.dumps(content))
    else:
        print_report(report, looks)
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
        "liveness": LIVENESS,
    }


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
