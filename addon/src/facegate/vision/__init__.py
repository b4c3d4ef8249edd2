"""Models: one per file, over one runtime."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from facegate.settings import Settings

if TYPE_CHECKING:
    from facegate.vision.antispoof import AntiSpoof
    from facegate.vision.detector import Detector
    from facegate.vision.embedder import Embedder

LIVENESS_MODEL = "minifasnet_v2"


@dataclass(frozen=True, slots=True)
class Models:
    """The models of one recognizer, ready to run, shared by all its cameras.

    Without ``antispoof`` no gate that asks for liveness may open. ``notes`` are sentences for the owner: what is not
    as asked for, and why.
    """

    detector: Detector
    embedder: Embedder
    antispoof: AntiSpoof | None = None
    notes: tuple[str, ...] = ()


def load(settings: Settings) -> Models:
    """Return the models that ``settings`` name, each checked against its hash. Raises VisionError.

    A liveness model that cannot be used is no error here: it is left out, with a note.
    """
    # Here and not above: listing and fetching models must not load a runtime.
    from facegate.vision import prepare, zoo  # noqa: PLC0415
    from facegate.vision.antispoof import AntiSpoof  # noqa: PLC0415
    from facegate.vision.detector import Detector  # noqa: PLC0415
    from facegate.vision.embedder import Embedder  # noqa: PLC0415
    from facegate.vision.errors import VisionError  # noqa: PLC0415
    from facegate.vision.runtime import Runtime, Session, give_back_memory  # noqa: PLC0415

    zoo.known(settings.detector, zoo.Role.DETECTOR)
    zoo.known(settings.embedder, zoo.Role.EMBEDDER)
    runtime = Runtime(settings.inference, settings.models)

    def classifier(name: str) -> Session:
        return runtime.session(prepare.classifier(zoo.verified_bytes(settings.models, name)), name)

    detector = prepare.detector(zoo.verified_bytes(settings.models, settings.detector))
    antispoof, notes = None, []
    try:
        antispoof = AntiSpoof(classifier(LIVENESS_MODEL))
    except VisionError as error:
        notes.append(f"Without the liveness model no gate opens that asks for liveness. {error}")
    loaded = Models(
        detector=Detector(runtime.session(detector, settings.detector)),
        embedder=Embedder(classifier(settings.embedder), settings.embedder),
        antispoof=antispoof,
    )
    give_back_memory()
    return replace(loaded, notes=tuple(notes + ([runtime.fallback] if runtime.fallback else [])))
