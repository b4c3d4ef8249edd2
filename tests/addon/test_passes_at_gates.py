"""Passes before a camera: real codes in pictures, through the real reader, the real pipeline and the real store.

Faces are painted, because only of them it is known when somebody has looked into them; the last test has real ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from facegate import presenting
from facegate.adapters.store import Store
from facegate.core.matching import Gallery
from facegate.core.models import (
    Camera,
    Decision,
    Frame,
    Gate,
    Image,
    LivenessLevel,
    Method,
    PrivacyLevel,
    Reason,
    Resident,
    Verdict,
)
from facegate.core.passes import STEP_SECONDS, Kind, Pass, read
from facegate.core.recognition import Recognition
from facegate.core.showing import OWED, QUIET
from facegate.core.strict import LASTS
from facegate.credentials.passes import PassDesk
from facegate.pipeline import CameraPipeline
from facegate.vision.chips import cut
from facegate.vision.codes import read_codes
from tests.fakes.sight import Eyes, Person, Scene, paint, vector
from tests.parts.codes import Held, hold
from tests.parts.eyes import models, scene

FPS = 15
NOON = 1_800_000_000.0
SCREEN = Held(side=84, tilt=15, turn=8, black=40, white=200, noise=0, jpeg=0)
AT = (120.0, 180.0)
"""Where the phone is held: beside the face."""
LEFT_PART = 260
"""Columns of the picture in which there is the phone and nobody's face."""
A, STRANGER = Person("A", x=480.0), Person("S", x=480.0)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class House:
    """Two gates with a camera each, a resident whose face is A, and their phone."""

    store: Store
    clock: Clock
    faces: bool = True
    level: LivenessLevel = LivenessLevel.PASSIVE
    on_press: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        self.scene, self.number, self.decisions = Scene(), 0, list[Decision]()
        self.eyes = Eyes(self.scene)
        self.resident, self.share = resident(self.store, "A", strict=self.strict)
        self.pipelines = {name: self._pipeline(name) for name in ("main", "garage")}

    def _pipeline(self, name: str) -> CameraPipeline:
        camera = Camera(f"cam-{name}", name, "scene", liveness=self.level, on_press=self.on_press)
        gate = replace(self.store.gate(name), faces=self.faces)
        known = {one.id: one for one in self.store.residents()}
        recognition = Recognition(Gallery(self.store.templates()), known, gate)
        return CameraPipeline(camera, self.eyes, recognition, unix=self.clock, desk=PassDesk(self.store, lambda: True))

    @property
    def now(self) -> float:
        return 100 + self.number / FPS

    @property
    def embedded(self) -> int:
        """How many faces were looked into so far."""
        return self.eyes.calls["embed"]

    def show(
        self, text: str | None, *people: Person, seconds: float = 0.4, gate: str = "main", held: Held = SCREEN
    ) -> list[Decision]:
        """Somebody holds up a code, or nothing, for a while."""
        said, pipeline = [], self.pipelines[gate]
        held_up = None if text is None else hold(paint([]), text, AT, held)[:, :LEFT_PART]
        for _ in range(round(seconds * FPS)):
            self.number += 1
            self.clock.now += 1 / FPS
            frame = self.scene.frame(self.number, self.now, *people)
            if held_up is not None:
                frame.image[:, :LEFT_PART] = held_up
            said += pipeline.process(frame)
        self.decisions += said
        return said

    def leave(self, seconds: float = 3.0) -> None:
        """Nobody is there for a while."""
        self.number += round(seconds * FPS)
        self.clock.now += seconds
        self.show(None, seconds=1 / FPS)

    def phone(self) -> str:
        """What the resident's phone shows now."""
        mine = [known for known in self.store.passes(self.resident.id) if known.revoked_at is None]
        bearer = mine[0] if mine else self.store.make_rotating_pass(self.resident.id)
        return self.store.pass_codes(bearer.id, self.resident.id, 1)[0][1]


