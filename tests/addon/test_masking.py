"""Whoever does not mean the gate is seen by the detector and by nothing after it: not one call, not one pixel."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facegate import pipeline as pipeline_module
from facegate.core.liveness import CONTEXT, context, weigh
from facegate.core.masking import GREY, mask_out
from facegate.core.models import Box, Image, Verdict
from tests.fakes.sight import HEIGHT, PEOPLE, WIDTH, Person, face
from tests.parts.stage import CAMERA, FPS, STRANGER, A, B, Stage

D = Person("D")  # whose blue no mixture of the others' and the background's can be

HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
"""The left half of the picture is the zone."""

ASIDE = [
    pytest.param(replace(STRANGER, x=480), id="outside the zone"),
    pytest.param(replace(STRANGER, x=100, size=40), id="too small"),
    pytest.param(replace(STRANGER, x=90, turned=True), id="turned away"),
]


class Watched(Stage):
    """Keeps every picture that a stage after detection was given, and counts its calls."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.given: list[Image] = []
        self.calls: dict[str, int] = dict.fromkeys(("cut", "assess", "live", "embed"), 0)
        embed, live = self.eyes.embed, self.eyes.live_probability

        def spied(name: str, call: Any, picture: int) -> Any:
            def spy(*arguments: Any) -> Any:
                self.calls[name] += 1
                self.given.append(arguments[picture].copy())
                return call(*arguments)

            return spy

        class Spies:
            detector = self.eyes
            embedder = type("Embedder", (), {"embed": staticmethod(spied("embed", embed, 0))})
            antispoof = type("AntiSpoof", (), {"live_probability": staticmethod(spied("live", live, 0))})

        self.pipeline._models = Spies  # the models that the pipeline was given, each with a witness
        self.spied = spied


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def make(**settings: Any) -> Watched:
        stage = Watched(**settings)
        monkeypatch.setattr(pipeline_module.chips, "cut", stage.spied("cut", pipeline_module.chips.cut, 0))
        monkeypatch.setattr(pipeline_module, "assess", stage.spied("assess", pipeline_module.assess, 1))
        return stage

    yield make
    monkeypatch.undo()


def shows(picture: Image, person: Person) -> bool:
    """Whether one pixel of this person is in the picture: each has a blue of their own."""
    return bool((picture[..., 0] == 20 + 40 * PEOPLE.index(person.who)).any())


@pytest.mark.parametrize("aside", ASIDE)
def test_whoever_stands_aside_is_looked_at_by_nothing(watched: Any, aside: Person) -> None:
    stage = watched(camera=replace(CAMERA, zone=HALF))
    assert stage.show(aside, seconds=3) == []
    assert stage.calls == dict.fromkeys(stage.calls, 0)
    assert stage.eyes.calls["detect"] == round(3 * FPS)
    assert not any(visit.waiting or visit.approach for visit in stage.pipeline._visits.values())


def test_whoever_walks_past_is_looked_at_by_nothing(watched: Any) -> None:
    stage = watched()
    stage.show(A, seconds=CAMERA.dwell - 1 / FPS)
    assert stage.calls == dict.fromkeys(stage.calls, 0)
    stage.show(seconds=1)
    assert stage.pipeline._visits == {}  # the pictures that waited are gone with them


def test_whoever_has_not_pressed_is_looked_at_by_nothing(watched: Any) -> None:
    stage = watched(camera=replace(CAMERA, on_press=True))
    stage.show(A, seconds=3)
    assert stage.calls == dict.fromkeys(stage.calls, 0)


@pytest.mark.parametrize("aside", ASIDE)
def test_no_pixel_of_those_aside_is_in_what_is_seen_of_a_resident(watched: Any, aside: Person) -> None:
    stage = watched(camera=replace(CAMERA, zone=HALF))
    (granted,) = stage.show(replace(A, x=220), aside, seconds=2)
    assert (granted.verdict, granted.resident) == (Verdict.GRANTED, "A")
    assert stage.given
    assert any(shows(picture, A) for picture in stage.given if picture.ndim == 3)
    assert not any(shows(picture, aside) for picture in stage.given)


