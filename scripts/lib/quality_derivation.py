"""Where the limits of quality come from: every figure of docs/measurements/quality.md, from pictures.

    python scripts/lib/quality_derivation.py FOLDER [--write]

FOLDER has gate-dev and groups-dev; the pictures are looked at where they lie. Prints the tables; with --write they
replace those in docs/measurements/quality.md. No limit is set here: each stands in the code with its meaning, and this
shows for each what it refuses of whom, and how far those it should refuse lie beyond it.
"""

import argparse
import csv
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from generated import replace_block
from measure_table import percent
from rich.progress import track

from facegate.core import occlusion, portrait
from facegate.core.alignment import AlignmentError
from facegate.core.models import Face
from facegate.core.quality import ENROLMENT, GATE, Fault, Quality, assess, foremost
from facegate.core.statistics import Rate
from facegate.residents.picture import HINTS, judge
from facegate.settings import default_models, make_settings
from facegate.vision import Models, load
from facegate.vision.chips import cut, cut_portrait
from facegate.vision.errors import PictureError, RuntimeModelError
from facegate.vision.pictures import read_picture

PAGE = Path("docs/measurements/quality.md")
PEOPLE = ("enrol", "probe", "impostor", "clip_enrol")
"""Roles of ordinary pictures of one person: whoever hands one in should hear "enrolled"."""

COVERED = {
    "0001_0006", "0001_0053", "0001_0075", "0001_0107", "0001_0172", "0001_0256", "0002_0036", "0002_0096", "0003_0013",
    "0005_0005", "0007_0001", "0008_0090", "0010_0012", "0010_0022", "0017_0009",
}  # fmt: skip
"""Pictures of ``masked`` whose foremost face, looked at by eye, wears a mask and is large enough for a gate."""

