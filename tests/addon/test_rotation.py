"""Turned templates: the same among themselves, nothing elsewhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facegate.core.models import Vector
from facegate.core.rotation import rotation, turn, turn_back

DIMENSIONS = 128


# What every version must find again, or the templates of older ones would be worth nothing.
KNOWN = [-0.002859343697894756, -0.0025486820935292035, 0.08080979078934893, -0.07784039923171625]


def faces(seed: int, count: int = 2) -> list[Vector]:
    """Unit vectors of one somebody and others, as an embedder gives them."""
    drawn = np.random.default_rng(seed).standard_normal((count, DIMENSIONS))
    return [(row / np.linalg.norm(row)).astype(np.float32) for row in drawn]


@settings(max_examples=30)  # each draws a matrix
@given(key=st.binary(min_size=32, max_size=32), seed=st.integers(0, 10_000))
def test_cosines_stay(key: bytes, seed: int) -> None:
    one, other = faces(seed)
    near = (one + 0.3 * other) / np.linalg.norm(one + 0.3 * other)
    matrix = rotation(key, "sface", DIMENSIONS)
    for a, b in ((one, other), (one, near), (one, one)):
        turned = turn(matrix, a), turn(matrix, b)
        assert abs(float(turned[0] @ turned[1]) - float(a @ b)) <= 1e-5
        assert all(each.dtype == np.float32 and abs(float(np.linalg.norm(each)) - 1) <= 1e-6 for each in turned)


@settings(max_examples=30)  # each draws a matrix
@given(key=st.binary(min_size=32, max_size=32), seed=st.integers(0, 10_000))
def test_turning_back_gives_what_was_there(key: bytes, seed: int) -> None:
    matrix = rotation(key, "sface", DIMENSIONS)
    (face,) = faces(seed, 1)
    assert np.allclose(turn_back(matrix, turn(matrix, face)), face, atol=1e-6)


def test_a_hundred_renewals_wear_nothing_off() -> None:
    (face,) = faces(1, 1)
    kept = face
    for number in range(100):
        matrix = rotation(number.to_bytes(32, "big"), "sface", DIMENSIONS)
        kept = turn_back(matrix, turn(matrix, kept))
    assert float(kept @ face) > 1 - 1e-5


@pytest.mark.parametrize(
    ("other_key", "other_model"), [(b"b" * 32, "sface"), (b"a" * 32, "another"), (b"a" * 31 + b"b", "sface")]
)
def test_another_site_or_model_turns_otherwise(other_key: bytes, other_model: str) -> None:
    here = rotation(b"a" * 32, "sface", DIMENSIONS)
    there = rotation(other_key, other_model, DIMENSIONS)
    across = [float(turn(here, face) @ turn(there, face)) for face in faces(2, 400)]
    # The cosine of two random directions in 128 dimensions has mean 0 and deviation 1/√128 = 0.088.
    assert abs(float(np.mean(across))) < 4 * 0.088 / np.sqrt(len(across))
    assert float(np.std(across)) == pytest.approx(0.088, rel=0.2)


def test_a_key_means_the_same_on_every_machine() -> None:
    matrix = rotation(bytes(range(32)), "sface", DIMENSIONS)
    assert np.allclose(matrix @ matrix.T, np.eye(DIMENSIONS), atol=1e-12)
    assert matrix[0, :4] == pytest.approx(KNOWN, abs=1e-12)
