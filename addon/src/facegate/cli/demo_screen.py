"""How the demo tells what happens: lines for people, or one JSON object a line."""

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any, Final, Protocol

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.text import Text

from facegate.adapters.demo_clip import Programme, Visit
from facegate.adapters.demo_scene import PORTRAITS
from facegate.cli.demo_referee import Ruling, Summary
from facegate.core.models import Decision, Verdict
from facegate.opening import OpenOutcome

WARNING: Final = "LIVENESS IS OFF: recognition only. Stills are no proof of life: a photograph passes, too."
_WHY_OFF: Final = "Only for this composed clip: at a camera, liveness is on unless its owner accepts the risk."
NODES: Final = {
    "native": "native node: the ESP32's own firmware, compiled for this machine",
    "software": "software gate: the node's rules in Python, for want of the native node",
}
_WIDTH: Final = 100  # columns of the picture, and of a terminal that does not say how wide it is


class Screen(Protocol):
    """What the demo has to tell, in the order in which it happens. ``at`` is in seconds of the clip."""

    def started(self, programme: Programme, node: str) -> None:
        """Everything runs."""

    def round(self, number: int) -> None:
        """A round begins."""

    def shown(self, visit: Visit, at: float) -> None:
        """Somebody has come through the door."""

    def decided(self, decision: Decision, outcome: OpenOutcome | None) -> None:
        """The recognizer has decided."""

    def pulsed(self, relay: int, at: float, ms: float | None) -> None:
        """The relay has opened, ``ms`` after the face could first be judged."""

    def ruled(self, ruling: Ruling, at: float) -> None:
        """A visit is over."""

    def ended(self, summary: Summary, rounds: int) -> None:
        """The demo is over."""


class JsonLines:
    """One JSON object a line on standard output."""

    def started(self, programme: Programme, node: str) -> None:
        """Print the seed, the gate, and who is enrolled."""
        self._print(
            "started", seed=programme.seed, node=node, rounds=programme.rounds, liveness="off", warning=WARNING,
            enrolled=list(programme.enrolled),
        )  # fmt: skip

    def round(self, number: int) -> None:
        """Print its number."""
        self._print("round", round=number)

    def shown(self, visit: Visit, at: float) -> None:
        """Print who it is."""
        self._print("visit", at=at, **_visit(visit))

    def decided(self, decision: Decision, outcome: OpenOutcome | None) -> None:
        """Print verdict, reason and scores."""
        self._print(
            "decision", at=decision.clip_time, type=str(decision.verdict), reason=str(decision.reason),
            score=_rounded(decision.score, 3), runner_up=_rounded(decision.runner_up, 3),
            ms={stage: round(ms, 1) for stage, ms in decision.ms.items()}, opened=bool(outcome and outcome.opened),
            result=outcome.result if outcome else None,
        )  # fmt: skip

    def pulsed(self, relay: int, at: float, ms: float | None) -> None:
        """Print which relay and how long after the face."""
        self._print("relay", at=at, relay=relay, glass_to_relay_ms=_rounded(ms, 1))

    def ruled(self, ruling: Ruling, at: float) -> None:
        """Print whether it was right."""
        self._print(
            "ruling", at=at, **_visit(ruling.visit), right=ruling.right, fault=ruling.fault, pulses=ruling.pulses,
            granted=ruling.granted, denied=ruling.denied,
        )  # fmt: skip

    def ended(self, summary: Summary, rounds: int) -> None:
        """Print the sums."""
        self._print(
            "summary", rounds=rounds, visits=summary.visits, granted=summary.granted, denied=summary.denied,
            wrong=summary.wrong, opens_without_decision=summary.opens_without_decision,
            glass_to_relay_ms={"median": summary.median, "p95": summary.p95, "count": len(summary.latencies)},
        )  # fmt: skip

    def _print(self, event: str, **values: Any) -> None:
        shown = {key: round(value, 3) if key == "at" else value for key, value in values.items()}
        try:
            print(json.dumps({"event": event, **shown}), flush=True)
        except BrokenPipeError:
            _nobody_reads()


class _Console(Console):
    def on_broken_pipe(self) -> None:
        _nobody_reads()