def resident(store: Store, who: str, *, strict: bool = False) -> tuple[Resident, str]:
    """A resident whose face is painted, and a strict one's share."""
    new = store.add_resident(f"Resident {who}")
    if strict:
        store.choose_level(new.id, PrivacyLevel.STRICT)
    consent = store.add_consent(new.id, notice="00" * 32, language="en", channel="paper")
    if strict:
        return store.resident(new.id), store.issue_share(new.id, "painted", [vector(who)], consent.id).text
    store.add_templates(new.id, "painted", [vector(who)], consent.id)
    return store.resident(new.id), ""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data", clock=(clock := Clock())) as store:
        store.test_clock = clock
        for gate in ("main", "garage"):
            store.add_gate(Gate(gate, gate, trial=True))
        yield store


def house(store: Store, **more) -> House:
    return House(store, store.test_clock, **more)


def words(said: list[Decision]) -> list[tuple[Verdict, Reason, Method, str | None]]:
    return [(one.verdict, one.reason, one.method, one.resident) for one in said]


def test_a_phone_that_shows_its_code_opens_once_however_long_it_is_held(store: Store) -> None:
    gate = house(store, faces=False)
    said = gate.show(gate.phone(), seconds=2)
    granted = [(Verdict.GRANTED, Reason.PASS_GOOD, Method.QR, gate.resident.id)]
    assert words(said) == granted
    gate.clock.now += STEP_SECONDS  # the phone shows the next code while they still stand there
    assert gate.show(gate.phone(), seconds=2) == []
    gate.leave()
    assert words(gate.show(gate.phone())) == granted


def test_it_opens_only_while_the_code_is_seen(store: Store) -> None:
    gate = house(store, faces=False)
    [decision] = gate.show(gate.phone())
    there = gate.pipelines["main"].still_there
    assert there(decision.track, gate.now)
    assert not there(decision.track, gate.now + 1.2)
    assert not there(decision.track - 1, gate.now)
    gate.show(None, seconds=1.4)
    assert not there(decision.track, gate.now)


def test_what_did_not_open_is_judged_anew_and_nothing_is_lost(store: Store) -> None:
    gate = house(store, faces=False)
    code = gate.phone()
    [decision] = gate.show(code)
    gate.pipelines["main"].shut_out(decision.track, decision.resident)
    [again] = gate.show(code)
    assert again.verdict is Verdict.GRANTED
    assert again.track != decision.track


def test_a_photograph_of_a_used_code_and_an_old_one_are_refused_and_told_once(store: Store) -> None:
    gate = house(store, faces=False)
    code = gate.phone()
    assert gate.show(code)[0].verdict is Verdict.GRANTED
    gate.leave()
    within = gate.show(code, seconds=2)
    assert words(within) == [(Verdict.DENIED, Reason.PASS_USED, Method.QR, gate.resident.id)]
    gate.leave(2 * STEP_SECONDS)
    after = gate.show(code, seconds=2)
    assert words(after) == [(Verdict.DENIED, Reason.PASS_EXPIRED, Method.QR, gate.resident.id)]


def test_a_photograph_that_comes_before_its_owner_opens_only_within_its_time(store: Store) -> None:
    gate = house(store, faces=False)
    code = gate.phone()
    gate.leave(2 * STEP_SECONDS)
    assert [one.reason for one in gate.show(code)] == [Reason.PASS_EXPIRED]


def test_a_code_at_two_gates_at_once_opens_one(store: Store) -> None:
    gate = house(store, faces=False)
    code = gate.phone()
    said = gate.show(code, seconds=0.1) + gate.show(code, gate="garage")
    assert [one.reason for one in said] == [Reason.PASS_GOOD, Reason.PASS_USED]
    assert [one.gate for one in said] == ["main", "garage"]


def test_codes_of_others_and_forged_ones_flood_nothing(store: Store) -> None:
    gate = house(store, faces=False)
    gate.show("https://example.org/menu")
    assert gate.decisions == []
    for letter in "ABCDEFGHIJKL":
        forged = gate.phone()[:6] + letter * 4 + gate.phone()[10:]
        gate.show(forged)
    assert [one.reason for one in gate.decisions] == [Reason.PASS_UNKNOWN]


