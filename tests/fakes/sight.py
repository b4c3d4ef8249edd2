"""People whose faces are known exactly: a painted scene, and models that read it back.

Real pictures cannot show a face that changes at a chosen frame, and real models do not fail on command. The pipeline
between them is the real one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facegate.core.alignment import CHIP_SIDE
from facegate.core.masking import GREY
from facegate.core.matching import Gallery
from facegate.core.models import Box, Face, Frame, Gate, Image, Resident, ResidentState, Template
from facegate.core.recognition import Recognition

WIDTH, HEIGHT = 640, 360
DIMENSIONS = 128
PEOPLE = "ABCDS"
"""Four residents and a stranger."""

_RANDOM = np.random.default_rng(20)
_TEXTURE = _RANDOM.integers(0, 120, (HEIGHT, WIDTH), np.uint8)
"""Fine detail, so that the quality gate finds the painted faces sharp."""


def vector(person: str) -> NDArray[np.float32]:
    """The face vector of one person; two people have nothing in common."""
    return np.eye(DIMENSIONS, dtype=np.float32)[PEOPLE.index(person)]


_MOUTH = (slice(84, 98), slice(40, 72), 1)
"""Where the aligned face shows its mouth, in green: fine detail, unless it is masked or painted over."""


def _less(whole: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vector of a face whose mouth cannot be seen: still like the whole one's, though not the same."""
    return np.asarray(0.95 * whole + np.sqrt(1 - 0.95**2) * np.eye(DIMENSIONS)[-1], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a picture: the face's centre and size in pixels, whether it lives, how it is turned or lit.

    ``live``: what the anti-spoofing model would say. ``still``: nothing in the face ever changes.
    ``masked``: nothing is to be seen below the nose. ``nose``: how far it points to the picture's right, in parts of
    the size.
    """

    who: str
    x: float = WIDTH / 2
    y: float = HEIGHT / 2
    size: float = 100.0
    live: float = 0.95
    turned: bool = False
    dark: bool = False
    still: bool = False
    masked: bool = False
    nose: float = 0.0


def face(person: Person) -> Face:
    """The face as the detector answers it."""
    half = person.size / 2
    nose = 0.45 if person.turned else person.nose
    points = [[-0.2, -0.15], [0.2, -0.15], [nose, 0.06], [-0.17, 0.26], [0.17, 0.26]]
    landmarks = np.array(points, np.float32) * person.size + np.array([person.x, person.y], np.float32)
    return Face(Box(person.x - half, person.y - half, person.x + half, person.y + half), landmarks, 0.95)


def paint(people: Sequence[Person], number: int = 0) -> Image:
    """A picture in which each face has its person's number in blue over fine detail, and opens and shuts its mouth."""
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for person in people:
        box = face(person).box
        rows, columns = slice(max(0, int(box.top)), int(box.bottom)), slice(max(0, int(box.left)), int(box.right))
        detail = _TEXTURE[rows, columns] // (20 if person.dark else 1)
        image[rows, columns, 1] = image[rows, columns, 2] = detail + (0 if person.dark else 60)
        image[rows, columns, 0] = 20 + 40 * PEOPLE.index(person.who)
        if person.masked:
            image[int(person.y + 0.1 * person.size) : rows.stop, columns, 1:] = 150
        elif not person.still and number % 2:
            x, y, mouth = int(person.x), int(person.y + 0.26 * person.size), int(0.12 * person.size)
            image[max(0, y - mouth // 2) : y + mouth // 2, max(0, x - mouth) : x + mouth, 1:] //= 3
    return image


@dataclass(slots=True)
class Scene:
    """Pictures with who is on them; the models below are asked about these very arrays."""

    people: dict[int, Sequence[Person]] = field(default_factory=dict)
    kept: list[Image] = field(default_factory=list)

    def frame(self, number: int, at: float, *people: Person) -> Frame:
        image = paint(people, number)
        self.kept.append(image)
        self.people[id(image)] = people
        return Frame("cam", number, image, captured_at=at, clip_time=at)

    def people_of(self, image: Image) -> Sequence[Person]:
        """Who is in a picture of this scene, or in a copy in which some are masked with grey."""
        if id(image) in self.people:
            return self.people[id(image)]
        return next(
            self.people[id(kept)] for kept in reversed(self.kept) if bool(((image == kept) | (image == GREY)).all())
        )


@dataclass(slots=True)
class Eyes:
    """Detector, embedder and anti-spoofing in one, in the shape of ``vision.Models``.

    ``spoilt``: by method, a function of the right answer that makes the wrong one, or raises.
    ``calls``: by method, how many faces or chips it was asked about.
    """

    scene: Scene
    spoilt: Mapping[str, Any] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=lambda: {"detect": 0, "embed": 0, "live_probability": 0})

    @property
    def model(self) -> str:
        return "painted"

    @property
    def detector(self) -> Eyes:
        return self

    @property
    def embedder(self) -> Eyes:
        return self

    @property
    def antispoof(self) -> Eyes | None:
        return None if "no antispoof" in self.spoilt else self

    def _answer(self, method: str, right: Any, count: int = 1) -> Any:
        self.calls[method] += count
        return self.spoilt[method](right) if method in self.spoilt else right

    def detect(self, image: Image, **_where: Any) -> Any:
        return self._answer("detect", [face(person) for person in self.scene.people[id(image)]])

    def embed(self, chips: NDArray[np.uint8]) -> Any:
        middle = CHIP_SIDE // 2
        people = [PEOPLE[round((float(chip[middle - 9 : middle + 9, middle, 0].mean()) - 20) / 40)] for chip in chips]
        bare = [float(chip[_MOUTH].std()) > 5 for chip in chips]
        vectors = [vector(who) if whole else _less(vector(who)) for who, whole in zip(people, bare, strict=True)]
        return self._answer("embed", np.stack(vectors), len(chips))

    def live_probability(self, image: Image, box: Box) -> Any:
        def distance(person: Person) -> float:
            return abs(person.x - box.centre[0]) + abs(person.y - box.centre[1])

        return self._answer("live_probability", min(self.scene.people_of(image), key=distance).live)


def recognition(*residents: str, gate: Gate | None = None) -> Recognition:
    """A gallery of ``residents``, all of whom may pass."""
    templates = [Template(f"t{who}", who, "painted", vector(who)) for who in residents]
    known = {who: Resident(id=who, name=f"Resident {who}", state=ResidentState.ENROLLED) for who in residents}
    return Recognition(Gallery(templates), known, gate or Gate(id="gate", name="Gate", faces=True))
