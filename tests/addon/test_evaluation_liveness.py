"""Attack and bona fide errors, by hand counts."""

import pytest

from facegate.core.evaluation_liveness import LIVE, SPOOF, LifeSample, evaluate_liveness
from facegate.core.statistics import Rate


def shown(identity: str, role: str, *live: float | None, kind: str = "") -> list[LifeSample]:
    return [LifeSample(f"{role}/{identity}/{n}", identity, role, kind, answer) for n, answer in enumerate(live)]


def test_errors_are_counted_by_frame_by_person_and_by_moment():
    samples = [
        *shown("one", LIVE, 0.9, 0.1, 0.9, None),
        *shown("two", LIVE, 0.1, 0.2, 0.9, 0.9, 0.9),
        *shown("three", LIVE, 0.1, 0.1, 0.1),
        *shown("four", LIVE, 0.9, 0.9),
    ]
    (living,) = evaluate_liveness(samples)
    assert (living.role, living.kind, living.people, living.attack) == (LIVE, "", 4, False)
    assert living.frames == Rate(6, 13)
    assert living.sequences == Rate(1, 3)  # two frames are no sequence
    assert living.moment == Rate(1, 3)
    assert living.silent == Rate(1, 14)


def test_an_attack_may_begin_at_any_moment():
    (attack,) = evaluate_liveness(shown("one", SPOOF, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.1, 0.1, kind="print"))
    assert attack.attack
    assert attack.frames == Rate(3, 9)
    assert attack.sequences == Rate(0, 1)
    assert attack.moment == Rate(1, 1)


def test_each_kind_of_attack_stands_alone():
    samples = [*shown("one", SPOOF, 0.9, kind="print"), *shown("one", SPOOF, 0.1, 0.1, kind="replay")]
    by_kind = {figures.kind: figures.frames for figures in evaluate_liveness(samples)}
    assert by_kind == {"print": Rate(1, 1), "replay": Rate(0, 2)}


def test_frames_without_an_answer_are_neither_right_nor_wrong():
    (attack,) = evaluate_liveness(shown("one", SPOOF, None, None, None))
    assert (attack.frames, attack.sequences, attack.silent) == (Rate(0, 0), Rate(0, 0), Rate(3, 3))


@pytest.mark.parametrize("role", ["enrol", "probe", "noface", ""])
def test_other_roles_say_nothing_about_life(role):
    assert evaluate_liveness(shown("one", role, 0.9)) == []
