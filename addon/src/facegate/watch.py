"""One thread per camera: its newest frame through its pipeline, its decisions to whoever acts on them."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from facegate.adapters.camera import CameraReader
from facegate.core.models import Camera, Decision
from facegate.pipeline import CameraPipeline

_LOG = logging.getLogger(__name__)
_REMIND = 1.0  # seconds after which a prompt that still holds is told again
_WAIT = 0.5  # seconds for a frame before the thread looks whether it should end


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """How one camera does. ``condition``: ok, silent, off; ``reason``, ``problem`` and ``prompt`` are translation keys.

    ``prompt``: what somebody before the camera is asked to do, empty for nothing.
    """

    camera: str
    gate: str
    condition: str
    reason: str = ""
    problem: str = ""
    prompt: str = ""


class CameraWatch:
    """Feeds one pipeline from one camera until it is stopped.

    ``decided`` is called in this watch's own thread, once for each decision; ``prompted`` as well, when somebody is
    asked to do something, at times while they still are, and with nothing when they are no longer.
    """

    def __init__(
        self,
        camera: Camera,
        reader: CameraReader,
        pipeline: CameraPipeline,
        decided: Callable[[Decision], None],
        prompted: Callable[[str], None] = lambda prompt: None,
    ) -> None:
        self.camera = camera
        self.pipeline = pipeline
        self._reader = reader
        self._decided = decided
        self._prompted = prompted
        self._prompt = ""
        self._prompt_at = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {camera.id}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the camera; returns when both are done."""
        self._ended.set()
        self._reader.close()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def health(self) -> CameraHealth:
        """How the camera does now."""
        state = self._reader.state
        problem = self.pipeline.health.problem if self._thread.is_alive() else "watch_ended"
        return CameraHealth(
            self.camera.id, self.camera.gate, state.condition, state.reason or "", problem, self.pipeline.prompt
        )

    def _run(self) -> None:
        seen = 0
        while not self._ended.is_set():
            frame = self._reader.latest(after=seen, timeout=_WAIT)
            if frame is None:
                continue
            seen = frame.number
            for decision in self.pipeline.process(frame):
                self._decided(decision)
            self._tell(self.pipeline.prompt, frame.captured_at)
        _LOG.debug("watch of camera %s has ended", self.camera.id)

    def _tell(self, prompt: str, at: float) -> None:
        if prompt == self._prompt and (not prompt or at - self._prompt_at < _REMIND):
            return
        self._prompt, self._prompt_at = prompt, at
        self._prompted(prompt)
