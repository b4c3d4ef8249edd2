"""One thread per camera: its newest frame through its pipeline, its decisions to whoever acts on them."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from facegate.adapters.camera import CameraReader
from facegate.adapters.camera_state import CameraError, CameraState
from facegate.adapters.glance import Glance
from facegate.core.models import Camera, Decision, Frame
from facegate.core.pace import Pace
from facegate.pipeline import CameraPipeline
from facegate.turns import Turns

_LOG = logging.getLogger(__name__)
_REMIND = 1.0  # seconds after which a prompt that still holds is told again
_WAIT = 0.5  # seconds for a frame before the thread looks whether it should end


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """How one camera does. ``condition``: ok, silent, off; ``reason``, ``problem`` and ``prompt`` are translation keys.

    ``prompt``: what somebody before the camera is asked to do, empty for nothing. ``notes``: what is not as it should
    be or was asked for, though people are recognised. ``ms``: of each step, in the last picture that was looked at.
    ``rate``: pictures a second.
    """

    camera: str
    gate: str
    condition: str
    reason: str = ""
    problem: str = ""
    prompt: str = ""
    notes: tuple[str, ...] = ()
    ms: Mapping[str, float] = field(default_factory=dict)
    rate: float = 0.0


class CameraWatch:
    """Feeds one pipeline from one camera until it is stopped.

    ``decided`` is called in this watch's own thread, once for each decision; ``prompted`` as well, when somebody is
    asked to do something, at times while they still are, and with nothing when they are no longer. ``turns`` are
    shared by all watches, ``notes`` hold for all cameras.
    """

    def __init__(
        self,
        camera: Camera,
        reader: CameraReader,
        pipeline: CameraPipeline,
        decided: Callable[[Decision], None],
        prompted: Callable[[str], None] = lambda prompt: None,
        *,
        turns: Turns | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.camera = camera
        self.pipeline = pipeline
        self._reader = reader
        self._decided = decided
        self._prompted = prompted
        self._turns = turns or Turns(1)
        self._standing_notes = notes
        self._pace = Pace()
        self._overloaded = False
        self._unreadable: CameraState | None = None
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
        state = self._unreadable or self._reader.state
        problem = self.pipeline.health.problem if self._thread.is_alive() else "watch_ended"
        return CameraHealth(
            self.camera.id,
            self.camera.gate,
            state.condition,
            state.reason or "",
            problem,
            self.pipeline.prompt,
            self._notes(),
            dict(self.pipeline.health.ms),
            self._pace.rate,
        )

    def newest(self, after: int = 0) -> Frame | None:
        """The newest picture whose number is greater; ``None`` where none comes soon. Blocks. Raises CameraError."""
        glance = self._reader.glance(after=after, timeout=_WAIT)
        return None if glance is None else glance.frame()

    def _notes(self) -> tuple[str, ...]:
        notes = {
            "overloaded": self._pace.overloaded(time.monotonic()),
            "decoding_software": not self._reader.decodes_as_asked,
        }
        return (*self._standing_notes, *(note for note, holds in notes.items() if holds))

    def _run(self) -> None:
        seen = 0
        while not self._ended.is_set():
            glance = self._reader.glance(after=seen, timeout=_WAIT)
            if glance is None:
                continue
            seen = glance.number
            if self.pipeline.attends(glance.luma, glance.captured_at):
                with self._turns.turn(self.camera.id):
                    glance = self._reader.glance(after=seen, timeout=0) or glance  # the newest, if it had to wait
                    seen = glance.number
                    decisions = self._process(glance)
                for decision in decisions:
                    self._decided(decision)
                self._tell(self.pipeline.prompt, glance.captured_at)
            self._keep_pace(glance)
        _LOG.debug("watch of camera %s has ended", self.camera.id)

    def _process(self, glance: Glance) -> list[Decision]:
        try:
            frame = glance.frame()
        except CameraError as error:
            self._unreadable = CameraState.of(error.fault)
            return []
        self._unreadable = None
        return self.pipeline.process(frame)

    def _keep_pace(self, glance: Glance) -> None:
        self._pace.saw(glance.number, time.monotonic())
        overloaded = self._pace.overloaded(time.monotonic())
        if overloaded and not self._overloaded:
            _LOG.warning("camera %s: this machine is too busy to look at each of its pictures", self.camera.id)
        self._overloaded = overloaded

    def _tell(self, prompt: str, at: float) -> None:
        if prompt == self._prompt and (not prompt or at - self._prompt_at < _REMIND):
            return
        self._prompt, self._prompt_at = prompt, at
        self._prompted(prompt)
