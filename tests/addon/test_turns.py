"""Several cameras share one set of models: none of them starves, and no more are at them than fit."""

import threading
import time
from collections.abc import Callable

import pytest

from facegate.turns import Turns
from tests.parts.waiting import PATIENCE, wait_for


class Camera(threading.Thread):
    """Takes one turn after another, each of which lasts until ``work`` returns."""

    def __init__(self, name: str, turns: Turns, taken: list[str], work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.label, self.turns, self.taken, self.work = name, turns, taken, work
        self.ended = threading.Event()
        self.start()

    def run(self) -> None:
        while not self.ended.is_set():
            with self.turns.turn(self.label):
                self.taken.append(self.label)
                self.work()


def end(*cameras: Camera) -> None:
    for camera in cameras:
        camera.ended.set()
    for camera in cameras:
        camera.join(PATIENCE)
        assert not camera.is_alive()


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_busy_camera_cannot_starve_another(at_once):
    """One with a crowd before it, whose turns take twenty times as long, and is always back at once."""
    taken: list[str] = []
    turns = Turns(at_once)
    busy = [Camera(f"busy {n}", turns, taken, lambda: time.sleep(0.02)) for n in range(at_once)]
    wait_for(lambda: len(taken) >= 3)
    quiet = Camera("quiet", turns, taken, lambda: time.sleep(0.001))
    wait_for(lambda: taken.count("quiet") >= 10)
    end(*busy, quiet)
    since = taken[taken.index("quiet") : len(taken) - taken[::-1].index("quiet")]
    between = [since[n + 1 :].index("quiet") for n, who in enumerate(since[:-1]) if who == "quiet"]
    assert max(between) <= 2 * at_once, "each of the others is before it once, and may be at work meanwhile"


def test_turns_go_round():
    taken: list[str] = []
    turns = Turns(1)
    cameras = [Camera(name, turns, taken, lambda: time.sleep(0.002)) for name in "abcd"]
    wait_for(lambda: len(taken) >= 60)
    end(*cameras)
    counts = [taken[20:60].count(name) for name in "abcd"]
    assert max(counts) - min(counts) <= 2


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_no_more_are_at_the_models_than_fit(at_once):
    inside: list[str] = []
    most: list[int] = []

    def work() -> None:
        inside.append("x")
        most.append(len(inside))
        time.sleep(0.001)
        inside.pop()

    taken: list[str] = []
    turns = Turns(at_once)
    cameras = [Camera(str(n), turns, taken, work) for n in range(5)]
    wait_for(lambda: len(taken) >= 100)
    end(*cameras)
    assert max(most) == at_once


def test_a_long_turn_gives_way_to_whoever_waits_and_goes_on():
    turns = Turns(1)
    said: list[str] = []

    def crowd() -> None:
        with turns.turn("crowd"):
            said.append("crowd begins")
            wait_for(lambda: waiting.is_alive() and turns._waiting == {"quiet"})
            turns.give_way("crowd")
            said.append("crowd ends")

    def quiet() -> None:
        wait_for(lambda: bool(said))
        with turns.turn("quiet"):
            said.append("quiet")

    waiting = threading.Thread(target=quiet, daemon=True)
    crowded = threading.Thread(target=crowd, daemon=True)
    waiting.start()
    crowded.start()
    for thread in (waiting, crowded):
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert said == ["crowd begins", "quiet", "crowd ends"]


def test_giving_way_to_nobody_is_nothing():
    turns = Turns(1)
    with turns.turn("a"):
        turns.give_way("a")


def test_a_turn_that_fails_is_given_on():
    turns = Turns(1)
    with pytest.raises(ValueError, match="the model"), turns.turn("a"):
        raise ValueError("the model")
    with turns.turn("b"):
        pass
