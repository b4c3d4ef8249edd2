"""Which face is which: ids, runs, and what breaks them."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.models import Box, Face
from facegate.core.tracking import Tracker


def face(left: float, top: float, size: float = 60.0) -> Face:
    points = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32) * size
    return Face(Box(left, top, left + size, top + size), points + np.array([left, top], np.float32), 0.95)


faces = st.builds(face, st.floats(0, 1200), st.floats(0, 600), st.floats(20, 300))
pictures = st.lists(st.lists(faces, max_size=5), min_size=1, max_size=12)


def follow(tracker: Tracker, sequence: list[list[Face]], step: float = 0.1):
    return [tracker.update(found, number * step) for number, found in enumerate(sequence)]


@given(pictures)
def test_every_face_has_a_track_and_no_two_share_one(sequence):
    for found, tracks in zip(sequence, follow(Tracker(), sequence), strict=True):
        assert sorted(id(t.face) for t in tracks) == sorted(id(f) for f in found)
        assert len({t.id for t in tracks}) == len(found)


@given(pictures, st.randoms(use_true_random=False))
def test_the_same_pictures_give_the_same_tracks_in_whatever_order_faces_are_listed(sequence, random):
    shuffled = [random.sample(found, len(found)) for found in sequence]
    first, second = follow(Tracker(), sequence), follow(Tracker(), shuffled)
    for one, other in zip(first, second, strict=True):
        assert [(t.id, t.run, t.face.box) for t in one] == [(t.id, t.run, t.face.box) for t in other]


@given(pictures)
def test_an_id_that_was_gone_never_comes_back_and_runs_only_grow(sequence):
    tracker = Tracker(gap=0.15)
    runs: dict[int, int] = {}
    last: dict[int, int] = {}
    for number, tracks in enumerate(follow(tracker, sequence)):
        for track in tracks:
            assert number - last.get(track.id, number) <= 1
            assert track.run >= runs.get(track.id, 0)
            last[track.id], runs[track.id] = number, track.run


@given(
    st.floats(0, 800), st.floats(0, 400), st.floats(50, 200),
    st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(0.95, 1.05)), min_size=1, max_size=30),
)  # fmt: skip
def test_a_face_that_moves_smoothly_keeps_its_id_and_run(left, top, size, steps):
    tracker = Tracker()
    seen = [tracker.update([face(left, top, size)], 0.0)[0]]
    for number, (right, down, growth) in enumerate(steps, 1):
        left, top, size = left + right * size, top + down * size, size * growth
        seen.append(tracker.update([face(left, top, size)], number / 15)[0])
    assert {(t.id, t.run, t.first_seen) for t in seen} == {(1, 0, 0.0)}


@given(st.integers(2, 6), st.integers(1, 20))
def test_people_who_stand_apart_keep_their_ids(people, frames):
    sequence = [[face(150 * person + number % 3, 100) for person in range(people)] for number in range(frames)]
    for tracks in follow(Tracker(), sequence):
        assert [(t.id, t.run) for t in tracks] == [(person + 1, 0) for person in range(people)]


@pytest.mark.parametrize(("missing", "same"), [(0.1, True), (0.5, True), (0.51, False), (30.0, False)])
def test_a_gap_ends_a_track(missing, same):
    tracker = Tracker(gap=0.5)
    (before,) = tracker.update([face(100, 100)], 10.0)
    assert tracker.update([], 10.0 + missing / 2) == ()
    (after,) = tracker.update([face(100, 100)], 10.0 + missing)
    assert (after.id == before.id) is same


@pytest.mark.parametrize("later", [10.0, 9.99, float("nan")])
def test_time_that_does_not_go_on_ends_every_track(later):
    tracker = Tracker()
    (before,) = tracker.update([face(100, 100)], 10.0)
    (after,) = tracker.update([face(100, 100)], later)
    assert after.id != before.id


def test_two_faces_that_cross_break_both_runs():
    tracker = Tracker()
    paths = [[face(100 + 8 * n, 100), face(300 - 8 * n, 100)] for n in range(26)]
    runs = [tuple(t.run for t in tracks) for tracks in follow(tracker, paths, 1 / 15)]
    assert runs[0] == (0, 0)
    overlap = next(n for n, run in enumerate(runs) if run != (0, 0))
    boxes = [f.box for f in paths[overlap]]
    assert all(one.iou(other) > 0 for one, other in combinations(boxes, 2))
    assert all(count > 0 for count in runs[-1])


def test_whoever_was_covered_is_someone_new_when_seen_again():
    tracker = Tracker()
    behind, front = tracker.update([face(100, 100), face(170, 100)], 0.0)
    (covering,) = tracker.update([face(125, 100)], 0.1)
    assert covering.run > 0
    again = tracker.update([face(100, 100), face(170, 100)], 0.2)
    assert not [t for t in again if t.id in (behind.id, front.id) and t.run == 0]
