"""What is held before one camera: passes, judged once and opened for while they are seen, and shares of keys.

Codes are read by a look every so often, also where the gate's face reader is off. Everything that decides is in the
core and in the store; here it meets the picture.
"""

from collections.abc import Sequence
from math import isfinite
from typing import Protocol

from facegate.core.bearers import Bearers
from facegate.core.matching import Gallery
from facegate.core.models import (
    Camera,
    Decision,
    Direction,
    Frame,
    Gate,
    LivenessLevel,
    Method,
    Reason,
    Template,
    Verdict,
)
from facegate.core.pass_rules import Judged
from facegate.core.passes import Code, Kind, read
from facegate.core.press import nearest
from facegate.core.second_factor import Factor
from facegate.core.showing import EVERY, Showings
from facegate.core.strict import Unlocked
from facegate.core.tracking import Track
from facegate.vision import Models
from facegate.vision.codes import read_codes


class Desk(Protocol):
    """What judges codes; any failure of it is a refusal. Called from the cameras' threads."""

    def use_pass(self, code: Code, gate: str, direction: Direction) -> Judged:
        """Judge a pass, and use it up if it is good."""

    def give_back_pass(self, judged: Judged) -> None:
        """Undo a use for which no gate moved."""

    def open_share(self, code: Code) -> Sequence[Template]:
        """The templates that a share opens; empty for none."""


