"""``facegate replay``: what a gate would have decided about the people in a clip."""

import json
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facegate.cli.console import notes, stop, stops_at
from facegate.settings import SettingsError, default_data, default_models, make_settings

if TYPE_CHECKING:
    from facegate.adapters.glance import Glance
    from facegate.cli.manifest import Looks
    from facegate.core.models import Camera, Decision, LivenessEvidence
    from facegate.core.recognition import Recognition


class Life(StrEnum):
    """The proof of life that is asked for."""

    OFF = "off"
    PASSIVE = "passive"


def replay(
    clip: Annotated[Path, typer.Argument(help="A video file.")],
    enrol: Annotated[Path, typer.Option(help="CSV file: file,identity,role; its pictures with the role enrol count.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print each decision as a line of JSON.")] = False,
    fast: Annotated[
        bool, typer.Option("--fast", help="Every frame in order as fast as it goes, by the clip's own time.")
    ] = False,
    liveness: Annotated[
        Life, typer.Option(help="Proof of life to ask for; clips made of stills have none.")
    ] = Life.OFF,
    models: Annotated[Path | None, typer.Option(help="Where models lie; FACEGATE_MODELS by default.")] = None,
) -> None:
    """Show a clip to a gate that knows the people of a manifest, and print what it decides.

    Without --fast the clip is a camera: in real time, and whoever is busy misses frames. Nothing is stored or opened.
    """
    from facegate.adapters.camera_state import CameraError
    from facegate.cli.manifest import ManifestError, look_at, read_manifest
    from facegate.core.evaluation import ENROL
    from facegate.core.models import Camera, LivenessLevel
    from facegate.pipeline import CameraPipeline
    from facegate.vision import load
    from facegate.vision.errors import VisionError

    if liveness is Life.OFF:
        notes.print(
            "LIVENESS IS OFF: this is recognition only, and a photograph passes as well as a person.", style="bold red"
        )
    with stops_at(SettingsError, ManifestError, VisionError, CameraError):
        if not clip.is_file():
            stop(f"There is no clip {clip}: name a video file.")
        rows = [row for row in read_manifest(enrol) if row.role in (ENROL, CLIP_ENROL)]
        loaded = load(make_settings({}, data=default_data(), models=models or default_models()))
        looks = look_at(loaded, [replace(row, role=ENROL) for row in rows])
        recognition = _recognition(looks, loaded.embedder.model)
        camera = Camera(id="clip", gate="replay", source=str(clip), liveness=LivenessLevel(liveness))
        pipeline = CameraPipeline(camera, loaded, recognition)
        for glance in _by_clip_time(camera) if fast else _in_real_time(camera):
            if not pipeline.attends(glance.luma, glance.captured_at):
                continue
            for decision in pipeline.process(glance.frame()):
                typer.echo(json.dumps(as_dict(decision)) if as_json else _sentence(decision))
    if not pipeline.health.frames:
        stop(f"{clip} has no picture that can be read: name a video file.")
    if pipeline.health.failures:
        counts = ", ".join(f"{stage} {count}" for stage, count in pipeline.health.failures.items())
        last = f" The last: {pipeline.health.detail}." if pipeline.health.detail else ""
        stop(f"Some frames could not be judged; failures by stage: {counts}.{last}")


CLIP_ENROL = "clip_enrol"
"""Role of pictures to enrol the people of clips from; evaluation leaves them out."""


def as_dict(decision: Decision) -> dict[str, Any]:
    """Return the decision as it is printed with ``--json``."""
    return {
        "clip_time": round(decision.clip_time, 3),
        "type": decision.verdict.value,
        "resident": decision.resident,
        "reason": decision.reason.value,
        "score": decision.score,
        "runner_up": decision.runner_up,
        "track": decision.track,
        "faces": decision.faces,
        "ms": {stage: round(taken, 2) for stage, taken in decision.ms.items()},
        "liveness": None if decision.liveness is None else _liveness(decision.liveness),
    }


def _liveness(seen: LivenessEvidence) -> dict[str, Any]:
    return {
        "level": seen.level.value,
        "frames": seen.frames,
        "live": seen.live,
        "change": seen.change,
        "refused": seen.refused and seen.refused.value,
    }


def _recognition(looks: Looks, model: str) -> Recognition:
    from facegate.core.matching import Gallery
    from facegate.core.models import Gate, Resident, ResidentState, Template
    from facegate.core.recognition import Recognition

    templates = [Template(s.file, s.identity, model, vector) for s in looks.samples for vector in s.vectors]
    for sample in looks.samples:
        if not sample.vectors:
            why = looks.unreadable.get(sample.file) or ", ".join(sample.refused)
            notes.print(f"{sample.file} gives no template: {why}.", style="dim", markup=False, highlight=False)
    if not templates:
        stop("No picture of the manifest could be enrolled: give good pictures with the role enrol.")
    names = {template.resident for template in templates}
    residents = {name: Resident(id=name, name=name, state=ResidentState.ENROLLED) for name in names}
    return Recognition(Gallery(templates), residents, Gate(id="replay", name="Replay", faces=True))


def _by_clip_time(camera: Camera) -> Iterator[Glance]:
    from facegate.adapters.camera import glances

    for glance in glances(camera.source, camera=camera.id):
        yield replace(glance, captured_at=glance.clip_time)


def _in_real_time(camera: Camera) -> Iterator[Glance]:
    from facegate.adapters.camera import open_camera
    from facegate.adapters.camera_state import CameraError, Fault

    reader = open_camera(camera)
    seen = 0
    try:
        while True:
            glance = reader.glance(after=seen, timeout=_WAIT)
            if glance is not None:
                seen = glance.number
                yield glance
                continue
            reason = reader.state.reason
            if reason is Fault.ENDED:
                return
            if reason not in (None, Fault.CONNECTING):
                raise CameraError(reason)
    finally:
        reader.close()


_WAIT = 0.2  # seconds without a frame before the state is looked at


def _sentence(decision: Decision) -> str:
    who = decision.resident or "somebody"
    verdict = "is let in" if decision.resident and decision.reason.value == "recognised" else "is refused"
    score = "" if decision.score is None else f", similarity {decision.score:.2f}"
    total = sum(decision.ms.values())
    return f"{decision.clip_time:7.2f} s  {who} {verdict}: {decision.reason.value}{score} ({total:.0f} ms)"
