"""How often somebody may fail before they have to wait."""

from facegate.web.limits import Failures
from tests.parts.web import Clock


def test_failures_are_forgotten_one_by_one_as_time_passes() -> None:
    clock = Clock()
    failures = Failures(most=2, window=60, clock=clock)
    assert failures.wait("a") == 0
    failures.add("a")
    clock.now += 20
    failures.add("a")
    assert failures.wait("a") == 40
    clock.now += 40
    assert failures.wait("a") == 0
    failures.add("a")
    assert failures.wait("a") == 20


def test_each_peer_waits_for_its_own_failures() -> None:
    failures = Failures(most=1, window=60, clock=Clock())
    failures.add("a")
    assert failures.wait("a") == 60
    assert failures.wait("b") == 0


def test_a_flood_of_peers_costs_bounded_memory_and_forgets_the_oldest() -> None:
    failures = Failures(most=1, window=60, clock=Clock())
    failures.add("first")
    for number in range(5_000):
        failures.add(f"peer {number}")
    assert failures.wait("peer 4999") == 60
    assert failures.wait("first") == 0
