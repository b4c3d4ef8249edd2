"""Enrolling as the office does it: at a gate's own camera, or from pictures that were handed in. No picture is kept."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import cv2
import numpy as np

from facegate.adapters.store import NotFoundError, Store, StoreError
from facegate.core.alignment import AlignmentError
from facegate.core.audit import Act
from facegate.core.consent import Purpose
from facegate.core.intent import in_zone
from facegate.core.masking import mask_out
from facegate.core.matching import Gallery
from facegate.core.models import Camera, Face, Frame, Image, PrivacyLevel, Resident, Vector
from facegate.core.quality import Fault, pick
from facegate.residents.collecting import Collection
from facegate.residents.consents import Consents, Given, NoticeError
from facegate.residents.enrolment import Alike, EnrolmentReport, Picture, compare, examine, keep
from facegate.residents.picture import Judgement, judge_face
from facegate.residents.standing import Stage, Standing
from facegate.vision import Models
from facegate.vision.errors import VisionError

_LOG = logging.getLogger(__name__)
_PAUSE: Final = 0.2  # between two pictures: the gates need the processor, too
_SHOWN: Final = 480  # pixels of the preview's longer side
_MOST: Final = 4  # sessions at once: one before each camera of a large house


class EnrolmentError(Exception):
    """Nobody can be enrolled like this; the text is one sentence that says what to do."""


class Eye(Protocol):
    """A camera of a gate that is being enrolled at."""

    @property
    def camera(self) -> Camera:
        """Which one it is, with its zone."""

    def latest(self, after: int) -> Frame | None:
        """The newest frame with a greater number; ``None`` when none comes soon. Blocks."""

    def release(self) -> None:
        """Let the gate act on the person who stands there again."""


type Eyes = Callable[[str, str], Eye]
"""Of a camera's id, and of the resident for whom its gate must not open meanwhile. Raises NotFoundError."""


@dataclass(slots=True)
class Session:
    """One session with the picture that is shown in it, which lives here and as long as it runs."""

    id: str
    actor: str
    standing: Standing
    preview: bytes = field(default=b"", repr=False)
    share: str = field(default="", repr=False)
    task: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """How many templates were stored; ``share``: the half of a strict resident's key, which is told this once."""

    templates: int
    share: str = field(default="", repr=False)


