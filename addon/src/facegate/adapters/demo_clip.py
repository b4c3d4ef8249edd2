"""The demo's camera: a clip that is made as it is watched, from a seed, and the truth about what it shows.

Every number of the programme follows from the seed, so whoever has the same programme knows who is in each frame
without looking. Sources read ``demo:///folder/of/people?seed=7``; there is no place for an address of the network.
"""

import functools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import numpy as np

from facegate.adapters.demo_scene import PORTRAITS, WIDTH, Figure, PortraitError, Pose, frame, read_figures
from facegate.core.models import Image

SCHEME = "demo"

RESIDENT: Final = ("obama.jpg", "obama2.jpg", "obama3.jpg")
"""Two of these are enrolled, the third is shown: nobody is recognised by the picture that the gate has of them."""
STRANGERS: Final = ("biden.jpg", "astronaut.png")

VISITS: Final = 4
"""Visits of one round."""

GATE_SIZE: Final = 48.0
"""Width in pixels from which a face may be judged: what a camera asks for unless it is told otherwise."""

_FPS: Final = 15
# Frames. A slot holds one visit; however they are drawn, at least 2.6 s of nobody lie between two of them, so that
# whoever was let in has left (2 s, core.admission.LEFT) and the next visit is an approach of its own.
_SLOT: Final = 109
_NOBODY: Final = (39, 49)  # drawn: frames of the slot before its visit begins
_WALK: Final = 11
_STAY: Final = 42  # long enough that a stranger is refused in time where only three frames a second can be judged
_LEAVE: Final = 8
_VISIT: Final = _WALK + _STAY + _LEAVE
_ROUND: Final = VISITS * _SLOT

_FAR: Final = 34.0  # width of the face in pixels at the door, too small for the gate
_NEAR: Final = (165.0, 205.0)  # drawn: the same in front of the camera
_SEEDS: Final = 2**32
_ROUNDS: Final = 1_000_000


class DemoClipError(Exception):
    """The demo's clip cannot be shown; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person who walks up and leaves; ``first`` and the rest are numbers of frames.

    ``gate_size``: the first frame in which the face is large enough to be judged. ``leaves``: the first in which the
    person turns to go. ``end``: the first without anybody. ``near``, ``phase``: how close they come, how they sway.
    """

    round: int
    number: int
    picture: str
    first: int
    gate_size: int
    leaves: int
    end: int
    near: float
    phase: float

    @property
    def resident(self) -> bool:
        """Whether this person lives here."""
        return self.picture in RESIDENT

    @property
    def name(self) -> str:
        """Who it is."""
        return PORTRAITS[self.picture].name


