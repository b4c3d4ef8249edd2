"""The demo's clip: drawn from a seed, and as true as it says, measured by the product's own detector."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facegate.adapters.camera import is_network
from facegate.adapters.demo_clip import (
    GATE_SIZE,
    RESIDENT,
    STRANGERS,
    VISITS,
    DemoClipError,
    Programme,
    Visit,
)
from facegate.core.admission import LEFT
from facegate.core.models import Camera
from facegate.core.quality import GATE, assess
from facegate.vision import chips
from tests.parts.eyes import models, people_folder

SEEDS = range(40)


def programme(seed: int = 7, rounds: int = 0) -> Programme:
    return Programme(people_folder(), seed, 100.0, rounds)


def one_of_each() -> list[tuple[Programme, Visit]]:
    """A programme and a visit of it for each picture that can be shown."""
    found: dict[str, tuple[Programme, Visit]] = {}
    for seed in SEEDS:
        for visit in programme(seed).visits(1):
            found.setdefault(visit.picture, (programme(seed), visit))
    return list(found.values())


def test_equal_seeds_show_the_same_and_others_do_not() -> None:
    assert programme(7).visits(3) == programme(7).visits(3)
    assert np.array_equal(programme(7).picture(50), programme(7).picture(50))
    assert len({programme(seed).visits(1) for seed in SEEDS}) == len(SEEDS)
    assert len({tuple(visit.picture for visit in programme(7).visits(n)) for n in range(1, 20)}) > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_the_resident_comes_as_a_picture_that_is_not_enrolled(seed: int) -> None:
    enrolled = programme(seed).enrolled
    assert len(set(enrolled)) == 2
    for number in range(1, 6):
        visits = programme(seed).visits(number)
        assert len(visits) == VISITS
        assert any(visit.resident for visit in visits)
        assert any(not visit.resident for visit in visits)
        for visit in visits:
            assert visit.picture in {*RESIDENT, *STRANGERS} - set(enrolled)
            assert visit.resident == (visit.picture in RESIDENT)


def test_every_picture_is_shown_by_some_seed() -> None:
    assert {visit.picture for _, visit in one_of_each()} == {*RESIDENT, *STRANGERS}


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_there_long_enough_for_a_new_approach(seed: int) -> None:
    visits = [visit for number in range(1, 6) for visit in programme(seed).visits(number)]
    ends = [0, *(visit.end for visit in visits)]
    for end, visit in zip(ends, visits, strict=False):
        assert (visit.first - end) / Programme.fps > LEFT + 0.5
        assert visit.first < visit.gate_size < visit.leaves < visit.end
        assert 1.5 < (visit.leaves - visit.gate_size) / Programme.fps < 3.5


def test_frames_belong_to_the_visit_of_their_time() -> None:
    shown = programme()
    for visit in (*shown.visits(1), *shown.visits(2)):
        assert shown.visit_at(visit.first) == shown.visit_at(visit.end - 1) == visit
        assert shown.visit_at(visit.first - 1) is shown.visit_at(visit.end) is None
        assert shown.index_at(shown.time_of(visit.first) + 0.01) == visit.first


def test_after_the_last_round_nobody_comes() -> None:
    shown = programme(rounds=2)
    assert shown.visits(2)
    assert shown.visits(3) == shown.visits(0) == ()
    assert shown.visit_at(programme().visits(3)[0].first) is None


def test_the_size_for_the_gate_is_what_cameras_ask_for() -> None:
    assert Camera(id="a", gate="b", source="").min_face == GATE_SIZE


@pytest.mark.parametrize(("shown", "visit"), [pytest.param(*pair, id=pair[1].picture) for pair in one_of_each()])
def test_a_face_is_seen_when_somebody_is_there(shown: Programme, visit: Visit) -> None:
    detector = models().detector
    for index in (visit.first - 1, visit.end, visit.end + 5):
        assert detector.detect(shown.picture(index)) == []
    sizes = {}
    for index in range(visit.gate_size, visit.leaves, 2):
        image = shown.picture(index)
        (face,) = detector.detect(image)
        sizes[index] = face.size
        quality = assess(face, chips.cut(image, face.landmarks), image.shape, GATE)
        assert quality.good, (index, quality)
    assert sizes[visit.gate_size] == pytest.approx(54, abs=9)  # the first frame above 48; each is a sixth larger
    assert max(sizes.values()) > 3 * GATE_SIZE
    for before in range(visit.first, visit.gate_size):
        assert all(face.size < GATE_SIZE * 1.1 for face in detector.detect(shown.picture(before)))


def test_the_picture_lives_as_a_cameras_does() -> None:
    shown = programme()
    empty = shown.visits(1)[0].first - 10
    first, second = shown.picture(empty), shown.picture(empty + 1)
    assert first.shape == (720, 1280, 3)
    assert first.dtype == np.uint8
    assert 1 < float(np.abs(first.astype(int) - second).mean()) < 6  # noise, and nothing else
    standing = shown.visits(1)[0].leaves - 10
    boxes = [models().detector.detect(shown.picture(standing + step))[0].box for step in range(6)]
    assert len({round(box.centre[0], 1) for box in boxes}) == 6  # they sway


def test_a_source_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    odd = tmp_path / "people & friends?#"
    odd.symlink_to(people_folder(), target_is_directory=True)
    shown = Programme(odd, 2**32 - 1, 12.345678901234567, 20)
    assert Programme.from_source(shown.source) == shown
    assert not is_network(shown.source)


def test_a_source_without_a_beginning_begins_now() -> None:
    assert Programme.from_source(f"demo://{people_folder()}?seed=1").index_at(0.0) < 0


@pytest.mark.parametrize(
    "source",
    [
        "demo://",
        "demo://?seed=1",
        "demo://relative?seed=1",
        "demo://192.0.2.1/stream?seed=1",
        "demo://user:secret@camera.example/stream?seed=1",
        "rtsp:///people?seed=1",
        "demo:///people",
        "demo:///people?seed=",
        "demo:///people?seed=-1",
        "demo:///people?seed=1.5",
        "demo:///people?seed=٣",
        "demo:///people?seed=4294967296",
        "demo:///people?seed=" + "9" * 5000,
        "demo:///people?seed=1&seed=2",
        "demo:///people?seed=1&speed=2",
        "demo:///people?seed=1&begin=soon",
        "demo:///people?seed=1&begin=nan",
        "demo:///people?seed=1&begin=inf",
        "demo:///people?seed=1&rounds=all",
        "demo:///people?seed=1&",
        "demo:///people?seed=1#part",
        "demo://[/people?seed=1",
    ],
)
def test_an_address_that_is_wrong_is_refused_with_the_way_out(source: str) -> None:
    with pytest.raises(DemoClipError, match=r"demo:///folder/of/people\?seed=7") as refused:
        Programme.from_source(source)
    assert "secret" not in str(refused.value)


def test_a_picture_that_is_missing_or_another_is_named(tmp_path: Path) -> None:
    with pytest.raises(DemoClipError, match=r"obama\.jpg is missing: .*facegate people fetch"):
        Programme(tmp_path, 1, 0.0).prepare()
    cv2.imwrite(str(tmp_path / "obama.jpg"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(DemoClipError, match=r"obama\.jpg is not the picture .*facegate people fetch"):
        Programme(tmp_path, 1, 0.0).prepare()
    (tmp_path / "obama.jpg").write_bytes(b"")
    with pytest.raises(DemoClipError, match=r"obama\.jpg is not the picture"):
        Programme(tmp_path, 1, 0.0).prepare()