class Terminal:
    """Lines for people, in colour where there is any."""

    def __init__(self, *, record: bool = False) -> None:
        """``record``: keep what is shown, for :meth:`save`."""
        self._record = record
        self._console = _Console(record=record, width=_WIDTH if record else None, highlight=False)

    def started(self, programme: Programme, node: str) -> None:
        """Show what runs, and what it does not prove."""
        shown = next(v.picture for v in programme.visits(1) if v.resident)
        enrolled = ", ".join(programme.enrolled)
        self._print(Panel(Text.assemble((WARNING, "bold red"), "\n", (_WHY_OFF, "red")), border_style="red"))
        self._print(f"[dim]gate[/]      {NODES[node]}")
        self._print(f"[dim]resident[/]  {PORTRAITS[shown].name}, enrolled from {enrolled}")
        self._print(f"[dim]camera[/]    a clip composed as you watch; the resident comes as another picture, {shown}")
        self._print(f"[dim]seed[/]      {programme.seed} draws who comes, and in which order")

    def round(self, number: int) -> None:
        """Show a heading."""
        self._print(f"\n[bold]Round {number}[/]")

    def shown(self, visit: Visit, at: float) -> None:
        """Show who walks up."""
        kind = "resident" if visit.resident else "stranger"
        self._line(at, f"[bold]{visit.name}[/] walks up [dim]({kind}, {visit.picture})[/]", "▶")

    def decided(self, decision: Decision, outcome: OpenOutcome | None) -> None:
        """Show verdict, reason and scores."""
        style = "green" if decision.verdict is Verdict.GRANTED else "yellow"
        words = [f"[{style}]{decision.verdict}[/]", str(decision.reason)]
        if decision.score is not None:
            words.append(f"similarity {decision.score:.2f}")
        words.append(f"took {sum(decision.ms.values()):.0f} ms")
        if outcome is not None and not outcome.opened:
            words.append(f"[red]but the gate did not open: {outcome.result}[/]")
        self._line(decision.clip_time, " · ".join(words))

    def pulsed(self, relay: int, at: float, ms: float | None) -> None:
        """Show which relay and how long after the face."""
        after = "" if ms is None else f" · {ms:.0f} ms after the face was large enough"
        self._line(at, f"[bold green]relay {relay} pulses[/]{after}")

    def ruled(self, ruling: Ruling, at: float) -> None:
        """Show whether it was right."""
        if not ruling.right:
            self._line(at, f"[bold red]wrong: {ruling.fault}[/]", "[bold red]✗[/]")
            return
        words = "let in, once" if ruling.visit.resident else "refused, the relay did not move"
        self._line(at, f"[green]right: {words}[/]", "[green]✓[/]")

    def ended(self, summary: Summary, rounds: int) -> None:
        """Show the sums."""
        style = "red" if summary.wrong else "green"
        words = Text.assemble(
            f"{summary.visits} visits in {rounds} {'round' if rounds == 1 else 'rounds'}: ",
            (f"{summary.granted} let in, {summary.denied} refused, {summary.wrong} wrong", f"bold {style}"),
        )
        if summary.median is not None:
            words.append(f"\nFrom the face being large enough to the relay: median {summary.median:.0f} ms")
            words.append(f", 95 % within {summary.p95:.0f} ms")
        self._print("")
        self._print(Panel(words, border_style=style))

    def save(self, file: Path) -> None:
        """Write what was shown as an SVG picture that loads nothing from anywhere. Raises OSError."""
        svg = self._console.export_svg(title="scripts/demo", clear=False)
        # Rich lets the picture fetch a font from a content delivery network; any monospaced font serves.
        svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
        file.write_text(svg.replace("Fira Code", "ui-monospace"), encoding="utf-8")

    def _line(self, at: float, words: str, mark: str = " ") -> None:
        self._print(f"[dim]{at:7.2f} s[/]  {mark} {words}")

    def _print(self, what: RenderableType) -> None:
        self._console.print(what)


def _nobody_reads() -> None:
    """Whoever read the output has gone: end in order, as at Ctrl-C, and say nothing more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    signal.raise_signal(signal.SIGTERM)


def _visit(visit: Visit) -> dict[str, Any]:
    return {"round": visit.round, "visit": visit.number, "picture": visit.picture, "resident": visit.resident}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