def test_only_what_is_held_in_the_zone_is_read(store: Store) -> None:
    gate = house(store, faces=False)
    right = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
    image = hold(paint([]), gate.phone(), AT, SCREEN)
    assert len(read_codes(image)) == 1
    assert read_codes(image, right) == []
    [seen] = read_codes(hold(paint([]), gate.phone(), (480.0, 200.0), SCREEN), right)
    assert seen.text == gate.phone()
    assert seen.centre == pytest.approx((480, 200), abs=6)


def test_a_pass_ends_the_embedding_of_that_approach(store: Store) -> None:
    gate = house(store)
    gate.show(None, STRANGER, seconds=0.2)  # less than the dwell: nobody has looked into the face
    [decision] = gate.show(gate.phone(), STRANGER, seconds=1)
    assert (decision.method, decision.verdict) == (Method.QR, Verdict.GRANTED)
    assert gate.show(None, STRANGER, seconds=6) == []  # they still stand there, the phone in the pocket
    assert gate.embedded == 0
    gate.leave(6)
    [refused] = gate.show(None, STRANGER, seconds=3)  # another approach, without a pass
    assert (refused.method, refused.reason) == (Method.FACE, Reason.UNKNOWN_FACE)
    assert gate.embedded > 0


def test_a_pass_that_is_refused_ends_it_as_well(store: Store) -> None:
    gate = house(store)
    store.revoke_pass(read(code := gate.phone()).id)
    [refused] = gate.show(code, STRANGER, seconds=1)
    assert refused.reason is Reason.PASS_REVOKED
    gate.show(None, STRANGER, seconds=4)
    assert gate.embedded == 0


def test_a_phone_before_the_face_leaves_the_face_alone_as_well(store: Store) -> None:
    gate = house(store)
    gate.show(gate.phone(), seconds=0.5)
    gate.show(None, seconds=2.5)
    gate.show(None, STRANGER, seconds=4)
    assert [one.method for one in gate.decisions] == [Method.QR]
    assert gate.embedded == 0


def test_whoever_stands_beside_somebody_with_a_pass_is_recognised_after_them(store: Store) -> None:
    gate = house(store)
    bearer, beside = replace(STRANGER, x=360, size=120), replace(A, x=560, size=90)
    gate.show(gate.phone(), bearer, beside, seconds=1)
    assert gate.embedded == 0
    said = gate.show(None, bearer, beside, seconds=4)
    assert [(one.method, one.resident) for one in said] == [(Method.FACE, gate.resident.id)]


def test_a_code_that_nobody_issued_keeps_no_face_out_and_one_on_the_wall_not_for_long(store: Store) -> None:
    gate = house(store)
    forged = gate.phone()[:6] + "AAAA" + gate.phone()[10:]
    said = gate.show(forged, A, seconds=2)
    assert {(one.method, one.verdict) for one in said} == {(Method.QR, Verdict.DENIED), (Method.FACE, Verdict.GRANTED)}
    gate.leave(6)
    paper = store.make_fixed_pass(Pass("", Kind.FIXED, gate.resident.id)).text
    gate.show(paper, seconds=QUIET + OWED + 1)
    assert [one.method for one in gate.show(paper, A, seconds=2)] == [Method.FACE]


def test_a_pass_needs_no_button(store: Store) -> None:
    gate = house(store, on_press=True)
    [decision] = gate.show(gate.phone())
    assert decision.verdict is Verdict.GRANTED


def test_where_two_factors_are_asked_for_a_pass_is_the_second_one(store: Store) -> None:
    gate = house(store, level=LivenessLevel.SECOND_FACTOR)
    code = gate.phone()
    assert gate.show(code, STRANGER, seconds=1) == []  # a pass alone opens nothing here
    gate.leave(2.5)
    granted = gate.show(None, A, seconds=3)[-1]
    assert (granted.verdict, granted.method, granted.resident) == (Verdict.GRANTED, Method.QR, gate.resident.id)
    gate.leave(6)
    assert Verdict.GRANTED not in [one.verdict for one in gate.show(code, A, seconds=3)]  # used, and so no factor