def test_no_pixel_of_a_passer_by_behind_a_resident_is_seen_before_they_stay(watched: Any) -> None:
    stage = watched()
    stage.show(replace(A, x=220), seconds=1)
    before = len(stage.given)
    stage.show(replace(A, x=220), replace(D, x=480), seconds=CAMERA.dwell - 1 / FPS)
    assert len(stage.given) > before
    assert not any(shows(picture, D) for picture in stage.given)


def test_only_the_one_who_has_pressed_is_seen(watched: Any) -> None:
    stage = watched(camera=replace(CAMERA, on_press=True))
    stage.pipeline.press(stage.now)
    stage.show(replace(A, x=200, size=110), replace(D, x=480, size=90), seconds=2)
    assert [d.resident for d in stage.decisions] == ["A"]
    assert not any(shows(picture, D) for picture in stage.given)


def test_two_who_mean_the_gate_are_each_decided_and_counted(watched: Any) -> None:
    stage = watched(camera=replace(CAMERA, zone=HALF))
    left, right, aside = replace(A, x=80, size=80), replace(B, x=240, size=80), replace(STRANGER, x=480)
    decisions = stage.show(left, right, aside, seconds=2)
    assert sorted(str(d.resident) for d in decisions) == ["A", "B"]
    assert [d.faces for d in decisions] == [2, 2]  # whoever stands aside is not counted: they do not mean the gate
    assert len({d.track for d in decisions}) == 2


def test_masking_hides_every_pixel_that_a_box_touches_and_no_other() -> None:
    image = np.arange(HEIGHT * WIDTH * 3, dtype=np.uint8).reshape(HEIGHT, WIDTH, 3) % 100
    box = face(replace(A, x=0.4, y=100.3, size=61.7)).box  # half beyond the picture's edge
    masked = mask_out(image, [box], [])
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[69:132, 0:32] = True
    assert (masked[inside] == GREY).all()
    assert np.array_equal(masked[~inside], image[~inside])
    assert mask_out(image, [], [box]) is image
    shown = Box(0, 60, 10, 120)
    assert np.array_equal(mask_out(image, [box], [shown])[60:120, :10], image[60:120, :10])


@pytest.mark.parametrize(
    ("beside", "least", "most"),
    [
        ([], CONTEXT, CONTEXT),
        ([Box(500, 0, 540, 40)], CONTEXT, CONTEXT),  # too far away to hide an edge
        ([Box(290, 180, 310, 200)], 1.9, 1.99),  # somebody small behind the shoulder
        ([Box(270, 130, 330, 230), Box(90, 130, 150, 230)], 1.5, 1.8),  # on both sides
        ([Box(100, 80, 320, 280)], 0.9, 1.1),  # all around
    ],
)
def test_what_is_hidden_beside_a_face_counts_as_not_seen(beside: list[Box], least: float, most: float) -> None:
    around = context((720, 1280), Box(160, 130, 260, 230), beside)
    assert least <= around <= most
    assert (weigh(0.7, around) or 0.0) <= 0.7  # it never makes anybody more alive


def test_a_face_that_is_put_beside_a_picture_hides_nothing_of_it(watched: Any) -> None:
    """What a bystander's grey could hide is the edge of a screen: a doubtful answer is then not enough."""
    doubtful, decoy = replace(A, x=220, live=0.6), replace(D, x=265, y=150, size=40)
    alone = watched().show(doubtful, seconds=4)
    assert [d.verdict for d in alone] == [Verdict.GRANTED]
    beside = watched().show(doubtful, replace(decoy, x=292), seconds=6)
    assert Verdict.GRANTED not in [d.verdict for d in beside]
