"""``scripts/measure``: every figure about pictures and clips, what is wanted of it, and whether it is met.

The data is looked at where it lies and never copied. Exit code 0 if every measure is met, 1 if not, 2 without data.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import accuracy
import challenge_measure
import clips_measure
import limits_page
import liveness_measure
import visits_measure
from measure_table import Measure, as_json, find_data, notes, print_markdown, print_table

from facegate.settings import default_models, make_settings
from facegate.vision import Models, load

type Part = Callable[[Models, Path], Iterator[Measure]]

PARTS: dict[str, Part] = {
    "stills": accuracy.stills,
    "enrolment": accuracy.enrolment,
    "groups": accuracy.groups,
    "visits": visits_measure.measures,
    "clips": clips_measure.measures,
    "liveness": liveness_measure.measures,
    "challenge": challenge_measure.measures,
}


def main() -> int:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(prog="scripts/measure", description="Figures of accuracy on test data.")
    parser.add_argument("--markdown", action="store_true", help="print the table as the documents have it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file as well")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; may be repeated")
    wanted = parser.parse_args()
    folder = find_data()
    if folder is None or not (folder / "groups-dev" / "manifest.csv").is_file():
        print(
            "There is no test data: put gate-dev and groups-dev into ../shared/data, "
            "or name their parent folder in FACEGATE_DATA.",
            file=sys.stderr,
        )
        return 2
    models = load(make_settings({}, data=Path(os.devnull), models=default_models()))
    measures: list[Measure] = []
    for name in wanted.only or PARTS:
        notes.print(f"{name} …", style="dim")
        measures += PARTS[name](models, folder)
    (print_markdown if wanted.markdown else print_table)(measures)
    if wanted.json is not None:
        wanted.json.write_text(json.dumps(as_json(measures), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if wanted.json.resolve() == limits_page.FIGURES:
            limits_page.refresh()
    failed = [measure for measure in measures if measure.met is False]
    for measure in failed:
        notes.print(f"Not met: {measure.part}: {measure.name}.", style="bold red", markup=False, highlight=False)
    asked = sum(measure.met is not None for measure in measures)
    notes.print(f"{asked - len(failed)} of {asked} measures are met.", highlight=False)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
