"""The whole fault suite, at whatever length: what the command line asks for is run, printed, judged and written down.

  python -m tests.firmware.faults.soak [--openings 1000] [--kills 200] [--fuzz 1800] [--samples 200] [--flood 10000]
                                       [--seed N] [--only PART …] [--json FILE] [--markdown FILE]

Parts: scenes (each question by itself, on the plain node), campaign (everything at once, on the node with the
sanitizers), fuzz (runs beside the campaign), size.
"""

import argparse
import dataclasses
import datetime
import json
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.firmware import small_target
from tests.firmware.faults import scenes
from tests.firmware.faults.campaign import Campaign, Figures
from tests.firmware.fuzzing import Fuzzed, Fuzzing
from tests.parts.node import build_node

PARTS = ("scenes", "campaign", "fuzz", "size")
EXIT_MS = 200  # somebody who wants out does not wait: the longest of all
LINE_MEDIAN_MS, LINE_P95_MS = 10, 30


@dataclass(frozen=True, slots=True)
class Length:
    """How long everything lasts. ``samples``: of each time that is measured."""

    openings: int = 1000
    kills: int = 200
    fuzz: int = 1800
    samples: int = 200
    flood: int = 10_000
    pairs: int = 20
    seed: int = 0

    @property
    def exits(self) -> int:
        """Presses in each situation."""
        return max(3, self.samples // 4)


@dataclass
class Report:
    """What came out. ``times``: milliseconds by name; ``broken``: what must not be, one sentence each."""

    length: Length
    machine: str
    began: str
    times: dict[str, dict[str, float]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    campaign: dict[str, Any] = field(default_factory=dict)
    fuzzed: list[dict[str, Any]] = field(default_factory=list)
    size: dict[str, int] = field(default_factory=dict)
    memory_kb: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def summary(times: list[float]) -> dict[str, float]:
    """n, median, 95th percentile and maximum."""
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, -(-95 * len(ordered) // 100) - 1)]
    return {
        "n": len(ordered),
        "median": round(statistics.median(ordered), 1),
        "p95": round(p95, 1),
        "max": round(ordered[-1], 1),
    }


def run_scenes(folder: Path, length: Length, report: Report) -> None:
    """One gate for each question."""
    program = build_node()
    asked: list[tuple[Callable[[scenes.Place, int], scenes.Result], int]] = [
        (scenes.line_to_relay, length.samples),
        (scenes.way_out, length.exits),
        (scenes.full_flash, length.exits),
        (scenes.flood, length.flood),
        (scenes.two_recognizers, length.pairs),
        (scenes.two_at_once, length.pairs),
        (scenes.wrong_clocks, length.pairs),
    ]
    for scene, count in asked:
        with scenes.place(folder / scene.__name__, program) as at:
            if scene is scenes.line_to_relay:
                report.memory_kb["after its start"] = scenes.memory_kb(at.node)
            result = scene(at, count)
            if scene is scenes.flood:
                report.memory_kb["after the flood"] = scenes.memory_kb(at.node)
        for name, times in result.times.items():
            prefix = "" if scene is scenes.line_to_relay else "exit → relay, "
            report.times[prefix + name] = summary(times)
        if result.counts:
            report.counts[scene.__name__] = result.counts
        report.broken += [f"{scene.__name__}: {problem}" for problem in result.problems]
        print(f"{scene.__name__}: {result.counts or ''} {'; '.join(result.problems) or 'as it must be'}", flush=True)


def take_campaign(figures: Figures, report: Report) -> None:
    """What the campaign counted, and what of it must be nothing."""
    report.campaign = dataclasses.asdict(figures)
    del report.campaign["exits"]
    if figures.exits:
        report.times["exit → relay, during the campaign"] = summary(figures.exits)
    events = figures.events
    report.broken += [
        sentence
        for holds, sentence in (
            (not figures.unauthorised, f"{len(figures.unauthorised)} unauthorised pulses: {figures.unauthorised}"),
            (not figures.untrue, f"{len(figures.untrue)} openings were said to be and were not: {figures.untrue}"),
            (not figures.lost_stimuli, f"never told: {figures.lost_stimuli}"),
            (events["lost"] == 0, f"{events['lost']} events are missing without a trace"),
            (not events["wrong"], f"twice, out of order or with a wrong count of gaps: {events['wrong']}"),
            (not figures.unrecorded, f"heard, and not recorded once: {figures.unrecorded}"),
            (not figures.sanitizer, f"a sanitizer has spoken: {figures.sanitizer}"),
        )
        if not holds
    ]


def run(length: Length, parts: tuple[str, ...] = PARTS) -> Report:
    """Everything that is asked for. Times are printed and kept, not judged."""
    model = next((line.split(": ")[1] for line in _cpu() if line.startswith("model name")), platform.machine())
    now = datetime.datetime.now(datetime.UTC)
    machine = f"{_cores()} × {model}, {platform.system()} {platform.machine()}"
    report = Report(length, machine, f"{now:%Y-%m-%d %H:%M} UTC")
    with tempfile.TemporaryDirectory(prefix="facegate-soak-") as name:
        folder = Path(name)
        if "size" in parts:
            report.size = dataclasses.asdict(small_target.measure(folder))
            if report.size["text"] > small_target.TEXT_LIMIT:
                report.broken.append(f"the core has {report.size['text']} bytes of text on 32 bits")
        if "scenes" in parts:
            run_scenes(folder / "scenes", length, report)
        fuzzing = Fuzzing(folder / "fuzz", length.fuzz, side_by_side=True) if "fuzz" in parts else None
        try:
            if "campaign" in parts:
                campaign = Campaign(folder / "campaign", program=build_node(sanitize=True), seed=length.seed)
                take_campaign(campaign.run(length.openings, length.kills), report)
            if fuzzing is not None:
                take_fuzzed(fuzzing.results(), report)
        finally:
            if fuzzing is not None:
                fuzzing.__exit__()
    return report


def take_fuzzed(results: list[Fuzzed], report: Report) -> None:
    """What the fuzzers did."""
    report.fuzzed = [dataclasses.asdict(result) for result in results]
    for result in results:
        report.broken += [f"{result.name}: {finding}" for finding in result.findings]


def late(report: Report) -> list[str]:
    """Which times are longer than they may be; for a quiet machine to judge."""
    found = [
        f"{name}: {times['max']} ms is more than {EXIT_MS} ms"
        for name, times in report.times.items()
        if name.startswith("exit") and times["max"] > EXIT_MS
    ]
    line = report.times.get("open line → relay")
    if line is not None and (line["median"] > LINE_MEDIAN_MS or line["p95"] > LINE_P95_MS):
        found.append(f"open line → relay: {line}; it may take {LINE_MEDIAN_MS} ms in the median, {LINE_P95_MS} at p95")
    return found


def markdown(report: Report) -> str:
    """For docs/measurements/soak.md."""
    length = report.length
    lines = [
        "# The fault suite at full length",
        "",
        f"{report.began}, {report.machine}, seed {length.seed}. Written by",
        "",
        "    scripts/soak " + " ".join(f"--{name} {value}" for name, value in dataclasses.asdict(length).items()),
        "",
    ]
    if campaign := report.campaign:
        events = campaign["events"]
        results = ", ".join(f"{count} {name}" for name, count in sorted(campaign["results"].items()))
        meddled = ", ".join(f"{name} {count}" for name, count in campaign["meddled"].items())
        others = ", ".join(str(campaign[name]) for name in ("recognizer_kills", "broker_kills", "broker_restarts"))
        told = (
            f"{events['sent']}: {events['delivered']} believed once, {events['filled']} of them told again by the node "
            f"after they had been spoilt on the way or told to nobody; {events['reported']} said to be lost; "
            f"{events['untold']} at the end of a boot, where no number follows; **{events['lost']} lost without a "
            f"word**; {len(events['wrong'])} twice, out of order or miscounted"
        )
        lines += [
            "## Everything at once",
            "",
            "The native node with AddressSanitizer and UndefinedBehaviorSanitizer, a real Mosquitto over TLS, the",
            "recognizer's own side as a process, and an attacker through whom every line goes. Pulses are counted by",
            "the simulated board, outside the code under test.",
            "",
            "| | |",
            "|---|---|",
            f"| openings asked for | {campaign['openings']}: {results} |",
            f"| node killed | {campaign['node_kills']} times, {campaign['boots']} boots were heard of |",
            f"| recognizer killed, broker killed, broker restarted | {others} times |",
            f"| lines spoilt | {meddled} |",
            f"| pulses | {campaign['pulses']}, **{len(campaign['unauthorised'])} unauthorised** |",
            f"| said to have opened, and did not | {len(campaign['untrue'])} |",
            f"| events that left the node | {told} |",
            f"| events heard and not recorded exactly once | {len(campaign['unrecorded'])} |",
            f"| exits and passages told | all but {len(campaign['lost_stimuli'])} |",
            f"| sanitizers | {'**spoke**' if campaign['sanitizer'] else 'silent'} |",
            f"| time | {campaign['seconds']:.0f} s |",
            "",
            "*Unauthorised* is a pulse that cannot be laid to an opening of its own: one whose intent was on the",
            "recognizer's disk before, and that ended as opened, or as one of the results that leave it open. *Lost*",
            "is an event that has left the node and that the recognizer neither believed and recorded, once, nor said",
            "to be lost. The node numbers its events within a boot, so a gap shows with the next one, and tells again",
            "what it is asked for. What the attacker withheld, or a dead recognizer did not hear, before a kill of the",
            "node can only be said to be lost; at the very end of that boot no next number shows it. That is the one",
            "loss there can be.",
            "",
        ]
    if report.times:
        lines += ["## Times", "", "| ms | n | median | p95 | max |", "|---|---|---|---|---|"]
        lines += [f"| {name} | {' | '.join(map(str, times.values()))} |" for name, times in report.times.items()]
        lines += [
            "",
            f"From the press of the button, a file on the simulated board, to the relay: at most {EXIT_MS} ms. From",
            "handing a signed line to the MQTT client to the relay, the broker on the same machine: median",
            f"{LINE_MEDIAN_MS} ms, p95 {LINE_P95_MS} ms. Both on the plain node, but for the campaign.",
            "",
        ]
    if report.counts:
        lines += ["## Question by question", "", "| | |", "|---|---|"]
        lines += [
            f"| {name.replace('_', ' ')} | {', '.join(f'{what}: {count}' for what, count in counts.items())} |"
            for name, counts in report.counts.items()
        ]
        lines.append("")
    if report.fuzzed:
        lines += ["## Fuzzing", "", "| | seconds | inputs | edges covered | findings |", "|---|---|---|---|---|"]
        lines += [
            f"| {f['name']} | {f['seconds']} | {f['inputs']} | {f['coverage']} | {len(f['findings'])} |"
            for f in report.fuzzed
        ]
        lines.append("")
    if report.size:
        lines += ["## Size", "", "| | bytes |", "|---|---|"]
        lines += [f"| {name.replace('_', ' ')} | {count} |" for name, count in report.size.items()]
        lines += [f"| native process {when} | {kb * 1024} |" for when, kb in report.memory_kb.items()]
        lines += ["", "32 bits: what docs/measurements/node.md says. A native process is mostly its libraries.", ""]
    wrong = [*report.broken, *late(report)]
    lines += ["## Verdict", "", *([f"- {sentence}" for sentence in wrong] or ["Everything as it must be."]), ""]
    return "\n".join(lines)


def main() -> int:
    """Run, print, write; 1 if anything is not as it must be."""
    default = Length()
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__.splitlines()[0])
    for name, text in (
        ("openings", "openings of the campaign"),
        ("kills", "of them with a SIGKILL of the node"),
        ("fuzz", "seconds of each fuzzer, side by side"),
        ("samples", "measurements of the way from line to relay; a quarter of it for each situation at the exit"),
        ("flood", "lines of the flood"),
        ("pairs", "rounds of the scenes with two recognizers, two grants, wrong clocks"),
        ("seed", "of everything random; 0 draws one"),
    ):
        parser.add_argument(f"--{name}", type=int, default=getattr(default, name), help=text)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some parts only")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--markdown", type=Path, help="write the page here")
    words = vars(parser.parse_args())
    only, json_file, markdown_file = tuple(words.pop("only")), words.pop("json"), words.pop("markdown")
    words["seed"] = words["seed"] or secrets.randbelow(1_000_000) + 1
    report = run(Length(**words), only)
    page = markdown(report)
    print(page)
    if json_file is not None:
        json_file.write_text(json.dumps(dataclasses.asdict(report), indent=2, ensure_ascii=False) + "\n")
    if markdown_file is not None:
        markdown_file.write_text(page)
    return 1 if report.broken or late(report) else 0


def _cpu() -> list[str]:
    return [line.replace("\t", "") for line in Path("/proc/cpuinfo").read_text().splitlines()]


def _cores() -> int:
    return int(subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    sys.exit(main())
