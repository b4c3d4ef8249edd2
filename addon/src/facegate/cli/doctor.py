"""``facegate doctor``: what is in order, what is not, and what to do about it."""

import json
import shutil
import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from facegate.adapters import local_access
from facegate.adapters.disk import LEAST_FREE
from facegate.cli import local_api
from facegate.cli.console import stops_at
from facegate.settings import (
    Settings,
    SettingsError,
    app_options,
    default_data,
    inside_app,
    make_settings,
    read_options,
)

_FIRST_YEAR = 2026  # a clock before this release is a clock that lost its battery


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``advice`` is empty when it is in order.

    ``later``: it is a step that leads further, and nothing is wrong while it waits.
    """

    what: str
    found: str
    advice: str = ""
    later: bool = False

    @property
    def well(self) -> bool:
        """Whether nothing needs doing."""
        return self.later or not self.advice


def doctor(
    data: Annotated[Path | None, typer.Option(help="Folder of the store; FACEGATE_DATA_DIR by default.")] = None,
    options: Annotated[Path | None, typer.Option(help="Settings as a JSON file, as the app writes it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Look at everything FaceGate needs and say what to do where something is missing."""
    with stops_at(SettingsError):
        file = options or (app_options() if inside_app() else None)
        settings = make_settings(read_options(file) if file else {}, data=data or default_data())
    findings = list(_examine(settings))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _examine(settings: Settings) -> Iterator[Finding]:
    yield _clock()
    yield from _models(settings.models)
    yield _space(settings.data)
    if local_access.find(settings.data) is None:
        yield Finding("service", "not running")
        yield _broker(settings)
    else:
        yield from _service(settings.data)


def _clock() -> Finding:
    now = datetime.now(UTC)
    advice = "" if now.year >= _FIRST_YEAR else "Set this machine's clock: validity and retention depend on it."
    return Finding("clock", f"{now:%Y-%m-%d %H:%M} UTC", advice)


def _models(folder: Path) -> Iterator[Finding]:
    from facegate.vision import zoo

    for model in zoo.REGISTRY.values():
        if model.default:
            state = zoo.state(folder, model.name)
            advice = "" if state is zoo.State.VERIFIED else "Run: facegate models fetch"
            yield Finding(f"model {model.name}", str(state), advice)


def _space(data: Path) -> Finding:
    place = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    advice = (
        "" if free >= LEAST_FREE else f"Free some space where {data} lies: openings are recorded before they happen."
    )
    return Finding("disk", f"{free / 1e9:.1f} GB free", advice)


def _broker(settings: Settings) -> Finding:
    broker = settings.broker
    try:
        socket.create_connection((broker.host, broker.port), timeout=5).close()
    except OSError as error:
        return Finding(
            "broker", f"{broker.host}:{broker.port} does not answer ({error})",
            "Start the MQTT broker, or correct its address in the settings.",
        )  # fmt: skip
    return Finding("broker", f"{broker.host}:{broker.port} answers")


def _service(data: Path) -> Iterator[Finding]:
    health = local_api.call(data, "GET", "/health")
    yield Finding("service", f"version {health['version']} runs")
    if health.get("locked"):  # then nothing else is told, as below
        yield Finding(
            "site key", "locked: nobody is recognised, and FaceGate opens no gate",
            "Give its passphrase in the panel, or run: facegate keys unlock",
        )  # fmt: skip
        return
    if lack := health.get("waiting"):
        yield Finding("start", f"waits for the {lack}", _texts()[f"waiting.{lack}"])
        return
    yield Finding(
        "broker",
        "connected" if health["broker"] else "not connected",
        "" if health["broker"] else "Start the MQTT broker, or correct its address and password in the settings.",
    )
    if lost := health["unreadable"]:
        yield Finding(
            "residents", f"{len(lost)} cannot be read: {', '.join(lost)}",
            "Put the files back into keys/residents, or erase them with 'facegate forget ID'.",
        )  # fmt: skip
    texts = _texts()
    for problem in health["problems"]:
        if problem != "unreadable":  # whose they are is told above
            yield Finding("house", problem, texts[f"problem.{problem}"])
    yield _threshold(local_api.call(data, "GET", "/recognition"))
    for gate in health["gates"]:
        yield Finding(
            f"camera of {gate['id']}", gate["camera"],
            "" if gate["camera"] == "ok" else "Check the camera's power, address and password.",
        )  # fmt: skip
        yield Finding(
            f"node of {gate['id']}", gate["node"],
            "" if gate["node"] == "online" else "Check the node's power and network, and that it has this gate's key.",
        )  # fmt: skip
    yield from _first_steps(local_api.call(data, "GET", "/first-steps"))


def _first_steps(steps: list[dict[str, Any]]) -> Iterator[Finding]:
    """How far an owner has come; what waits for others is not told yet, and what is done is told in one line."""
    texts = _texts()
    done = sum(step["state"] == "done" for step in steps)
    yield Finding("first steps", f"{done} of {len(steps)} done")
    for step in steps:
        if step["state"] == "open":
            title = texts[f"setup.{step['step']}"]
            found = f"{title} ({step['gate']})" if step["gate"] else title
            yield Finding(f"step {step['step']}", found, texts[f"setup.{step['step']}.how"], later=True)


def _texts() -> Mapping[str, str]:
    """What the panel says, in the language of the command line."""
    from facegate.web.panel.words import words

    return words("en")


def _threshold(rule: dict[str, Any]) -> Finding:
    found = f"{rule['threshold']:.2f} for {rule['residents']} residents"
    advice = (
        f"Raise it to {rule['least']:.2f} over the API (PATCH /recognition), or write down why not: "
        "'facegate calibrate' shows what it means."
    )
    return Finding("threshold", found, advice if rule["stale"] else "")


def _print(findings: list[Finding]) -> None:
    table = Table()
    for column in ("", "What", "Found", "What to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        mark = "[dim]·[/]" if finding.later else "[green]✓[/]" if finding.well else "[red]✗[/]"
        table.add_row(mark, finding.what, finding.found, finding.advice)
    Console().print(table)