class Enrolling:
    """Belongs to the event loop.

    Args:
        store: where residents, consents and templates are.
        models: those that the gates use.
        consents: what people said yes to.
        eyes: the cameras of the gates.
        changed: awaited after templates have changed.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        store: Store,
        models: Callable[[], Models],
        consents: Consents,
        eyes: Eyes,
        changed: Callable[[], Awaitable[None]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._models = models
        self._consents = consents
        self._eyes = eyes
        self._changed = changed
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    # Before a gate's camera

    async def begin(self, actor: str, resident: str, camera: str, given: Given) -> Session:
        """Begin to look at whoever stands there. Raises EnrolmentError, NoticeError, NotFoundError."""
        self._forget()
        known = await asyncio.to_thread(self.check, resident, given)
        running = [session for session in self._sessions.values() if not session.standing.ended]
        if (
            any(resident == s.standing.resident or camera == s.standing.camera for s in running)
            or len(running) >= _MOST
        ):
            raise EnrolmentError("Somebody is being enrolled there at this moment: end that first.")
        own = await asyncio.to_thread(self._own, known)
        eye = self._eyes(camera, resident)
        standing = Standing(known.id, camera, Collection(own), self._clock())
        session = Session(secrets.token_hex(8), actor, standing)
        self._sessions[session.id] = session
        session.task = asyncio.create_task(self._run(session, eye, given))
        return session

    def session(self, session: str) -> Session:
        """One session; raises NotFoundError once it is forgotten."""
        self._forget()
        found = self._sessions.get(session)
        if found is None:
            raise NotFoundError("This enrolment is over: begin anew.")
        return found

    def left(self, session: Session) -> float:
        """Seconds that a session has left."""
        return session.standing.left(self._clock())

    def wanted(self, session: Session) -> str | None:
        """Which view is asked for."""
        return session.standing.wanted(self._clock())

    async def cancel(self, session: str) -> None:
        """End a session; but for what was stored already, nothing of it is kept."""
        found = self._sessions.pop(session, None)
        if found is None:
            return
        found.standing.go(Stage.CANCELLED, self._clock())
        if found.task is not None:
            await found.task

    async def stop(self) -> None:
        """End all sessions."""
        for session in list(self._sessions):
            await self.cancel(session)

    async def _run(self, session: Session, eye: Eye, given: Given) -> None:
        standing = session.standing
        number = -1
        try:
            while not standing.ended:
                number = await asyncio.to_thread(self._look, session, eye, number)
                if standing.stage is Stage.STORING:
                    await self._store_vectors(session, given)
                standing.tick(self._clock())
                await asyncio.sleep(_PAUSE)
        except (StoreError, VisionError, AlignmentError, NoticeError) as error:
            _LOG.warning("an enrolment at camera %s failed: %s", standing.camera, error)
            standing.problem = str(error)
            standing.go(Stage.FAILED, self._clock())
        finally:
            standing.go(Stage.FAILED, self._clock())  # nothing, where it has ended
            session.preview = b""
            eye.release()

    def _look(self, session: Session, eye: Eye, after: int) -> int:
        """Look at the newest frame; return its number."""
        frame = eye.latest(after)
        if frame is None:
            return after
        face, shown = self._find(eye.camera, frame.image)
        standing = session.standing
        session.preview = b"" if standing.ended else _preview(shown, face)
        judgement = judge_face(self._models(), shown, face) if isinstance(face, Face) else Judgement(refused=(face,))
        if standing.stage is Stage.TESTING and judgement.vector is not None:
            standing.tested(self.recognises(standing.resident, judgement.vector), self._clock())
        else:
            standing.saw(judgement, self._clock())
        if standing.ended:
            session.preview = b""
        return frame.number

    def _find(self, camera: Camera, image: Image) -> tuple[Face | Fault, Image]:
        """The one face before the camera, and the picture without whoever only walks by."""
        found = self._models().detector.detect(image)
        inside = [face for face in found if in_zone(face.box.centre, image.shape, camera.zone)]
        outside = [face.box for face in found if not in_zone(face.box.centre, image.shape, camera.zone)]
        shown = mask_out(image, outside, [face.box for face in inside])
        return pick(inside, image.shape), shown

    async def _store_vectors(self, session: Session, given: Given) -> None:
        standing = session.standing
        vectors = tuple(standing.collection.vectors)
        report = await asyncio.to_thread(self.weigh, standing.resident, vectors)
        standing.duplicate, standing.alike = report.duplicate, report.alike
        if report.duplicate is not None:
            standing.go(Stage.REFUSED, self._clock())
            return
        if standing.ended:  # cancelled meanwhile
            return
        kept = await asyncio.to_thread(self.keep, session.actor, standing.resident, given, report)
        standing.stored, session.share = kept.templates, kept.share
        # A strict resident is known only together with the code that is about to be printed: that is tried at the gate.
        standing.go(Stage.DONE if kept.share else Stage.TESTING, self._clock())
        await self._changed()

    # What all ways of enrolling share; these block

    def check(self, resident: str, given: Given, *, choosing: bool = False) -> Resident:
        """Return the resident if they may be enrolled on this yes. Raises EnrolmentError, NoticeError."""
        known = self._store.resident(resident)
        if given.purpose is not Purpose.FACE_AT_GATES:
            raise NoticeError("A face is enrolled on a yes to being recognised at gates: show that notice.")
        if known.level is PrivacyLevel.NO_FACE and not choosing:
            raise EnrolmentError(
                "This resident has chosen to be let in without their face: let them choose anew first."
            )
        self._consents.check(known, given)
        return known

    def weigh(self, resident: str, vectors: Sequence[Vector]) -> EnrolmentReport:
        """Compare what was gathered with everybody who lives here."""
        model, rule = self._models().embedder.model, self._store.site_rule().thresholds
        known = [template for template in self._store.templates() if template.model == model]
        duplicate, alike = compare(vectors, known, resident, rule)
        return EnrolmentReport(model, (), duplicate, alike, () if duplicate else tuple(vectors))

    def keep(
        self, actor: str, resident: str, given: Given, report: EnrolmentReport, *, level: PrivacyLevel | None = None
    ) -> Kept:
        """Record the yes and store what was gathered, at the level that the resident has chosen."""
        known = self._store.resident(resident)
        if level is not None and level is not known.level:
            known = self._store.choose_level(resident, level)
            self._store.record_act(actor, Act.LEVEL_CHANGED, resident=resident, reason=level)
        consent = self._consents.record(actor, resident, given)
        kept = self._seal(known, report, consent.id)
        self._store.record_act(actor, Act.ENROLLED, resident=resident, reason=_names(report.alike))
        return kept

    def _seal(self, resident: Resident, report: EnrolmentReport, consent: str) -> Kept:
        if resident.level is PrivacyLevel.STRICT:
            share = self._store.issue_share(resident.id, report.model, report.vectors, consent)
            return Kept(len(report.vectors), share.text)
        return Kept(len(keep(self._store, resident, report, consent).templates))

    def recognises(self, resident: str, vector: Vector) -> bool:
        """Whether the gates would know this face as that resident."""
        model, rule = self._models().embedder.model, self._store.site_rule().thresholds
        gallery = Gallery([template for template in self._store.templates() if template.model == model])
        return rule.names(gallery.match(vector)) == resident

    def own(self, resident: str) -> list[Vector]:
        """The vectors that are known of a resident."""
        return self._own(self._store.resident(resident))

    def _own(self, resident: Resident) -> list[Vector]:
        model = self._models().embedder.model
        return [t.vector for t in self._store.templates() if t.resident == resident.id and t.model == model]

    # From pictures

    async def upload(
        self, actor: str, resident: str, given: Given, pictures: Sequence[Picture]
    ) -> tuple[EnrolmentReport, Kept]:
        """Enrol from pictures that were handed in. Raises EnrolmentError, NoticeError, NotFoundError."""
        report, kept = await asyncio.to_thread(partial(self._upload, actor, resident, given, pictures))
        if report.accepted:
            await self._changed()
        return report, kept

    def _upload(
        self, actor: str, resident: str, given: Given, pictures: Sequence[Picture]
    ) -> tuple[EnrolmentReport, Kept]:
        known = self.check(resident, given)
        rule = self._store.site_rule().thresholds
        report = examine(self._models(), pictures, self._store.templates(), known.id, rule)
        return report, self.keep(actor, resident, given, report) if report.accepted else Kept(0)

    def _forget(self) -> None:
        now = self._clock()
        self._sessions = {key: one for key, one in self._sessions.items() if not one.standing.over(now)}


def _names(alike: Sequence[Alike]) -> str:
    """Whom somebody looks like, for the record: ids, which lead to nobody once those are erased."""
    return " ".join(f"alike:{one.resident}" for one in alike)[:500]


def _preview(image: Image, face: Face | Fault) -> bytes:
    """What the person sees of themselves: the head and what is around it, or the whole picture."""
    if isinstance(face, Face):
        height, width = image.shape[:2]
        (x, y), reach = face.box.centre, 1.1 * max(face.box.width, face.box.height)
        top, bottom = max(0, int(y - reach)), min(height, int(y + reach))
        left, right = max(0, int(x - reach)), min(width, int(x + reach))
        image = image[top:bottom, left:right]
    scale = min(1.0, _SHOWN / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    done, jpeg = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, 70))
    return np.asarray(jpeg, np.uint8).tobytes() if done else b""
