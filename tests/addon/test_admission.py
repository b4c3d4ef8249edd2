"""Who was let in, still stands there, and when they may walk up again."""

from hypothesis import given
from hypothesis import strategies as st

from facegate.core.admission import FRESH, LEFT, Admissions

moments = st.floats(0, 100)


def test_whoever_was_let_in_is_there_for_one_second_after_each_look():
    admitted = Admissions().admit("A", 7, 10.0)
    assert admitted.still_there(7, 10.0)
    assert admitted.still_there(7, 10.0 + FRESH)
    assert not admitted.still_there(7, 10.01 + FRESH)
    assert admitted.name("A", 7, 10.9).still_there(7, 11.8)


def test_a_look_at_another_track_keeps_the_person_but_not_the_track():
    admitted = Admissions().admit("A", 7, 10.0).name("A", 8, 10.9)
    assert not admitted.still_there(7, 11.5)
    assert not admitted.still_there(8, 11.5)
    assert "A" in admitted.at(12.0).of


def test_a_track_that_may_have_changed_its_face_holds_for_nobody():
    admitted = Admissions().admit("A", 7, 10.0).admit("B", 8, 10.0).part(7)
    assert not admitted.still_there(7, 10.0)
    assert admitted.still_there(8, 10.0)
    assert set(admitted.of) == {"A", "B"}


def test_whoever_has_left_may_walk_up_again():
    admitted = Admissions().admit("A", 7, 10.0)
    assert "A" in admitted.at(10.0 + LEFT).of
    assert "A" not in admitted.at(10.01 + LEFT).of
    assert "A" not in admitted.at(9.0).of


@given(moments, moments, st.integers(0, 9), st.integers(0, 9))
def test_nobody_is_there_who_was_not_let_in(at, later, track, other):
    assert not Admissions().name("A", track, at).still_there(track, at)
    assert Admissions().admit("A", track, at).still_there(other, later) is (track == other and 0 <= later - at <= FRESH)
