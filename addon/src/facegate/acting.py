"""What was decided is acted on: a grant opens, a refusal is recorded, and whoever stands there is told of both."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from facegate.adapters.camera import CameraError
from facegate.adapters.hints import Hints
from facegate.adapters.store import StoreError
from facegate.core.models import Decision, Reason, Verdict
from facegate.opening import Openings, OpenOutcome, OpenRequest
from facegate.pipeline import CameraPipeline
from facegate.residents.snapshots import Snapshots
from facegate.vision.errors import VisionError

_LOG = logging.getLogger(__name__)
_NOBODY_PASSED: Final = frozenset({Reason.PERSON_LEFT, Reason.NODE_BUSY, Reason.NODE_SILENT})
"""After these the relay has certainly not moved, so whoever still stands there is decided about anew."""
_WAIT_SECONDS: Final = 0.8  # without an answer of the node, after which whoever stands there is asked to wait

type DecisionListener = Callable[[Decision, OpenOutcome | None], None]


class Acting:
    """Belongs to one event loop; ``decided`` is given to the building.

    Args:
        openings: opens, and records who was refused.
        snapshots: keeps a picture of who was refused, where the owner wants that.
        hints: returns what tells people at the gates.
        on_decision: called with each decision and, if it was granted, with what came of it.
    """

    def __init__(
        self,
        openings: Openings,
        snapshots: Snapshots,
        hints: Callable[[], Hints],
        on_decision: DecisionListener | None = None,
    ) -> None:
        self._openings = openings
        self._snapshots = snapshots
        self._hints = hints
        self._on_decision = on_decision
        self._tasks: set[asyncio.Task[None]] = set()

    def decided(self, pipeline: CameraPipeline, decision: Decision) -> None:
        """Act on a decision of a camera."""
        task = asyncio.get_running_loop().create_task(self._act(pipeline, decision))
        self._tasks.add(task)
        task.add_done_callback(self._acted)

    async def stop(self) -> None:
        """Bring what is under way to its end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _act(self, pipeline: CameraPipeline, decision: Decision) -> None:
        outcome = None
        if decision.verdict is Verdict.GRANTED:
            request = OpenRequest.of(decision, lambda: pipeline.still_there(decision.track, time.monotonic()))
            outcome = await self._open(request)
            if outcome.reason in _NOBODY_PASSED:
                pipeline.shut_out(decision.track, decision.resident)
        else:
            self._hints().decided(decision.gate, decision.verdict, decision.reason, decision.advice)
            await self._openings.deny(decision)
            await asyncio.to_thread(self._keep_picture, decision)
        if self._on_decision is not None:
            self._on_decision(decision, outcome)

    async def _open(self, request: OpenRequest) -> OpenOutcome:
        """Open, and say at the gate what comes of it, or that it takes a while."""
        hints = self._hints()
        loop = asyncio.get_running_loop()
        late = loop.call_later(_WAIT_SECONDS, hints.decided, request.gate, Verdict.DENIED, Reason.NODE_BUSY)
        try:
            outcome = await self._openings.open(request)
        finally:
            late.cancel()
        verdict = Verdict.GRANTED if outcome.opened else Verdict.DENIED
        hints.decided(request.gate, verdict, outcome.reason)
        return outcome

    def _keep_picture(self, decision: Decision) -> None:
        """Keep a picture of who was refused, where the owner wants that; a gate works without."""
        try:
            self._snapshots.refused(decision)
        except (StoreError, CameraError, VisionError) as error:
            _LOG.warning("No picture is kept of somebody who was refused: %s", error)

    def _acted(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.critical("A decision could not be carried out; the gate stays closed.", exc_info=error)