def test_a_guest_cannot_be_a_second_factor(store: Store) -> None:
    gate = house(store, level=LivenessLevel.SECOND_FACTOR)
    made = store.make_fixed_pass(Pass("", Kind.FIXED, "", guest=True, uses=1, valid_until=NOON + 3600))
    [decision] = gate.show(made.text, held=replace(SCREEN, side=110))
    assert (decision.verdict, decision.reason) == (Verdict.DENIED, Reason.SECOND_FACTOR_MISSING)
    assert store.passes()[0].uses == 1


def test_a_guests_pass_is_read_from_paper_and_names_nobody(store: Store) -> None:
    gate = house(store, faces=False)
    made = store.make_fixed_pass(Pass("", Kind.FIXED, gate.resident.id, guest=True, uses=2, valid_until=NOON + 3600))
    paper = Held(side=110, tilt=20, turn=-12, black=60, white=190, blur=0.8)
    [decision] = gate.show(made.text, held=paper)
    assert (decision.verdict, decision.resident) == (Verdict.GRANTED, None)
    assert store.passes()[0].uses == 1


def test_a_reader_that_fails_leaves_faces_as_they_are_and_is_named(store: Store, monkeypatch) -> None:
    gate = house(store)
    monkeypatch.setattr(presenting, "read_codes", lambda image, zone: 1 // 0)
    [decision] = gate.show(gate.phone(), A, seconds=2)
    assert (decision.method, decision.resident) == (Method.FACE, gate.resident.id)
    assert gate.pipelines["main"].health.problem == "codes_failed"


def test_a_store_that_fails_opens_nothing(store: Store) -> None:
    gate = house(store, faces=False)
    code = gate.phone()
    store.close()
    [decision] = gate.show(code)
    assert (decision.verdict, decision.reason) == (Verdict.DENIED, Reason.FAULT)


LARGE = replace(SCREEN, side=120)


def test_a_share_and_its_face_open_together_and_neither_alone(store: Store) -> None:
    gate = house(store, strict=True)
    assert gate.show(gate.share, seconds=1, held=LARGE) == []  # a share opens no gate
    gate.leave(LASTS + 2)
    assert words(gate.show(None, A, seconds=3)) == [(Verdict.DENIED, Reason.UNKNOWN_FACE, Method.FACE, None)]
    gate.leave()
    said = gate.show(gate.share, STRANGER, seconds=3, held=LARGE)
    assert words(said) == [(Verdict.DENIED, Reason.UNKNOWN_FACE, Method.FACE, None)]
    gate.leave(LASTS + 2)
    said = gate.show(gate.share, A, seconds=2, held=LARGE)
    assert words(said) == [(Verdict.GRANTED, Reason.RECOGNISED, Method.FACE, gate.resident.id)]
    assert gate.pipelines["main"].still_there(said[0].track, gate.now)


def test_a_share_may_be_put_away_before_the_face_is_seen_and_asks_for_no_button(store: Store) -> None:
    gate = house(store, strict=True, on_press=True)
    gate.show(gate.share, held=LARGE)
    gate.show(None, seconds=1)
    [decision] = gate.show(None, A, seconds=2)
    assert (decision.method, decision.resident) == (Method.FACE, gate.resident.id)


def test_a_strict_face_proves_life_like_any_other(store: Store) -> None:
    gate = house(store, strict=True)
    [decision] = gate.show(gate.share, replace(A, live=0.02), seconds=4, held=LARGE)
    assert (decision.verdict, decision.reason) == (Verdict.DENIED, Reason.NOT_LIVE)


def test_a_strict_template_is_compared_alone_and_gone_afterwards(store: Store) -> None:
    resident(store, "B")
    gate = house(store, strict=True)
    pipeline = gate.pipelines["main"]
    compared: list[int] = []
    real = pipeline.recognition.gallery.match
    pipeline.recognition.gallery.match = lambda one: compared.append(1) or real(one)
    gate.show(gate.share, A, seconds=2, held=LARGE)
    unlocked = pipeline._codes._unlocked
    vectors = [unlocked.gallery._rows, *(template.vector for template in unlocked._templates)]
    assert all(one.any() for one in vectors)
    gate.show(None, A, seconds=LASTS + 2)  # the share is in the pocket again, and they stand there still
    assert [one.verdict for one in gate.decisions] == [Verdict.GRANTED]
    assert compared == []  # 1:1, and their face is nobody's business afterwards
    assert pipeline._codes.gallery is None
    assert not any(one.any() for one in vectors)


@pytest.mark.parametrize("lost", ["other", "reissued", "withdrawn", "changed", "off"])
def test_a_share_that_is_not_this_residents_or_no_longer_opens_nothing(store: Store, lost: str) -> None:
    _, theirs = resident(store, "B", strict=True)
    gate = house(store, strict=True, faces=lost != "off")
    mine, share = gate.resident.id, gate.share
    consent = store.consents(mine)[-1].id
    match lost:
        case "other":
            share = theirs
        case "reissued":
            store.issue_share(mine, "painted", [vector("A")], consent)
        case "withdrawn":
            store.withdraw_consent(consent)
        case "changed":
            store.choose_level(mine, PrivacyLevel.STANDARD)
    said = gate.show(share, A, seconds=4, held=LARGE)
    unknown = [] if lost == "other" else [Reason.PASS_UNKNOWN]
    assert [one.reason for one in said] == ([] if lost == "off" else [*unknown, Reason.UNKNOWN_FACE])


def test_real_eyes_see_the_same(store: Store) -> None:
    """The real models on real pictures: a stranger with a pass, and a strict resident."""
    clock = store.test_clock
    embedder = CountingEmbedder(models().embedder)
    eyes = replace(models(), embedder=embedder)
    owner = store.add_resident("Resident 1")
    store.choose_level(owner.id, PrivacyLevel.STRICT)
    consent = store.add_consent(owner.id, notice="00" * 32, language="en", channel="paper")
    before = scene("obama.jpg")
    chip = cut(before, models().detector.detect(before)[0].landmarks)
    share = store.issue_share(owner.id, "sface", list(models().embedder.embed(chip[None])), consent.id).text
    bearer = store.make_rotating_pass(owner.id)
    known = Recognition(Gallery([]), {owner.id: store.resident(owner.id)}, replace(store.gate("main"), faces=True))
    camera = Camera("cam", "main", "scene", liveness=LivenessLevel.OFF)  # the pictures are prints
    pipeline = CameraPipeline(camera, eyes, known, unix=clock, desk=PassDesk(store, lambda: True))
    screen = Held(side=150, tilt=15, turn=8, black=40, white=200, blur=0.9)
    beside = (220.0, 400.0)

    def show(image: Image, begins: float, frames: int) -> list[Decision]:
        said = []
        for number in range(frames):
            said += pipeline.process(Frame("cam", round(begins * 10) + number, image, begins + number / 10))
        return said

    code = store.pass_codes(bearer.id, owner.id, 1)[0][1]
    said = show(hold(scene("biden.jpg"), code, beside, screen), 100, 8)
    assert [(one.method, one.verdict) for one in said] == [(Method.QR, Verdict.GRANTED)]
    assert embedder.faces == 0
    said = show(hold(scene("obama2.jpg", left=500), share, beside, replace(screen, side=220)), 120, 10)
    assert [(one.method, one.resident) for one in said] == [(Method.FACE, owner.id)]


class CountingEmbedder:
    """The real one, which counts the faces that it has looked into."""

    def __init__(self, real) -> None:
        self._real, self.faces, self.model = real, 0, real.model

    def embed(self, chips):
        self.faces += len(chips)
        return self._real.embed(chips)