@dataclass(frozen=True, slots=True)
class Programme:
    """Who walks up when. The same for the camera that shows it and for whoever judges what became of it.

    ``people``: the folder of the pictures. ``begin``: of the clip, in seconds of the monotonic clock. ``rounds``: after
    which nobody comes any more; 0 for ever.
    """

    fps: ClassVar[int] = _FPS

    people: Path
    seed: int
    begin: float
    rounds: int = 0

    @classmethod
    def from_source(cls, source: str) -> Self:
        """Return the programme of a camera's address, its pictures read. Raises DemoClipError."""
        try:
            parts = urlsplit(source)
            given = dict(query := parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        except ValueError as error:
            raise _malformed("it is no address") from error
        if parts.scheme != SCHEME or parts.netloc or parts.fragment or not parts.path.startswith("/"):
            raise _malformed("the folder of the people is missing, or more than that is named")
        if len(given) != len(query) or not given.keys() <= {"seed", "begin", "rounds"}:
            raise _malformed("it may have seed, begin and rounds, each once")
        programme = cls(
            people=Path(unquote(parts.path)),
            seed=_whole(given.get("seed", ""), "seed", _SEEDS),
            begin=_seconds(given["begin"]) if "begin" in given else time.monotonic(),
            rounds=_whole(given.get("rounds", "0"), "rounds", _ROUNDS),
        )
        programme.prepare()
        return programme

    @property
    def source(self) -> str:
        """The address that shows this programme."""
        query = urlencode({"seed": self.seed, "begin": repr(self.begin), "rounds": self.rounds})
        return f"{SCHEME}://{quote(str(self.people.absolute()))}?{query}"

    @property
    def enrolled(self) -> tuple[str, ...]:
        """The pictures that the resident is enrolled from."""
        return tuple(picture for picture in RESIDENT if picture != self._shown)

    def prepare(self) -> None:
        """Read the pictures, once. Raises DemoClipError."""
        try:
            _figures(self.people)
        except PortraitError as error:
            raise DemoClipError(str(error)) from error

    def visits(self, number: int) -> tuple[Visit, ...]:
        """Return the visits of round ``number``, which begin with 1; at least one of a resident, one of a stranger."""
        if number < 1 or 0 < self.rounds < number:
            return ()
        draw = np.random.default_rng((self.seed, number))
        residents = int(draw.integers(1, VISITS))
        pictures = [self._shown] * residents + [
            STRANGERS[int(draw.integers(len(STRANGERS)))] for _ in range(VISITS - residents)
        ]
        order = draw.permutation(VISITS)
        base = (number - 1) * _ROUND
        return tuple(
            _visit(number, place, pictures[int(which)], base + (place - 1) * _SLOT, draw)
            for place, which in enumerate(order, 1)
        )

    def visit_at(self, index: int) -> Visit | None:
        """Return whose visit frame ``index`` belongs to."""
        return next((v for v in self.visits(index // _ROUND + 1) if v.first <= index < v.end), None)

    def ends(self, number: int) -> float:
        """When round ``number`` is over, on the monotonic clock."""
        return self.time_of(number * _ROUND)

    def index_at(self, now: float) -> int:
        """The frame that is due at ``now``; below 0 before the clip begins."""
        return math.floor((now - self.begin) * self.fps)

    def time_of(self, index: int) -> float:
        """When frame ``index`` is due, on the monotonic clock."""
        return self.begin + index / self.fps

    def picture(self, index: int) -> Image:
        """Return frame ``index``."""
        grain = self.seed % 1009 + index
        visit = self.visit_at(index)
        if visit is None:
            return frame(None, None, grain=grain)
        return frame(_figures(self.people)[visit.picture], _pose(visit, index), grain=grain)

    @property
    def _shown(self) -> str:
        """The picture of the resident that the camera sees."""
        return RESIDENT[int(np.random.default_rng((self.seed, 0)).integers(len(RESIDENT)))]


@functools.lru_cache(maxsize=1)
def _figures(people: Path) -> dict[str, Figure]:
    return read_figures(people)


def _visit(number: int, place: int, picture: str, slot: int, draw: np.random.Generator) -> Visit:
    first = slot + int(draw.integers(*_NOBODY))
    near = float(draw.uniform(*_NEAR))
    large = next(step for step in range(_WALK + 1) if _size(near, step) >= GATE_SIZE)
    leaves = first + _WALK + _STAY
    return Visit(
        number, place, picture, first, first + large, leaves, first + _VISIT, near, float(draw.uniform(0, 2 * math.pi))
    )


def _size(near: float, step: int) -> float:
    """Width of the face that many frames after the person came through the door, without its small motion."""
    walked = min(1.0, step / _WALK)
    return float(_FAR * (near / _FAR) ** walked)


def _pose(visit: Visit, index: int) -> Pose:
    """Where the person stands: walks up, sways a little, goes away to the right."""
    step = index - visit.first
    seconds = step / _FPS
    walked = min(1.0, step / _WALK)
    gone = max(0.0, (index + 1 - visit.leaves) / _LEAVE)
    sway = walked * _waves(seconds, visit.phase, ((7.0, 0.4), (2.0, 1.3)))
    bob = (1 - walked) * 3.0 * math.sin(2 * math.pi * 2.0 * seconds) + walked * 1.5 * math.sin(3.1 * seconds)
    # The scale does not breathe while the face grows: the frame in which it is large enough stays the one foretold.
    breath = 1 + (0.012 * _waves(seconds, visit.phase, ((1.0, 0.6),)) if walked == 1.0 else 0.0)
    light = min(1.0, 0.45 + 0.2 * step) * (1 + 0.025 * _waves(seconds, visit.phase + 1, ((1.0, 0.5), (0.4, 4.3))))
    return Pose(
        x=WIDTH / 2 + sway + 0.62 * WIDTH * gone**1.4,
        y=290 + 20 * walked + bob,
        face=_size(visit.near, step) * breath,
        light=light,
    )


def _waves(seconds: float, phase: float, waves: Sequence[tuple[float, float]]) -> float:
    """Sum of waves, each of a height and a frequency in hertz."""
    return sum(height * math.sin(2 * math.pi * hertz * seconds + phase) for height, hertz in waves)


def _malformed(why: str) -> DemoClipError:
    return DemoClipError(f"The demo's address cannot be used, because {why}: write demo:///folder/of/people?seed=7.")


def _whole(text: str, name: str, below: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) >= below:
        raise _malformed(f"its {name} is no whole number from 0 to {below - 1}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise _malformed("its begin is no number of seconds") from error
    if not math.isfinite(value):
        raise _malformed("its begin is no number of seconds")
    return value
