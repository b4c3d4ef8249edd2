"""A gate with a painted scene before it, and the real pipeline looking at it."""

from dataclasses import dataclass, field

from facegate.core.models import (
    Camera,
    Decision,
    Reason,
)
from facegate.core.recognition import Recognition
from facegate.pipeline import CameraPipeline
from tests.fakes.sight import Eyes, Person, Scene, recognition

FPS = 15
CAMERA = Camera(id="cam", gate="gate", source="scene")
A, B, STRANGER = Person("A"), Person("B"), Person("S")


@dataclass
class Stage:
    """A gate with a painted scene before it; ``show`` lets people stand there for some seconds."""

    camera: Camera = CAMERA
    known: Recognition = field(default_factory=lambda: recognition("A", "B"))
    spoilt: dict = field(default_factory=dict)
    unix: float = 1_800_000_000.0

    def __post_init__(self):
        self.scene = Scene()
        self.eyes = Eyes(self.scene, self.spoilt)
        self.pipeline = CameraPipeline(self.camera, self.eyes, self.known, unix=lambda: self.unix)
        self.number = 0
        self.decisions: list[Decision] = []

    @property
    def now(self) -> float:
        return 100 + self.number / FPS

    def show(self, *people: Person, seconds: float = 1 / FPS) -> list[Decision]:
        before = len(self.decisions)
        for _ in range(round(seconds * FPS)):
            self.number += 1
            self.decisions += self.pipeline.process(self.scene.frame(self.number, self.now, *people))
        return self.decisions[before:]

    @property
    def said(self) -> list[tuple[str | None, Reason]]:
        return [(d.resident, d.reason) for d in self.decisions]