WORN = {"sa_7m_032_000", "sa_4f_008_000"}
"""Ordinary pictures that show a mask, by eye: refusing them is right."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured on the foremost face of one picture."""

    file: str
    role: str
    group: str
    face: Face
    quality: Quality
    fine: portrait.Portrait
    mouth: float
    eyes: float
    refused: tuple[str, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What the finer signs alone say."""
        hidden = {Fault.MASK: self.mouth >= occlusion.MASKED, Fault.SUNGLASSES: self.eyes >= occlusion.SHADED}
        found = portrait.faults(self.fine, self.quality.pose)
        return (*(fault for fault, present in hidden.items() if present), *found)


def main() -> int:
    """Print the tables, or put them into the page."""
    parser = argparse.ArgumentParser(prog="quality_derivation.py", description="Where the limits of quality come from.")
    parser.add_argument("folder", type=Path, help="the parent folder of gate-dev and groups-dev")
    parser.add_argument("--write", action="store_true", help=f"replace the tables of {PAGE}")
    wanted = parser.parse_args()
    if not (wanted.folder / "gate-dev" / "manifest.csv").is_file():
        print(f"There is no gate-dev/manifest.csv in {wanted.folder}: name the folder that has it.", file=sys.stderr)
        return 2
    models = load(make_settings({}, data=Path(os.devnull), models=default_models()))
    rows = list(_rows(wanted.folder))
    shown = track(rows, description="looking at pictures", disable=not sys.stderr.isatty())
    looks = [look(models, row, path) for row, path in shown if row["role"] in (*PEOPLE, "masked_or_crowd")]
    seen = [found for found in looks if found is not None]
    people = [s for s in seen if s.role in PEOPLE]
    tables = {
        "measured": limits_table(people),
        "signs": signs_table(people, seen),
        "refused": refused_table(people, sum(row["role"] in PEOPLE for row, _ in rows)),
        "groups": groups_table(people),
        "reject": reject_table(models, rows),
    }
    for name, lines in tables.items():
        print(f"\n{name}\n")
        print("\n".join(lines))
        if wanted.write:
            replace_block(PAGE, name, lines)
    return 0


def _rows(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    for part in ("gate-dev", "groups-dev"):
        with (folder / part / "manifest.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield {"group": "", "part": part, **row}, folder / part / row["file"]


def look(models: Models, row: dict[str, str], path: Path) -> Seen | None:
    """Measure everything on the foremost face of one picture, whatever its faults; ``None`` if there is none."""
    try:
        image = read_picture(path)
        face = foremost(models.detector.detect(image), image.shape)
        if face is None:
            return None
        chip = cut(image, face.landmarks)
        quality = assess(face, chip, image.shape, ENROLMENT)
        fine = portrait.measure(cut_portrait(image, face.landmarks), face.landmarks)
        painted = np.stack((chip, occlusion.without_mouth(chip), occlusion.without_eyes(chip)))
        vector, mouthless, eyeless = models.embedder.embed(painted)
        refused = tuple(str(reason) for reason in judge(models, path).refused)
        mouth, eyes = float(vector @ mouthless), float(vector @ eyeless)
        return Seen(row["file"], row["role"], row["group"] or row["part"], face, quality, fine, mouth, eyes, refused)
    except (AlignmentError, PictureError, RuntimeModelError) as error:
        print(f"{path.name}: {error}", file=sys.stderr)
        return None


def limits_table(people: Sequence[Seen]) -> list[str]:
    """The distribution of what the gate and enrolment both measure, and what each limit refuses."""
    measured: list[tuple[str, Callable[[Seen], float], float, float, bool]] = [
        ("size, pixels", lambda s: s.quality.size, GATE.size, ENROLMENT.size, True),
        ("yaw, degrees", lambda s: abs(s.quality.pose.yaw), GATE.yaw, ENROLMENT.yaw, False),
        ("pitch, degrees", lambda s: abs(s.quality.pose.pitch), GATE.pitch, ENROLMENT.pitch, False),
        ("roll, degrees", lambda s: abs(s.quality.pose.roll), GATE.roll, ENROLMENT.roll, False),
        ("sharpness", lambda s: s.quality.sharpness, GATE.sharpness, ENROLMENT.sharpness, True),
        ("mean grey, dark", lambda s: s.quality.brightness, GATE.dark, ENROLMENT.dark, True),
        ("mean grey, bright", lambda s: s.quality.brightness, GATE.bright, ENROLMENT.bright, False),
        ("contrast", lambda s: s.quality.contrast, GATE.contrast, ENROLMENT.contrast, True),
    ]
    lines = [
        "| What | 1 % | median | 99 % | gate | refuses | enrolment | refuses |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, value, gate, enrolment, least in measured:
        values = np.array([value(s) for s in people])
        low, middle, high = np.percentile(values, (1, 50, 99))
        beyond = [int((values < limit).sum() if least else (values > limit).sum()) for limit in (gate, enrolment)]
        lines.append(
            f"| {name} | {low:.2f} | {middle:.2f} | {high:.2f} | {gate:g} | {beyond[0]} of {len(people)} | "
            f"{enrolment:g} | {beyond[1]} of {len(people)} |"
        )
    return lines


def signs_table(people: Sequence[Seen], seen: Sequence[Seen]) -> list[str]:
    """The finer signs on ordinary people whose face is large enough to enrol from, and on masked ones."""
    large = [s for s in people if s.quality.size >= ENROLMENT.size]
    bare = [s for s in large if Path(s.file).stem not in WORN]
    masked = [s for s in seen if s.role == "masked_or_crowd" and Path(s.file).stem in COVERED]
    caught = sum(s.mouth >= occlusion.MASKED for s in masked)
    lines = ["| Sign | of whom | found |", "|---|---|---|"]
    lines.append(f"| mask | faces that wear one | {_share(caught, len(masked))} |")
    most = max(s.mouth for s in bare)
    lines.append(
        f"| mask | faces that wear none (the nearest of them {most:.3f}, the limit {occlusion.MASKED:g}) | "
        f"{_share(sum(s.mouth >= occlusion.MASKED for s in bare), len(bare))} |"
    )
    others = (Fault.SUNGLASSES, Fault.EYES_CLOSED, Fault.TILTED, Fault.BLURRED, Fault.DRAWING)
    counts = {fault: sum(fault in s.faults for s in large) for fault in others}
    return lines + [f"| {fault} | ordinary pictures | {_share(n, len(large))} |" for fault, n in counts.items()]


def refused_table(people: Sequence[Seen], pictures: int) -> list[str]:
    """How often enrolment gives which reason to ordinary pictures."""
    counts: dict[str, int] = defaultdict(int)
    for s in people:
        for reason in s.refused:
            counts[reason] += 1
    lines = [
        "| Reason | ordinary pictures |",
        "|---|---|",
        f"| no face found | {_share(pictures - len(people), pictures)} |",
    ]
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return lines + [f"| {reason} | {_share(count, len(people))} |" for reason, count in ordered]


def groups_table(people: Sequence[Seen]) -> list[str]:
    """Refusals by group, of faces large enough: all, and those that the finer signs alone cause."""
    lines = ["| Group | refused | by the finer signs alone |", "|---|---|---|"]
    for group in dict.fromkeys(s.group for s in people):
        own = [s for s in people if s.group == group and s.quality.size >= ENROLMENT.size]
        finer = sum(bool(set(s.faults) - HINTS) and s.quality.good for s in own)
        lines.append(f"| {group} | {_share(sum(bool(s.refused) for s in own), len(own))} | {_share(finer, len(own))} |")
    return lines


def reject_table(models: Models, rows: Sequence[tuple[dict[str, str], Path]]) -> list[str]:
    """What enrolment says of the pictures that it is to refuse."""
    lines = ["| Picture | is | enrolment says |", "|---|---|---|"]
    for row, path in rows:
        if row["role"] in ("enrol_reject", "broken_file", "odd_file"):
            is_about = row["notes"].removeprefix("reason: ").split(" resized")[0]
            said = ", ".join(str(reason) for reason in judge(models, path).refused) or "enrolled"
            lines.append(f"| {path.name} | {is_about} | {said} |")
    return lines


def _share(count: int, of: int) -> str:
    low, high = Rate(count, of).interval
    return f"{count} of {of} ({percent(low)} – {percent(high)})" if of else "none there"


if __name__ == "__main__":
    sys.exit(main())
