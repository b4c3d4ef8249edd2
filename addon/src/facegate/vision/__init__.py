"""Models: one per file, over one runtime."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facegate.settings import Settings

if TYPE_CHECKING:
    from facegate.vision.detector import Detector
    from facegate.vision.embedder import Embedder


@dataclass(frozen=True, slots=True)
class Models:
    """The models of one recognizer, ready to run, shared by all its cameras."""

    detector: Detector
    embedder: Embedder
    note: str | None = None  # why the provider that was asked for is not used


def load(settings: Settings) -> Models:
    """Return the models that ``settings`` name, each checked against its hash. Raises VisionError."""
    # Here and not above: listing and fetching models must not load a runtime.
    from facegate.vision import prepare, zoo  # noqa: PLC0415
    from facegate.vision.detector import Detector  # noqa: PLC0415
    from facegate.vision.embedder import Embedder  # noqa: PLC0415
    from facegate.vision.runtime import Runtime  # noqa: PLC0415

    for name, role in ((settings.detector, zoo.Role.DETECTOR), (settings.embedder, zoo.Role.EMBEDDER)):
        zoo.known(name, role)
    runtime = Runtime(settings.inference, settings.models)
    detector = prepare.detector(zoo.verified_bytes(settings.models, settings.detector))
    embedder = prepare.classifier(zoo.verified_bytes(settings.models, settings.embedder))
    return Models(
        detector=Detector(runtime.session(detector, settings.detector)),
        embedder=Embedder(runtime.session(embedder, settings.embedder), settings.embedder),
        note=runtime.fallback,
    )