class Presenting:
    """Used from one camera's thread, but for :meth:`still_there`.

    Args:
        camera: where codes are shown.
        desk: what judges them; without one none are read.
        models: whose embedder must have made a template that a share opens.
    """

    def __init__(self, camera: Camera, desk: Desk | None, models: Models) -> None:
        self.factors: list[Factor] = []
        self.changed = False
        self._camera = camera
        self._desk = desk
        self._models = models
        self._showings = Showings()
        self._uses: dict[int, Judged] = {}
        self._bearers = Bearers()
        self._looked = float("-inf")
        self._unlocked: Unlocked | None = None
        self._face = 0  # the track that the open template is compared with

    @property
    def busy(self) -> bool:
        """Whether something is held up, so that every picture is worth a look."""
        return bool(self._showings.of or self._unlocked)

    @property
    def gallery(self) -> Gallery | None:
        """The one open template, which faces are compared with instead of all others."""
        return None if self._unlocked is None else self._unlocked.gallery

    def still_there(self, number: int, at: float) -> bool:
        """Whether the pass that was found good under ``number`` was read within a second before. From any thread."""
        return self._showings.still_there(number, at)

    def take_back(self, number: int) -> None:
        """The gate did not move: what was used up is good again, and is judged anew while it is held up."""
        self._showings = self._showings.without(number)
        judged = self._uses.pop(number, None)
        if judged is not None and self._desk is not None:
            self._desk.give_back_pass(judged)

    def settle(self, at: float, gate: Gate) -> None:
        """Let go of whatever is not held up any more, and of a template whose time is over."""
        self._showings = self._showings.at(at)
        numbers = {showing.number for showing in self._showings.of.values()}
        self._uses = {number: judged for number, judged in self._uses.items() if number in numbers}
        if self._unlocked is not None and not (gate.faces and self._unlocked.lasts(at)):
            self._lock()

    def due(self, at: float) -> bool:
        """Whether it is time for a look."""
        return self._desk is not None and isfinite(at) and not 0 <= at - self._looked < EVERY

    def look(self, frame: Frame, gate: Gate) -> list[Decision]:
        """Read what is held up in this picture, and return what that decides."""
        at, decisions = frame.captured_at, list[Decision]()
        if self._desk is None:
            return decisions
        self._looked = at
        for seen in read_codes(frame.image, self._camera.zone):
            code = read(seen.text)
            if code is None:
                continue
            if self._unlocked is not None and code.id == self._unlocked.share:
                self._unlocked.seen = at
            if not self._showings.asks(code):
                self._showings = self._showings.saw(code, at)
                continue
            decision = self._judge(self._desk, code, frame, gate)
            if decision is not None:
                decisions.append(decision)
        return decisions

    def left_alone(self, tracks: Sequence[Track], live: Sequence[Track], at: float) -> list[int]:
        """Take a picture's faces into account; return the tracks whose face is nobody's business from now on."""
        if self._camera.liveness is LivenessLevel.SECOND_FACTOR:
            return []  # a pass is no way of its own here: it comes with a face
        before = self._bearers
        ids = {track.id for track in live}
        self._bearers = self._bearers.after(tracks, ids, self._showings.quiet(at), at)
        return [track for track in self._bearers.of.values() if not before.has(track)]

    def looked_into(self, acting: Sequence[Track], at: float) -> list[Track]:
        """Whose face may be looked into: nobody's while a pass is held up, and none of whoever has shown one."""
        if self._unlocked is not None:
            if self._face not in {track.id for track in acting}:
                found = nearest(acting)
                self._face = 0 if found is None else found.id
            return [track for track in acting if track.id == self._face]
        if self._camera.liveness is not LivenessLevel.SECOND_FACTOR and self._showings.quiet(at):
            return []
        return [track for track in acting if not self._bearers.has(track.id)]

    def leaves_alone(self, track: int) -> bool:
        """Whether this is the face of somebody who has shown a pass."""
        return self._bearers.has(track)

    def _judge(self, desk: Desk, code: Code, frame: Frame, gate: Gate) -> Decision | None:
        at = frame.captured_at
        if code.kind is Kind.SHARE:
            return self._unlock(desk, code, frame, gate)
        judged = desk.use_pass(code, gate.id, self._camera.direction)
        if judged.granted and self._camera.liveness is LivenessLevel.SECOND_FACTOR:
            if judged.resident is None:  # a guest has no face that is known here
                desk.give_back_pass(judged)
                judged = Judged(Reason.SECOND_FACTOR_MISSING, None, judged.pass_id)
            else:
                self._showings, _ = self._showings.judged(code, at, genuine=True, granted=True)
                self.factors.append(Factor(judged.resident, Method.QR, at))
                return None
        self._showings, number = self._showings.judged(code, at, genuine=bool(judged.pass_id), granted=judged.granted)
        if judged.granted:
            self._uses[number] = judged
        return self._say(number, judged, frame)

    def _unlock(self, desk: Desk, code: Code, frame: Frame, gate: Gate) -> Decision | None:
        """A share opens no gate: it opens the template that the face before the camera has to match."""
        if not gate.faces:
            return None
        at = frame.captured_at
        templates = [template for template in desk.open_share(code) if template.model == self._models.embedder.model]
        self._showings, number = self._showings.judged(code, at, genuine=False, granted=bool(templates))
        if not templates:
            return self._say(number, Judged(Reason.PASS_UNKNOWN), frame)
        if self._unlocked is not None:
            self._lock()
        self._unlocked, self._face, self.changed = Unlocked(code.id, templates, at), 0, True
        return None

    def _lock(self) -> None:
        """Forget the open template; the face that it was compared with is left alone until it has gone."""
        if self._unlocked is None:
            return
        if self._face:
            self._bearers = self._bearers.with_face(self._unlocked.share, self._face)
        self._unlocked.forget()
        self._unlocked, self._face, self.changed = None, 0, True

    def _say(self, number: int, judged: Judged, frame: Frame) -> Decision | None:
        """The decision on what is shown; a refusal is told once for as long as something is held up."""
        if not judged.granted:
            if judged.reason in self._showings.said:
                return None
            self._showings = self._showings.refused(judged.reason)
        return Decision(
            camera=self._camera.id,
            gate=self._camera.gate,
            direction=self._camera.direction,
            track=number,
            verdict=Verdict.GRANTED if judged.granted else Verdict.DENIED,
            reason=judged.reason,
            at=frame.captured_at,
            clip_time=frame.clip_time,
            method=Method.QR,
            resident=judged.resident,
            faces=0,
        )
