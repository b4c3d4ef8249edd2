"""Who is most alike, who comes next, and what cannot be compared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.matching import NOTHING_ALIKE, Gallery, Match, MatchingError
from facegate.core.models import Template


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def template(resident: str, vector: np.ndarray, model: str = "sface") -> Template:
    return Template(f"template-of-{resident}", resident, model, vector)


@given(st.integers(1, 40), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_first_and_second_person_as_found_one_by_one(count, people, seed):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count + 1, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    owners = [f"resident-{number}" for number in random.integers(0, people, count)]
    probe = vectors[-1]

    best: dict[str, float] = {}
    for owner in set(owners):
        own = [vector for other, vector in zip(owners, vectors, strict=False) if other == owner]
        mean = np.mean(own, axis=0)
        if len(own) > 1 and np.linalg.norm(mean) > 0.5:
            own.append(mean / np.linalg.norm(mean))
        best[owner] = max(float(np.dot(vector, probe)) for vector in own)
    ranking = [*sorted(best.values(), reverse=True), NOTHING_ALIKE]

    match = Gallery([template(owner, vector) for owner, vector in zip(owners, vectors, strict=False)]).match(probe)
    assert match.score == pytest.approx(ranking[0], abs=1e-5)
    assert match.runner_up_score == pytest.approx(ranking[1], abs=1e-5)
    assert best[match.resident] == pytest.approx(match.score, abs=1e-5)
    assert match.runner_up != match.resident
    assert (match.runner_up is None) == (len(best) == 1)


def test_two_templates_of_one_resident_are_no_rivals():
    gallery = Gallery([template("1", unit(1, 0, 0)), template("2", unit(0, 1, 0)), template("1", unit(1, 0.1, 0))])
    match = gallery.match(unit(1, 0.05, 0))
    assert (match.resident, match.runner_up) == ("1", "2")
    assert match.margin > 0.9


def test_a_face_between_two_pictures_of_a_resident_is_compared_with_their_mean():
    gallery = Gallery([template("1", unit(1, 0, 0)), template("1", unit(0, 1, 0)), template("2", unit(0, 0, 1))])
    assert gallery.match(unit(1, 1, 0)).score == pytest.approx(1.0, abs=1e-6)
    assert len(gallery) == 3


def test_pictures_that_have_nothing_in_common_have_no_mean():
    gallery = Gallery([template("1", unit(1, 0.1)), template("1", unit(-1, 0.1))])
    assert gallery.match(unit(0, 1)).score == pytest.approx(0.1, abs=0.01)


def test_nobody_is_known_in_an_empty_gallery():
    assert Gallery([]).match(unit(1, 2, 3)) == Match(None, NOTHING_ALIKE, None, NOTHING_ALIKE)
    assert Gallery([]).model is None


def test_a_single_resident_has_no_runner_up():
    match = Gallery([template("1", unit(1, 0))]).match(unit(1, 1))
    assert (match.resident, match.runner_up, match.runner_up_score) == ("1", None, NOTHING_ALIKE)


def test_the_gallery_remembers_the_model_of_its_templates():
    assert Gallery([template("1", unit(1, 0), "auraface")]).model == "auraface"


@pytest.mark.parametrize(
    "templates",
    [
        [template("1", unit(1, 0)), template("2", unit(0, 1), "auraface")],
        [template("1", unit(1, 0)), template("2", unit(0, 1, 0))],
        [template("1", np.array([np.nan, 1], np.float32))],
        [template("1", np.zeros(2, np.float32))],
        [template("1", np.array([2, 0], np.float32))],
    ],
    ids=["two models", "two lengths", "no number", "no direction", "not of length 1"],
)
def test_templates_that_cannot_be_compared_are_refused(templates):
    with pytest.raises(MatchingError):
        Gallery(templates)


@pytest.mark.parametrize("residents", [0, 1, 2])
@pytest.mark.parametrize(
    "face",
    [np.array([np.nan, 1], np.float32), np.zeros(2, np.float32), np.array([np.inf, 0], np.float32)],
    ids=["no number", "no direction", "infinite"],
)
def test_a_face_that_cannot_be_compared_is_refused(residents, face):
    gallery = Gallery([template(str(number), unit(number + 1, 1)) for number in range(residents)])
    with pytest.raises(MatchingError):
        gallery.match(face)


def test_a_face_of_another_length_is_refused():
    with pytest.raises(MatchingError):
        Gallery([template("1", unit(1, 0))]).match(unit(1, 0, 0))


def test_a_matched_vector_is_not_written_to():
    probe = unit(1, 1)
    probe.setflags(write=False)
    gallery = Gallery([template("1", unit(1, 0)), template("2", unit(0, 1))])
    assert gallery.match(probe) == gallery.match(probe)
