"""Models: one per file, over one runtime."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
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
    as asked for, and why. ``at_once``: how many inferences fill the machine. ``fallback``: why the CPU runs them
    although something else was asked for.
    """

    detector: Detector
    embedder: Embedder
    antispoof: AntiSpoof | None = None
    notes: tuple[str, ...] = ()
    at_once: int = 1
    fallback: str | None = None


def load(settings: Settings) -> Models:
    """Return the models that ``settings`` name, each checked against its hash. Raises VisionError.

    A liveness model that cannot be used is no error here: it is left out, with a note.
    """
    # Here and not above: listing and fetching models must not load a runtime.
    from facegate.vision import zoo  # noqa: PLC0415
    from facegate.vision.antispoof import AntiSpoof  # noqa: PLC0415
    from facegate.vision.detector import Detector  # noqa: PLC0415
    from facegate.vision.embedder import Embedder  # noqa: PLC0415
    from facegate.vision.errors import VisionError  # noqa: PLC0415
    from facegate.vision.runtime import Runtime, Session, give_back_memory  # noqa: PLC0415

    zoo.known(settings.detector, zoo.Role.DETECTOR)
    zoo.known(settings.embedder, zoo.Role.EMBEDDER)
    # A command that only looks at pictures leaves no folder behind: the cache lies in the data that are there already.
    runtime = Runtime(settings.inference, settings.data / "cache" if settings.data.is_dir() else None)

    def start(name: str, rewrite: Callable[[bytes], bytes]) -> Session:
        return runtime.prepared(partial(zoo.verified_bytes, settings.models, name), name, rewrite)

    def classifier(published: bytes) -> bytes:
        from facegate.vision import prepare  # noqa: PLC0415  # 40 MB that nobody needs once graphs are prepared

        return prepare.classifier(published)

    def detector(published: bytes) -> bytes:
        from facegate.vision import prepare  # noqa: PLC0415  # as above

        return prepare.detector(published)

    antispoof, notes = None, []
    try:
        antispoof = AntiSpoof(start(LIVENESS_MODEL, classifier))
    except VisionError as error:
        notes.append(f"Without the liveness model no gate opens that asks for liveness. {error}")
    loaded = Models(
        detector=Detector(start(settings.detector, detector)),
        embedder=Embedder(start(settings.embedder, classifier), settings.embedder),
        antispoof=antispoof,
        at_once=runtime.at_once,
        fallback=runtime.fallback,
    )
    give_back_memory()
    return replace(loaded, notes=tuple(notes + ([runtime.fallback] if runtime.fallback else [])))
